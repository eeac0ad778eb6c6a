package handlers

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"letterbox/models"
)

const inbound = apiPrefix + "/inbound/"

func asMail(subject string) string {
	return "From: Nora <nora@elsewhere.example>\r\nTo: support@here.example\r\nMessage-ID: <" + subject + "@elsewhere.example>\r\nSubject: " + subject + "\r\n\r\nText of " + subject + "\r\n"
}

func decoded(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	return v
}

func TestMessageThatIsPostedIsAnsweredWithItsResult(t *testing.T) {
	w := newAPIWorld(t)
	post := func(inbox, body string) (map[string]any, string) {
		rec := w.do("boss", "POST", inbound+inbox, body, "Content-Type", "message/rfc822")
		if rec.Code != 200 {
			t.Fatalf("POST = %d %s, want 200", rec.Code, rec.Body)
		}
		return decoded(t, rec.Body.Bytes()), rec.Header().Get("Location")
	}
	first, at := post("Support", asMail("door"))
	for key, want := range map[string]any{"state": "created", "door": "api", "subject": "door", "issue": 2.0} {
		if first[key] != want {
			t.Errorf("%s = %v, want %v", key, first[key], want)
		}
	}
	if again, _ := post(fmt.Sprint(w.inbox.ID), asMail("door")); again["id"] != first["id"] || again["issue"] != first["issue"] {
		t.Errorf("the same octets again = message %v, issue %v, want %v, %v", again["id"], again["issue"], first["id"], first["issue"])
	}
	if other, _ := post("Support", "X-Way: other\r\n"+asMail("door")); other["state"] != "duplicate" || other["duplicate_of"] != first["id"] {
		t.Errorf("a copy = %v of %v, want duplicate of %v", other["state"], other["duplicate_of"], first["id"])
	}
	if m := w.get("boss", "GET", strings.TrimPrefix(at, apiPrefix), "", 200); m["id"] != first["id"] || len(m["trace"].([]any)) == 0 {
		t.Errorf("GET %s = message %v, want %v with its trace", at, m["id"], first["id"])
	}
}

func TestGateDecidesOnWhatIsPosted(t *testing.T) {
	w := newAPIWorld(t)
	w.get("boss", "PATCH", fmt.Sprintf("/inboxes/%d", w.inbox.ID), `{"blocked_senders":["nora@elsewhere.example"]}`, 200)
	rec := w.do("boss", "POST", inbound+"Support", asMail("unwanted"), "Content-Type", "message/rfc822")
	if m := decoded(t, rec.Body.Bytes()); rec.Code != 200 || m["state"] != string(models.MessageRejected) || m["issue"] != nil {
		t.Errorf("POST = %d %v issue %v, want 200 rejected without issue", rec.Code, m["state"], m["issue"])
	}
}

func TestWhatIsNoMessageIsNotTaken(t *testing.T) {
	w := newAPIWorld(t)
	large := asMail("large") + strings.Repeat("all of it counts\r\n", int(w.inbox.Settings.MaxMessageSize)/18+1)
	for _, tc := range []struct {
		name, kind, body, inbox string
		status                  int
		code                    string
	}{
		{"JSON", "application/json", "{}", "Support", http.StatusUnsupportedMediaType, "E-415"},
		{"no header field", "message/rfc822", "hello\r\n", "Support", http.StatusUnprocessableEntity, "E-422"},
		{"nothing", "message/rfc822", "", "Support", http.StatusUnprocessableEntity, "E-422"},
		{"too large", "message/rfc822", large, "Support", http.StatusRequestEntityTooLarge, "E-413"},
		{"no such inbox", "message/rfc822", asMail("lost"), "Nowhere", http.StatusNotFound, "E-404"},
	} {
		rec := w.do("admin", "POST", inbound+tc.inbox, tc.body, "Content-Type", tc.kind)
		if code := decoded(t, rec.Body.Bytes())["code"]; rec.Code != tc.status || code != tc.code {
			t.Errorf("%s: %d %v, want %d %s", tc.name, rec.Code, code, tc.status, tc.code)
		}
	}
	if items := w.get("admin", "GET", "/messages", "", 200)["items"].([]any); len(items) != 1 {
		t.Errorf("%d messages in the log, want the one of before", len(items))
	}
}
