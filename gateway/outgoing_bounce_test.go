package gateway_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
)

// report is a delivery report about a mail of ours.
func report(n int, original, status, action string) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf(`From: MAILER-DAEMON@mx.example
To: support@here.example
Subject: Undelivered Mail
Message-ID: <bounce-%d@mx.example>
Return-Path: <>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It did not work.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; erika@kunde.example
Action: %s
Status: %s

--b
Content-Type: text/rfc822-headers

Message-ID: <%s>
Subject: Re: [#1]
--b--
`, n, action, status, original), "\n", "\r\n"))
}

func TestBouncesComeBackToTheirMailAndIssue(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	var told []models.Event
	g := d.process(func(deps *gateway.Deps) {
		deps.Texts = catalogueTexts(t)
		deps.Publish = func(_ context.Context, e models.Event) error {
			if e.Type == models.DeliveryFailedEvent {
				told = append(told, e)
			}
			return nil
		}
	})
	ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.Receive = "push" })
	s := models.DefaultSendingSettings()
	s.Host, s.Auth = "smtp.here.example", "none"
	if _, err := g.CreateSendingAccount(t.Context(), nil, gateway.SendingDraft{Place: "default", Address: "support@here.example", Settings: s}); err != nil {
		t.Fatal(err)
	}
	take := func(raw []byte) {
		t.Helper()
		if _, err := g.Receive(t.Context(), ib.ID, "api", bytes.NewReader(raw)); err != nil {
			t.Fatal(err)
		}
	}
	take(post("erika@kunde.example", "1@kunde.example", "Drucker", "Er brennt."))
	issue, err := d.store.IssueByNumber(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	sent := func() models.Outgoing {
		t.Helper()
		c := models.Comment{IssueNumber: 1, AuthorID: issue.ReporterID, Body: "Answer"}
		if err := d.store.CreateComment(t.Context(), &c); err != nil {
			t.Fatal(err)
		}
		if n, err := g.QueueAnswer(t.Context(), nil, c, []string{"erika@kunde.example"}); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		list, err := d.store.OutgoingOfIssue(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		return list[len(list)-1]
	}
	state := func(o models.Outgoing) models.Outgoing {
		t.Helper()
		o, err := d.store.OutgoingByID(t.Context(), o.ID)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	suppressed := func() string {
		x, err := d.store.Suppressed(t.Context(), "erika@kunde.example", issue.CreatedAt)
		if err != nil {
			return ""
		}
		return x.Reason
	}

	first := sent()
	take(report(1, "guessed.1.2.aabbccdd.eeee@here.example", "5.1.1", "failed"))
	take(report(2, "1@kunde.example", "5.1.1", "failed"))
	take(report(3, first.RFCMessageID, "4.4.1", "delayed"))
	if got := state(first); got.State != models.OutgoingQueued || suppressed() != "" {
		t.Errorf("after reports that are not about it, or of a delay: %s, suppressed %q", got.State, suppressed())
	}
	take(report(4, first.RFCMessageID, "4.2.2", "failed"))
	if got := state(first); got.State != models.OutgoingBounced || got.BouncedAt == nil || got.Code != "E-SMTP-13" || got.Answer != "4.2.2" || suppressed() != "" {
		t.Errorf("after a soft bounce: %+v, suppressed %q", got, suppressed())
	}
	take(report(5, first.RFCMessageID, "4.2.2", "failed")) // Once more for the same mail: nobody hears of it twice.
	want := []models.Event{{Type: models.DeliveryFailedEvent, Issue: 1, Data: map[string]any{
		"id": first.ID, "kind": "answer", "state": "bounced", "code": "E-SMTP-13", "issue": int64(1),
	}}}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told outside (-want +got):\n%s", diff)
	}
	all := d.messages()
	if last := all[len(all)-1]; last.State != models.MessageIgnored || last.IssueNumber == nil || *last.IssueNumber != 1 {
		t.Errorf("the report became %s of issue %v, want ignored, and issue 1", last.State, last.IssueNumber)
	}
	for n := range 2 {
		take(report(10+n, sent().RFCMessageID, "4.2.2", "failed"))
	}
	if got := suppressed(); got != "soft_bounces" {
		t.Errorf("after three soft bounces: suppressed %q", got)
	}
	if err := g.Release(t.Context(), nil, "erika@kunde.example"); err != nil {
		t.Fatal(err)
	}
	take(report(20, sent().RFCMessageID, "5.1.1", "failed"))
	if got := suppressed(); got != "hard_bounce" {
		t.Errorf("after a hard bounce: suppressed %q", got)
	}
	if list, err := g.Suppressions(t.Context()); err != nil || len(list) != 1 || list[0].IssueNumber != 1 || list[0].ExpiresAt != nil {
		t.Errorf("suppressions: %+v, %v", list, err)
	}
	plan, err := g.PlanAnswer(t.Context(), 1)
	if err != nil || len(plan.Recipients) != 1 || !plan.Recipients[0].Suppressed || plan.Recipients[0].Chosen {
		t.Errorf("plan of an answer: %+v, %v, want the recipient suppressed", plan, err)
	}
}
