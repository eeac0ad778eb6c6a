package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"letterbox/gateway/rule"
	"letterbox/models"
)

// verdict is a prepared mail that ends in one verdict of the log, and what its page has to say in each language.
type verdict struct {
	reason rule.Reason
	rules  func(r *models.Rules)
	mail   string // Changed lines of plainMail: old, new, old, new.
	raw    string // The whole mail, where it is not plainMail with changes.
	state  models.MessageState
	de, en []string // The sentence of the result and what would have let the mail in.
}

func verdicts() []verdict {
	header := func(line string) string { return "MIME-Version: 1.0|" + line + "\nMIME-Version: 1.0" }
	return []verdict{
		{reason: rule.AcceptedNew, state: models.MessageCreated, de: []string{"Neuer Vorgang", "Gehört zu keinem Vorgang"}, en: []string{"New issue", "Belongs to no issue"}},
		{reason: rule.AcceptedComment, state: models.MessageCommented, mail: "Subject: The printer burns|Subject: Re: [#1] The printer burns",
			de: []string{"Kommentar", "Gehört zu #1"}, en: []string{"Comment", "Belongs to #1"}},
		{reason: rule.AcceptedUpdate, state: models.MessageCommented, rules: func(r *models.Rules) { r.Extraction = burning("", "field") },
			de: []string{"#2 aktualisiert", "Das Format „Brand“ passt", "Was: printer", "gleiche Nummer burns"}, en: []string{"#2 updated", "The format &#34;Brand&#34; matches", "same number burns"}},
		{reason: rule.NoProfileMatch, state: models.MessageRejected, rules: func(r *models.Rules) { r.Extraction = burning("reject", "") }, mail: "Subject: The printer burns|Subject: The printer smokes",
			de: []string{"Texterkennung fand kein passendes Format", "Das Format „Brand“ passt nicht: Was – nicht gefunden"}, en: []string{"Text recognition found no matching format", "does not match: Was – not found"}},
		{reason: rule.FlowRejected, state: models.MessageRejected, rules: flowing("subject", "matches", "burns$", "reject", "Bitte anrufen"),
			de: []string{"Von der Ablaufregel „Brand“ abgelehnt. Bitte anrufen", "Ablaufregel 1 „Brand“ (Version 2) gilt"}, en: []string{"Rejected by the flow rule &#34;Brand&#34;. Bitte anrufen", "Flow rule 1 &#34;Brand&#34; (version 2) applies"}},
		{reason: rule.FlowSetAside, state: models.MessageQuarantined, rules: flowing("kind", "is", "person", "set_aside", "Bitte ansehen"),
			de: []string{"Von der Ablaufregel „Brand“ zurückgestellt. Bitte ansehen"}, en: []string{"Set aside by the flow rule &#34;Brand&#34;. Bitte ansehen"}},
		{reason: rule.ScriptRejected, state: models.MessageRejected, rules: scripted("return {reject: 'Nur ' + mail.from[0].name}"),
			de: []string{"Vom Skript abgelehnt: Nur Anna Berg", "Skript der Version 2 ausgeführt"}, en: []string{"Rejected by script: Nur Anna Berg", "Script of version 2 run"}},
		{reason: rule.ScriptSetAside, state: models.MessageQuarantined, rules: scripted("log('seen', mail.subject); return {set_aside: 'Bitte ansehen'}"),
			de: []string{"Vom Skript zurückgestellt: Bitte ansehen", "Skript: seen The printer burns"}, en: []string{"Set aside by script: Bitte ansehen", "Script: seen The printer burns"}},
		{reason: rule.ScriptFailed, state: models.MessageQuarantined, rules: scripted("\nreturn mail.nothing.more"),
			de: []string{"Skriptfehler", "Skript ohne Ergebnis, Zeile 2: das Skript meldet einen Fehler", "TypeError"}, en: []string{"Script error", "Script without result, line 2: the script reports an error", "TypeError"}},
		{reason: rule.ScriptTimeout, state: models.MessageQuarantined, rules: scripted("for (;;);"),
			de: []string{"Skript &gt; 2 s", "das Skript braucht zu lange"}, en: []string{"Script &gt; 2 s", "the script takes too long"}},
		{reason: rule.UnknownSender, state: models.MessageRejected, rules: func(r *models.Rules) { r.AllowUnknown = false }, mail: "anna@customer.example>|nora@new.example>",
			de: []string{"Absender nora@new.example ist nicht bekannt und „Unbekannte Absender zulassen“ ist aus", "Zugelassen würde die Nachricht, wenn"},
			en: []string{`Sender nora@new.example is unknown and &#34;allow unknown senders&#34; is off`, "would pass if"}},
		{reason: rule.SenderUnreadable, state: models.MessageRejected, mail: "From: Anna Berg <anna@customer.example>|From: Anna Berg",
			de: []string{"Kein eindeutiger Absender"}, en: []string{"No unambiguous sender"}},
		{reason: rule.SenderNotAllowed, state: models.MessageRejected, rules: func(r *models.Rules) { r.AllowedSenders = []string{"@partner.example"} },
			de: []string{"anna@customer.example steht nicht in der Liste @partner.example"}, en: []string{"anna@customer.example is not on list @partner.example", "These would pass"}},
		{reason: rule.SenderBlocked, state: models.MessageRejected, rules: func(r *models.Rules) { r.BlockedSenders = []string{"@customer.example"} },
			de: []string{"anna@customer.example steht in der Liste @customer.example"}, en: []string{"anna@customer.example is on list @customer.example", "would pass without the entry"}},
		{reason: rule.DomainPattern, state: models.MessageRejected, rules: func(r *models.Rules) { r.DomainMode, r.DomainPattern = "pattern", `[^@]+@firm\.example` },
			de: []string{`Domäne customer.example passt nicht auf Regel [^@]&#43;@firm\.example`}, en: []string{`Domain customer.example does not match rule [^@]&#43;@firm\.example`}},
		{reason: rule.RecipientUnexpected, state: models.MessageRejected, rules: func(r *models.Rules) { r.RecipientsExpected = []string{"post@firm.example"} },
			de: []string{"Gerichtet an support@letterbox.example, erwartet post@firm.example"}, en: []string{"Addressed to support@letterbox.example, expected post@firm.example"}},
		{reason: rule.KeywordSubject, state: models.MessageRejected, rules: func(r *models.Rules) { r.SubjectKeywords = []string{"Störung"} },
			de: []string{"Kein Schlüsselwort im Betreff", "Störung"}, en: []string{"No keyword in subject", "Störung"}},
		{reason: rule.KeywordBody, state: models.MessageRejected, rules: func(r *models.Rules) { r.BodyKeywords = []string{"Störung"} },
			de: []string{"Kein Schlüsselwort im Inhalt"}, en: []string{"No keyword in body"}},
		{reason: rule.SubjectRejected, state: models.MessageRejected, rules: func(r *models.Rules) { r.RejectSubject = []string{"printer"} },
			de: []string{"Betreff entspricht „printer“", "käme ohne dieses Muster durch"}, en: []string{"Subject matches &#34;printer&#34;", "would pass without this pattern"}},
		{reason: rule.SubjectEmpty, state: models.MessageRejected, rules: func(r *models.Rules) { r.EmptySubject = "reject" }, mail: "Subject: The printer burns|Subject: ",
			de: []string{"Betreff fehlt", "Annehmen, Titel „(kein Betreff)“"}, en: []string{"Subject is missing", "Take it, titled"}},
		{reason: rule.Spam, state: models.MessageQuarantined, rules: func(r *models.Rules) { r.SpamMail = "set_aside" }, mail: header("X-Spam-Status: Yes, score=9"),
			de: []string{"Als Spam gekennzeichnet (X-Spam-Status: YES)", "auf „Annehmen“ stünde"}, en: []string{"Marked as spam (X-Spam-Status: YES)", "set to &#34;Take it&#34;"}},
		{reason: rule.SenderUnverified, state: models.MessageQuarantined, rules: func(r *models.Rules) { r.SenderCheck, r.SenderFailed = "require", "set_aside" },
			mail: "Anna Berg <anna@customer.example>|Boss <lead@example.org>",
			de:   []string{"Absender lead@example.org ist nicht bestätigt", "ginge die E-Mail weiter"}, en: []string{"Sender lead@example.org is not verified", "would go on"}},
		{reason: rule.RateLimited, state: models.MessageQuarantined, rules: func(r *models.Rules) { r.RateLimit = 1 },
			de: []string{"Mehr als 1 E-Mails in 60 Minuten von anna@customer.example", "schon 1 E-Mails"}, en: []string{"More than 1 mails in 60 minutes from anna@customer.example", "already brought in 1"}},
		{reason: rule.TooManyAttachments, state: models.MessageRejected, rules: func(r *models.Rules) { r.MaxAttachments = 1 }, raw: filesMail,
			de: []string{"Zu viele Anhänge", "2 Anhänge, erlaubt sind 1"}, en: []string{"Too many attachments", "2 attachments, the limit is 1"}},
		{reason: rule.AttachmentBlocked, state: models.MessageRejected, rules: func(r *models.Rules) { r.BlockAttachments = []string{`\.exe$`} }, raw: filesMail,
			de: []string{"Anhang tool.exe nicht erlaubt", `\.exe$`, "ohne dieses Muster"}, en: []string{"Attachment tool.exe not allowed", `\.exe$`, "without this pattern"}},
		{reason: rule.AutoReply, state: models.MessageIgnored, mail: header("Auto-Submitted: auto-replied"),
			de: []string{"Automatische Antwort (Auto-Submitted: auto-replied)", "Nur als Kommentar"}, en: []string{"Automatic reply (Auto-Submitted: auto-replied)", "Only as comment"}},
		{reason: rule.Bounce, state: models.MessageIgnored, raw: bounceMail, de: []string{"Rückläufer"}, en: []string{"Bounce"}},
		{reason: rule.OwnMail, state: models.MessageIgnored, mail: "Anna Berg <anna@customer.example>|Support <support@letterbox.example>",
			de: []string{"Eigene Nachricht"}, en: []string{"Own message"}},
		{reason: rule.Loop, state: models.MessageIgnored, mail: header("X-Letterbox-Loop: letterbox.example"), de: []string{"Schleife erkannt"}, en: []string{"Loop detected"}},
		{reason: rule.MailingList, state: models.MessageIgnored, mail: header("List-Id: <news.customer.example>"), de: []string{"Verteiler"}, en: []string{"Mailing list"}},
		{reason: rule.Duplicate, state: models.MessageDuplicate, mail: "", de: []string{"Schon verarbeitet am", "als #1"}, en: []string{"Already processed on", "as #1"}},
		{reason: rule.CreateDisabled, state: models.MessageRejected, rules: func(r *models.Rules) { r.AllowCreate = false },
			de: []string{"Neue Vorgänge per E-Mail sind aus"}, en: []string{"New issues by email are off"}},
		{reason: rule.CommentDisabled, state: models.MessageRejected, rules: func(r *models.Rules) { r.AllowComment = false }, mail: "Subject: The printer burns|Subject: Re: [#1] The printer burns",
			de: []string{"Kommentare per E-Mail sind aus"}, en: []string{"Comments by email are off"}},
		{reason: rule.RuleTimeout, state: models.MessageQuarantined, rules: func(r *models.Rules) { r.RejectSubject = []string{"^(a+)+$"} },
			mail: "Subject: The printer burns|Subject: " + strings.Repeat("a", 40) + "x", de: []string{"brauchte länger als"}, en: []string{"took longer than"}},
		{reason: rule.DryRun, state: models.MessageIgnored, rules: func(r *models.Rules) { r.Process = "dry_run" },
			de: []string{"Nur protokolliert (Verarbeitung aus)", "würde daraus ein neuer Vorgang"}, en: []string{"Logged only (processing off)", "would become a new issue"}},
	}
}

