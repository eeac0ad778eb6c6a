package message

import (
	"strings"
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

// Notices in words, as servers without RFC 3464 write them; the recipient is always the same.
func TestNoticesInWordsAreBounces(t *testing.T) {
	copied := "\r\nReturn-Path: <support@example.org>\r\nReceived: from x\r\nMessage-ID: <out1@example.org>\r\nFrom: support@example.org\r\nTo: anna@example.net\r\n\r\nHello\r\n"
	tests := []struct{ name, from, subject, text, status string }{
		{"OpenSMTPD", "MAILER-DAEMON@mx.example.com", "Delivery status notification: error", "Hi!\r\n\r\nThis is the MAILER-DAEMON, please DO NOT REPLY to this email.\r\n\r\nAn error has occurred while attempting to deliver a message for\r\nthe following list of recipients:\r\n\r\nanna@example.net: 550 5.1.1 no such user\r\n\r\nBelow is a copy of the original message:" + copied, "5.1.1"},
		{"sendmail", "MAILER-DAEMON@mx.example.com", "Returned mail: see transcript for details", "   ----- The following addresses had permanent fatal errors -----\r\n<anna@example.net>\r\n    (reason: 550 5.1.1 User unknown)\r\n\r\n   ----- Transcript of session follows -----\r\n... while talking to mx.example.net.:\r\n>>> DATA\r\n<<< 550 5.1.1 User unknown\r\n", "5.1.1"},
		{"Exchange, German", "postmaster@mx.example.com", "Unzustellbar: Drucker", "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\r\n\r\nanna@example.net\r\nDie E-Mail-Adresse wurde im Zielsystem nicht gefunden.\r\n\r\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'\r\n", "5.1.10"},
		{"Gmail", "mailer-daemon@googlemail.example", "Delivery Status Notification (Failure)", "** Address not found **\r\n\r\nYour message wasn't delivered to anna@example.net because the address couldn't be found.\r\n\r\nThe response was:\r\n\r\n550 5.1.1 The email account does not exist.\r\n", "5.1.1"},
		{"GMX", "mailer-daemon@gmx.example", "Mail delivery failed: returning message to sender", "This message was created automatically by mail delivery software.\r\n\r\nA message that you sent could not be delivered to one or more of\r\nits recipients. The following address failed:\r\n\r\nanna@example.net:\r\nSMTP error from remote server for RCPT TO command, host: mx.example.net (192.0.2.1) reason: 552 5.2.2 mailbox full\r\n\r\n--- The header of the original message is following. ---\r\n" + copied, "5.2.2"},
		{"Domino", "postmaster@mx.example.com", "DELIVERY FAILURE: User anna (anna@example.net) not listed in directory", "Your message\r\n\r\n  Subject: Drucker\r\n\r\nwas not delivered to:\r\n\r\n  anna@example.net\r\n\r\nbecause:\r\n\r\n  User anna not listed in directory\r\n", ""},
		{"French", "MAILER-DAEMON@mx.example.com", "Échec de la remise", "Votre message n'a pas pu être remis à : anna@example.net\r\n\r\n550 5.4.1 accès refusé\r\n", "5.4.1"},
		{"delayed", "MAILER-DAEMON@mx.example.com", "Warning: message 1x delayed 24 hours", "A message that you sent has not yet been delivered to one or more of its\r\nrecipients after more than 24 hours on the queue.\r\n\r\n  anna@example.net\r\n    host mx.example.net: 451 4.4.1 try later\r\n", "4.4.1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := parse(t, "Return-Path: <>\r\nFrom: Mail Delivery System <"+tt.from+">\r\nTo: support@example.org\r\nSubject: "+tt.subject+"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"+tt.text)
			action := "failed"
			if strings.HasPrefix(tt.status, "4") {
				action = "delayed"
			}
			if m.Bounce == nil {
				t.Fatal("Bounce = nil, want one")
			}
			if diff := cmp.Diff(m.Bounce.Recipients, []BounceRecipient{{"anna@example.net", tt.status, action}}); diff != "" {
				t.Errorf("Recipients (got, want): %s", diff)
			}
			if strings.Contains(tt.text, "Message-ID") && m.Bounce.OriginalMessageID != "out1@example.org" {
				t.Errorf("OriginalMessageID = %q, want out1@example.org", m.Bounce.OriginalMessageID)
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
