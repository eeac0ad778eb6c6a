package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// From the text of the templates of a project by its difference to the change, and back by a version.
func TestAnswerTemplatesAreChangedAsAFileAndRestored(t *testing.T) {
	s := newSite(t)
	cookie, project := s.as("lead"), fmt.Sprintf("/projects/%d", s.inbox.ProjectID)
	page := project + "/template-file"
	s.get(project, cookie).want(t, 200, `href="`+page+`"`)
	s.get(project, s.as("member")).want(t, 200, `!href="`+page+`"`)
	s.post(project+"/templates", cookie, url.Values{"template_name": {"Hello"}, "template_body": {"Dear customer,\n\nthank you."}}).want(t, 303)
	file := s.get(page+"/download", cookie)
	file.want(t, 200, "format: letterbox-templates/1", "- name: Hello\n", "        thank you.")
	s.get(page, cookie).want(t, 200, "- name: Hello", "Version 1", "Answer template created")
	send := func(do, shown, text string) answer {
		return s.postFilesAs("file", page, cookie, url.Values{"do": {do}, "shown": {shown}, "config": {text}}, nil)
	}
	changed := strings.Replace(file.Body, "thank you", "many thanks", 1) + "      - name: Bye\n        body: Kind regards\n"
	shown := send("show", "", changed)
	shown.want(t, 200, "This would change", "many thanks.", "Kind regards", `value="apply"`)
	send("apply", "", changed).want(t, 409, "nothing was applied")
	s.get(page, cookie).want(t, 200, "!Kind regards")
	send("apply", between(shown.Body, `name="shown" value="`, `"`), changed).want(t, 303)
	s.get(page, cookie).want(t, 200, "- name: Bye", "Version 2", "Answer templates changed by a file", "Bye, Hello")

	send("show", "", "projects:\n  - project: X\n    template: []\n").want(t, 422, "Line 3, template: There is no field template. You probably mean templates.")
	send("show", "", "projects:\n  - project: X\n    templates:\n      - name: A\n").want(t, 422, "Line 4, templates.0.body: Write the text.")
	send("show", "", "projects:\n  - project: X\n").want(t, 422, "Line 2, templates:")
	send("show", "", "projects:\n  - project: X\n    templates: []\n  - project: Y\n    templates: []\n").want(t, 422, "about this project alone")
	s.get(page, s.as("member")).want(t, 403)

	version := project + "/template-versions/"
	s.get(version+"1", cookie).want(t, 200, "Restoring would change", "many thanks.", "Kind regards", "!Passwords")
	s.get(version+"2", cookie).want(t, 200, "Changed from version 1", "The templates are as in this version")
	s.get(version+"9", cookie).want(t, 404)
	s.post(version+"1/restore", cookie, url.Values{}).want(t, 303)
	s.get(page, cookie).want(t, 200, "thank you.", "!Kind regards\n", "Version 3", "Earlier version of the answer templates restored")
}

func TestAnswerTemplatesAsAFileByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	const path = apiPrefix + "/projects/SUP/template-file"
	shown := w.do("member", "GET", path, "")
	file, tag := shown.Body.String(), shown.Header().Get("ETag")
	if shown.Code != 200 || shown.Header().Get("Content-Type") != "application/yaml" || !strings.Contains(file, "- project: SUP\n") || tag == "" {
		t.Fatalf("GET = %d %s\n%s", shown.Code, shown.Header(), file)
	}
	put := func(who, query, body string, head ...string) (int, map[string]any) {
		rec := w.do(who, "PUT", path+query, body, append([]string{"Content-Type", "application/yaml"}, head...)...)
		return rec.Code, decoded(t, rec.Body.Bytes())
	}
	changed := strings.Replace(file, "Dear customer,", "Good day", 1)
	want := []any{map[string]any{"field": "Hello", "before": "Dear customer,", "after": "Good day", "added": []any{"Good day"}, "gone": []any{"Dear customer,"}}}
	code, got := put("boss", "?dry_run=1", changed)
	if diff := cmp.Diff(any(want), got["changes"]); code != 200 || got["applied"] != false || diff != "" {
		t.Errorf("dry run: %d %v\n%s", code, got, diff)
	}
	if code, got := put("boss", "", file); code != 200 || got["applied"] != false {
		t.Errorf("what is there already: %d %v", code, got)
	}
	if code, got := put("boss", "", changed, "If-Match", tag); code != 200 || got["applied"] != true {
		t.Errorf("change: %d %v", code, got)
	}
	if code, _ := put("boss", "", file, "If-Match", tag); code != 412 {
		t.Errorf("change of what is another file meanwhile: %d, want 412", code)
	}
	if code, _ := put("member", "", file); code != 403 {
		t.Errorf("by a member: %d, want 403", code)
	}
	if code, got := put("boss", "", "projects:\n  - project: SUP\n    templates:\n      - name: \"\"\n        body: x\n"); code != 422 || faults(got) != "templates.0.name E-TEMPLATE-01" {
		t.Errorf("a template without a name: %d %v", code, got)
	}
	items := w.get("boss", "GET", "/projects/SUP/template-versions", "", 200)["items"].([]any)
	if newest := items[0].(map[string]any); len(items) != 2 || newest["action"] != "template.import" || cmp.Diff(any([]any{"Hello"}), newest["fields"]) != "" {
		t.Errorf("versions = %v", items)
	}
	if one := w.get("boss", "GET", "/projects/SUP/template-versions/2", "", 200); one["against"] != 1.0 || cmp.Diff(any(want), one["changes"]) != "" {
		t.Errorf("version 2 = %v", one)
	}
	if got := w.get("boss", "POST", "/projects/SUP/template-versions/1/restore", "", 200); got["applied"] != true {
		t.Errorf("restore: %v", got)
	}
	if again := w.do("boss", "GET", path, "").Body.String(); again != file {
		t.Errorf("restored:\n%s", cmp.Diff(file, again))
	}
}
