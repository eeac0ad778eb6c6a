package handlers

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInboxAsAFileByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	const path = apiPrefix + "/inboxes/1/config"
	shown := w.do("boss", "GET", path, "")
	file, tag := shown.Body.String(), shown.Header().Get("ETag")
	if shown.Code != 200 || shown.Header().Get("Content-Type") != "application/yaml" || !strings.Contains(file, "    project: SUP\n") || tag == "" {
		t.Fatalf("GET config = %d %s\n%s", shown.Code, shown.Header(), file)
	}
	put := func(who, query, body string, head ...string) (int, map[string]any) {
		rec := w.do(who, "PUT", path+query, body, append([]string{"Content-Type", "application/yaml"}, head...)...)
		return rec.Code, decoded(t, rec.Body.Bytes())
	}
	if code, got := put("boss", "", file); code != 200 || got["applied"] != false || len(got["changes"].([]any)) != 0 {
		t.Errorf("what is there already: %d %v", code, got)
	}
	changed := strings.Replace(file, "batch_size: 50", "batch_size: 20", 1)
	want := []any{map[string]any{"field": "batch_size", "before": "50", "after": "20", "added": []any{}, "gone": []any{}}}
	code, got := put("boss", "?dry_run=1", changed)
	if diff := cmp.Diff(got["changes"], any(want)); code != 200 || got["applied"] != false || diff != "" {
		t.Errorf("dry run: %d %v\n%s", code, got, diff)
	}
	if w.do("boss", "GET", path, "").Body.String() != file {
		t.Error("the dry run has changed something")
	}
	if code, got := put("boss", "", changed, "If-Match", tag); code != 200 || got["applied"] != true {
		t.Errorf("change: %d %v", code, got)
	}
	if code, got := put("boss", "", file, "If-Match", tag); code != 412 {
		t.Errorf("change of what is another file meanwhile: %d %v, want 412", code, got)
	}
	for name, c := range map[string]struct {
		who, file string
		status    int
		faults    string
	}{
		"a misspelled key":      {"boss", "inboxes:\n  - name: Support\n    setings: {}\n", 422, "setings E-API-01"},
		"a secret of ours":      {"admin", "inboxes:\n  - name: Support\n    password: ${env:PATH}\n", 422, "password E-CONF-07"},
		"two inboxes":           {"admin", "inboxes:\n  - name: A\n  - name: B\n", 422, "inboxes E-CONF-13"},
		"a project unseen":      {"boss", "inboxes:\n  - name: A\n    project: HID\n", 422, "project E-PROJECT-04"},
		"global":                {"boss", "inboxes:\n  - name: A\n    global: true\n", 403, ""},
		"a script":              {"boss", "inboxes:\n  - name: A\n    rules: {script: {source: x}}\n", 403, ""},
		"unchecked certificate": {"boss", "inboxes:\n  - name: A\n    settings: {tls_verify: \"off\"}\n", 403, ""},
	} {
		code, got := put(c.who, "", c.file)
		if found := faults(got); code != c.status || found != c.faults {
			t.Errorf("%s: %d %s, want %d %s", name, code, found, c.status, c.faults)
		}
	}
	if code, _ := put("boss", "", file, "Content-Type", "application/json"); code != 415 {
		t.Errorf("as JSON: %d, want 415", code)
	}
	line := func() float64 {
		_, got := put("boss", "", "inboxes:\n  - name: Support\n    settings:\n      port: 0x\n")
		return got["errors"].([]any)[0].(map[string]any)["line"].(float64)
	}
	if got := line(); got != 4 {
		t.Errorf("line = %v, want 4", got)
	}

	items := w.get("boss", "GET", "/inboxes/1/versions", "", 200)["items"].([]any)
	if newest := items[0].(map[string]any); len(items) != 2 || newest["action"] != "inbox.import" || cmp.Diff(newest["fields"], any([]any{"batch_size"})) != "" {
		t.Errorf("versions = %v", items)
	}
	if one := w.get("boss", "GET", "/inboxes/1/versions/1?against=2", "", 200); one["against"] != 2.0 || len(one["changes"].([]any)) != 1 {
		t.Errorf("version 1 against 2 = %v", one)
	}
	w.get("boss", "GET", "/inboxes/1/versions/9", "", 404)
	w.get("boss", "GET", "/inboxes/1/versions/1?against=x", "", 400)
	if got := w.get("boss", "POST", "/inboxes/1/versions/1/restore?dry_run=1", "", 200); got["applied"] != false || len(got["changes"].([]any)) != 1 {
		t.Errorf("restore, dry: %v", got)
	}
	if got := w.get("boss", "POST", "/inboxes/1/versions/1/restore", "", 200); got["applied"] != true {
		t.Errorf("restore: %v", got)
	}
	if got := w.do("boss", "GET", path, "").Body.String(); got != file {
		t.Errorf("restored (-got +want):\n%s", cmp.Diff(got, file))
	}
}
