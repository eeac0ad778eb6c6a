package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"letterbox/models/store"
)

func TestMessageOfTheAPIExplainsItself(t *testing.T) {
	w := newAPIWorld(t)
	m := w.get("boss", "GET", "/messages/1", "", 200)
	sum := sha256.Sum256([]byte(apiMail))
	for key, want := range map[string]any{
		"state": "created", "reason": "accepted_new", "subject": "Tür klemmt", "from": "nora@elsewhere.example", "message_id": "first@elsewhere.example",
		"issue": 1.0, "comment": nil, "inbox": float64(w.inbox.ID), "settle_state": "none", "sha256": hex.EncodeToString(sum[:]), "raw_kept": true,
	} {
		if m[key] != want {
			t.Errorf("%s = %v, want %v", key, m[key], want)
		}
	}
	trace := m["trace"].([]any)
	if len(trace) == 0 {
		t.Fatal("no trace")
	}
	for _, e := range trace {
		entry := e.(map[string]any)
		if text, _ := entry["text"].(string); text == "" {
			t.Errorf("trace entry %v has no sentence", entry["code"])
		}
	}
}

func TestRawMessageIsWhatCameAndItsDownloadIsAudited(t *testing.T) {
	w := newAPIWorld(t)
	rec := w.do("boss", "GET", apiPrefix+"/messages/1/raw", "")
	if rec.Body.String() != apiMail {
		t.Errorf("raw message differs from what was sent: %d octets, want %d", rec.Body.Len(), len(apiMail))
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control": "private, no-store", "Content-Length": strconv.Itoa(len(apiMail)),
	} {
		if got := rec.Header().Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if got := rec.Header().Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="message-1.eml"`) {
		t.Errorf("Content-Disposition = %q, want an attachment", got)
	}
	if got := rec.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox; default-src 'none'") {
		t.Errorf("Content-Security-Policy = %q, want a sandbox", got)
	}
	boss := w.users["boss"].ID
	lines, _, err := w.store.Audits(t.Context(), store.AuditFilter{Object: "message:1", UserID: &boss})
	if err != nil || len(lines) != 1 || lines[0].Action != "message.raw" {
		t.Errorf("audit log = %+v, %v, want one message.raw", lines, err)
	}
}

func TestAttachmentsAreDownloadsThatRunNowhere(t *testing.T) {
	w := newAPIWorld(t)
	rec := w.do("member", "GET", apiPrefix+"/attachments/"+strconv.FormatInt(w.file, 10), "")
	if got, want := rec.Body.String(), "<script>alert(1)</script>"; strings.TrimSpace(got) != want {
		t.Errorf("octets = %q, want %q", got, want)
	}
	if got := rec.Header().Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("Content-Type of an HTML attachment = %q, want application/octet-stream", got)
	}
	if got := rec.Header().Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="plan.html"`) {
		t.Errorf("Content-Disposition = %q", got)
	}
	if got := rec.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "sandbox;") {
		t.Errorf("Content-Security-Policy = %q, want a sandbox", got)
	}
}

func TestMessageListIsFiltered(t *testing.T) {
	w := newAPIWorld(t)
	for path, want := range map[string]int{
		"/messages": 1, "/messages?state=created": 1, "/messages?state=rejected": 0, "/messages?q=klemmt": 1, "/messages?q=nothing": 0,
		"/messages?inbox=1": 1, "/messages?inbox=Support": 1, "/messages?reason=accepted_new": 1, "/messages?q=first%40elsewhere": 1,
	} {
		items, _ := w.get("boss", "GET", path, "", 200)["items"].([]any)
		if len(items) != want {
			t.Errorf("GET %s: %d items, want %d", path, len(items), want)
		}
	}
}

