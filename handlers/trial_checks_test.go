package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What saving refuses a trial refuses, with the same words at the same fields; what can be saved can be tried.
func TestTrialRefusesWhatSavingRefuses(t *testing.T) {
	s := newSite(t)
	type draft struct {
		who    string
		form   func(do string) url.Values
		status int // Of both; 200 stands for what can be saved.
	}
	rules := func(change ...string) func(do string) url.Values {
		return func(do string) url.Values { return append2(s.rulesForm(nil), append(change, "do", do)...) }
	}
	flow := func(action, value string) func(do string) url.Values {
		return func(do string) url.Values {
			return flowForm("1", do, "r0_name", "One", "r0_on", "true", "r0_when", "any", "r0_c0_field", "subject", "r0_c0_op", "contains", "r0_c0_value", "x", "r0_a0_do", action, "r0_a0_value", value)
		}
	}
	for page, drafts := range map[string]map[string]draft{
		"rules": {
			"a pattern that is none":               {"lead", rules("reject_subject", "bad ("), 422},
			"a subaddress of a project of others":  {"lead", rules("plus_projects", "OTHER"), 422},
			"subaddresses of all, not by an admin": {"lead", rules("plus_projects", "*"), 422},
			"one setting and one subaddress":       {"lead", rules("rate_limit", "-3", "plus_projects", "OTHER"), 422},
			"what is good":                         {"lead", rules("plus_projects", "SUP"), 200},
		},
		"flow": {
			"a project of others":      {"lead", flow("project", "OTHER"), 422},
			"an address of ours":       {"lead", flow("forward", s.inbox.Address), 422},
			"a script that is not":     {"lead", flow("script", "nobody"), 422},
			"a webhook that is not":    {"lead", flow("webhook", "nobody"), 422},
			"a value that is none":     {"lead", flow("priority", "Very"), 422},
			"what is good":             {"lead", flow("priority", "urgent"), 200},
			"a project, for the admin": {"admin", flow("project", "SUP"), 200},
		},
		"extraction": {
			"a window that is none": {"lead", func(do string) url.Values {
				return extraction("1", do, "window_days", "0", "correlate_by", "key", "pasted", plainMail)
			}, 422},
			"what is good": {"lead", func(do string) url.Values { return extraction("1", do, "pasted", plainMail) }, 200},
		},
		"script": {
			"a shared script that is not": {"admin", func(do string) url.Values { return scriptForm("1", do, "uses", "nobody") }, 422},
			"two scripts at once":         {"admin", func(do string) url.Values { return scriptForm("1", do, "uses", "nobody", "script", exampleScript) }, 422},
			"by somebody else":            {"lead", func(do string) url.Values { return scriptForm("1", do, "script", exampleScript) }, 403},
		},
	} {
		path := fmt.Sprintf("/inboxes/%d/%s", s.inbox.ID, page)
		for name, d := range drafts {
			tried := s.post(path, s.as(d.who), d.form("try"))
			if tried.Status != d.status {
				t.Errorf("%s, %s: tried = %d, want %d\n%s", page, name, tried.Status, d.status, errorBox(tried))
			}
			if d.status == 200 {
				continue // Saving would change what the others begin with.
			}
			saved := s.post(path, s.as(d.who), d.form("save"))
			if saved.Status != d.status {
				t.Errorf("%s, %s: saved = %d, want %d\n%s", page, name, saved.Status, d.status, errorBox(saved))
			}
			if diff := cmp.Diff(errorBox(saved), errorBox(tried)); diff != "" || d.status == 422 && !strings.Contains(errorBox(tried), "<li>") {
				t.Errorf("%s, %s: a trial says something else (-saved +tried)\n%s", page, name, diff)
			}
		}
	}
}

// errorBox is what a page says is to be checked, with the fields it points to.
func errorBox(a answer) string { return between(a.Body, `id="errors"`, "</ul>") }
