package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"letterbox/models"
)

func (s *site) pathOf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// draft is the form of a new inbox as a browser sends it.
func (s *site) draft(change map[string]string) url.Values {
	in := models.Inbox{Name: "Second", Address: "second@letterbox.example", ProjectID: s.sup.ID, Enabled: true, Settings: models.DefaultInboxSettings()}
	in.Settings.Host, in.Settings.Username = "imap.letterbox.example", "second"
	values := inboxValues(in, models.DefaultRules())
	values["password"] = "very secret"
	for name, value := range change {
		values[name] = value
	}
	form := url.Values{}
	for name, value := range values {
		if value != "" && value != "false" {
			form.Set(name, value)
		}
	}
	return form
}

func TestInboxIsAddedAndItsPasswordNeverShown(t *testing.T) {
	s := newSite(t)
	cookie := s.as("lead")
	got := s.post("/inboxes/new", cookie, s.draft(map[string]string{"enabled": ""}))
	got.want(t, 303)
	page := got.Header.Get("Location")
	for _, path := range []string{page, page + "/edit", "/inboxes", "/inboxes/new"} {
		s.get(path, cookie).want(t, 200, "!very secret")
	}
	s.get(page, cookie).want(t, 200, "Second", "password set", "imap.letterbox.example:993")
	s.get(page+"/edit", cookie).want(t, 200, `value="imap.letterbox.example"`, "leave empty to keep it")
}

func TestInboxFormKeepsWhatWasEnteredAndSaysWhatToCheck(t *testing.T) {
	s := newSite(t)
	tests := []struct {
		name   string
		change map[string]string
		texts  []string
	}{
		{"port", map[string]string{"port": "99999x"}, []string{"The port is a number from 1 to 65535", `value="99999x"`, `href="#f-port"`, `aria-describedby="f-port-error`}},
		{"server", map[string]string{"host": ""}, []string{"Enter the server", `href="#f-host"`}},
		{"interval", map[string]string{"poll_interval": "0"}, []string{"The poll interval is between 1\u00a0s and 24\u00a0h."}},
		{"move without a folder", map[string]string{"after": "move"}, []string{`href="#f-move_to"`}},
		{"short keyword", map[string]string{"subject_keywords": "fire"}, []string{"keywords have at least 6 characters", ">\nfire</textarea>"}},
		{"plain connection", map[string]string{"security": "none"}, []string{"Type &#34;UNENCRYPTED&#34; to confirm", `href="#f-confirm_plain"`}},
		{"name that is taken", map[string]string{"name": "Support"}, []string{`href="#f-name"`}},
		{"size", map[string]string{"max_message_size": "0"}, []string{"between 1\u00a0MB and"}},
		{"no number", map[string]string{"batch_size": "many"}, []string{"Messages per run: a whole number"}},
	}
	cookie := s.as("lead")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := s.post("/inboxes/new", cookie, s.draft(test.change))
			got.want(t, 422, append(test.texts, "entr", "Error: ", "!very secret", `value="second@letterbox.example"`)...)
		})
	}
	s.post("/inboxes/new", cookie, s.draft(map[string]string{"security": "none", "confirm_plain": "unencrypted", "enabled": ""})).want(t, 303)
}

func TestInboxOfAForeignProjectIsRefused(t *testing.T) {
	s := newSite(t)
	s.post("/inboxes/new", s.as("lead"), s.draft(map[string]string{"project": fmt.Sprint(s.ops.ID)})).want(t, 403)
	s.post("/inboxes/new", s.as("lead"), s.draft(map[string]string{"global": "true"})).want(t, 403)
}

func TestChangedServerWantsThePasswordAgain(t *testing.T) {
	s := newSite(t)
	cookie := s.as("lead")
	page := s.post("/inboxes/new", cookie, s.draft(nil)).Header.Get("Location")
	form := s.draft(map[string]string{"password": "", "host": "imap.evil.example", "version": "2"})
	s.post(page+"/edit", cookie, s.versioned(page, cookie, form)).want(t, 422, "Enter the password again", `href="#f-password"`)
	form.Set("host", "imap.letterbox.example")
	form.Set("subject_keywords", "emergency")
	s.post(page+"/edit", cookie, s.versioned(page, cookie, form)).want(t, 303)
	s.get(page, cookie).want(t, 200, "password set")
}

