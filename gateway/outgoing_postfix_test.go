package gateway_test

import (
	"net"
	"net/smtp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/gateway/message"
	"letterbox/internal/mailtest"
	"letterbox/internal/testdb"
	"letterbox/models"
)

func hostAndPort(t *testing.T, address string) (host string, port int) {
	t.Helper()
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	if port, err = strconv.Atoi(text); err != nil {
		t.Fatal(err)
	}
	return host, port
}

// The whole way over real servers: Postfix takes mail and hands it to Dovecot, customers and inbox read it there.
func TestCustomerAndSupportTalkOverPostfixAndDovecot(t *testing.T) {
	dovecot := mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: map[string]string{"support": "s3cret", "erika": "x"}})
	postfix := mailtest.StartPostfix(t, mailtest.PostfixOptions{Domains: []string{"here.example", "kunde.example"}, LMTP: dovecot.LMTPAddr})
	h := newHouse(t, testdb.Open(t))
	at := func(address string) (string, int) { return hostAndPort(t, address) }
	ib := h.inbox("imap", func(d *gateway.InboxDraft) { d.Settings.Host, d.Settings.Port = at(dovecot.IMAPAddr) })
	h.sending(func(d *gateway.SendingDraft) {
		d.Settings.Host, d.Settings.Port = at(postfix.SMTPAddr)
		d.Settings.Auth, d.Password = "none", nil
	})
	if err := h.gateway.SetAcknowledgement(t.Context(), nil, ib.ID, gateway.Acknowledgement{Mode: "everyone"}); err != nil {
		t.Fatal(err)
	}
	h.run()
	mailbox := func(n int) []*message.Message { return h.mailsAt(dovecot, "erika", n) }
	send := func(raw []byte) {
		t.Helper()
		if err := smtp.SendMail(postfix.SMTPAddr, nil, "erika@kunde.example", []string{"support@here.example"}, raw); err != nil {
			t.Fatal(err)
		}
	}
	send(post("Erika <erika@kunde.example>", "first@kunde.example", "Drucker brennt", "Der Drucker ist kaputt und wir haben keine Zeit."))
	ack := mailbox(1)[0]
	if !strings.HasPrefix(ack.Subject, "Re: [#1]") || *ack.ReturnPath != "" {
		t.Fatalf("acknowledgement: %q from %q", ack.Subject, *ack.ReturnPath)
	}
	anna := h.agent()
	h.answer(anna, 1, "Wir kommen gleich.", nil)
	answer := mailbox(2)[1]

	// By the reply address alone: Postfix and Dovecot deliver the subaddress to the inbox.
	if !strings.HasPrefix(answer.ReplyTo[0].Address, "support+") {
		t.Fatalf("reply to %s, want a subaddress", answer.ReplyTo[0].Address)
	}
	reply := post("erika@kunde.example", "second@kunde.example", "Ganz anderer Betreff", "Danke.")
	reply = []byte(strings.Replace(string(reply), "To: support@here.example", "To: "+answer.ReplyTo[0].Address, 1))
	if err := smtp.SendMail(postfix.SMTPAddr, nil, "erika@kunde.example", []string{answer.ReplyTo[0].Address}, reply); err != nil {
		t.Fatal(err)
	}
	h.until("the reply is a comment", func() bool { return len(h.comments(1)) == 2 })
	if got := h.lastTrace(ib.ID); !slices.Contains(got, "match.by_signature") {
		t.Errorf("trace %v, want match.by_signature", got)
	}
	// By header, and then by number.
	send(post("erika@kunde.example", "third@kunde.example", "Ohne Nummer", "Noch etwas.", "In-Reply-To: <"+answer.MessageID+">"))
	h.until("the second reply is a comment", func() bool { return len(h.comments(1)) == 3 })
	send(post("erika@kunde.example", "fourth@kunde.example", "AW: [#1] Drucker brennt", "Und noch etwas."))
	h.until("the third reply is a comment", func() bool { return len(h.comments(1)) == 4 })
	h.answer(anna, 1, "Erledigt.", nil)
	if second := mailbox(3)[2]; second.InReplyTo[0] != "fourth@kunde.example" || !slices.Contains(second.References, answer.MessageID) {
		t.Errorf("second answer: in reply to %v, references %v", second.InReplyTo, second.References)
	}

	// Postfix' own report of an address that Dovecot does not know comes back to the mail.
	if err := h.store.AddParticipants(t.Context(), 1, []string{"gone@kunde.example"}); err != nil {
		t.Fatal(err)
	}
	h.answer(anna, 1, "An beide.", []string{"gone@kunde.example"})
	h.until("the mail has come back", func() bool {
		all := h.outbox()
		return all[len(all)-1].State == models.OutgoingBounced
	})
	if x, err := h.store.Suppressed(t.Context(), "gone@kunde.example", h.now()); err != nil || x.Reason != "hard_bounce" {
		t.Errorf("suppression: %+v, %v, want a hard bounce", x, err)
	}
}

// mailsAt waits until a login of a Dovecot has that many mails at least, and returns them, oldest first.
func (h *house) mailsAt(d *mailtest.Dovecot, login string, n int) []*message.Message {
	h.t.Helper()
	var raws [][]byte
	h.until("the customer has the mail", func() bool {
		var err error
		if raws, err = d.Mails(login); err != nil {
			h.t.Fatal(err)
		}
		return len(raws) >= n
	})
	var out []*message.Message
	for _, raw := range raws {
		m, err := message.Parse(strings.NewReader(string(raw)), message.Options{})
		if err != nil {
			h.t.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}
