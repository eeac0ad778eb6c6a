package gateway_test

import (
	"bytes"
	"slices"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/internal/testdb"
	"letterbox/models"
)

// jörg's issue, in which erika takes part, answered once.
func answerBeyondASCII(t *testing.T, h *house, sending func(*gateway.SendingDraft)) {
	t.Helper()
	h.servers.AddUser("joerg", "x", "jörg@xn--bcher-kva.example")
	h.servers.AddUser("kunde", "x", "erika@kunde.example")
	ib := h.inbox("imap", nil)
	h.sending(sending)
	h.run()
	h.arrive("support", post("jörg@bücher.example", "first@kunde.example", "Drucker", "Er brennt.", "Cc: erika@kunde.example"))
	h.settled(ib.ID, 1)
	h.answer(h.agent(), 1, "Wir kommen gleich.", nil)
}

// The domain goes out in A-labels; the local part as it is, when the server of the account takes that (RFC 6531).
func TestAddressBeyondASCIIIsAnswered(t *testing.T) {
	h := newHouseWith(t, testdb.Open(t), mailtest.Options{UTF8: true})
	answerBeyondASCII(t, h, nil)
	if got := h.inMailbox("joerg", 1)[0]; got.To[0].Address != "jörg@xn--bcher-kva.example" || got.Cc[0].Address != "erika@kunde.example" {
		t.Errorf("mail to %v, copy to %v", got.To, got.Cc)
	}
	h.inMailbox("kunde", 1)
	if raw := h.servers.Mails("kunde")[0]; bytes.ContainsFunc(raw, func(r rune) bool { return r > 0x7f }) {
		t.Errorf("a mail to somebody else is beyond ASCII:\n%s", raw)
	}
}

// A server that does not take such addresses is not asked to: the mail fails at once and says why, the others go out.
func TestAddressBeyondASCIIFailsVisiblyWhereTheServerDoesNotTakeIt(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	answerBeyondASCII(t, h, nil)
	h.inMailbox("kunde", 1)
	h.until("the other mail has failed", func() bool {
		return slices.ContainsFunc(h.outbox(), func(o models.Outgoing) bool {
			return o.State == models.OutgoingFailed && o.Code == "E-SMTP-16" && o.Recipient == "jörg@xn--bcher-kva.example"
		})
	})
}

func TestAddressBeyondASCIIIsAnsweredOverPostfix(t *testing.T) {
	h := newHouseWith(t, testdb.Open(t), mailtest.Options{UTF8: true})
	postfix := mailtest.StartPostfix(t, mailtest.PostfixOptions{Domains: []string{"kunde.example", "xn--bcher-kva.example"}, SMTP: h.servers.SMTPAddr})
	answerBeyondASCII(t, h, func(d *gateway.SendingDraft) {
		d.Settings.Host, d.Settings.Port = hostAndPort(t, postfix.SMTPAddr)
		d.Settings.Auth, d.Password = "none", nil
	})
	h.inMailbox("joerg", 1)
	h.inMailbox("kunde", 1)
}
