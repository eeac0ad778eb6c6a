package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/models"
	"letterbox/tracker"
)

// inBoth asks for the page of a message in each language.
func (s *site) inBoth(id int64, de, en []string) {
	s.t.Helper()
	cookie := s.as("admin")
	for lang, want := range map[string][]string{"de": de, "en": en} {
		s.post("/preferences", cookie, url.Values{"language": {lang}, "back": {"/"}}).want(s.t, 303)
		got := s.get(fmt.Sprint("/messages/", id), cookie)
		got.want(s.t, 200, want...)
		if open := unfilled.FindString(got.Body); open != "" {
			s.t.Errorf("%s: the page shows the placeholder %s", lang, open)
		}
	}
}

// ended waits for a message of an inbox with that reason.
func (s *site) ended(inbox int64, reason string) models.Message {
	s.t.Helper()
	var found models.Message
	s.until("a message that ends "+reason, func() bool {
		page, err := s.h.Gateway.Messages(s.t.Context(), gateway.MessageQuery{InboxIDs: []int64{inbox}, Reason: reason, Limit: 10})
		s.ok(err)
		if len(page.Items) > 0 {
			found = page.Items[0]
		}
		return len(page.Items) > 0 && found.State.Final()
	})
	return found
}

func TestPageOfMailThatWasNotTakenInExplainsWhy(t *testing.T) {
	t.Run("too large", func(t *testing.T) {
		s := newSite(t)
		user, in := s.readsServer("imap")
		raw := strings.ReplaceAll(from("l-1", "anna@customer.example", "Large"), "\n", "\r\n") + strings.Repeat("line after line\r\n", 80_000)
		s.ok(user.Append("INBOX", []byte(raw)))
		s.change(in.ID, func(d *gateway.InboxDraft) {
			d.Settings.ImportSince, d.Settings.MaxMessageSize, d.Rules.AllowUnknown, d.Enabled = "all", 1<<20, true, true
		})
		s.gatewayRuns()
		s.inBoth(s.ended(in.ID, "too_large").ID, []string{"Zu groß", "Trotzdem abrufen"}, []string{"Too large", "Fetch anyway"})
	})
	t.Run("before the start", func(t *testing.T) {
		s := newSite(t)
		user, in := s.readsServer("pop3")
		s.ok(user.Append("INBOX", []byte(strings.ReplaceAll(plainMail, "\n", "\r\n"))))
		s.change(in.ID, func(d *gateway.InboxDraft) {
			d.Settings.ImportSince, d.Rules.AllowUnknown, d.Enabled = "2026-11-30", true, true
		})
		s.gatewayRuns()
		s.inBoth(s.ended(in.ID, "before_start").ID, []string{"Älter als der Beginn der Verarbeitung"}, []string{"Older than the start of processing"})
	})
	t.Run("vanished", func(t *testing.T) {
		s := newSite(t)
		user, in := s.readsServer("imap")
		s.ok(user.Append("INBOX", []byte(strings.ReplaceAll(plainMail, "\n", "\r\n"))))
		s.change(in.ID, func(d *gateway.InboxDraft) {
			d.Settings.ImportSince, d.Rules.AllowUnknown, d.Enabled = "all", true, true
		})
		s.gatewayRuns()
		gone := s.ended(in.ID, "accepted_new")
		s.change(in.ID, func(d *gateway.InboxDraft) { d.Enabled = false })
		// What was listed beside it and is not there any more.
		gone.ID, gone.UID, gone.State, gone.Step, gone.Reason = 0, "4711", models.MessageKnown, models.StepFetch, ""
		gone.IssueNumber, gone.BlobID, gone.SHA256, gone.FinishedAt, gone.Size = nil, nil, nil, nil, 100
		gone.Subject, gone.FromAddress, gone.SettleState, gone.Attempts = "", "", models.SettlePending, 0
		s.ok(s.store.AddKnown(t.Context(), []*models.Message{&gone}))
		s.change(in.ID, func(d *gateway.InboxDraft) { d.Enabled = true })
		s.inBoth(s.ended(in.ID, "vanished").ID, []string{"Vor dem Abruf vom Server verschwunden"}, []string{"Gone from the server before it was fetched"})
	})
}

