package gateway_test

import (
	"bytes"
	"sync/atomic"
	"testing"

	"letterbox/internal/testdb"
	"letterbox/models"
)

// An answer that waits is claimed in one transaction, and what came of it is kept in another; several that wait together
// share the first.
func TestSendingAnAnswerTakesTwoTransactions(t *testing.T) {
	s, _ := testdb.OpenFaulty(t, testdb.Template(t))
	h := newHouse(t, s)
	h.servers.AddUser("kunde", "x", "erika@kunde.example")
	account := h.sending(nil)
	ib := h.inbox("imap", nil)
	raw := post("Erika <erika@kunde.example>", "first@kunde.example", "Drucker brennt", "Der Drucker ist kaputt.")
	if _, err := h.gateway.Receive(t.Context(), ib.ID, "api", bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	anna := h.agent()
	for _, tt := range []struct {
		answers int
		want    int64
	}{{1, 2}, {3, 4}} {
		for range tt.answers {
			h.answer(anna, 1, "Wir kommen gleich.", nil)
		}
		var begun atomic.Int64
		ctx := testdb.WithFault(t.Context(), func(query string) (before, after error) {
			if query == "BEGIN IMMEDIATE" {
				begun.Add(1)
			}
			return nil, nil
		})
		if err := h.gateway.DrainOutbox(ctx, account.ID); err != nil {
			t.Fatal(err)
		}
		if got := begun.Load(); got != tt.want {
			t.Errorf("%d answers took %d transactions, want %d", tt.answers, got, tt.want)
		}
	}
	for _, o := range h.outbox() {
		if o.State != models.OutgoingAccepted {
			t.Errorf("mail %d is %s, want accepted", o.ID, o.State)
		}
	}
}