// versioned puts the version that the form of an inbox shows into form.
func (s *site) versioned(page, cookie string, form url.Values) url.Values {
	s.t.Helper()
	_, rest, ok := strings.Cut(s.get(page+"/edit", cookie).Body, `name="version" value="`)
	if !ok {
		s.t.Fatal("the form has no version")
	}
	version, _, _ := strings.Cut(rest, `"`)
	form.Set("version", version)
	return form
}

func TestInboxChangedMeanwhileIsToldAndNothingIsLost(t *testing.T) {
	s := newSite(t)
	cookie := s.as("lead")
	page := s.post("/inboxes/new", cookie, s.draft(nil)).Header.Get("Location")
	form := s.versioned(page, cookie, s.draft(map[string]string{"name": "Third", "password": ""}))
	s.post(page+"/edit", cookie, form).want(t, 303)
	form.Set("name", "Fourth")
	form.Set("after", "leave")
	got := s.post(page+"/edit", s.as("admin"), form)
	got.want(t, 409, "Lead changed this inbox at ", `value="Fourth"`, ">Third</td>", ">Fourth</td>", ">Mark as read</td>", ">Leave</td>", "!>Second</td>")
	form = s.versioned(page, cookie, form)
	s.post(page+"/edit", cookie, form).want(t, 303)
	s.get(page, cookie).want(t, 200, "Fourth")
}

func TestCheckPageNamesPhaseCauseAndRemedy(t *testing.T) {
	s := newSite(t)
	cookie := s.as("admin")
	form := s.draft(map[string]string{"host": "127.0.0.1", "port": "1", "do": "check"})
	s.post("/inboxes/new", cookie, form).want(t, 200,
		`id="report"`, "E-NET-01", "refuses connections on port 1", "Usual are 993 for IMAP", `value="127.0.0.1"`, "!very secret")
	s.post("/preferences", cookie, url.Values{"language": {"de"}}).want(t, 303)
	s.post("/inboxes/new", cookie, form).want(t, 200, "lehnt Verbindungen auf Port 1 ab", "Üblich sind 993")
}

func TestInboxIsRemovedAfterAQuestion(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, plainMail)
	cookie := s.as("lead")
	page := fmt.Sprintf("/inboxes/%d", s.inbox.ID)
	s.get(page+"/delete", cookie).want(t, 200, "will no longer be polled", "inbound log stay")
	s.post(page+"/delete", cookie, url.Values{}).want(t, 303)
	s.get(page, cookie).want(t, 404)
	s.get("/issues/1", s.as("member")).want(t, 200, "The printer burns")
	s.get(fmt.Sprintf("/messages/%d", m.ID), cookie).want(t, 404)
	s.get(fmt.Sprintf("/messages/%d", m.ID), s.as("admin")).want(t, 200, "Removed inbox")
}

func TestUnsafeConnectionIsConfirmedByAWord(t *testing.T) {
	s := newSite(t)
	tests := []struct {
		name   string
		change map[string]string
		want   string // "" when no confirmation is asked for.
	}{
		{"none", map[string]string{"security": "none"}, "Unencrypted connection"},
		{"only if offered", map[string]string{"security": "starttls_if_available"}, "Unencrypted connection"},
		{"certificate not checked", map[string]string{"tls_verify": "off"}, "Anyone on the way can pose as imap.letterbox.example"},
		{"wrong word", map[string]string{"tls_verify": "off", "confirm_plain": "yes"}, "Certificate checking is off"},
		{"confirmed", map[string]string{"tls_verify": "off", "confirm_plain": "Unencrypted"}, ""},
		{"no server", map[string]string{"receive": "push", "security": "none", "name": "Third", "address": "third@letterbox.example"}, ""},
	}
	cookie := s.as("admin")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.change["enabled"] = ""
			got := s.post("/inboxes/new", cookie, s.draft(test.change))
			if test.want == "" {
				got.want(t, 303)
				return
			}
			got.want(t, 422, test.want, "Type &#34;UNENCRYPTED&#34; to confirm", `href="#f-confirm_plain"`)
		})
	}
	s.get("/inboxes", cookie).want(t, 200, "Certificate not verified")
	s.post("/preferences", cookie, url.Values{"language": {"de"}}).want(t, 303)
	s.post("/inboxes/new", cookie, s.draft(map[string]string{
		"name": "Fourth", "username": "fourth", "security": "none", "confirm_plain": "unverschluesselt", "enabled": "",
	})).want(t, 303)
	s.get("/inboxes", cookie).want(t, 200, "Unverschlüsselt")
}

