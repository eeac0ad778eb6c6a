package handlers

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// From the text of the shared scripts by its difference to the change, and back by the version of a script.
func TestSharedScriptsAreChangedAsAFileAndRestored(t *testing.T) {
	s := newSite(t)
	cookie := s.as("admin")
	const page = "/scripts/file"
	s.get("/scripts", cookie).want(t, 200, `href="/scripts/file"`)
	s.post("/scripts/new", cookie, sharedForm("0", "save", "script", "const onEmail = () => null")).want(t, 303)
	file := s.get(page+"/download", cookie)
	file.want(t, 200, "format: letterbox-scripts/1", "- name: Alarm\n", `source: "const onEmail = () => null"`)
	s.get(page, cookie).want(t, 200, "- name: Alarm", "A file removes no script", "!No version yet")
	send := func(do, shown, text string) answer {
		return s.postFilesAs("file", page, cookie, url.Values{"do": {do}, "shown": {shown}, "config": {text}}, nil)
	}
	changed := strings.Replace(file.Body, "null", "({title: 'x'})", 1) + "  - name: Gate\n    everyone: true\n    source: |\n      function onEmail(mail) {\n      }\n"
	shown := send("show", "", changed)
	shown.want(t, 200, "This would change", "Alarm: script", "title: &#39;x&#39;", "Gate: flow rules of all", "function onEmail(mail) {", `value="apply"`)
	send("apply", "", changed).want(t, 409, "The scripts have been changed meanwhile")
	s.get("/scripts", cookie).want(t, 200, "!Gate")
	send("apply", between(shown.Body, `name="shown" value="`, `"`), changed).want(t, 303)
	s.get("/scripts", cookie).want(t, 200, "Alarm", "Gate")
	s.get("/scripts/1", cookie).want(t, 200, "title: &#39;x&#39;", "Version 2", "Shared script added or changed by a file", "Shared script added")
	s.get("/audit", cookie).want(t, 200, "Shared script added or changed by a file")
	send("show", "", "scripts:\n  - name: Alarm\n    source: |\n      function onEmail( {\n").want(t, 422, "Line 3, source: The script cannot be read, line 2")
	send("show", "", "scripts:\n  - name: Alarm\n    on_failure: retry\n").want(t, 422, "Line 3, on_failure:")
	s.get(page, s.as("lead")).want(t, 403)
	s.post("/scripts/1/restore", cookie, url.Values{"base": {"2"}, "version": {"1"}}).want(t, 303)
	if again := s.get(page+"/download", cookie).Body; !strings.HasPrefix(again, file.Body) {
		t.Errorf("restored:\n%s", cmp.Diff(file.Body, again))
	}
}

func TestSharedScriptsAsAFileByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	const path = apiPrefix + "/scripts/file"
	w.sharedScript()
	shown := w.do("admin", "GET", path, "")
	file, tag := shown.Body.String(), shown.Header().Get("ETag")
	if shown.Code != 200 || shown.Header().Get("Content-Type") != "application/yaml" || !strings.Contains(file, "- name: Alarm\n") || tag == "" {
		t.Fatalf("GET = %d %s\n%s", shown.Code, shown.Header(), file)
	}
	put := func(who, query, body string, head ...string) (int, map[string]any) {
		rec := w.do(who, "PUT", path+query, body, append([]string{"Content-Type", "application/yaml"}, head...)...)
		return rec.Code, decoded(t, rec.Body.Bytes())
	}
	changed := strings.Replace(file, "everyone: false", "everyone: true", 1)
	want := []any{map[string]any{"field": "Alarm.everyone", "before": "false", "after": "true", "added": []any{}, "gone": []any{}}}
	code, got := put("admin", "?dry_run=1", changed)
	if diff := cmp.Diff(any(want), got["changes"]); code != 200 || got["applied"] != false || diff != "" {
		t.Errorf("dry run: %d %v\n%s", code, got, diff)
	}
	if code, got := put("admin", "", file); code != 200 || got["applied"] != false {
		t.Errorf("what is there already: %d %v", code, got)
	}
	if code, got := put("admin", "", changed, "If-Match", tag); code != 200 || got["applied"] != true {
		t.Errorf("change: %d %v", code, got)
	}
	if code, _ := put("admin", "", file, "If-Match", tag); code != 412 {
		t.Errorf("change of what is another file meanwhile: %d, want 412", code)
	}
	if code, _ := put("boss", "", file); code != 403 {
		t.Errorf("by who is no admin: %d, want 403", code)
	}
	if code, got := put("admin", "", "scripts:\n  - name: New\n    source: ' '\n"); code != 422 || faults(got) != "source E-SCRIPT-12" {
		t.Errorf("a script without a source: %d %v", code, got)
	}
	versions := w.get("admin", "GET", "/scripts/"+decimal(w.sharedScript())+"/versions", "", 200)["items"].([]any)
	if newest := versions[0].(map[string]any); len(versions) != 2 || newest["action"] != "shared_script.import" {
		t.Errorf("versions = %v", versions)
	}
}
