package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"letterbox/models"
)

// scriptForm is what a person sends from the page of the script.
func scriptForm(base, do string, change ...string) url.Values {
	form := url.Values{"base": {base}, "do": {do}, "script": {""}, "script_on_failure": {"set_aside"}, "source": {"latest"}, "count": {"10"}, "pasted": {""}}
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

// From the example to a script in force, tried before and rolled back after.
func TestScriptIsTriedSavedComparedAndRolledBack(t *testing.T) {
	s := newSite(t)
	cookie, page := s.as("admin"), fmt.Sprintf("/inboxes/%d/script", s.inbox.ID)
	m := s.mail(s.inbox, plainMail)
	s.get(fmt.Sprintf("/inboxes/%d", s.inbox.ID), cookie).want(t, 200, page)
	s.post(page, cookie, scriptForm("1", "example")).want(t, 200, "function onEmail(mail, ctx)", "Incident")
	mine := "function onEmail(mail) {\r\n  log('from', mail.from[0].name)\r\n  if (/burns/.test(mail.subject)) return {reject: 'Call us'}\r\n}"

	before := s.counts()
	incident := strings.Replace(plainMail, "The printer burns", "Incident 47, urgent", 1)
	s.post(page, cookie, scriptForm("1", "try", "script", exampleScript, "source", "pasted", "pasted", incident)).want(t, 200, "1 mails tried", "incident 47", "The script sets priority: urgent")
	s.post(page, cookie, scriptForm("1", "try", "script", mine)).want(t, 200, "1 mails tried", "Rejected by script: Call us", "from Anna Berg", fmt.Sprintf(`href="/messages/%d"`, m.ID))
	s.post(page, cookie, scriptForm("1", "try", "script", mine, "source", "pasted", "pasted", strings.Replace(plainMail, "burns", "smokes", 1))).want(t, 200, "1 mails tried", "from Anna Berg", "New issue")
	s.post(page, cookie, scriptForm("1", "try", "script", "function onEmail() { throw new Error('oops') }")).want(t, 200, "On 1 of 1 mails the script came to no result", "Script without result, line 1: the script reports an error. Error: oops")
	s.post(page, cookie, scriptForm("1", "lint", "script", mine)).want(t, 400)
	s.post(page, cookie, scriptForm("1", "try", "script", mine, "source", "pasted")).want(t, 422)
	if after := s.counts(); after != before {
		t.Errorf("trying has written: %s, before %s", after, before)
	}

	s.post(page, cookie, scriptForm("1", "save", "script", "function onEmail( {")).want(t, 422, "The script cannot be read, line 1", "function onEmail( {")
	s.post(page, cookie, scriptForm("1", "save", "script", mine)).want(t, 303)
	s.post(page, cookie, scriptForm("2", "save", "script", mine)).want(t, 303)
	s.post(page, cookie, scriptForm("1", "save", "script", "const onEmail = 1")).want(t, 422)
	s.post(page, cookie, scriptForm("1", "save", "script", "const onEmail = () => null")).want(t, 409, "const onEmail")
	s.get(page, cookie).want(t, 200, "Call us")
	s.get(fmt.Sprintf("/inboxes/%d/rules/2", s.inbox.ID), cookie).want(t, 200, "Script", "Call us")
	s.get(fmt.Sprintf("/inboxes/%d/audit", s.inbox.ID), cookie).want(t, 200, "&#43;4 −1")

	if m := s.mail(s.inbox, strings.Replace(plainMail, "printer-1", "printer-2", 1)); m.State != models.MessageRejected || m.Reason != "script_rejected" {
		t.Errorf("mail: %s %s, want that the script refuses it", m.State, m.Reason)
	}
	s.post(fmt.Sprintf("/inboxes/%d/rules/1/restore", s.inbox.ID), cookie, url.Values{"base": {"2"}}).want(t, 303)
	if m := s.mail(s.inbox, strings.Replace(plainMail, "printer-1", "printer-3", 1)); m.State != models.MessageCreated {
		t.Errorf("mail after rolling back: %s %s, want created", m.State, m.Reason)
	}
}

func TestProjectAdminsSeeTheScriptAndChangeItNot(t *testing.T) {
	s := newSite(t)
	page := fmt.Sprintf("/inboxes/%d/script", s.inbox.ID)
	source := "const onEmail = () => ({title: 'Hands off'})"
	s.post(page, s.as("admin"), scriptForm("1", "save", "script", source)).want(t, 303)
	lead := s.as("lead")
	got := s.get(page, lead)
	got.want(t, 200, "Hands off", "Only administrators change scripts")
	if strings.Contains(got.Body, `value="try"`) {
		t.Error("a project admin is offered to try scripts")
	}
	for _, do := range []string{"save", "try", "example"} {
		s.post(page, lead, scriptForm("2", do, "script", "const onEmail = () => ({reject: 'x'})")).want(t, 403)
	}
	s.get(page, s.as("member")).want(t, 403)
	rules := ruleValues(s.inbox.Rules, 2) // Saving the other rules leaves the script alone.
	form := url.Values{"do": {"save"}}
	for name, value := range rules {
		form.Set(name, value)
	}
	form.Set("rate_limit", "9")
	s.post(fmt.Sprintf("/inboxes/%d/rules", s.inbox.ID), lead, form).want(t, 303)
	s.get(page, lead).want(t, 200, "Hands off")
}
