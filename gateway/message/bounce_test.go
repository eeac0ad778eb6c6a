package message

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBouncesAreRead(t *testing.T) {
	report := func(status string) string {
		return mail("From: Mail Delivery System <MAILER-DAEMON@mx.example.com>", "Subject: Undelivered Mail Returned to Sender", "Auto-Submitted: auto-replied",
			"Content-Type: multipart/report; report-type=delivery-status; boundary=x", "", "--x", "Content-Type: text/plain", "", "Your message could not be delivered.", "--x", "Content-Type: message/delivery-status", "") +
			status + mail("", "--x", "Content-Type: text/rfc822-headers", "", "From: support@example.org", "Message-ID: <out1@example.org>", "Subject: Re: x", "--x--")
	}
	head := "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.com\r\nTo: support@example.org\r\nSubject: failure notice\r\n\r\n"
	tests := []struct {
		name, raw string
		want      *Bounce
	}{
		{"RFC 3464", report(mail("Reporting-MTA: dns; mx.example.com", "", "Original-Recipient: rfc822;anna@example.net", "Final-Recipient: rfc822; anna@example.net", "Action: failed", "Status: 5.1.1", "Diagnostic-Code: smtp; 550 5.1.1 unknown")),
			&Bounce{[]BounceRecipient{{"anna@example.net", "5.1.1", "failed"}}, "out1@example.org"}},
		{"two recipients, one delayed", report(mail("Reporting-MTA: dns; mx.example.com", "", "Final-Recipient: rfc822; a@example.net", "Action: failed", "Status: 5.0.0", "", "Final-Recipient: rfc822; b@example.net", "Action: delayed", "Status: 4.4.1 (timeout)")),
			&Bounce{[]BounceRecipient{{"a@example.net", "5.0.0", "failed"}, {"b@example.net", "4.4.1", "delayed"}}, "out1@example.org"}},
		{"a general status and a better one", report(mail("Final-Recipient: rfc822; a@example.net", "Action: failed", "Status: 5.0.0", "Diagnostic-Code: smtp; 552 5.2.2 mailbox full")),
			&Bounce{[]BounceRecipient{{"a@example.net", "5.2.2", "failed"}}, "out1@example.org"}},
		{"delivered", report(mail("Final-Recipient: rfc822; a@example.net", "Action: delivered", "Status: 2.0.0")), nil},
		{"qmail", head + "Hi. This is the qmail-send program at mx.example.com.\r\nI'm afraid I wasn't able to deliver your message to the following addresses.\r\n\r\n<anna@example.net>:\r\nRemote host said: 550 5.1.1 no such user\r\n\r\n--- Below this line is a copy of the message.\r\n\r\nReturn-Path: <support@example.org>\r\nMessage-ID: <out1@example.org>\r\n\r\nHello\r\n",
			&Bounce{[]BounceRecipient{{"anna@example.net", "5.1.1", "failed"}}, "out1@example.org"}},
		{"Exim", "X-Failed-Recipients: anna@example.net\r\n" + head + "A message that you sent could not be delivered to one or more of its\r\nrecipients. The following address(es) failed:\r\n\r\n  anna@example.net\r\n    host mx [192.0.2.1]: 552 5.2.2 over quota\r\n",
			&Bounce{[]BounceRecipient{{"anna@example.net", "5.2.2", "failed"}}, ""}},
		{"German", "From: Postmaster <postmaster@mx.example.com>\r\nTo: support@example.org\r\nSubject: Unzustellbar: Drucker\r\n\r\nIhre Nachricht konnte nicht zugestellt werden:\r\n\r\nanna@example.net\r\n",
			&Bounce{[]BounceRecipient{{"anna@example.net", "", "failed"}}, ""}},
		{"a person asks about a bounce", "From: anna@example.net\r\nSubject: Undelivered Mail?\r\n\r\nI got: <bob@example.com>: user unknown. What is that?\r\n", nil},
		{"a person at postmaster", "From: postmaster@example.net\r\nSubject: Drucker\r\n\r\nDer Drucker geht nicht.\r\n", nil},
		{"out of office with a null sender", "Return-Path: <>\r\nFrom: anna@example.net\r\nSubject: Automatische Antwort: Drucker\r\n\r\nIch bin nicht im Haus, Mail kann nicht zugestellt werden.\r\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(parse(t, tt.raw).Bounce, tt.want); diff != "" {
				t.Errorf("Bounce (got, want): %s", diff)
			}
		})
	}
}

func TestAutomaticMailIsToldFromThatOfPeople(t *testing.T) {
	tests := []struct {
		name, head string
		want       string // The reason; "" for a person.
	}{
		{"a person", "Subject: Drucker", ""},
		{"auto-replied", "Auto-Submitted: auto-replied; owner-email=\"a@b\"", "Auto-Submitted: auto-replied"},
		{"auto-generated", "Auto-Submitted: auto-generated (rejected)", "Auto-Submitted: auto-generated"},
		{"not automatic", "Auto-Submitted: No", ""},
		{"null return path", "Return-Path: <>", "Return-Path: <>"},
		{"X-Autoreply", "X-Autoreply: yes", "X-Autoreply: yes"},
		{"Precedence", "Precedence: auto_reply", "Precedence: auto_reply"},
		{"bulk", "Precedence: bulk", "Precedence: bulk"},
		{"bulk of a list", "Precedence: bulk\r\nList-Id: <a.example.com>", ""},
		{"Exchange asks for no automatic answer", "X-Auto-Response-Suppress: All", ""},
		{"German subject", "Subject: Automatische Antwort: Drucker", "Subject: Automatische Antwort: Drucker"},
		{"German absence", "Subject: Abwesenheitsnotiz: Drucker", "Subject: Abwesenheitsnotiz: Drucker"},
		{"French subject", "Subject: Réponse automatique : imprimante", "Subject: Réponse automatique : imprimante"},
		{"a subject about replies", "Subject: Please send me an automatic answer", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, "From: a@example.org\r\n"+tt.head+"\r\n\r\nx")
			if got := m.Auto; got.Reason != tt.want || got.Generated != (tt.want != "") {
				t.Errorf("Auto = %+v, want the reason %q", got, tt.want)
			}
		})
	}
}

func TestListsAndReports(t *testing.T) {
	if m := parse(t, "List-Id: <a.example.com>\r\n\r\nx"); !m.List {
		t.Error("List = false for a mail with List-Id, want true")
	}
	m := parse(t, mail("Content-Type: multipart/report; report-type=feedback-report; boundary=x", "", "--x", "", "An abuse report.", "--x", "Content-Type: message/feedback-report", "", "Feedback-Type: abuse", "Version: 1", "", "--x", "Content-Type: message/rfc822", "", "Subject: spam", "", "x", "--x--"))
	if m.FeedbackReport == nil || *m.FeedbackReport != "abuse" {
		t.Errorf("FeedbackReport = %v, want abuse", m.FeedbackReport)
	}
	if m.Bounce != nil {
		t.Errorf("Bounce = %v, want none", m.Bounce)
	}
}