// broken is a tracker that makes no issue.
type broken struct{ gateway.Tracker }

func (broken) CreateIssue(context.Context, models.NewIssue) (models.Issue, error) {
	return models.Issue{}, errors.New("the tracker is broken")
}

func TestPageOfMailThatFailedFiveTimesExplainsWhy(t *testing.T) {
	s := newSite(t)
	s.h.Gateway.Tracker = broken{s.h.Gateway.Tracker}
	raw := strings.ReplaceAll(plainMail, "\n", "\r\n")
	for range 5 {
		_, _ = s.h.Gateway.Receive(t.Context(), s.inbox.ID, "receive", strings.NewReader(raw)) // It fails, and is kept.
		page, err := s.h.Gateway.Messages(t.Context(), gateway.MessageQuery{InboxIDs: []int64{s.inbox.ID}, Limit: 10})
		s.ok(err)
		for _, m := range page.Items {
			if due := time.Now().Add(-time.Minute); !m.State.Final() {
				s.ok(s.store.SaveFailure(t.Context(), m.ID, m.ErrorCode, m.ErrorDetail, &due))
			}
		}
	}
	m := s.ended(s.inbox.ID, "quarantined")
	s.inBoth(m.ID, []string{"The printer burns", "Nach 5 Versuchen zurückgestellt", m.ErrorCode, "anna@customer.example"}, []string{"Set aside after 5 attempts", m.ErrorCode})
}

// What does not decide and has to be told all the same.
func TestPageSaysWhatWasNoticedOnTheWay(t *testing.T) {
	s := newSite(t)
	k := newKeyring(t, s)
	first := s.mail(s.inbox, plainMail)
	head := "From: Anna <anna@example.org>\nTo: support@letterbox.example\nSubject: signed\n"
	signed := head + k.openssl(t, "Content-Type: text/plain\n\nfour words by Anna\n", "cms -sign -in in -out out -signer anna.pem")
	changed := strings.Replace(signed, "four words", "five words", 1)
	closed := head + k.openssl(t, "Content-Type: text/plain\n\nthe secret\n", "cms -encrypt -aes256 -in in -out out eve.pem")
	again := strings.NewReplacer("printer-1", "printer-2", "Subject: The", "Subject: Re: [#1] The").Replace(plainMail)
	stranger := strings.NewReplacer("printer-2", "printer-3", "anna@", "nora@").Replace(again)
	for _, tt := range []struct {
		name, raw string
		before    func()
		de, en    string
	}{
		{"signature_bad", changed, nil, "Signatur passt nicht zum Inhalt", "Signature does not match the content"},
		{"decrypt_failed", closed, nil, "Verschlüsselt und nicht entschlüsselbar, kein hinterlegter Schlüssel passt", "Encrypted and cannot be decrypted"},
		{"issue_forbidden", stranger, nil, "an diesem Vorgang nicht beteiligt", "takes no part in that issue"},
		{"issue_closed", again, func() {
			s.strict(func(r *models.Rules) { r.ClosedIssues = "follow_up" })
			closed := models.IssueClosed
			_, err := s.h.Tracker.UpdateIssue(t.Context(), s.users["admin"], *first.IssueNumber, 0, tracker.IssuePatch{State: &closed})
			s.ok(err)
		}, "Folgevorgang", "follow-up issue"},
		{"parse_failed", "\x00\x01 no mail at all\n\n\xff\xfe", nil, "Mängel", "defect"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.t = t
			if tt.before != nil {
				tt.before()
			}
			m := s.mail(s.inbox, tt.raw)
			if m.State != models.MessageCreated && tt.name != "parse_failed" {
				t.Errorf("it ended %s %s, want an issue", m.State, m.Reason)
			}
			s.inBoth(m.ID, []string{tt.de}, []string{tt.en})
		})
	}
}
