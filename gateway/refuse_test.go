package gateway_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// Senders are told that their mail was refused only where the rules say so, and only those whom the own mail server has
// verified; the notice says nothing of the mail and nothing of the reason.
func TestVerifiedSendersAreToldOfARefusal(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		h.sending(nil)
		inbox := func(name, notice string) gateway.InboxView {
			return h.inbox("imap", func(d *gateway.InboxDraft) {
				d.Name, d.Enabled, d.Rules.AllowUnknown, d.Rules.AutoMail = name, false, false, "process"
				d.Rules.RejectNotice, d.Rules.AuthServID, d.Rules.BlockedSenders = notice, "mx.here.example", []string{"@blocked.example"}
			})
		}
		off, on := inbox("off", "off"), inbox("on", "verified")
		const pass = "Authentication-Results: mx.here.example; dmarc=pass header.from="
		n := 0
		// refuse hands in a mail and returns the codes of its trace and the notices that it called forth.
		refuse := func(in gateway.InboxView, from string, more ...string) ([]string, []models.Outgoing) {
			t.Helper()
			n++
			before := len(h.outbox())
			raw := post(from, fmt.Sprintf("m%d@there.example", n), "Win at https://evil.example now and we have more", "Dear you, the secret text is for you and we like it.", more...)
			m, err := h.gateway.Receive(t.Context(), in.ID, "api", bytes.NewReader(raw))
			if err != nil || m.State != models.MessageRejected {
				t.Fatalf("%s: %s, %v, want it refused", from, m.State, err)
			}
			return h.lastTrace(in.ID), h.outbox()[before:]
		}
		if _, sent := refuse(off, "Ann <ann@one.example>", pass+"one.example"); len(sent) != 0 {
			t.Errorf("switched off: %d notices, want none", len(sent))
		}
		codes, sent := refuse(on, "Ann <ann@one.example>", pass+"one.example")
		if !slices.Contains(codes, "notify.refusal") || len(sent) != 1 {
			t.Fatalf("verified: trace %v and %d notices, want one", codes, len(sent))
		}
		if o := sent[0]; o.Kind != models.OutgoingRefusal || o.Recipient != "ann@one.example" || o.IssueNumber != 0 || !strings.HasPrefix(o.Content.Subject, "Not accepted: Win at") ||
			strings.Contains(o.Content.Subject+o.Content.Text, "evil.example") || strings.Contains(o.Content.Text, "secret") {
			t.Errorf("notice: got %+v", sent[0])
		}
		for _, tt := range []struct{ name, code, from, more string }{
			{"a second one on the same day", "notify.refusal_limited", "ann@one.example", pass + "one.example"},
			{"not verified", "notify.refusal_unverified", "ben@one.example", "X-Nothing: 1"},
			{"verified by itself", "notify.refusal_unverified", "ben@one.example", "Authentication-Results: mx.evil.example; dmarc=pass header.from=one.example"},
			{"failed", "notify.refusal_unverified", "ben@one.example", "Authentication-Results: mx.here.example; dmarc=fail header.from=one.example"},
			{"blocked", "notify.refusal_blocked", "ben@blocked.example", pass + "blocked.example"},
			{"automatic", "notify.refusal_silent", "cleo@one.example", pass + "one.example\r\nAuto-Submitted: auto-replied"},
			{"a list", "notify.refusal_silent", "cleo@one.example", pass + "one.example\r\nList-Id: <news.one.example>"},
			{"nobody reads it", "notify.refusal_silent", "noreply@one.example", pass + "one.example"},
			{"old", "notify.refusal_silent", "dora@one.example", pass + "one.example\r\nDate: " + time.Now().AddDate(0, 0, -3).Format(time.RFC1123Z)},
		} {
			if codes, sent := refuse(on, tt.from, tt.more); !slices.Contains(codes, tt.code) || len(sent) != 0 {
				t.Errorf("%s: trace %v and %d notices, want %s and none", tt.name, codes, len(sent), tt.code)
			}
		}
	})
}

// A flood of verified senders stops as acknowledgements do, and a notice that comes back suppresses its address.
func TestNoticesOfRefusalsAreFewAndComeBack(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	account := h.sending(nil)
	in := h.inbox("imap", func(d *gateway.InboxDraft) {
		d.Enabled, d.Rules.AllowUnknown, d.Rules.RejectNotice, d.Rules.AuthServID = false, false, "verified", "mx.here.example"
	})
	for n := range 60 {
		raw := post(fmt.Sprintf("p%d@one.example", n), fmt.Sprintf("f%d@one.example", n), "Hello", "Text.", "Authentication-Results: mx.here.example; dmarc=pass header.from=one.example")
		if _, err := h.gateway.Receive(t.Context(), in.ID, "api", bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
	}
	all := h.outbox()
	if len(all) != 50 {
		t.Errorf("%d notices in an hour, want 50", len(all))
	}
	h.servers.AddUser("p0", "x", "p0@one.example")
	if err := h.gateway.DrainOutbox(t.Context(), account.ID); err != nil {
		t.Fatal(err)
	}
	got := h.inMailbox("p0", 1)[0]
	if got.ReturnPath == nil || *got.ReturnPath != "" || !got.Auto.Generated || len(got.Loop) != 1 || got.InReplyTo[0] != "f0@one.example" || len(got.ReplyTo) > 0 && strings.Contains(got.ReplyTo[0].Address, "+") {
		t.Errorf("notice on the way: %+v, want an automatic answer with the null sender", got)
	}
	report := "From: MAILER-DAEMON@mx.example\nTo: support@here.example\nSubject: Undelivered\nMessage-ID: <b@mx.example>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
		"--b\nContent-Type: text/plain\n\nNo.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; p0@one.example\nAction: failed\nStatus: 5.1.1\n\n" +
		"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <" + got.MessageID + ">\n--b--\n"
	if _, err := h.gateway.Receive(t.Context(), in.ID, "api", strings.NewReader(strings.ReplaceAll(report, "\n", "\r\n"))); err != nil {
		t.Fatal(err)
	}
	if o, err := h.store.OutgoingByID(t.Context(), all[0].ID); err != nil || o.State != models.OutgoingBounced {
		t.Errorf("the notice that came back is %s, %v, want bounced", o.State, err)
	}
	if _, err := h.store.Suppressed(t.Context(), "p0@one.example", h.now()); err != nil {
		t.Errorf("its address is not suppressed: %v", err)
	}
}
