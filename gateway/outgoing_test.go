package gateway_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/message"
	"letterbox/internal/i18n"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/templates"
	"letterbox/tracker"
)

// catalogueTexts are the texts of mails that go out.
func catalogueTexts(t *testing.T) func(lang, key string, args map[string]string) string {
	t.Helper()
	c, err := i18n.Load(templates.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	c.OnMissing(func(lang, key string) { t.Errorf("no text %s in %s", key, lang) })
	return c.T
}

// sending adds an account on the SMTP server of the house; change may alter the draft.
func (h *house) sending(change func(*gateway.SendingDraft)) gateway.SendingView {
	h.t.Helper()
	host, port, err := net.SplitHostPort(h.servers.SMTPAddr)
	if err != nil {
		h.t.Fatal(err)
	}
	s, password := models.DefaultSendingSettings(), "s3cret"
	s.Host, s.Security, s.Username, s.Tagged, s.Signature = host, "none", "support", true, "Ihr Support"
	s.Port, _ = strconv.Atoi(port)
	d := gateway.SendingDraft{Place: "default", Address: "support@here.example", Name: "Support", Settings: s, Password: &password}
	if change != nil {
		change(&d)
	}
	v, err := h.gateway.CreateSendingAccount(h.t.Context(), nil, d)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

// post is a mail that a person sends to the support.
func post(from, id, subject, text string, more ...string) []byte {
	head := "From: " + from + "\r\nTo: support@here.example\r\nSubject: " + subject + "\r\nMessage-ID: <" + id + ">\r\n"
	for _, m := range more {
		head += m + "\r\n"
	}
	return []byte(head + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + strings.ReplaceAll(text, "\n", "\r\n") + "\r\n")
}

func (h *house) arrive(login string, raw []byte) {
	h.t.Helper()
	if err := h.servers.Deliver(login, raw); err != nil {
		h.t.Fatal(err)
	}
}

// inMailbox waits until a login has n mails and returns them, parsed.
func (h *house) inMailbox(login string, n int) []*message.Message {
	h.t.Helper()
	var raws [][]byte
	h.until(login+" has its mail", func() bool {
		raws = h.servers.Mails(login)
		return len(raws) >= n
	})
	if len(raws) > n {
		h.t.Errorf("%s has %d mails, want %d", login, len(raws), n)
	}
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

// await waits until something is so.
func (h *house) until(what string, so func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("waited in vain until %s", what)
		}
	}
}

// outbox returns the outbox, oldest first.
func (h *house) outbox() []models.Outgoing {
	h.t.Helper()
	list, _, err := h.store.Outbox(h.t.Context(), store.OutboxFilter{Limit: 200})
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Reverse(list)
	return list
}

// agent adds a person who answers.
func (h *house) agent() *models.User {
	h.t.Helper()
	u, err := h.tracker.CreateUser(h.t.Context(), tracker.CommandLine(), tracker.UserDraft{
		Login: "anna", Name: "Anna Agent", Role: models.RoleAdmin, Addresses: []string{"anna@here.example"}, Password: "correct horse battery",
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return &u
}

// answer writes a public comment and queues its mails, as the page does.
func (h *house) answer(by *models.User, issue int64, text string, to []string) models.Comment {
	h.t.Helper()
	var c tracker.CommentView
	err := h.gateway.Atomically(h.t.Context(), func(ctx context.Context) (err error) {
		if c, err = h.tracker.Comment(ctx, by, issue, tracker.CommentDraft{Body: text}); err != nil {
			return err
		}
		_, err = h.gateway.QueueAnswer(ctx, by, c.Comment, to)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, o := range h.outbox() {
		if o.CommentID != nil && *o.CommentID == c.ID && o.State == models.OutgoingQueued {
			h.sendNow(by, o.ID)
		}
	}
	return c.Comment
}

// sendNow has a mail sent at once that waits, unless that has begun meanwhile.
func (h *house) sendNow(by *models.User, id int64) {
	h.t.Helper()
	if err := h.gateway.SendNow(h.t.Context(), by, id); err != nil && !errors.Is(err, models.ErrConflict) {
		h.t.Fatal(err)
	}
}

func TestCustomerIsAcknowledgedAnsweredAndThreadsBack(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.servers.AddUser("kunde", "x", "erika@kunde.example")
		h.servers.AddUser("chef", "x", "chef@kunde.example")
		h.sending(nil)
		ib := h.inbox("imap", nil)
		if err := h.gateway.SetAcknowledgement(t.Context(), nil, ib.ID, gateway.Acknowledgement{Mode: "everyone"}); err != nil {
			t.Fatal(err)
		}
		h.run()
		h.arrive("support", post("Erika Beispiel <erika@kunde.example>", "first@kunde.example", "Drucker brennt",
			"Guten Tag,\n\nder Drucker ist kaputt und wir haben keine Zeit.", "Cc: chef@kunde.example"))
		ack := h.inMailbox("kunde", 1)[0]
		if !strings.HasPrefix(ack.Subject, "Re: [#1] Drucker brennt") || ack.InReplyTo[0] != "first@kunde.example" || !strings.Contains(ack.Text, "Nummer #1") ||
			strings.Contains(ack.Text, "kaputt") || !ack.Auto.Generated || len(ack.Loop) != 1 || ack.ReturnPath == nil || *ack.ReturnPath != "" {
			t.Fatalf("acknowledgement: got %+v", ack)
		}
		if n := len(h.servers.Mails("chef")); n != 0 {
			t.Errorf("the one in Cc got %d acknowledgements, want none", n)
		}

		anna := h.agent()
		h.answer(anna, 1, "Guten Tag,\n\nwir kommen gleich.", nil)
		answer := h.inMailbox("kunde", 2)[1]
		h.inMailbox("chef", 1)
		want := "Guten Tag,\n\nwir kommen gleich.\n\n-- \nIhr Support\n\nAm "
		if !strings.HasPrefix(answer.Text, want) || !strings.Contains(answer.Text, "> der Drucker ist kaputt") || answer.Auto.Generated ||
			!slices.Equal(answer.InReplyTo, []string{"first@kunde.example"}) || !slices.Contains(answer.References, ack.MessageID) ||
			answer.To[0].Address != "erika@kunde.example" || answer.Cc[0].Address != "chef@kunde.example" {
			t.Fatalf("answer: got %+v\nwant a text that begins with %q", answer, want)
		}

		// The reply comes back by each of the three ways alone.
		base := len(h.comments(1))
		for n, way := range []struct{ name, subject, more, to string }{
			{"signed Message-ID", "something else", "In-Reply-To: <" + answer.MessageID + ">", "match.by_signature"},
			{"reply address", "something else", "Delivered-To: " + answer.ReplyTo[0].Address, "match.by_signature"},
			{"number", "AW: [#1] Drucker brennt", "X-Nothing: 1", "match.by_number"},
		} {
			id := "reply" + strconv.Itoa(n) + "@kunde.example"
			h.arrive("support", post("erika@kunde.example", id, way.subject, "Danke "+way.name, way.more))
			h.until("the reply by "+way.name+" is a comment", func() bool { return len(h.comments(1)) == base+n+1 })
			if got := h.lastTrace(ib.ID); !slices.Contains(got, way.to) {
				t.Errorf("%s: trace %v, want %s", way.name, got, way.to)
			}
		}
		h.answer(anna, 1, "Erledigt.", []string{"erika@kunde.example"})
		second := h.inMailbox("kunde", 3)[2]
		if second.InReplyTo[0] != "reply2@kunde.example" || second.References[0] != "first@kunde.example" || !slices.Contains(second.References, answer.MessageID) {
			t.Errorf("second answer: in reply to %v, references %v", second.InReplyTo, second.References)
		}
		h.inMailbox("chef", 1)
		h.until("all is accepted", func() bool { // The server has a mail a moment before that is written down here.
			return !slices.ContainsFunc(h.outbox(), func(o models.Outgoing) bool { return o.State == models.OutgoingQueued })
		})
		for _, o := range h.outbox() {
			if o.State != models.OutgoingAccepted || o.AcceptedAt == nil || o.Attempts > 1 {
				t.Errorf("outbox row %d: got %+v, want it accepted at once", o.ID, o)
			}
		}
	})
}

func (h *house) comments(issue int64) []models.Comment {
	h.t.Helper()
	list, err := h.store.Comments(h.t.Context(), issue)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// lastTrace returns the codes of the newest message of an inbox.
func (h *house) lastTrace(inbox int64) []string {
	h.t.Helper()
	page, err := h.gateway.Messages(h.t.Context(), gateway.MessageQuery{InboxIDs: []int64{inbox}, Limit: 1})
	if err != nil {
		h.t.Fatal(err)
	}
	traces, err := h.store.Traces(h.t.Context(), page.Items[0].ID)
	if err != nil {
		h.t.Fatal(err)
	}
	var codes []string
	for _, e := range traces[len(traces)-1].Entries {
		codes = append(codes, e.Code)
	}
	return codes
}
