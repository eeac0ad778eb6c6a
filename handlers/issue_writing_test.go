package handlers

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/gin-gonic/gin"

	"letterbox/tracker"
)

func TestTextThatSpeaksOfAFileIsRecognised(t *testing.T) {
	const words = "anbei attached"
	for text, want := range map[string]bool{
		"See what is ATTACHED.": true, "Anbei: die Rechnung": true, "> anbei\nDanke": false, "unattached": false, "": false, "(attached)": true, "Re\n attached": true,
	} {
		if got := lacksFile(text, words); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	}
}

// That somebody writes is told to those who work on the issue, and to nobody else.
func TestWritingIsToldToThoseWhoWorkOnTheIssue(t *testing.T) {
	s := newSite(t)
	_, err := s.h.Tracker.OpenIssue(t.Context(), s.users["member"], tracker.IssueDraft{ProjectKey: "SUP", Title: "One"})
	s.ok(err)
	told := s.h.live.subscribe()
	defer s.h.live.unsubscribe(told)
	s.post("/issues/1/writing", s.as("other"), nil).want(t, 404)
	s.post("/issues/1/writing", s.as("member"), nil).want(t, 204)
	topic := <-told
	if want := "writing:1:"; len(topic) < len(want) || topic[:len(want)] != want {
		t.Fatalf("told %q, want %s...", topic, want)
	}
	for name, want := range map[string]string{"lead": "event: writing\ndata: \"Member\"\n\n", "other": "", "reporter": "", "member": ""} {
		u := s.users[name]
		access, err := s.h.Tracker.Access(t.Context(), u)
		s.ok(err)
		v := &visit{Context: &gin.Context{Request: httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/changes", nil)}, h: s.h, me: u, access: access}
		if got := v.writing([]string{"issue:1"}, topic); got != want {
			t.Errorf("%s is told %q, want %q", name, got, want)
		}
		if got := v.writing([]string{"issue:2", "issue"}, topic); got != "" {
			t.Errorf("%s is told %q on other pages", name, got)
		}
	}
}

func TestMissingFileIsPointedOutInThePreview(t *testing.T) {
	s := newSite(t)
	_, err := s.h.Tracker.OpenIssue(t.Context(), s.users["member"], tracker.IssueDraft{ProjectKey: "SUP", Title: "One"})
	s.ok(err)
	cookie := s.as("member")
	form := url.Values{"body": {"The invoice is attached."}, "kind": {"public"}, "do": {"preview"}}
	s.post("/issues/1/comments", cookie, form).want(t, 200, `data-lacking>`, "no file is chosen")
	form.Set("body", "The invoice comes tomorrow.")
	s.post("/issues/1/comments", cookie, form).want(t, 200, `data-lacking hidden>`)
	form.Set("do", "") // Nothing is held up.
	form.Set("body", "The invoice is attached.")
	s.post("/issues/1/comments", cookie, form).want(t, 303)
}
