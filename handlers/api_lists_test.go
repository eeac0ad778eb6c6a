package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// unpaged are lists that come as a whole, with the reason.
func unpaged() map[string]string {
	return map[string]string{
		"/projects/:key/states":     "a project has few, and they are set as a whole",
		"/projects/:key/priorities": "a project has few, and they are set as a whole",
		"/holds":                    "people set them one by one",
		"/issues/:number/similar":   "the few that are most alike",
	}
}

// No answer of the API grows with what is stored: each list has pages of at most 200.
func TestEveryListOfTheAPIHasPages(t *testing.T) {
	w := newAPIWorld(t)
	checked := 0
	for _, r := range apiRoutes() {
		if r.method != http.MethodGet || !r.list || unpaged()[r.path] != "" {
			continue
		}
		checked++
		if !slices.Contains(r.query, "limit") || !slices.Contains(r.query, "cursor") {
			t.Errorf("GET %s documents no pages", r.path)
			continue
		}
		rec := w.request("admin", r.method, r.path+"?limit=1", 0)
		var page struct {
			Items []any
			Next  *string `json:"next_cursor"`
		}
		if err := json.Unmarshal(rec.Body.Bytes(), &page); err != nil || rec.Code != 200 || len(page.Items) > 1 || page.Next == nil {
			t.Errorf("GET %s?limit=1 = %d with %d items: %.300s", r.path, rec.Code, len(page.Items), rec.Body)
		}
		for _, limit := range []string{"0", "201", "x"} {
			if rec := w.request("admin", r.method, r.path+"?limit="+limit, 0); rec.Code != 400 {
				t.Errorf("GET %s?limit=%s = %d, want 400", r.path, limit, rec.Code)
			}
		}
	}
	if checked < 20 {
		t.Errorf("checked %d lists, want all", checked)
	}
}

func TestSuppressionsComeByPages(t *testing.T) {
	w := newAPIWorld(t)
	for n := range 5 {
		w.get("admin", "POST", "/suppressions", fmt.Sprintf(`{"address":"a%d@elsewhere.example"}`, n), 204)
	}
	whole := w.get("admin", "GET", "/suppressions", "", 200)["items"].([]any)
	var parts []any
	for next, first := "", true; first || next != ""; first = false {
		page := w.get("admin", "GET", "/suppressions?limit=2&cursor="+next, "", 200)
		parts = append(parts, page["items"].([]any)...)
		next = page["next_cursor"].(string)
	}
	if got, want := fmt.Sprint(parts), fmt.Sprint(whole); got != want || len(parts) != 5 {
		t.Errorf("by pages %s, want %s", got, want)
	}
}
