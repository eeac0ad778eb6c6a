package handlers

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestIssueOfTheAPIFromOpenToClosed(t *testing.T) {
	w := newAPIWorld(t)
	rec := w.do("member", "POST", apiPrefix+"/issues", `{"project":"SUP","title":"Lampe flackert","description":"Im Flur."}`)
	if rec.Code != 201 || rec.Header().Get("Location") != "/api/v1/issues/2" {
		t.Fatalf("POST = %d, Location %q", rec.Code, rec.Header().Get("Location"))
	}
	issue := w.get("member", "GET", "/issues/2", "", 200)
	reporter := map[string]any{"id": float64(w.users["member"].ID), "name": "member", "address": "member@here.example"}
	for key, want := range map[string]any{
		"number": 2.0, "project": "SUP", "title": "Lampe flackert", "description": "Im Flur.", "state": "new", "reporter": reporter,
		"assignee": nil, "message": nil, "closed_at": nil, "version": 1.0,
	} {
		if diff := cmp.Diff(want, issue[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	if at, err := time.Parse(time.RFC3339Nano, issue["created_at"].(string)); err != nil || !strings.HasSuffix(issue["created_at"].(string), "Z") || time.Since(at) > time.Minute {
		t.Errorf("created_at = %v, want now in UTC", issue["created_at"])
	}
	w.get("member", "PATCH", "/issues/2", `{"state":"resolved","assignee":"boss","version":1}`, 200)
	w.get("member", "PATCH", "/issues/2", `{"title":"Late","version":1}`, 409)
	w.get("boss", "POST", "/issues/2/comments", `{"body":"Bulb replaced.","internal":true}`, 201)
	comments := w.get("member", "GET", "/issues/2/comments", "", 200)["items"].([]any)
	if len(comments) != 1 {
		t.Fatalf("%d comments, want 1", len(comments))
	}
	c := comments[0].(map[string]any)
	if c["body"] != "Bulb replaced." || c["internal"] != true || c["author"].(map[string]any)["name"] != "boss" || len(c["attachments"].([]any)) != 0 {
		t.Errorf("comment = %v", c)
	}
	issue = w.get("member", "GET", "/issues/2", "", 200)
	if issue["state"] != "resolved" || issue["closed_at"] == nil || issue["assignee"].(map[string]any)["name"] != "boss" {
		t.Errorf("issue = %v", issue)
	}
}

func TestListsOfTheAPIHavePages(t *testing.T) {
	w := newAPIWorld(t)
	for i := range 5 {
		w.get("member", "POST", "/issues", fmt.Sprintf(`{"project":"SUP","title":"T%d"}`, i), 201)
		w.get("member", "POST", "/issues/1/comments", fmt.Sprintf(`{"body":"C%d"}`, i), 201)
	}
	for path, want := range map[string]string{
		"/issues?limit=2":            "number 6 5 4 3 2 1",
		"/issues?limit=4&state=new":  "number 6 5 4 3 2 1",
		"/issues/1/comments?limit=2": "id 1 2 3 4 5",
		"/projects?limit=1":          "id 1 2",
		"/users?limit=2":             "id 1 2 3 4 5 6 7 8",
	} {
		key, _, _ := strings.Cut(want, " ")
		got := key
		for next := path; next != ""; {
			page := w.get("admin", "GET", next, "", 200)
			for _, item := range page["items"].([]any) {
				got += fmt.Sprintf(" %v", item.(map[string]any)[key])
			}
			cursor := page["next_cursor"].(string)
			next = path + "&cursor=" + cursor
			if cursor == "" {
				next = ""
			}
		}
		if got != want {
			t.Errorf("GET %s by pages = %q, want %q", path, got, want)
		}
	}
}

func TestTextOfMailIsDataInTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	const evil = `<script>alert(1)</script>"';--\u0000\u202e`
	w.get("member", "POST", "/issues", `{"project":"SUP","title":"`+strings.ReplaceAll(evil, `"`, `\"`)+`"}`, 201)
	rec := w.do("member", "GET", apiPrefix+"/issues/2", "")
	if strings.Contains(rec.Body.String(), "<script") || rec.Header().Get("Content-Type") != "application/json; charset=utf-8" ||
		rec.Header().Get("X-Content-Type-Options") != "nosniff" || rec.Header().Get("Content-Security-Policy") != "default-src 'none'; frame-ancestors 'none'" {
		t.Errorf("answer = %v %s", rec.Header(), rec.Body)
	}
}

func TestProbesAndMetrics(t *testing.T) {
	w := newAPIWorld(t)
	for _, path := range []string{"/livez", "/readyz", "/healthz"} {
		if rec := w.do("none", "GET", path, ""); rec.Code != 200 || !strings.Contains(rec.Body.String(), `"status":"ok"`) {
			t.Errorf("GET %s = %d %s", path, rec.Code, rec.Body)
		}
	}
	w.get("member", "GET", "/issues/1", "", 200)
	body := w.do("none", "GET", "/metrics", "").Body.String()
	for _, want := range []string{
		`letterbox_messages{state="created"} 1`, `letterbox_messages{state="rejected"} 0`, `letterbox_build_info{version="test"} 1`,
		`letterbox_api_request_duration_seconds_count{method="GET",route="/api/v1/issues/:number",status="200"} 1`, "go_goroutines",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	for _, private := range []string{"nora", "elsewhere.example", "Tür"} {
		if strings.Contains(body, private) {
			t.Errorf("metrics hold %q", private)
		}
	}
}

func TestNotReadyWhenTheDatabaseIsAway(t *testing.T) {
	probe := &readiness{check: func(context.Context) error { return errors.New("away") }, log: slog.New(slog.DiscardHandler)}
	if probe.ready(t.Context()) == nil {
		t.Error("ready although the check fails")
	}
}

func TestReadinessAsksTheDatabaseAtMostOnceASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		probe := &readiness{check: func(context.Context) error { asked++; return nil }, log: slog.New(slog.DiscardHandler)}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		for range 100 {
			if err := probe.ready(gone); err != nil {
				t.Fatalf("an asker who has gone away makes the database look away: %v", err)
			}
		}
		if asked != 1 {
			t.Errorf("asked %d times, want once", asked)
		}
		time.Sleep(time.Second)
		if err := probe.ready(t.Context()); err != nil || asked != 2 {
			t.Errorf("after a second: %v, asked %d times, want 2", err, asked)
		}
	})
}
