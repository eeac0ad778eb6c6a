package handlers

import (
	"fmt"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/models"
)

// sending returns the ID of the default sending account; it is made when there is none, on the server at address ("": one
// that nobody reaches).
func (s *site) sending(address string) int64 {
	s.t.Helper()
	all, err := s.h.Gateway.SendingAccounts(s.t.Context())
	s.ok(err)
	if len(all) > 0 {
		return all[0].ID
	}
	d := gateway.SendingDraft{Place: "default", Address: "support@letterbox.example", Settings: models.DefaultSendingSettings()}
	d.Settings.Host, d.Settings.Port, d.Settings.Security, d.Settings.Auth = "127.0.0.1", 1, "none", "none"
	if address != "" {
		host, port, err := net.SplitHostPort(address)
		s.ok(err)
		d.Settings.Host = host
		_, err = fmt.Sscan(port, &d.Settings.Port)
		s.ok(err)
	}
	a, err := s.h.Gateway.CreateSendingAccount(s.t.Context(), nil, d)
	s.ok(err)
	return a.ID
}

func TestSendingAccountIsCheckedAndSaved(t *testing.T) {
	s := newSite(t)
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{})
	s.ok(err)
	servers, err := mailtest.NewServers(mailtest.Options{Certificate: cert, RequireTLS: true})
	s.ok(err)
	t.Cleanup(servers.Close)
	servers.AddUser("support", "very secret", "support@letterbox.example")
	host, port, err := net.SplitHostPort(servers.SMTPAddr)
	s.ok(err)
	form := url.Values{
		"place": {"default"}, "address": {"support@letterbox.example"}, "host": {host}, "port": {port}, "security": {"starttls"},
		"tls_verify": {"pinned"}, "fingerprint": {cert.Fingerprint}, "auth": {"password"}, "username": {"support"}, "password": {"wrong"}, "text_language": {"en"}, "do": {"check"},
	}
	cookie := s.as("admin")
	s.post("/sending/new", cookie, form).want(t, 200, "E-AUTH-01", "!very secret")
	form.Set("password", "very secret")
	s.post("/sending/new", cookie, form).want(t, 200, "All good", "!very secret")
	form.Set("fingerprint", strings.Repeat("0", 64))
	s.post("/sending/new", cookie, form).want(t, 200, "E-TLS-02")
	form.Set("fingerprint", cert.Fingerprint)
	form.Set("address", "Support <a@b>\r\nBcc: x@y.example")
	form.Set("do", "save")
	s.post("/sending/new", cookie, form).want(t, 422, "is no address that mail can be sent with")
	form.Set("address", "support@letterbox.example")
	s.post("/sending/new", cookie, form).want(t, 303)
	s.get("/sending", cookie).want(t, 200, "support@letterbox.example", "Works")
	plainForm := url.Values{}
	for name, values := range form {
		plainForm[name] = values
	}
	plainForm.Set("security", "none")
	s.post("/sending/new", cookie, plainForm).want(t, 422, "f-confirm_plain-error") // A word is to be typed first.
	page := fmt.Sprintf("/sending/accounts/%d", s.sending(""))
	s.get(page, cookie).want(t, 200, host, "!very secret")
	s.post("/sending/new", cookie, form).want(t, 422, "There is a sending account for this already")

	form.Set("version", "2")
	form.Set("host", "smtp.elsewhere.example")
	form.Del("password")
	s.post(page, cookie, form).want(t, 422, "Enter the password again") // It was given for another server.
	s.post(page+"/delete", cookie, nil).want(t, 303)
	s.get(page, cookie).want(t, 404)
}

