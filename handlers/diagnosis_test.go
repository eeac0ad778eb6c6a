package handlers

import (
	"net/http"
	"strings"
	"testing"
)

func TestDiagnosisHoldsNoSecretAndNothingOfAMail(t *testing.T) {
	w := newAPIWorld(t)
	w.account()
	w.get("admin", "PATCH", "/inboxes/1", `{"allowed_senders":["friend@elsewhere.example"],"subject_keywords":["incident"],"username":"support","folders":["INBOX","Archive/Private"]}`, 200)
	w.get("admin", "POST", "/webhooks", `{"name":"Robot","url":"https://hooks.elsewhere.example/path","events":["issue.created"]}`, 201)
	subject := w.message.Subject
	for _, c := range []struct {
		query  string
		named  bool
		status int
	}{{"", false, 200}, {"?names=false", false, 200}, {"?names=true", true, 200}, {"?names=perhaps", false, 400}} {
		got := w.do("admin", http.MethodGet, apiPrefix+"/diagnosis"+c.query, "")
		body := got.Body.String()
		if got.Code != c.status {
			t.Fatalf("GET /diagnosis%s = %d: %s", c.query, got.Code, body)
		}
		if c.status != 200 {
			continue
		}
		for _, part := range []string{canary, w.tokens["admin"], "whsec_", subject, w.message.FromAddress, "elsewhere.example", "friend@", "incident", "Dear customer", "/path", "zweiten Stock", "plan.html", "Nora"} {
			if part == "" || strings.Contains(strings.ToLower(body), strings.ToLower(part)) {
				t.Errorf("the diagnosis%s holds %q", c.query, part)
			}
		}
		for _, name := range []string{"support@here.example", "127.0.0.1", "Archive/Private", "Robot"} {
			if strings.Contains(body, name) != c.named {
				t.Errorf("the diagnosis%s holds %q: %v, want %v", c.query, name, !c.named, c.named)
			}
		}
		for _, part := range []string{`"letterbox": "test"`, `"database": "sqlite"`, `"created": 1`, `"security": "none"`, `"allowed_senders_count": 1`, `"processes": 1`} {
			if !strings.Contains(body, part) {
				t.Errorf("the diagnosis%s does not say %s:\n%s", c.query, part, body)
			}
		}
		if head := got.Header().Get("Content-Disposition"); !strings.Contains(head, "attachment") {
			t.Errorf("Content-Disposition = %q, want a download", head)
		}
	}
}

func TestOnePageListsWhatIsConnected(t *testing.T) {
	s := newSite(t)
	admin := s.as("admin")
	s.get("/integrations", s.as("lead")).want(t, 403)
	s.get("/diagnosis", s.as("lead")).want(t, 403)
	s.get("/integrations", admin).want(t, 200, "/api/v1/openapi.json", `href="/sending"`, `href="/smime"`, "Identity provider", "Not set up", "Download diagnosis")
	s.get("/diagnosis", admin).want(t, 200, `"letterbox": "test"`, "!support@letterbox.example")
	s.get("/diagnosis?names=true", admin).want(t, 200, "support@letterbox.example")
	s.get("/audit", admin).want(t, 200, "Diagnosis downloaded")
}