// SEC-03: who configures one project does not decide that nobody checks with whom Letterbox talks.
func TestOnlyAdminsSwitchOffTheCheckOfCertificates(t *testing.T) {
	s := newSite(t)
	lead, admin := s.as("lead"), s.as("admin")
	unsafe := map[string]string{"tls_verify": "off", "confirm_plain": "UNENCRYPTED", "enabled": ""}
	s.get("/inboxes/new", lead).want(t, 200, "!value=\"off\"")
	s.get("/inboxes/new", admin).want(t, 200, `value="off"`)
	s.post("/inboxes/new", lead, s.draft(unsafe)).want(t, 403, "switch off certificate checking", "Admin")
	check := s.draft(unsafe)
	check.Set("do", "check")
	s.post("/inboxes/new", lead, check).want(t, 403)
	page := s.post("/inboxes/new", admin, s.draft(unsafe)).Header.Get("Location")
	s.get(page, lead).want(t, 200, "Anyone on the way can pose as imap.letterbox.example")

	s.get(page+"/edit", admin).want(t, 200, "!Confirm the unsafe connection") // Once is enough for one connection.
	form := s.versioned(page, lead, s.draft(unsafe))
	form.Set("host", "imap.evil.example")
	form.Del("confirm_plain")
	s.post(page+"/edit", admin, form).want(t, 422, "Confirm the unsafe connection")
	form = s.versioned(page, lead, s.draft(unsafe))
	form.Set("name", "Renamed")
	form.Del("confirm_plain")
	s.post(page+"/edit", lead, form).want(t, 303)
	form = s.versioned(page, lead, form)
	form.Set("host", "imap.evil.example")
	form.Set("confirm_plain", "UNENCRYPTED")
	s.post(page+"/edit", lead, form).want(t, 403)
}

func TestDoubtsAboutRulesAreShownWithTheLatestSenders(t *testing.T) {
	s := newSite(t)
	cookie := s.as("lead")
	page := fmt.Sprintf("/inboxes/%d", s.inbox.ID)
	form := s.versioned(page, cookie, s.draft(map[string]string{
		"name": "Support", "receive": "push", "allow_unknown": "true", "domain_mode": "pattern", "domain_pattern": `.*@nobody\.example$`,
	}))
	s.post(page+"/edit", cookie, form).want(t, 303)
	s.get(page, cookie).want(t, 200, "!matches none of the last")
	s.mail(s.inbox, plainMail)
	for _, path := range []string{page, page + "/edit"} {
		s.get(path, cookie).want(t, 200, "The pattern matches none of the last 1 sender addresses")
	}
}

func TestPatternThatCannotBeReadIsExplainedInWords(t *testing.T) {
	s := newSite(t)
	cookie := s.as("lead")
	form := s.draft(map[string]string{"domain_mode": "pattern", "domain_pattern": `^(a|b@customer\.example$`})
	s.post("/inboxes/new", cookie, form).want(t, 422, `href="#f-domain_pattern"`, "the closing &#34;)&#34; is missing", "!detail_key", "!{detail}")
	s.post("/preferences", cookie, url.Values{"language": {"de"}}).want(t, 303)
	s.post("/inboxes/new", cookie, form).want(t, 422, "Das Muster lässt sich nicht lesen: ", "schließende")
}