func TestAnswerGoesToThoseWhomTheWriterHasChosen(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, strings.Replace(plainMail, "To: ", "Cc: boss@customer.example\nTo: ", 1))
	cookie := s.as("member")
	s.get("/issues/1", cookie).want(t, 200, "Does not go out by mail")
	s.sending("")
	s.get("/issues/1", cookie).want(t, 200, "Goes by mail from support@letterbox.example to", `value="anna@customer.example" checked`, `value="boss@customer.example" checked`)

	form := url.Values{"body": {"We are on our way."}, "kind": {"public"}, "recipients": {"shown"}, "to": {"anna@customer.example"}}
	s.post("/issues/1/comments", cookie, form).want(t, 303)
	s.get("/issues/1", cookie).want(t, 200, "We are on our way.", "Queued", "Take back")
	rows := s.outgoing()
	if len(rows) != 1 || rows[0].Recipient != "anna@customer.example" || rows[0].State != models.OutgoingQueued {
		t.Fatalf("outbox: got %+v, want one mail to anna", rows)
	}
	undo := fmt.Sprintf("/issues/1/answers/%d/undo", *rows[0].CommentID)
	s.post(undo, s.as("admin"), nil).want(t, 403)
	s.post(undo, s.as("other"), nil).want(t, 404)
	s.post(undo, cookie, nil).want(t, 200, "We are on our way.</textarea>")
	if rows := s.outgoing(); len(rows) != 0 {
		t.Errorf("outbox: got %+v, want nothing after it was taken back", rows)
	}

	form.Set("to", "stranger@elsewhere.example")
	s.post("/issues/1/comments", cookie, form).want(t, 422, "stranger@elsewhere.example is not among the recipients")
	form.Del("to")
	s.post("/issues/1/comments", cookie, form).want(t, 303) // To nobody.
	form.Set("kind", "internal")
	form.Set("to", "anna@customer.example")
	s.post("/issues/1/comments", cookie, form).want(t, 303)
	if rows := s.outgoing(); len(rows) != 0 {
		t.Errorf("outbox: got %+v, want nothing of an internal note", rows)
	}
}

func (s *site) outgoing() []models.Outgoing {
	s.t.Helper()
	rows, _, err := s.h.Gateway.Outbox(s.t.Context(), gateway.OutboxFilter{})
	s.ok(err)
	return rows
}

func TestOutboxShowsOwnMailAndStopsIt(t *testing.T) {
	s := newSite(t)
	s.sending("")
	s.mail(s.inbox, plainMail)
	s.mail(s.global, strings.ReplaceAll(plainMail, "printer-1", "global-1"))
	admin, lead := s.as("admin"), s.as("lead")
	for _, issue := range []string{"1", "2"} {
		s.post("/issues/"+issue+"/comments", admin, url.Values{"body": {"Answer to " + issue}, "kind": {"public"}}).want(t, 303)
	}
	s.get("/outbox", admin).want(t, 200, "[#1]", "[#2]", "anna@customer.example")
	s.get("/outbox", lead).want(t, 200, "[#1]", "![#2]")
	rows := s.outgoing()
	first, second := rows[1].ID, rows[0].ID
	s.post(fmt.Sprintf("/outbox/%d/cancel", second), lead, nil).want(t, 404)
	s.post(fmt.Sprintf("/outbox/%d/cancel", first), lead, url.Values{"back": {"/outbox"}}).want(t, 303)
	s.get("/outbox?state=cancelled", lead).want(t, 200, "[#1]", "Cancelled", "Send now")
	s.post(fmt.Sprintf("/outbox/%d/send", first), lead, nil).want(t, 303)
	s.get("/outbox?state=queued", lead).want(t, 200, "[#1]")
}

