package gateway_test

import (
	"slices"
	"strconv"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
)

// SEC-48: a flood of forged senders fills no list of people. Every mail is an issue all the same, and who is known goes on.
func TestFewCustomersAreMadeOfSendersInAnHour(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	rules := models.DefaultRules()
	rules.AllowUnknown = true
	ib := h.inbox("imap", func(d *gateway.InboxDraft) { d.Rules = rules })
	h.gateway.MakeCustomersAnHour(2)
	h.run()
	var reporters []int64
	for n, from := range []string{"a", "b", "c", "a", "d"} {
		h.arrive("support", post(from+"@there.example", strconv.Itoa(n)+"@there.example", "Frage "+strconv.Itoa(n), "Hallo "+strconv.Itoa(n)))
		h.settled(ib.ID, n+1)
		i, err := h.store.IssueByNumber(t.Context(), int64(n+1))
		if err != nil {
			t.Fatal(err)
		}
		reporters = append(reporters, i.ReporterID)
		if got, want := slices.Contains(h.lastTrace(ib.ID), "apply.nobody"), from == "c" || from == "d"; got != want {
			t.Errorf("mail %d of %s: the trace says that no customer was made %v, want %v", n, from, got, want)
		}
	}
	if reporters[0] == reporters[1] || reporters[3] != reporters[0] || reporters[2] != reporters[4] {
		t.Errorf("reporters are %v; want two people, and nobody in particular for the rest", reporters)
	}
	nobody, err := h.store.UserByID(t.Context(), reporters[2])
	if err != nil || nobody.Addresses[0] != "unknown@sender.invalid" {
		t.Errorf("the rest belongs to %v, %v", nobody.Addresses, err)
	}
	if people, err := h.store.Participants(t.Context(), 3); err != nil || !slices.Contains(people, "c@there.example") {
		t.Errorf("participants %v, %v; want the address among them, so that it can be answered", people, err)
	}
}

// SEC-52: what another service writes to find out who reads an address is marked where people look at it.
func TestConfirmationsOfOtherServicesAreMarked(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	rules := models.DefaultRules()
	rules.AllowUnknown = true
	ib := h.inbox("imap", func(d *gateway.InboxDraft) { d.Rules = rules })
	h.run()
	for n, test := range []struct {
		from, subject, text string
		want                bool
	}{
		{"noreply@chat.example", "Acme on Chat: your confirmation code is 123-456", "Enter it.", true},
		{"feedback@chat.example", "Please verify your email address", "Click here.", true},
		{"team@chat.example", "Bestätigen Sie Ihre E-Mail-Adresse", "Hier klicken.", true},
		{"konto@chat.example", "Ihr Einmalcode", "4711", true},
		{"no-reply@chat.example", "Welcome", "Anna has sent you an invitation to join the workspace.", true},
		{"erika@kunde.example", "Welcome", "Anna has sent me an invitation to join the workspace.", false},
		{"erika@kunde.example", "Drucker brennt", "Bitte bestätigen.", false},
		{"noreply@shop.example", "Ihre Bestellung 17", "Vielen Dank.", false},
	} {
		h.arrive("support", post(test.from, strconv.Itoa(n)+"@x.example", test.subject, test.text))
		h.settled(ib.ID, n+1)
		if got := slices.Contains(h.lastTrace(ib.ID), "gate.confirmation"); got != test.want {
			t.Errorf("%q of %s: marked %v, want %v", test.subject, test.from, got, test.want)
		}
	}
}