// scripted gives an inbox a script with the body of onEmail.
func scripted(body string) func(*models.Rules) {
	return func(r *models.Rules) { r.Script.Source = "function onEmail(mail, ctx) {" + body + "}" }
}

// flowing gives an inbox a flow rule with one condition and one action.
func flowing(field, op, value, do, with string) func(*models.Rules) {
	return func(r *models.Rules) {
		r.Flow.Rules = []models.FlowRule{{
			Name: "Brand", Conditions: []models.FlowCondition{{Field: field, Op: op, Value: value}}, Actions: []models.FlowAction{{Do: do, Value: with}},
		}}
	}
}

const filesMail = `From: Anna Berg <anna@customer.example>
To: support@letterbox.example
Subject: Two files
Message-ID: <files-1@customer.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

See the files.
--b
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="tool.exe"

MZ
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="report.pdf"

%PDF
--b--
`

const bounceMail = `From: Mail Delivery System <mailer-daemon@customer.example>
To: support@letterbox.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-1@customer.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

The mail could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.customer.example

Final-Recipient: rfc822; nobody@customer.example
Action: failed
Status: 5.1.1

--b--
`

// burning recognises mails about printers that burn.
func burning(noMatch, by string) models.Extraction {
	field := models.ProfileField{Name: "Was", From: "subject", By: "pattern", Expr: `(\w+) (?<wie>burns)`, Required: true}
	return models.Extraction{
		Profiles: []models.Profile{{Name: "Brand", Fields: []models.ProfileField{field}, Key: "{wie}"}},
		NoMatch:  noMatch, Correlate: models.Correlation{By: by},
	}
}

