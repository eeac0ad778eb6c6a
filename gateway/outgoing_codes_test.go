package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

// What keeps a mail from going out although its server would take it, each with its code in the outbox.
func TestMailThatCannotGoNamesItsReason(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	h.inbox("imap", nil)
	a := h.sending(nil)
	if err := h.store.Suppress(t.Context(), models.Suppression{Address: "gone@kunde.example", Reason: "manual", CreatedAt: h.now()}); err != nil {
		t.Fatal(err)
	}
	at := h.now()
	// What was written for the customer and has become a note of its own people meanwhile (SEC-53).
	max := h.member("max", "Max Mustermann", nil)
	if _, err := h.tracker.OpenIssue(t.Context(), max, tracker.IssueDraft{ProjectKey: "SUP", Title: "Drucker"}); err != nil {
		t.Fatal(err)
	}
	note := models.Comment{IssueNumber: 1, AuthorID: max.ID, Body: "Nur für uns.", Internal: true, CreatedAt: at}
	if err := h.store.CreateComment(t.Context(), &note); err != nil {
		t.Fatal(err)
	}
	rows := map[string]*models.Outgoing{ // By the code that they end with.
		"E-SMTP-05": {Recipient: "j\u202eg@kunde.example"},
		"E-SMTP-16": {Recipient: "j\u00f6rg@kunde.example"},
		"E-SMTP-09": {Recipient: "gone@kunde.example"},
		"E-SMTP-10": {Recipient: "late@kunde.example", ExpiresAt: at.Add(-time.Hour)},
		"E-SMTP-14": {Recipient: "erika@kunde.example", Kind: models.OutgoingAnswer, CommentID: &note.ID},
	}
	for code, o := range rows {
		if o.Kind == "" {
			o.Kind = models.OutgoingAcknowledgement
		}
		if o.ExpiresAt.IsZero() {
			o.ExpiresAt = at.Add(time.Hour)
		}
		o.AccountID, o.IssueNumber, o.State, o.RFCMessageID = a.ID, 1, models.OutgoingQueued, strings.ToLower(code)+"@here.example"
		o.NextAttemptAt, o.CreatedAt = &at, at
		o.Content = models.OutgoingContent{Subject: "x", Text: "x", To: []string{o.Recipient}}
		if err := h.store.AddOutgoing(t.Context(), []*models.Outgoing{o}); err != nil {
			t.Fatal(err)
		}
	}
	h.run()
	ended := func(code string, o models.Outgoing) bool {
		return o.RFCMessageID == strings.ToLower(code)+"@here.example" && o.Code != ""
	}
	for code := range rows {
		h.until(code+" is said", func() bool {
			return slices.ContainsFunc(h.outbox(), func(o models.Outgoing) bool { return ended(code, o) })
		})
		for _, o := range h.outbox() {
			if ended(code, o) && o.Code != code {
				t.Errorf("mail to %s ends with %s, want %s", o.Recipient, o.Code, code)
			}
		}
	}

	later := at.Add(time.Hour)
	waiting := &models.Outgoing{Kind: models.OutgoingAcknowledgement, AccountID: a.ID, IssueNumber: 1, Recipient: "erika@kunde.example", State: models.OutgoingQueued,
		RFCMessageID: "waiting@here.example", NextAttemptAt: &later, CreatedAt: at, ExpiresAt: later, Content: models.OutgoingContent{Subject: "x", Text: "x", To: []string{"erika@kunde.example"}}}
	if err := h.store.AddOutgoing(t.Context(), []*models.Outgoing{waiting}); err != nil {
		t.Fatal(err)
	}
	if err := h.gateway.DeleteSendingAccount(t.Context(), nil, a.ID); err != nil {
		t.Fatal(err)
	}
	for _, o := range h.outbox() {
		if o.RFCMessageID == waiting.RFCMessageID && (o.State != models.OutgoingFailed || o.Code != "E-SMTP-12") {
			t.Errorf("mail of an account that is gone: %s %s, want failed E-SMTP-12", o.State, o.Code)
		}
	}
}

// A mail that cannot be put together because of a defect here stays in the outbox and says so.
func TestMailThatCannotBePutTogetherIsTriedAgain(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	a := h.sending(func(d *gateway.SendingDraft) { d.Settings.Auth, d.Settings.Username, d.Password = "none", "", nil })
	at := h.now()
	o := &models.Outgoing{Kind: models.OutgoingAcknowledgement, AccountID: a.ID, IssueNumber: 1, Recipient: "erika@kunde.example", State: models.OutgoingQueued,
		RFCMessageID: "broken@here.example", NextAttemptAt: &at, CreatedAt: at, ExpiresAt: at.Add(time.Hour), Content: models.OutgoingContent{Subject: "x", Text: "x", To: []string{"erika@kunde.example"}}}
	if err := h.store.AddOutgoing(t.Context(), []*models.Outgoing{o}); err != nil {
		t.Fatal(err)
	}
	h.gateway.Secrets = nil // Signing its reply address panics.
	h.run()
	h.until("the attempt is over", func() bool { return h.outbox()[0].Code != "" })
	if got := h.outbox()[0]; got.Code != "E-SMTP-06" || got.State != models.OutgoingQueued {
		t.Errorf("the mail is %s %s, want queued E-SMTP-06", got.State, got.Code)
	}
}

// A server that offers no sign-in that is known here is named as that.
func TestServerWithoutAKnownSignInIsNamed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			go func() {
				defer c.Close()
				_, _ = io.WriteString(c, "220 here\r\n")
				for in := bufio.NewScanner(c); in.Scan(); {
					_, _ = fmt.Fprint(c, map[bool]string{true: "250-here\r\n250 AUTH GSSAPI\r\n", false: "250 fine\r\n"}[strings.HasPrefix(in.Text(), "EHLO")])
				}
			}()
		}
	}()
	h := newHouse(t, testdb.Open(t))
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	s, password := models.DefaultSendingSettings(), "s3cret"
	s.Host, s.Security, s.Username = "127.0.0.1", "none", "support"
	s.Port, _ = strconv.Atoi(port)
	found, err := h.gateway.CheckSending(t.Context(), 0, gateway.SendingDraft{Place: "default", Address: "support@here.example", Settings: s, Password: &password})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(found.Phases, func(p gateway.CheckPhase) bool { return p.Phase == mailbox.PhaseSignIn && p.Code == "E-SMTP-11" }) {
		t.Errorf("the check finds %+v, want E-SMTP-11", found.Phases)
	}
}
