package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// What stands in a query is a value or a word of a list, and never a piece of a statement (SEC-69).
func TestQueriesAreNoStatements(t *testing.T) {
	w := newAPIWorld(t)
	before := len(w.get("admin", "GET", "/issues", "", 200)["items"].([]any))
	statements := []string{"1;DROP TABLE issues", "' OR '1'='1", `" OR ""="`, "id DESC, (SELECT 1)", "1) UNION SELECT password_hash FROM users--", "\\", "%27%00", "sleep(9)"}
	queries := 0
	for _, r := range apiRoutes() {
		if r.method != http.MethodGet {
			continue
		}
		for _, name := range append([]string{"sort", "order"}, r.query...) {
			for _, statement := range statements {
				queries++
				filled := strings.NewReplacer(":key", "SUP", ":login", "member", ":id", "1", ":number", "1", ":version", "1", ":link", "1").Replace(r.path)
				rec := w.do("admin", r.method, apiPrefix+filled+"?"+name+"="+url.QueryEscape(statement), "")
				if rec.Code >= 500 || strings.Contains(rec.Body.String(), "argon2id") {
					t.Errorf("GET %s with %s=%q = %d, want it refused or no more than a value\n%.300s", r.path, name, statement, rec.Code, rec.Body)
				}
			}
		}
	}
	if after := len(w.get("admin", "GET", "/issues", "", 200)["items"].([]any)); after != before || queries < 500 {
		t.Errorf("%d issues after %d queries, want %d", after, queries, before)
	}
}

// Fields that say more than a request may set are refused, and change nothing (SEC-69).
func TestFieldsThatNobodyMaySetChangeNothing(t *testing.T) {
	w := newAPIWorld(t)
	path := "/users/" + decimal(w.users["member"].ID)
	for _, body := range []string{
		`{"name":"Mia","is_admin":true}`, `{"name":"Mia","password_hash":"x"}`, `{"name":"Mia","id":1}`, `{"name":"Mia","created_at":"2020-01-01T00:00:00Z"}`,
	} {
		w.get("member", "PATCH", path, body, 422)
	}
	w.get("member", "PATCH", path, `{"name":"Mia","role":"admin"}`, 403)
	if got := w.get("admin", "GET", path, "", 200); got["name"] == "Mia" || got["role"] != "member" {
		t.Errorf("the person is %v now", got)
	}
	for _, body := range []string{`{"title":"x","project":"SUP","number":1}`, `{"title":"x","project":"SUP","reporter_id":1}`, `{"title":"x","project":"SUP","owner_id":1}`} {
		w.get("member", "POST", "/issues", body, 422)
	}
	if got := w.get("member", "PATCH", "/issues/1", `{"project_id":2}`, 422); got["status"] != 422.0 {
		t.Errorf("an issue is moved by its number: %v", got)
	}
}
