package gateway_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// What one inbox did not take in is no reason for another one not to, nor for the same one once its rules allow it and
// somebody hands the mail in again. What is there already is there once.
func TestMailThatWasNotTakenInIsDecidedOnAnew(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		strict := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Rules.BlockedSenders = []string{"@there.example"} })
		careful := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Name, dr.Settings.Username = "Careful", "careful"
			dr.Rules.Flow.Rules = []models.FlowRule{{Name: "Aside", Actions: []models.FlowAction{{Do: "set_aside", Value: "look"}}}}
		})
		open := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Name, dr.Settings.Username = "Open", "open" })
		late := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Name, dr.Settings.Username = "Late", "late" })
		raw := mail("1", anna, "Hello", "Text")
		for _, step := range []struct {
			name  string
			inbox int64
			state models.MessageState
			code  string
		}{
			{"refused", strict.ID, models.MessageRejected, ""},
			{"set aside, whatever the first did", careful.ID, models.MessageQuarantined, "gate.same_before"},
			{"taken in, whatever the others did", open.ID, models.MessageCreated, "gate.same_before"},
			{"there already", late.ID, models.MessageDuplicate, "gate.duplicate"},
		} {
			m := d.receive(g, step.inbox, raw)
			if m.State != step.state || step.code != "" && !slices.Contains(d.trace(m.ID), step.code) {
				t.Errorf("%s: %s %s with %v, want %s with %s", step.name, m.State, m.Reason, d.trace(m.ID), step.state, step.code)
			}
		}
		if issues, _ := d.once(); issues != 1 {
			t.Errorf("%d issues, want 1", issues)
		}
	})
}

// The same mail once more in one mailbox: what waits for a person waits once, and what was refused stays so.
func TestCopyInAMailboxSaysWhatBecameOfTheFirst(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Rules.BlockedSenders = []string{"@spam.example"}
			dr.Rules.Flow.Rules = []models.FlowRule{{Name: "Aside", Actions: []models.FlowAction{{Do: "set_aside", Value: "look"}}}}
		})
		aside, refused := mail("1", anna, "Hello", "Text"), mail("2", "Spam <a@spam.example>", "Buy", "Text")
		for range 2 {
			d.server.deliver("INBOX", aside)
			d.server.deliver("INBOX", refused)
		}
		d.run(g)
		d.wait(5 * time.Second)
		var got []string
		for _, m := range d.messages() {
			for _, code := range d.trace(m.ID) {
				if strings.HasPrefix(code, "gate.duplicate") {
					got = append(got, m.UID+" "+code)
				}
			}
		}
		if want := []string{"3 gate.duplicate_waiting", "4 gate.duplicate_refused"}; !slices.Equal(got, want) {
			t.Errorf("copies = %q, want %q; ledger %q", got, want, d.ledger())
		}
		m, err := g.Receive(t.Context(), ib.ID, "receive", strings.NewReader(crlf(refused)))
		if err != nil || m.State != models.MessageRejected || !slices.Contains(d.trace(m.ID), "gate.same_before") {
			t.Errorf("handed in: %s %v %v, want rejected by the rules", m.State, d.trace(m.ID), err)
		}
	})
}
