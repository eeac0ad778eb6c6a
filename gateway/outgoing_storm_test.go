package gateway_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// answering is a den whose inbox confirms every new issue to everybody. take has it take in a mail and returns what became
// of it, and the mails that it called forth.
func answering(t *testing.T) (d *den, take func(raw []byte) (models.Message, []models.Outgoing)) {
	d = newDen(t, testdb.Open(t))
	g := d.process(func(deps *gateway.Deps) { deps.Texts = catalogueTexts(t) })
	s := models.DefaultSendingSettings()
	s.Host, s.Auth = "smtp.here.example", "none"
	if _, err := g.CreateSendingAccount(t.Context(), nil, gateway.SendingDraft{Place: "default", Address: "support@here.example", Settings: s}); err != nil {
		t.Fatal(err)
	}
	ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.Receive = "push" })
	if err := g.SetAcknowledgement(t.Context(), nil, ib.ID, gateway.Acknowledgement{Mode: "everyone"}); err != nil {
		t.Fatal(err)
	}
	var newest int64
	return d, func(raw []byte) (models.Message, []models.Outgoing) {
		t.Helper()
		m, err := g.Receive(t.Context(), ib.ID, "api", bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		list, _, err := d.store.Outbox(t.Context(), store.OutboxFilter{Limit: 20})
		if err != nil {
			t.Fatal(err)
		}
		var fresh []models.Outgoing
		for _, o := range list {
			if o.ID > newest {
				fresh = append(fresh, o)
			}
		}
		for _, o := range fresh {
			newest = max(newest, o.ID)
		}
		return m, fresh
	}
}

// Hundreds of bounces and replies of machines make no issue and call forth no mail (F71).
func TestStormOfBouncesCallsForthNothing(t *testing.T) {
	d, take := answering(t)
	_, acks := take(post("Erika <erika@kunde.example>", "first@kunde.example", "Drucker", "Er brennt."))
	if len(acks) != 1 {
		t.Fatalf("%d mails for the first issue, want its confirmation", len(acks))
	}
	const storm = 60
	final := 0
	for n := range storm {
		for _, raw := range [][]byte{
			report(n, acks[0].RFCMessageID, "4.2.2", "delayed"),
			report(1000+n, fmt.Sprintf("never%d@here.example", n), "5.1.1", "failed"),
			post("erika@kunde.example", fmt.Sprintf("away%d@kunde.example", n), "Abwesend", "Ich bin nicht da.", "Auto-Submitted: auto-replied", "In-Reply-To: <"+acks[0].RFCMessageID+">"),
			post(fmt.Sprintf("user%d@kunde.example", n), fmt.Sprintf("out%d@kunde.example", n), "Out of office", "Not here.", "Auto-Submitted: auto-replied"),
		} {
			m, mails := take(raw)
			if len(mails) != 0 {
				t.Fatalf("round %d: %s calls forth %d mails, want none", n, m.Subject, len(mails))
			}
			if m.State.Final() {
				final++
			}
		}
	}
	if final != 4*storm {
		t.Errorf("%d of %d mails have a result", final, 4*storm)
	}
	if issues, _, err := d.store.Issues(t.Context(), store.IssueQuery{Limit: 200}); err != nil || len(issues) != 1 {
		t.Errorf("%d issues, %v, want the one that a person opened", len(issues), err)
	}
}

// From outside a number or a reference of an issue that exists looks like one that does not: two hundred mails, side by
// side (SEC-51).
func TestAnswersTellNothingOfWhatExists(t *testing.T) {
	varying := regexp.MustCompile(`\d+`)
	for range 5 { // An inbox confirms some tens of mails in an hour.
		_, take := answering(t)
		first, _ := take(post("Erika <erika@kunde.example>", "first@kunde.example", "Drucker", "Er brennt."))
		answer := func(raw []byte) string {
			m, mails := take(raw)
			if m.State != models.MessageCreated || *m.IssueNumber == *first.IssueNumber || len(mails) != 1 {
				t.Fatalf("a stranger's mail is %s with %d answers, want an issue of its own and one", m.State, len(mails))
			}
			o := mails[0]
			return varying.ReplaceAllString(strings.Join([]string{o.Recipient, string(o.Kind), o.Content.Subject, o.Content.Text, strings.Join(o.Content.To, ",")}, "\n"), "N")
		}
		for n := range 20 {
			there := []string{"Frage [#1]", "X-Nothing: 1"}
			not := []string{"Frage [#9999]", "X-Nothing: 1"}
			if n%2 == 1 {
				there, not = []string{"Frage", "In-Reply-To: <first@kunde.example>"}, []string{"Frage", "In-Reply-To: <never@kunde.example>"}
			}
			got := answer(post(fmt.Sprintf("a%d@elsewhere.example", n), fmt.Sprintf("a%d@elsewhere.example", n), there[0], "Hallo", there[1]))
			want := answer(post(fmt.Sprintf("a%d@elsewhere.example", 100+n), fmt.Sprintf("b%d@elsewhere.example", n), not[0], "Hallo", not[1]))
			if diff := cmp.Diff(strings.ReplaceAll(want, " [#N]", ""), strings.ReplaceAll(got, " [#N]", "")); diff != "" {
				t.Fatalf("pair %d differs:\n%s", n, diff)
			}
		}
	}
}
