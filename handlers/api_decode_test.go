package handlers

import (
	"net/http"
	"strings"
	"testing"
)

func TestBodiesThatAreRefused(t *testing.T) {
	w := newAPIWorld(t)
	for _, tc := range []struct {
		name, method, path, body string
		status                   int
		want                     string // Fields with codes, or the code of the problem.
	}{
		{"unknown field with a near one", "POST", "/issues", `{"project":"SUP","titel":"x","title":"y"}`, 422, "titel E-API-01"},
		{"unknown field with none near", "POST", "/issues", `{"project":"SUP","title":"y","zzzzzzzz":1}`, 422, "zzzzzzzz E-API-12"},
		{"case matters", "POST", "/issues", `{"Project":"SUP","title":"y"}`, 422, "Project E-API-01"},
		{"wrong type", "POST", "/issues", `{"project":"SUP","title":5}`, 422, "title E-API-02"},
		{"missing fields", "POST", "/issues", `{}`, 422, "project E-API-08, title E-API-08"},
		{"what only Letterbox sets", "PATCH", "/issues/1", `{"number":7}`, 422, "number E-API-12"},
		{"mass assignment", "POST", "/users", `{"login":"x","role":"member","password_hash":"x"}`, 422, "password_hash E-API-01"},
		{"no object", "POST", "/issues", `[]`, 400, "E-400"},
		{"null", "POST", "/issues", `null`, 400, "E-400"},
		{"two values", "POST", "/issues", `{} {}`, 400, "E-400"},
		{"no JSON", "POST", "/issues", `project=SUP`, 400, "E-400"},
		{"unknown inbox field", "PATCH", "/inboxes/1", `{"poll_intervall":"5m"}`, 422, "poll_intervall E-API-01"},
		{"inbox field that Letterbox sets", "PATCH", "/inboxes/1", `{"password_set":false}`, 422, "password_set E-API-09"},
		{"duration as a number", "PATCH", "/inboxes/1", `{"poll_interval":90}`, 422, "poll_interval E-API-02"},
		{"duration without unit", "PATCH", "/inboxes/1", `{"poll_interval":"90"}`, 422, "poll_interval E-API-02"},
		{"list as a text", "PATCH", "/inboxes/1", `{"folders":"INBOX"}`, 422, "folders E-API-02"},
		{"two faults at once", "PATCH", "/inboxes/1", `{"idle":"yes","port":"993"}`, 422, "idle E-API-02, port E-API-02"},
		{"value out of range", "PATCH", "/inboxes/1", `{"port":70000}`, 422, "port E-INBOX-03"},
	} {
		rec := w.do("admin", tc.method, apiPrefix+tc.path, tc.body)
		problem := w.get("admin", tc.method, tc.path, tc.body, tc.status)
		got := faults(problem)
		if tc.status == 400 {
			got, _ = problem["code"].(string)
		}
		if got != tc.want {
			t.Errorf("%s = %d %s, want %s", tc.name, rec.Code, got, tc.want)
		}
	}
}

func TestUnknownFieldNamesTheNearestOne(t *testing.T) {
	w := newAPIWorld(t)
	body := w.do("admin", "PATCH", apiPrefix+"/inboxes/1", `{"pol_interval":"5m"}`, "Accept-Language", "de").Body.String()
	if !strings.Contains(body, "Gemeint ist vermutlich poll_interval") {
		t.Errorf("answer = %s, want it to name poll_interval", body)
	}
}

func TestBodyLimitAndType(t *testing.T) {
	w := newAPIWorld(t)
	large := `{"project":"SUP","title":"x","description":"` + strings.Repeat("a", apiBody) + `"}`
	if rec := w.do("admin", "POST", apiPrefix+"/issues", large); rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("body of more than 1 MiB = %d, want 413", rec.Code)
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx", "/"} {
		rec := w.do("admin", "POST", apiPrefix+"/issues", `{"project":"SUP","title":"x"}`, "Content-Type", kind)
		if rec.Code != http.StatusUnsupportedMediaType {
			t.Errorf("Content-Type %s = %d, want 415", kind, rec.Code)
		}
	}
	if rec := w.do("admin", "POST", apiPrefix+"/issues", `{"project":"SUP","title":"x"}`, "Content-Type", "application/json; charset=utf-8"); rec.Code != 201 {
		t.Errorf("JSON with a charset = %d, want 201", rec.Code)
	}
}

func TestQueriesThatAreRefused(t *testing.T) {
	w := newAPIWorld(t)
	for path, want := range map[string]int{
		"/issues?limit=0": 400, "/issues?limit=201": 400, "/issues?limit=x": 400, "/issues?limit=1&limit=2": 400, "/issues?sort=number": 400,
		"/issues?order=1;DROP%20TABLE%20issues": 400, "/issues?state=done": 422, "/issues?cursor=x": 422, "/projects?cursor=x": 400,
		"/issues?q=%27%20OR%201=1": 200, "/issues?state=open,new&limit=200": 200, "/messages?state=nonsense": 422, "/messages?cursor=%25": 422,
		"/users?cursor=-1": 400,
	} {
		if rec := w.do("admin", "GET", apiPrefix+path, ""); rec.Code != want {
			t.Errorf("GET %s = %d, want %d: %s", path, rec.Code, want, rec.Body)
		}
	}
}

func TestProblemsSpeakGermanAndEnglish(t *testing.T) {
	w := newAPIWorld(t)
	for accept, want := range map[string]string{"de-DE,de;q=0.9,en;q=0.8": "Nicht gefunden", "en": "Not found", "": "Not found", "fr": "Not found"} {
		rec := w.do("admin", "GET", apiPrefix+"/issues/999", "", "Accept-Language", accept)
		if !strings.Contains(rec.Body.String(), `"title":"`+want+`"`) || rec.Header().Get("Vary") != "Accept-Language" {
			t.Errorf("Accept-Language %q: %s (Vary %q), want %q", accept, rec.Body, rec.Header().Get("Vary"), want)
		}
	}
}

func TestPathsAndMethodsOfTheAPIThatAreNone(t *testing.T) {
	w := newAPIWorld(t)
	for _, tc := range []struct {
		method, path string
		want         int
	}{{"GET", "/api/v1/nothing", 404}, {"GET", "/api/v2/issues", 404}, {"DELETE", "/api/v1/issues", 405}, {"PUT", "/api/v1/inboxes/1", 405}} {
		rec := w.do("admin", tc.method, tc.path, "")
		if rec.Code != tc.want || rec.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s = %d %s, want a problem %d", tc.method, tc.path, rec.Code, rec.Header().Get("Content-Type"), tc.want)
		}
	}
}

func TestEveryCodeOfTheAPIHasItsSentences(t *testing.T) {
	w := newAPIWorld(t)
	for code := range openAPIProblems() {
		for _, lang := range []string{"de", "en"} {
			if !w.h.cat.Has(lang, "api."+code) {
				t.Errorf("no title for %s in %s", code, lang)
			}
		}
	}
}
