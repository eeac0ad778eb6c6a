package handlers

import (
	"fmt"
	"testing"
)

func TestScriptIsSetAndTriedByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	path := fmt.Sprintf("/inboxes/%d/script", w.inbox.ID)
	if got := w.get("boss", "GET", path, "", 200); got["source"] != "" || got["on_failure"] != "set_aside" || got["rule_version"] != 1.0 {
		t.Errorf("script of a new inbox = %v", got)
	}
	w.get("boss", "PUT", path, `{"source": "const onEmail = () => null"}`, 403)
	w.get("admin", "PUT", path, `{"source": "const onEmail = ("}`, 422)
	w.get("admin", "PUT", path, `{"on_failure": "explode"}`, 422)
	got := w.get("admin", "PUT", path, `{"source": "const onEmail = mail => ({title: 'T ' + mail.subject})", "on_failure": "go_on"}`, 200)
	if got["rule_version"] != 2.0 || got["on_failure"] != "go_on" {
		t.Errorf("script set = %v", got)
	}
	list := w.get("admin", "POST", path+"/try", `{"source": "const onEmail = mail => { log('seen'); throw new Error('no') }", "count": 1}`, 200)["items"].([]any)
	if len(list) != 1 {
		t.Fatalf("tried = %v, want one message", list)
	}
	one := list[0].(map[string]any)
	if f, ok := one["failure"].(map[string]any); one["asked"] != true || !ok || f["kind"] != "thrown" || f["line"] != 1.0 || fmt.Sprint(one["log"]) != "[seen]" {
		t.Errorf("tried = %v", one)
	}
	if got := w.get("admin", "PUT", path, `{"source": ""}`, 200); got["source"] != "" || got["rule_version"] != 3.0 {
		t.Errorf("script taken away = %v", got)
	}
}
