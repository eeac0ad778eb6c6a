package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
)

func TestExportsWaitForEachOther(t *testing.T) {
	w := newAPIWorld(t)
	admin := w.users["admin"]
	secret, err := w.h.Tracker.StartSession(t.Context(), &admin, nil)
	w.ok(err)
	ask := func() map[string]*httptest.ResponseRecorder {
		list := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/issues.csv", nil)
		r.AddCookie(&http.Cookie{Name: w.h.sessionCookie(), Value: secret})
		w.http.ServeHTTP(list, r)
		return map[string]*httptest.ResponseRecorder{
			"issues": list, "contact": w.do("admin", http.MethodGet, apiPrefix+"/contacts/"+fmt.Sprint(w.users["customer"].ID)+"/export", ""),
		}
	}
	for range maxExports {
		w.h.exports <- struct{}{}
	}
	for name, got := range ask() {
		if got.Code != 429 || got.Header().Get("Retry-After") == "" {
			t.Errorf("%s while others are exported = %d, Retry-After %q, want 429 with one: %s", name, got.Code, got.Header().Get("Retry-After"), got.Body)
		}
	}
	<-w.h.exports // One of them is done.
	for name, got := range ask() {
		if got.Code != 200 {
			t.Errorf("%s with room = %d, want 200: %s", name, got.Code, got.Body)
		}
	}
	if got, want := len(w.h.exports), maxExports-1; got != want {
		t.Errorf("%d exports seem to be made, want %d", got, want)
	}
}

func TestPartOfAnExportIsNotTakenForTheWhole(t *testing.T) {
	fault := errors.New("database gone")
	for _, c := range []struct {
		written   string
		wantPanic any
		wantErr   error
	}{{"", nil, fault}, {"number,project\r\n", http.ErrAbortHandler, nil}} {
		h := &Handlers{exports: make(chan struct{}, 1)}
		ctx, _ := gin.CreateTestContext(httptest.NewRecorder())
		var err error
		var cause any
		func() {
			defer func() { cause = recover() }()
			err = h.export(ctx, func() error {
				if c.written != "" {
					_, _ = ctx.Writer.WriteString(c.written)
				}
				return fault
			})
		}()
		if cause != c.wantPanic || !errors.Is(err, c.wantErr) {
			t.Errorf("after %q: error %v and panic %v, want %v and %v", c.written, err, cause, c.wantErr, c.wantPanic)
		}
		if len(h.exports) != 0 {
			t.Errorf("after %q: the turn is not over", c.written)
		}
	}
}
