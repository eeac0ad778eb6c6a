package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"letterbox/models"
)

// flowForm is what a person sends from the page of the flow rules; change are pairs.
func flowForm(base, do string, change ...string) url.Values {
	form := url.Values{"base": {base}, "do": {do}, "zone": {""}, "source": {"latest"}, "count": {"50"}, "pasted": {""}}
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

// From an empty list to rules in force, by the form alone: rows, order, words, trial, versions and rollback.
func TestFlowRulesAreWrittenTriedSavedAndRolledBack(t *testing.T) {
	s := newSite(t)
	cookie, page := s.as("lead"), fmt.Sprintf("/inboxes/%d/flow", s.inbox.ID)
	m := s.mail(s.inbox, plainMail)
	s.get(fmt.Sprintf("/inboxes/%d", s.inbox.ID), cookie).want(t, 200, page)
	s.get(page, cookie).want(t, 200, "No flow rules yet")
	s.post(page, cookie, flowForm("1", "add")).want(t, 200, `name="r0_name"`, `name="r0_c0_field"`, `name="r0_a0_do"`)

	rules := []string{
		"r0_name", "Fire", "r0_on", "true", "r0_when", "any", "r0_c0_field", "subject", "r0_c0_op", "contains", "r0_c0_value", "Burns", "r0_c1_field", "", "r0_c1_value", "left over",
		"r0_c2_field", "header", "r0_c2_name", "X-Alarm", "r0_c2_op", "exists", "r0_a0_do", "priority", "r0_a0_value", "Urgent", "r0_a1_do", "label", "r0_a1_value", "fire, hot",
		"r1_name", "Machines", "r1_on", "true", "r1_when", "all", "r1_c0_field", "kind", "r1_c0_op", "is", "r1_c0_value", "From a person", "r1_a0_do", "reject", "r1_a0_value", "Call us", "r1_stop", "true",
	}
	got := s.post(page, cookie, flowForm("1", "up.1", rules...))
	got.want(t, 200, `name="r0_name" value="Machines"`, `name="r1_name" value="Fire"`, `name="r1_c1_name" value="X-Alarm"`, `value="from a person"`, `value="Urgent"`)
	if strings.Contains(got.Body, "left over") {
		t.Error("a row without a field is kept")
	}
	s.post(page, cookie, flowForm("1", "remove.1", rules...)).want(t, 200, `name="r0_name" value="Fire"`, `!value="Machines"`)
	s.post(page, cookie, flowForm("1", "remove.7", rules...)).want(t, 400)
	s.post(page, cookie, flowForm("1", "explode", rules...)).want(t, 400)

	before := s.counts()
	s.post(page, cookie, flowForm("1", "try", rules...)).want(t, 200, "1 of 1 messages end otherwise", "Rejected by the flow rule &#34;Machines&#34;", fmt.Sprintf(`href="/messages/%d"`, m.ID))
	s.post(page, cookie, append2(flowForm("1", "try", rules...), "source", "pasted", "pasted", strings.Replace(plainMail, "burns", "smokes", 1))).want(t, 200, "This mail ends otherwise", "Flow rule 1 &#34;Fire&#34; (draft) does not apply")
	// A mail that is a new issue either way: the list says in what it differs, and of what both versions do it says nothing.
	s.post(page, cookie, flowForm("1", "try", rules[:30]...)).want(t, 200, "1 of 1 messages end otherwise", "Flow rule 1 &#34;Fire&#34; (draft) applies: Subject contains &#34;Burns&#34;</div>",
		"Flow rules set labels: fire, hot</div>", "Flow rules set priority: urgent</div>", "!New conversation</div>")
	if after := s.counts(); after != before {
		t.Errorf("trying has written: %s, before %s", after, before)
	}

	wrong := append2(flowForm("1", "save", rules...), "r0_a0_value", "Very", "r1_c0_op", "contains", "zone", "Mars")
	s.post(page, cookie, wrong).want(t, 422, "Mars", "&#34;Very&#34; does not fit this action", `href="#f-r0_a0_value"`, `id="f-r0_a0_value"`, "this comparison does not fit", `href="#f-r1_c0_op"`)
	foreign := append2(flowForm("1", "save", rules...), "r0_a0_do", "project", "r0_a0_value", "OTHER")
	s.post(page, cookie, foreign).want(t, 422, "there is no project &#34;OTHER&#34; that you work on")
	s.post(page, cookie, flowForm("1", "save", rules...)).want(t, 303)
	s.post(page, cookie, flowForm("2", "save", rules...)).want(t, 303)
	s.post(page, cookie, flowForm("1", "save")).want(t, 409)
	s.get(page, cookie).want(t, 200, `value="Fire"`, `value="fire, hot"`)
	s.get(fmt.Sprintf("/inboxes/%d/rules/2", s.inbox.ID), cookie).want(t, 200, "Flow rules", "if subject contains &#34;Burns&#34;")
	s.get(fmt.Sprintf("/inboxes/%d/audit", s.inbox.ID), s.as("admin")).want(t, 200, "Flow rules changed")
	if m := s.mail(s.inbox, strings.Replace(plainMail, "printer-1", "printer-2", 1)); m.State != models.MessageRejected || m.Reason != "flow_rejected" {
		t.Errorf("mail: %s %s, want that a flow rule refuses it", m.State, m.Reason)
	}

	// Saving the other rules leaves them alone.
	form := url.Values{"do": {"save"}}
	for name, value := range ruleValues(s.inbox.Rules, 2) {
		form.Set(name, value)
	}
	form.Set("rate_limit", "9")
	s.post(fmt.Sprintf("/inboxes/%d/rules", s.inbox.ID), cookie, form).want(t, 303)
	s.get(page, cookie).want(t, 200, `value="Fire"`)
	s.post(fmt.Sprintf("/inboxes/%d/rules/1/restore", s.inbox.ID), cookie, url.Values{"base": {"3"}}).want(t, 303)
	s.get(page, cookie).want(t, 200, "No flow rules yet")
	s.get(page, s.as("member")).want(t, 403)
}

// append2 changes fields of a form; change are pairs.
func append2(form url.Values, change ...string) url.Values {
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

func TestFlowRulesAreSetAndTriedByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	path := fmt.Sprintf("/inboxes/%d/flow", w.inbox.ID)
	if got := w.get("boss", "GET", path, "", 200); fmt.Sprint(got["rules"]) != "[]" || got["zone"] != "" {
		t.Errorf("flow rules of a new inbox = %v", got)
	}
	rules := `{"zone":"Europe/Berlin","rules":[{"name":"All","actions":[{"do":"set_aside","value":"Look"}]}]}`
	tried := w.get("boss", "POST", path+"/try", rules, 200)
	items, _ := tried["items"].([]any)
	if len(items) == 0 || items[0].(map[string]any)["state"] != "quarantined" || items[0].(map[string]any)["differs"] != true {
		t.Errorf("tried = %v", tried)
	}
	if got := w.get("boss", "PUT", path, rules, 200); got["zone"] != "Europe/Berlin" || got["rule_version"] != 2.0 || !strings.Contains(fmt.Sprint(got["rules"]), "set_aside") {
		t.Errorf("flow rules set = %v", got)
	}
	w.get("boss", "PUT", path, `{"rules":[{"name":"All","actions":[{"do":"explode"}]}]}`, 422)
	if got := w.get("boss", "PUT", path, `{"rules":[]}`, 200); fmt.Sprint(got["rules"]) != "[]" || got["zone"] != "Europe/Berlin" {
		t.Errorf("flow rules taken away = %v", got)
	}
}