// E-SMTP-04: mail that a server did not take yet says how often it was tried, and when it is tried again.
func TestOutboxSaysWhenAMailIsTriedAgain(t *testing.T) {
	s := newSite(t)
	next := time.Date(2030, 1, 2, 12, 34, 0, 0, time.Local)
	waits := models.Outgoing{State: models.OutgoingQueued, Code: "E-SMTP-07", Attempts: 3, NextAttemptAt: &next, Answer: "451 4.7.1 greylisted"}
	for lang, want := range map[string]string{"en": "Not delivered yet, attempt 3; next at 12:34.", "de": "Noch nicht zugestellt, Versuch 3; nächster um 12:34."} {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		v := &visit{Context: c, h: s.h, l: s.h.cat.Locale(lang)}
		if got := v.outgoingSentence(waits); !strings.HasPrefix(got, want) || !strings.Contains(got, waits.Answer) {
			t.Errorf("%s: the outbox says %q, want E-SMTP-04, %q, and the words of the server", lang, got, want)
		}
	}
}

func TestSuppressedAddressIsShownAndReleased(t *testing.T) {
	s := newSite(t)
	s.sending("")
	s.mail(s.inbox, plainMail)
	cookie := s.as("admin")
	s.post("/suppressions", cookie, url.Values{"address": {"nonsense"}}).want(t, 422, "is no address")
	s.post("/suppressions", cookie, url.Values{"address": {"Anna@Customer.example"}, "detail": {"asked for it"}}).want(t, 303)
	s.get("/suppressions", cookie).want(t, 200, "anna@customer.example", "Suppressed by hand", "asked for it")
	s.get("/issues/1", cookie).want(t, 200, `value="anna@customer.example" disabled`)
	s.post("/suppressions/release", cookie, url.Values{"address": {"anna@customer.example"}}).want(t, 303)
	s.get("/suppressions", cookie).want(t, 200, "No address is suppressed")
	s.post("/suppressions/release", cookie, url.Values{"address": {"anna@customer.example"}}).want(t, 404)
}

func TestAcknowledgementIsPreviewedAndSaved(t *testing.T) {
	s := newSite(t)
	s.sending("")
	cookie, page := s.as("lead"), fmt.Sprintf("/inboxes/%d/acknowledgement", s.inbox.ID)
	s.get(page, cookie).want(t, 200, "support@letterbox.example", "Who is known already")
	form := url.Values{"ack_mode": {"everyone"}, "ack_text_de": {"Hallo {name}, {key} <b> {unknown}"}, "do": {"preview"}}
	s.post(page, cookie, form).want(t, 200, "#1234", "&lt;b&gt;")
	form.Set("refusal_text_en", "Sorry, {name}: <b> {subject}")
	s.post(page, cookie, form).want(t, 200, "Preview of the notice", "Sorry, mail.ack.example_name: &lt;b&gt;")
	form.Set("ack_mode", "whatever")
	form.Set("do", "save")
	s.post(page, cookie, form).want(t, 422, "Choose one of the values")
	form.Set("ack_mode", "everyone")
	s.post(page, cookie, form).want(t, 303)
	a, err := s.h.Gateway.Acknowledgement(t.Context(), s.inbox.ID)
	if err != nil || a.Mode != "everyone" || a.Refusal["en"] == "" {
		t.Errorf("acknowledgement = %+v, %v, want everyone", a, err)
	}
	s.get(fmt.Sprintf("/inboxes/%d/acknowledgement", s.global.ID), cookie).want(t, 404)
}

// F73: a mail that is held stands out, and says whose certificate has expired: ours, not the recipient's.
func TestHeldMailSaysWhatIsMissing(t *testing.T) {
	s := newSite(t)
	held := models.Outgoing{State: models.OutgoingDraft, Recipient: "erika@kunde.example"}
	for code, words := range map[string]string{"E-SMIME-03": "no certificate for erika@kunde.example", "E-SMIME-04": "The certificate of the sending account has expired"} {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		v := &visit{Context: c, h: s.h, l: s.h.cat.Locale("en")}
		held.Code = code
		if got := v.outgoingSentence(held); !strings.Contains(got, words) || v.outgoingHealth(held).Kind != "warn" {
			t.Errorf("%s: the outbox says %q as %q, want %q as a warning", code, got, v.outgoingHealth(held).Kind, words)
		}
	}
}
