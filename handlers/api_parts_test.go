package handlers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"letterbox/models"
)

func TestWhatOneWasToldIsListedAndReadByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	member, boss := w.users["member"], w.users["boss"]
	w.ok(w.h.Tracker.Watch(t.Context(), &boss, 1))
	for n := range 3 {
		w.get("member", "POST", "/issues/1/comments", fmt.Sprintf(`{"body":"Line %d"}`, n), 201)
	}
	first := w.get("boss", "GET", "/notifications?unread=true&limit=2", "", 200)
	items := first["items"].([]any)
	if len(items) != 2 {
		t.Fatalf("the first page has %d lines, want 2: %v", len(items), first)
	}
	newest := items[0].(map[string]any)
	if newest["issue"] != 1.0 || newest["event"] != "comment" || newest["read_at"] != nil || newest["actor"].(map[string]any)["id"] != float64(member.ID) {
		t.Errorf("the newest line is %v", newest)
	}
	second := w.get("boss", "GET", "/notifications?unread=true&limit=2&cursor="+first["next_cursor"].(string), "", 200)
	if got := len(second["items"].([]any)); got < 1 {
		t.Errorf("the second page has %d lines, want the rest", got)
	}
	w.get("boss", "POST", "/notifications/read", fmt.Sprintf(`{"last":%.0f}`, items[1].(map[string]any)["id"]), 204)
	if left := w.get("boss", "GET", "/notifications?unread=true", "", 200)["items"].([]any); len(left) != 1 {
		t.Errorf("%d lines are unread, want the newest", len(left))
	}
	w.get("boss", "POST", "/notifications/read", `{"issue":99}`, 204)
	if left := w.get("boss", "GET", "/notifications?unread=true", "", 200)["items"].([]any); len(left) != 1 {
		t.Errorf("%d lines are unread after those of another issue were read, want the newest", len(left))
	}
	w.get("boss", "POST", "/notifications/read", `{"issue":1}`, 204)
	if left := w.get("boss", "GET", "/notifications?unread=true", "", 200)["items"].([]any); len(left) != 0 {
		t.Errorf("%d lines are unread after those of the issue were read, want none", len(left))
	}
	w.get("boss", "POST", "/notifications/read", `{}`, 422)
	w.get("boss", "GET", "/notifications?unread=perhaps", "", 400)
	if got := w.get("member", "GET", "/notifications?unread=true", "", 200)["items"].([]any); len(got) != 0 {
		t.Errorf("who wrote them is told %v", got)
	}
}

func TestLinksAreRemovedByTheAPIAlsoOfTwoKinds(t *testing.T) {
	w := newAPIWorld(t)
	other := w.linked()
	made := w.get("member", "POST", "/issues/1/links", fmt.Sprintf(`{"issue":%d,"kind":"relates"}`, other), 201)
	page := w.get("member", "GET", "/issues/1/links?limit=1", "", 200)
	rest := w.get("member", "GET", "/issues/1/links?limit=1&cursor="+page["next_cursor"].(string), "", 200)
	if a, b := page["items"].([]any), rest["items"].([]any); len(a) != 1 || len(b) != 1 {
		t.Errorf("pages of one link each have %v and %v", a, b)
	}
	back := fmt.Sprintf("/issues/%d/links/blocks-back-1", other)
	if got := w.get("member", "GET", back, "", 200); got["back"] != true || got["issue"] != 1.0 {
		t.Errorf("seen from the other side it is %v", got)
	}
	w.get("member", "DELETE", back, "", 204)
	w.get("member", "DELETE", back, "", 404)
	w.get("member", "DELETE", "/issues/1/links/"+made["id"].(string), "", 204)
	if left := w.get("member", "GET", "/issues/1/links", "", 200)["items"].([]any); len(left) != 0 {
		t.Errorf("links = %v, want none", left)
	}
}

func TestCommentsAreSplitAndMovedByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	path := fmt.Sprintf("/issues/1/comments/%d", w.comment())
	w.get("member", "POST", path+"/split", `{"title":" "}`, 422)
	made := w.get("member", "POST", path+"/split", `{"title":"The window"}`, 201)
	if made["title"] != "The window" {
		t.Errorf("made %v", made)
	}
	second := w.comment()
	moved := w.get("member", "POST", fmt.Sprintf("/issues/1/comments/%d/move", second), fmt.Sprintf(`{"to":%.0f}`, made["number"]), 200)
	if moved["number"] != made["number"] {
		t.Errorf("moved to %v, want %v", moved["number"], made["number"])
	}
	list := w.get("member", "GET", fmt.Sprintf("/issues/%.0f/comments", made["number"]), "", 200)["items"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["id"] != float64(second) {
		t.Errorf("comments there = %v, want the moved one", list)
	}
	w.get("member", "POST", path+"/move", `{"to":1}`, 404) // It is gone from here.
}

func TestPartsOfAnInboxAreSetByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	profile := `{"profiles":[{"name":"Report","fields":[{"name":"no","from":"subject","by":"pattern","expr":"No (\\d+)"}],"title":"Report {no}"}],"no_match":"set_aside"}`
	got := w.get("boss", "PUT", "/inboxes/1/extraction", profile, 200)
	if got["no_match"] != "set_aside" || len(got["profiles"].([]any)) != 1 {
		t.Errorf("extraction = %v", got)
	}
	version := got["rule_version"]
	if got = w.get("boss", "PUT", "/inboxes/1/extraction", profile, 200); got["rule_version"] != version {
		t.Errorf("the same again made version %v of %v", got["rule_version"], version)
	}
	if got := faults(w.get("boss", "PUT", "/inboxes/1/extraction", `{"profiles":[{"name":"x","wrong":1}]}`, 422)); got != "profiles E-API-02" {
		t.Errorf("a field that profiles do not have = %q, want E-API-02", got)
	}
	if got := faults(w.get("boss", "PUT", "/inboxes/1/extraction", `{"no_match":"burn"}`, 422)); got != "no_match E-GATE-03" {
		t.Errorf("what cannot be taken = %q, want E-GATE-03", got)
	}

	got = w.get("boss", "PUT", "/inboxes/1/acknowledgement", `{"text":{"en":"We have {key}."}}`, 200)
	if got["mode"] != "known" || got["text"].(map[string]any)["en"] != "We have {key}." {
		t.Errorf("acknowledgement = %v", got)
	}
	w.get("boss", "PUT", "/inboxes/1/acknowledgement", `{"mode":"perhaps"}`, 422)

	if got := w.get("admin", "GET", "/inboxes/1/breaker", "", 200); got["resting"] != false {
		t.Errorf("breaker = %v, want none", got)
	}
	w.get("admin", "DELETE", "/inboxes/1/breaker", "", 404)
	_, err := w.store.TripBreaker(t.Context(), models.Breaker{Place: "inbox:1", Reason: "inbox", TrippedAt: time.Now(), EndsAt: time.Now().Add(time.Hour)})
	w.ok(err)
	if got := w.get("admin", "GET", "/inboxes/1/breaker", "", 200); got["resting"] != true || got["until"] == nil {
		t.Errorf("breaker = %v, want one", got)
	}
	w.get("admin", "DELETE", "/inboxes/1/breaker", "", 204)

	got = w.get("boss", "POST", "/inboxes/1/look", `{"wanted":"Nora <nora@elsewhere.example>"}`, 200)
	if got["listed"] != 0.0 || len(got["found"].([]any)) != 0 {
		t.Errorf("an empty mailbox holds %v", got)
	}
	w.get("boss", "POST", "/inboxes/1/look", `{"wanted":" "}`, 422)
}

func TestCertificatesAreKeptByTheAPIAndKeysNeverShown(t *testing.T) {
	w := newAPIWorld(t)
	key, partner := w.smimeKey(), w.smimeCertificate()
	for _, path := range []string{"/smime/keys", fmt.Sprint("/smime/keys/", key), fmt.Sprint("/smime/keys/", key, "/certificate"), "/smime/certificates"} {
		rec := w.do("admin", "GET", apiPrefix+path, "")
		if rec.Code != 200 || strings.Contains(rec.Body.String(), "PRIVATE") || strings.Contains(rec.Body.String(), "key_enc") {
			t.Errorf("GET %s = %d: %s", path, rec.Code, rec.Body)
		}
	}
	path := fmt.Sprint("/smime/certificates/", partner)
	if got := w.get("admin", "PATCH", path, `{"revoked":true}`, 200); got["revoked_at"] == nil {
		t.Errorf("revoked = %v", got)
	}
	if got := w.get("admin", "PATCH", path, `{"revoked":false}`, 200); got["revoked_at"] != nil {
		t.Errorf("restored = %v", got)
	}
	w.get("admin", "PATCH", "/smime/certificates/999", `{"revoked":true}`, 404)
	if got := faults(w.get("admin", "POST", "/smime/keys", `{"file":"AAAA"}`, 422)); got != "file E-SMIME-05" {
		t.Errorf("no key at all = %q, want E-SMIME-05", got)
	}
	if got := faults(w.get("admin", "POST", "/smime/keys", `{"file":"no base64!"}`, 422)); got != "file E-API-02" {
		t.Errorf("no base64 = %q, want E-API-02", got)
	}
}
