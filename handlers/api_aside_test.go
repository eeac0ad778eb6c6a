package handlers

import (
	"fmt"
	"strings"
	"testing"
)

// refuse hands a mail of a stranger in that the rules refuse, and returns its number.
func (w *apiWorld) refuse(who string) int64 {
	w.t.Helper()
	raw := strings.NewReplacer("nora@elsewhere.example", who, "first@", strings.ReplaceAll(who, "@", ".")+"@").Replace(apiMail)
	m, err := w.h.Gateway.Receive(w.t.Context(), w.inbox.ID, "api", strings.NewReader(raw))
	w.ok(err)
	if m.State != "rejected" {
		w.t.Fatalf("the mail of %s became %s, want rejected", who, m.State)
	}
	return m.ID
}

func TestSetAsideMessagesAreDealtWithInTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	in, err := w.h.Gateway.Inbox(t.Context(), w.inbox.ID)
	w.ok(err)
	in.Rules.AllowUnknown = false
	_, err = w.h.Gateway.SaveRules(t.Context(), nil, in.ID, in.RuleVersion, in.Rules)
	w.ok(err)
	path := func(id int64, do string) string { return fmt.Sprintf("/messages/%d/%s", id, do) }

	released := w.refuse("one@far.example")
	if got := w.get("boss", "POST", path(released, "release"), "", 200); got["state"] != "created" || got["issue"] == nil {
		t.Errorf("released: %v", got)
	}
	w.get("boss", "POST", path(released, "release"), "", 409)

	attached := w.refuse("two@far.example")
	w.get("boss", "POST", path(attached, "attach"), `{}`, 422)
	w.get("boss", "POST", path(attached, "attach"), `{"issue": 4711}`, 404)
	if got := w.get("boss", "POST", path(attached, "attach"), `{"issue": 1}`, 200); got["state"] != "commented" || got["issue"] != 1.0 {
		t.Errorf("attached: %v", got)
	}

	allowed := w.refuse("three@far.example")
	got := w.get("boss", "POST", path(allowed, "allow"), "", 200)
	if m, _ := got["message"].(map[string]any); got["allowed"] != true || m["state"] != "created" {
		t.Errorf("allowed: %v", got)
	}

	blocked := w.refuse("four@far.example")
	if got := w.get("boss", "POST", path(blocked, "block"), "", 200); got["added"] != 1.0 {
		t.Errorf("blocked: %v", got)
	}
	if got := w.get("boss", "POST", path(blocked, "block"), "", 200); got["added"] != 0.0 {
		t.Errorf("blocked twice: %v", got)
	}
}

func TestRuleVersionsAndAuditLogStandInTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	inbox := fmt.Sprint("/inboxes/", w.inbox.ID)
	w.get("boss", "PATCH", inbox, `{"blocked_senders": ["evil@spam.example"], "rate_limit": 20}`, 200)
	versions := func() []any { return w.get("boss", "GET", inbox+"/rules", "", 200)["items"].([]any) }
	list := versions()
	newest := list[0].(map[string]any)
	rules := newest["rules"].(map[string]any)
	if len(list) != 2 || newest["version"] != 2.0 || newest["in_force"] != true || newest["created_by"] != "boss" || rules["rate_limit"] != 20.0 {
		t.Errorf("versions: %v", list)
	}
	if got := w.get("boss", "POST", inbox+"/rules/1/restore", "", 200); got["rule_version"] != 3.0 || got["rate_limit"] != 0.0 {
		t.Errorf("restored: version %v, limit %v", got["rule_version"], got["rate_limit"])
	}
	w.get("boss", "POST", inbox+"/rules/77/restore", "", 404)
	if n := len(versions()); n != 3 {
		t.Errorf("%d versions, want 3", n)
	}
	lines := w.get("boss", "GET", fmt.Sprintf("/audit?inbox=%d&action=rules.", w.inbox.ID), "", 200)["items"].([]any)
	if len(lines) != 1 || lines[0].(map[string]any)["action"] != "rules.rollback" || lines[0].(map[string]any)["who"] != "boss" {
		t.Errorf("audit log: %v", lines)
	}
	w.get("boss", "GET", "/audit", "", 403)
	all := w.get("admin", "GET", "/audit?limit=2", "", 200)
	if len(all["items"].([]any)) != 2 || all["next_cursor"] == "" {
		t.Errorf("audit log of the installation: %v", all)
	}
	if text := fmt.Sprint(w.get("admin", "GET", "/audit?limit=200", "", 200)); strings.Contains(text, canary) {
		t.Error("the password stands in the audit log")
	}
}
