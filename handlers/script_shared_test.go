package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"letterbox/models"
)

// sharedForm is what a person sends from the page of a shared script.
func sharedForm(base, do string, change ...string) url.Values {
	form := scriptForm(base, do, "name", "Alarm", "inbox", "1")
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

// Written, tried on an inbox, named by a flow rule of a project admin, changed, and kept as long as it is named.
func TestSharedScriptIsWrittenTriedNamedAndKept(t *testing.T) {
	s := newSite(t)
	cookie, lead := s.as("admin"), s.as("lead")
	m := s.mail(s.inbox, plainMail)
	s.get("/integrations", cookie).want(t, 200, `href="/scripts"`)
	s.get("/scripts", cookie).want(t, 200, "There is no shared script yet", "/scripts/new")
	s.get("/scripts/new", cookie).want(t, 200, "function onEmail(mail, ctx)")
	mine := "const onEmail = mail => { log('seen', mail.subject); return {title: 'Shared ' + mail.subject} }"
	s.post("/scripts/new", cookie, sharedForm("0", "try", "script", mine)).want(t, 200, "1 mails tried", "seen The printer burns", "Shared The printer burns", fmt.Sprintf(`href="/messages/%d"`, m.ID))
	s.post("/scripts/new", cookie, sharedForm("0", "save", "script", "")).want(t, 422, "A shared script is not empty")
	s.post("/scripts/new", cookie, sharedForm("0", "save", "script", mine)).want(t, 303)
	s.get("/scripts", cookie).want(t, 200, "Alarm", "No inbox")

	flow, act := fmt.Sprintf("/inboxes/%d/flow", s.inbox.ID), url.Values{"base": {"1"}, "do": {"save"}, "r0_name": {"Run it"}, "r0_on": {"true"}, "r0_a0_do": {"script"}, "r0_a0_value": {"alarm"}}
	s.post(flow, lead, act).want(t, 422, "there is no shared script &#34;alarm&#34; that your flow rules may run")
	s.post("/scripts/1", cookie, sharedForm("1", "save", "script", mine, "everyone", "true")).want(t, 303)
	s.get(flow, lead).want(t, 200, `<option value="Alarm">`)
	s.post(flow, lead, act).want(t, 303)
	s.get("/scripts/1", lead).want(t, 403)
	if m := s.mail(s.inbox, strings.Replace(plainMail, "printer-1", "printer-2", 1)); m.State != models.MessageCreated {
		t.Fatalf("mail: %s %s", m.State, m.Reason)
	} else {
		s.get(fmt.Sprintf("/messages/%d", m.ID), lead).want(t, 200, "Flow rule &#34;Run it&#34; runs the shared script &#34;alarm&#34;, version 2", "The script sets title: Shared The printer burns")
	}

	s.post("/scripts/1", cookie, sharedForm("1", "save", "script", mine)).want(t, 409, "The script has been changed meanwhile")
	page := s.get("/scripts/1", cookie)
	page.want(t, 200, s.inbox.Name, "flow rule &#34;Run it&#34;", "in force", "Flow rules of all who configure inboxes may run it")
	script := fmt.Sprintf("/inboxes/%d/script", s.inbox.ID)
	s.post(script, cookie, scriptForm("2", "save", "uses", "Alarm", "script", mine)).want(t, 422, "An inbox has a script of its own or uses a shared one")
	s.post(script, cookie, scriptForm("2", "save", "uses", "Alarm")).want(t, 303)
	s.get(script, lead).want(t, 200, `value="Alarm" selected`)
	s.post("/scripts/1/delete", cookie, nil).want(t, 422, "The script is in use: "+s.inbox.Name)
	s.post("/scripts/1/restore", cookie, url.Values{"base": {"2"}, "version": {"1"}}).want(t, 303)
	s.post(fmt.Sprintf("/inboxes/%d/rules/1/restore", s.inbox.ID), cookie, url.Values{"base": {"3"}}).want(t, 303)
	s.post("/scripts/1/delete", cookie, nil).want(t, 303)
	s.get("/scripts/1", cookie).want(t, 404)
	s.get("/audit", cookie).want(t, 200, "Shared script added", "Shared script changed", "Shared script restored", "Shared script removed")

	s.post(script, cookie, scriptForm("4", "save", "uses", "Alarm")).want(t, 422, "There is no shared script &#34;Alarm&#34;", "Shared script: Alarm (is not there)")
}
