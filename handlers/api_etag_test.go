package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// with is request with header fields.
func (w *apiWorld) with(who, method, path string, n int, header ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	w.header = header
	defer func() { w.header = nil }()
	return w.request(who, method, path, n)
}

// untagged are routes without If-Match, with the reason.
func untagged() map[string]string {
	return map[string]string{
		"DELETE /holds/:key":            "what is removed is named in the path and has nothing else that could have changed",
		"DELETE /suppressions/:address": "what is removed is named in the path and has nothing else that could have changed",

		"DELETE /users/:id/addresses/:address": "what is removed is named in the path and has nothing else that could have changed",
	}
}

// Each route that changes or removes a thing refuses to when the thing is not as it was read.
func TestEveryChangeKnowsIfMatch(t *testing.T) {
	w := newAPIWorld(t)
	routes, outs := map[string]bool{}, map[string]reflect.Type{}
	for _, r := range apiRoutes() {
		routes[r.method+" "+r.path], outs[r.method+" "+r.path] = true, r.out
	}
	checked := 0
	for _, r := range apiRoutes() {
		if r.method != http.MethodPut && r.method != http.MethodPatch && r.method != http.MethodDelete {
			continue
		}
		name := r.method + " " + r.path
		if untagged()[name] != "" {
			continue
		}
		shown := r.path
		if !routes["GET "+shown] {
			shown = path.Dir(shown) // A switch has the tag of what it belongs to.
		}
		if !routes["GET "+shown] {
			t.Errorf("%s has no GET, so nobody can know its tag", name)
			continue
		}
		checked++
		before := w.with("admin", http.MethodGet, shown, 0)
		tag := before.Header().Get("ETag")
		if before.Code != 200 || tag == "" {
			t.Errorf("GET %s = %d with ETag %q", shown, before.Code, tag)
			continue
		}
		if got := w.with("admin", http.MethodGet, shown, 0, "If-None-Match", `"x", W/`+tag); got.Code != 304 || got.Body.Len() != 0 {
			t.Errorf("GET %s with If-None-Match = %d, want 304: %s", shown, got.Code, got.Body)
		}
		stale := w.with("admin", r.method, r.path, 0, "If-Match", `"stale"`)
		shows := json.Valid(before.Body.Bytes()) // A file in YAML does not stand in an answer in JSON.
		if stale.Code != 412 || stale.Header().Get("ETag") != tag || strings.Contains(stale.Body.String(), `"current":{`) != shows {
			t.Errorf("%s with a stale If-Match = %d, ETag %q, want 412 with what is there: %s", name, stale.Code, stale.Header().Get("ETag"), stale.Body)
		}
		if says := strings.Contains(stale.Body.String(), "“current”"); says != shows {
			t.Errorf("%s with a stale If-Match promises “current”: %t, want %t: %s", name, says, shows, stale.Body)
		}
		if after := w.with("admin", http.MethodGet, shown, 0); after.Header().Get("ETag") != tag {
			t.Errorf("%s with a stale If-Match has changed something", name)
		}
		if weak := w.with("admin", r.method, r.path, 0, "If-Match", "W/"+tag); weak.Code != 412 {
			t.Errorf("%s with a weak If-Match = %d, want 412", name, weak.Code)
		}
		if seen := w.with("stranger", http.MethodGet, shown, 0); seen.Code == 200 {
			continue
		}
		if got := w.with("stranger", r.method, r.path, 0, "If-Match", `"stale"`); got.Code == 412 {
			t.Errorf("%s tells a stranger that its tag is stale", name)
		}
		if r.method == http.MethodDelete {
			continue // Other routes need it.
		}
		good := w.with("admin", r.method, r.path, 0, "If-Match", `"other", `+tag)
		if want := apiRights()[name][6]; good.Code != want { // Of an admin.
			t.Errorf("%s with the right If-Match = %d, want %d: %s", name, good.Code, want, good.Body)
		}
		if got, want := good.Header().Get("ETag"), w.with("admin", http.MethodGet, shown, 0).Header().Get("ETag"); good.Code == http.StatusOK && good.Body.Len() > 0 && r.out == outs["GET "+shown] && got != want {
			t.Errorf("%s answers with ETag %q, GET with %q", name, got, want)
		}
	}
	if checked < 10 {
		t.Errorf("checked %d routes, want all", checked)
	}
}

func TestDeletingWithTheRightTagDeletes(t *testing.T) {
	w := newAPIWorld(t)
	path := apiPrefix + "/organisations/1"
	tag := w.do("admin", "GET", path, "").Header().Get("ETag")
	w.get("admin", "PATCH", "/organisations/1", `{"name":"Renamed"}`, 200)
	if got := w.do("admin", "DELETE", path, "", "If-Match", tag).Code; got != 412 {
		t.Errorf("DELETE with the tag of before = %d, want 412", got)
	}
	tag = w.do("admin", "GET", path, "").Header().Get("ETag")
	if got := w.do("admin", "DELETE", path, "", "If-Match", tag).Code; got != 204 {
		t.Errorf("DELETE with the tag of now = %d, want 204", got)
	}
	if got := w.do("admin", "DELETE", path, "", "If-Match", tag).Code; got != 404 {
		t.Errorf("DELETE of what is gone = %d, want 404", got)
	}
}

func TestOfManyWithTheSameTagOneChangesIt(t *testing.T) {
	w := newAPIWorld(t)
	for path, body := range map[string]string{"/projects/SUP": `{"name":"Name %d"}`, "/inboxes/1": `{"batch_size":%d}`, "/issues/1": `{"title":"Title %d"}`} {
		tag := w.do("admin", "GET", apiPrefix+path, "").Header().Get("ETag")
		var wg sync.WaitGroup
		codes := make([]int, 6)
		for i := range codes {
			wg.Go(func() {
				codes[i] = w.do("admin", "PATCH", apiPrefix+path, fmt.Sprintf(body, i+10), "If-Match", tag).Code
			})
		}
		wg.Wait()
		count := map[int]int{}
		for _, code := range codes {
			count[code]++
		}
		if count[200] != 1 || count[412] != 5 {
			t.Errorf("PATCH %s at once = %v, want one 200 and five 412", path, count)
		}
	}
}
