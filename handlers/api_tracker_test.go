package handlers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPropertiesLinksAndMergeOfTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	w.get("member", "POST", "/issues", `{"project":"SUP","title":"Lamp","priority":"high","due":"2026-12-24","labels":["Light"],"reporter":"nina@customer.example"}`, 201)
	issue := w.get("member", "GET", "/issues/2", "", 200)
	for key, want := range map[string]any{"priority": "high", "due": "2026-12-24", "labels": []any{"Light"}, "merged_into": nil} {
		if d := cmp.Diff(issue[key], want); d != "" {
			t.Errorf("%s (-got +want):\n%s", key, d)
		}
	}
	if got := w.get("member", "GET", "/issues?q=label:light+priority:high&sort=due", "", 200)["items"].([]any); len(got) != 1 {
		t.Errorf("search: got %d issues, want 1", len(got))
	}
	w.get("member", "GET", "/issues?sort=random", "", 400)
	if got := faults(w.get("member", "GET", "/issues?q=is:burning", "", 422)); got != "q E-QUERY-01" {
		t.Errorf("search: got %s, want q E-QUERY-01", got)
	}
	w.get("member", "POST", "/issues/2/links", `{"issue":1,"kind":"blocks"}`, 201)
	w.get("member", "POST", "/issues/2/links", `{"issue":99}`, 422)
	link := w.get("member", "GET", "/issues/1/links", "", 200)["items"].([]any)[0]
	if d := cmp.Diff(link, any(map[string]any{"id": "blocks-back-2", "kind": "blocks", "back": true, "issue": 2.0})); d != "" {
		t.Errorf("link (-got +want):\n%s", d)
	}
	if got := w.get("member", "GET", "/projects/SUP/labels", "", 200)["items"].([]any); len(got) != 1 {
		t.Errorf("labels: got %v, want one", got)
	}
	w.get("member", "POST", "/issues/2/merge", `{"into":1}`, 200)
	if got := w.get("member", "GET", "/issues/2", "", 200)["merged_into"]; got != 1.0 {
		t.Errorf("merged into %v, want 1", got)
	}
	history := w.get("member", "GET", "/issues/2/history", "", 200)["items"].([]any)
	if len(history) < 2 {
		t.Errorf("history has %d lines, want the link and the merge", len(history))
	}
	for _, path := range []string{"/issues/1/links", "/issues/1/history", "/projects/SUP/labels"} {
		w.get("stranger", "GET", path, "", 404)
	}
	w.get("stranger", "POST", "/issues/1/merge", `{"into":2}`, 404)
}

func TestIssueIsChangedOnlyInTheVersionThatWasRead(t *testing.T) {
	w := newAPIWorld(t)
	tag := w.do("member", "GET", apiPrefix+"/issues/1", "").Header().Get("ETag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	if got := w.do("member", "GET", apiPrefix+"/issues/1", "", "If-None-Match", tag).Code; got != 304 {
		t.Errorf("unchanged: got %d, want 304", got)
	}
	if got := w.do("member", "PATCH", apiPrefix+"/issues/1", `{"priority":"low"}`, "If-Match", tag).Code; got != 200 {
		t.Errorf("first change: got %d, want 200", got)
	}
	if got := w.do("member", "PATCH", apiPrefix+"/issues/1", `{"priority":"high"}`, "If-Match", tag).Code; got != 412 {
		t.Errorf("change of what was changed meanwhile: got %d, want 412", got)
	}
}