// For each verdict of the log a prepared mail: its page tells the right story in both languages.
func TestPageOfEachVerdictExplainsItInBothLanguages(t *testing.T) {
	elsewhere := map[rule.Reason]string{
		rule.TooLarge: "TestPageOfMailThatWasNotTakenInExplainsWhy", rule.Quarantined: "TestPageOfMailThatFailedFiveTimesExplainsWhy",
		rule.BeforeStart: "TestPageOfMailThatWasNotTakenInExplainsWhy", rule.Vanished: "TestPageOfMailThatWasNotTakenInExplainsWhy",
		rule.IssueClosed: "TestPageSaysWhatWasNoticedOnTheWay", rule.IssueForbidden: "TestPageSaysWhatWasNoticedOnTheWay",
		rule.TestMail:    "TestTestMailComesBackAndBecomesNoIssue",
		rule.ParseFailed: "nothing is beyond the parser: a broken mail has defects, TestPageSaysWhatWasNoticedOnTheWay",
	}
	tested := map[rule.Reason]bool{}
	for _, one := range verdicts() {
		tested[one.reason] = true
		t.Run(string(one.reason), func(t *testing.T) {
			s := newSite(t)
			s.mail(s.inbox, plainMail) // Issue 1, of the same sender.
			if one.rules != nil {
				rules := s.inbox.Rules
				one.rules(&rules)
				_, err := s.h.Gateway.SaveRules(t.Context(), nil, s.inbox.ID, 1, rules)
				s.ok(err)
			}
			raw := strings.Replace(plainMail, "printer-1", "second-1", 1)
			if old, changed, ok := strings.Cut(one.mail, "|"); ok {
				raw = strings.Replace(raw, old, changed, 1)
			}
			in := s.inbox
			switch {
			case one.reason == rule.Duplicate:
				raw, in = plainMail, s.addInbox("Other door", s.sup.ID, false)
			case one.reason == rule.AcceptedUpdate:
				s.mail(in, strings.Replace(plainMail, "printer-1", "opening-1", 1))
			case one.raw != "":
				raw = one.raw
			}
			m := s.mail(in, raw)
			if m.State != one.state || m.Reason != string(one.reason) {
				t.Fatalf("the mail ended %s %s, want %s %s", m.State, m.Reason, one.state, one.reason)
			}
			cookie := s.as("admin")
			for lang, want := range map[string][]string{"de": one.de, "en": one.en} {
				s.post("/preferences", cookie, url.Values{"language": {lang}, "back": {"/"}}).want(t, 303)
				got := s.get(fmt.Sprint("/messages/", m.ID), cookie)
				got.want(t, 200, want...)
				if open := unfilled.FindString(got.Body); open != "" {
					t.Errorf("%s: the page shows the placeholder %s", lang, open)
				}
				s.get("/messages?reason="+string(one.reason), cookie).want(t, 200, fmt.Sprintf(`href="/messages/%d"`, m.ID))
			}
		})
	}
	for _, r := range rule.Reasons() {
		if !tested[r] && elsewhere[r] == "" {
			t.Errorf("no mail is prepared for %s", r)
		}
	}
}
