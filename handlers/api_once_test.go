package handlers

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/tracker"
)

func (w *apiWorld) countIssues() int {
	w.t.Helper()
	return len(w.get("admin", "GET", "/issues", "", 200)["items"].([]any))
}

func TestRequestThatIsSentAgainTakesEffectOnce(t *testing.T) {
	w := newAPIWorld(t)
	const path, body = apiPrefix + "/issues", `{"project":"SUP","title":"Once"}`
	before := w.countIssues()
	first := w.do("member", "POST", path, body, "Idempotency-Key", "key-1")
	again := w.do("member", "POST", path, body, "Idempotency-Key", "key-1")
	if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() {
		t.Errorf("first = %d %s, again = %d %s, want the same", first.Code, first.Body, again.Code, again.Body)
	}
	for _, name := range []string{"Location", "Content-Type", "Content-Security-Policy"} {
		if got, want := again.Header().Get(name), first.Header().Get(name); got != want || want == "" {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if got := again.Header().Get("Idempotency-Replayed"); got != "true" || first.Header().Get("Idempotency-Replayed") != "" {
		t.Errorf("Idempotency-Replayed = %q, want true only the second time", got)
	}
	if got := w.countIssues() - before; got != 1 {
		t.Errorf("%d issues were made, want 1", got)
	}
	for name, got := range map[string]int{
		"another body":   w.do("member", "POST", path, `{"project":"SUP","title":"Twice"}`, "Idempotency-Key", "key-1").Code,
		"another path":   w.do("member", "POST", apiPrefix+"/issues/1/comments", body, "Idempotency-Key", "key-1").Code,
		"another query":  w.do("member", "POST", path+"?x=1", body, "Idempotency-Key", "key-1").Code,
		"an invalid one": w.do("member", "POST", path, `{"project":"SUP"}`, "Idempotency-Key", "key-2").Code,
		"again invalid":  w.do("member", "POST", path, `{"project":"SUP"}`, "Idempotency-Key", "key-2").Code,
	} {
		if got != 422 {
			t.Errorf("%s = %d, want 422", name, got)
		}
	}
	if got := w.do("boss", "POST", path, body, "Idempotency-Key", "key-1"); got.Code != 201 || got.Body.String() == first.Body.String() {
		t.Errorf("the key of another person = %d %s, want an issue of its own", got.Code, got.Body)
	}
	for _, key := range []string{"with blank", "ü", strings.Repeat("x", 256)} {
		if got := w.do("member", "POST", path, body, "Idempotency-Key", key).Code; got != 400 {
			t.Errorf("Idempotency-Key %q = %d, want 400", key, got)
		}
	}
}

func TestRequestsAtOnceWithOneKeyTakeEffectOnce(t *testing.T) {
	w := newAPIWorld(t)
	before := w.countIssues()
	var wg sync.WaitGroup
	codes := make([]int, 8)
	for i := range codes {
		wg.Go(func() {
			codes[i] = w.do("member", "POST", apiPrefix+"/issues", `{"project":"SUP","title":"Once"}`, "Idempotency-Key", "at-once").Code
		})
	}
	wg.Wait()
	for _, code := range codes {
		if code != http.StatusCreated && code != http.StatusConflict {
			t.Errorf("code = %d, want 201 or 409", code)
		}
	}
	if got := w.countIssues() - before; got != 1 {
		t.Errorf("%d issues were made, want 1", got)
	}
}

func TestRequestThatIsUnderWayIsAConflict(t *testing.T) {
	w := newAPIWorld(t)
	member := w.users["member"]
	const body = `{"project":"SUP","title":"Once"}`
	once, _, err := w.h.Tracker.BeginOnce(t.Context(), &member, "slow", []byte("POST\x00"+apiPrefix+"/issues\x00"+body))
	w.ok(err)
	rec := w.do("member", "POST", apiPrefix+"/issues", body, "Idempotency-Key", "slow")
	if rec.Code != 409 || rec.Header().Get("Retry-After") == "" {
		t.Errorf("code = %d, Retry-After %q, want 409 with one", rec.Code, rec.Header().Get("Retry-After"))
	}
	w.ok(once.Keep(t.Context(), tracker.Answer{Status: 204}))
	if rec := w.do("member", "POST", apiPrefix+"/issues", body, "Idempotency-Key", "slow"); rec.Code != 204 || rec.Body.Len() != 0 {
		t.Errorf("code = %d %s, want the 204 that was kept", rec.Code, rec.Body)
	}
}

func TestRequestThatDidNotWorkIsMadeAgain(t *testing.T) {
	w := newAPIWorld(t)
	fails := true
	handle := apiOnce(func(h *Handlers, c *gin.Context) error {
		if fails {
			return errUnreadable // Nothing that the API knows: 500.
		}
		c.Status(http.StatusNoContent)
		return nil
	})
	member := w.users["member"]
	call := func() int {
		rec := httptest.NewRecorder()
		c, _ := gin.CreateTestContext(rec)
		c.Request = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("{}"))
		c.Request.Header.Set("Idempotency-Key", "shaky")
		c.Set(apiUserKey, &member)
		w.h.apiRun(handle)(c)
		c.Writer.WriteHeaderNow()
		return rec.Code
	}
	if got := call(); got != 500 {
		t.Fatalf("code = %d, want 500", got)
	}
	fails = false
	if got := call(); got != 204 {
		t.Errorf("code = %d, want 204: it was made again", got)
	}
}

func TestAnswersAreKeptForADay(t *testing.T) {
	w := newAPIWorld(t)
	member := w.users["member"]
	once, _, err := w.h.Tracker.BeginOnce(t.Context(), &member, "old", []byte("x"))
	w.ok(err)
	w.ok(once.Keep(t.Context(), tracker.Answer{Status: 204}))
	name := sha256.Sum256(fmt.Appendf(nil, "%d\x00old", member.ID))
	key, err := w.store.IdempotencyKey(t.Context(), name[:])
	w.ok(err)
	if left := time.Until(key.ExpiresAt); left < 23*time.Hour || left > 24*time.Hour {
		t.Errorf("the answer is kept for %s, want 24 hours", left)
	}
}