func TestDryRunDecidesAndWritesNothing(t *testing.T) {
	w := newAPIWorld(t)
	mail := strings.Replace(apiMail, "first@", "second@", 1)
	rec := w.do("boss", "POST", apiPrefix+"/messages/dry-run?inbox=1", mail, "Content-Type", "message/rfc822")
	body := rec.Body.String()
	for _, want := range []string{`"state":"created"`, `"title":"Tür klemmt"`, `"project":"SUP"`, `"subject":"Tür klemmt"`} {
		if !strings.Contains(body, want) {
			t.Errorf("dry run = %d %.600s, want %s in it", rec.Code, body, want)
		}
	}
	if items := w.get("boss", "GET", "/messages", "", 200)["items"].([]any); len(items) != 1 {
		t.Errorf("%d messages after a dry run, want 1", len(items))
	}
	if items := w.get("boss", "GET", "/issues", "", 200)["items"].([]any); len(items) != 1 {
		t.Errorf("%d issues after a dry run, want 1", len(items))
	}
	if rec := w.do("boss", "POST", apiPrefix+"/messages/dry-run", mail, "Content-Type", "message/rfc822"); rec.Code != 400 {
		t.Errorf("dry run without an inbox = %d, want 400", rec.Code)
	}
}

func TestReprocessKeepsTheEffect(t *testing.T) {
	w := newAPIWorld(t)
	m := w.get("boss", "POST", "/messages/1/reprocess", "", 200)
	if m["state"] != "created" || m["issue"] != 1.0 || m["reprocessed"] != 1.0 {
		t.Errorf("after reprocessing: %v %v, %v times, want created 1, once", m["state"], m["issue"], m["reprocessed"])
	}
	if runs := w.get("boss", "GET", "/messages/1", "", 200)["runs"].([]any); len(runs) != 2 {
		t.Errorf("%d runs in the trace, want 2", len(runs))
	}
}

func TestMessageIsProcessedAgainWithTheRulesOfThenOrOfToday(t *testing.T) {
	w := newAPIWorld(t)
	m := w.get("boss", "GET", "/messages/1", "", 200)
	w.get("boss", "PATCH", "/inboxes/1", `{"blocked_senders":["nora@elsewhere.example"]}`, 200)
	decided := func(rules, want, never string) {
		t.Helper()
		w.get("boss", "POST", "/messages/1/reprocess"+rules, "", 200)
		runs := w.get("boss", "GET", "/messages/1", "", 200)["runs"].([]any)
		var codes []string
		for _, e := range runs[len(runs)-1].(map[string]any)["trace"].([]any) {
			codes = append(codes, fmt.Sprint(e.(map[string]any)["args"].(map[string]any)["version"], " ", e.(map[string]any)["text"]))
		}
		if all := strings.Join(codes, "\n"); !strings.Contains(all, want) || strings.Contains(all, never) {
			t.Errorf("%s: the story is\n%s\nwant %q in it and no %q", rules, all, want, never)
		}
	}
	version := fmt.Sprint(m["rule_version"])
	decided("", "blocked", "Let in by")
	decided("?rules=current", "blocked", "Let in by")
	decided("?rules=original", "Let in by rules version "+version, "blocked")
	for _, bad := range []string{"?rules=1", "?rule=original"} {
		w.get("boss", "POST", "/messages/1/reprocess"+bad, "", 400)
	}
}

func TestMessagesOfAnInboxThatIsGoneAreForAdmins(t *testing.T) {
	w := newAPIWorld(t)
	w.get("boss", "DELETE", "/inboxes/1", "", 204)
	for who, want := range map[string]int{"boss": 404, "admin": 200} {
		if rec := w.do(who, "GET", apiPrefix+"/messages/1", ""); rec.Code != want {
			t.Errorf("GET as %s = %d, want %d", who, rec.Code, want)
		}
	}
	if items := w.get("admin", "GET", "/messages?inbox=1", "", 200)["items"].([]any); len(items) != 1 {
		t.Errorf("admin sees %d messages of the inbox that is gone, want 1", len(items))
	}
}
