package handlers

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"letterbox/tracker"
)

// postFiles sends a form with files.
func (s *site) postFiles(path, cookie string, form url.Values, files map[string]string) answer {
	s.t.Helper()
	return s.postFilesAs("files", path, cookie, form, files)
}

// postFilesAs sends a form whose files are called field.
func (s *site) postFilesAs(field, path, cookie string, form url.Values, files map[string]string) answer {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range form {
		for _, value := range values {
			s.ok(w.WriteField(name, value))
		}
	}
	for name, content := range files {
		part, err := w.CreateFormFile(field, name)
		s.ok(err)
		_, err = io.WriteString(part, content)
		s.ok(err)
	}
	s.ok(w.Close())
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+path, &body)
	s.ok(err)
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Cookie", cookie)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	s.ok(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	s.ok(err)
	return answer{Status: res.StatusCode, Body: string(raw), Header: res.Header}
}

func TestFilesAreAddedToComments(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	cookie := s.as("member")
	form := opened(map[string]string{"body": ""})
	s.postFiles("/issues/1/comments", cookie, form, map[string]string{"../../etc/evil\u202egpj.exe": "MZ"}).want(t, 303)
	s.get("/issues/1", cookie).want(t, 200, `href="/attachments/1" download`, "!etc/evil", "!\u202e")
	s.postFiles("/issues/new", cookie, url.Values{"project": {"SUP"}, "title": {"With file"}}, map[string]string{"notes.txt": "x"}).want(t, 303)
	s.get("/issues/2", cookie).want(t, 200, "notes.txt")
}

func TestTextWrittenHereIsMarkdownAndMailIsNot(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, strings.Replace(plainMail, "It burns again", "It **burns** again", 1))
	cookie := s.as("member")
	form := opened(map[string]string{"body": "**Really** <script>alert(1)</script>"})
	form.Set("do", "preview")
	s.post("/issues/1/comments", cookie, form).want(t, 200, `id="preview"`, "<strong>Really</strong> &lt;script&gt;", "**Really**", "It **burns** again")
	form.Del("do")
	s.post("/issues/1/comments", cookie, form).want(t, 303)
	got := s.get("/issues/1", cookie)
	got.want(t, 200, "<strong>Really</strong> &lt;script&gt;", "It **burns** again")
	checkMarkup(t, "/issues/1", got.Body)
}

func TestPropertiesAreChangedBesideTheIssue(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	cookie := s.as("member")
	form := opened(map[string]string{
		"priority": "high", "was_priority": "normal", "due": "2026-12-24", "was_due": "", "labels": "hardware, fire", "was_labels": "",
	})
	s.post("/issues/1/state", cookie, form).want(t, 303)
	s.get("/issues/1", cookie).want(t, 200, `value="fire, hardware"`, `value="2026-12-24"`, `<option value="high" selected>`, "History: 3 changes")
	// Somebody else has changed it: what is stored stands beside what was wanted.
	form.Set("labels", "other")
	s.post("/issues/1/state", cookie, form).want(t, 409, "fire, hardware</td>", "other</td>", `value="other"`)
	form.Set("version", "2")
	form.Set("due", "soon")
	s.post("/issues/1/state", cookie, form).want(t, 422, "is not a date")
}

func TestTitleAndTextKeepBothInputsInAConflict(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	cookie := s.as("member")
	title := "Changed by the lead"
	s.get("/issues/1/edit", cookie).want(t, 200, "The printer burns", `name="version" value="1"`)
	_, err := s.h.Tracker.UpdateIssue(t.Context(), s.users["lead"], 1, 1, tracker.IssuePatch{Title: &title})
	s.ok(err)
	form := url.Values{"title": {"Mine"}, "description": {"My text"}, "version": {"1"}}
	s.post("/issues/1/edit", cookie, form).want(t, 409, "Lead changed this issue", "apply it, or discard it.", "!only the comment", "Changed by the lead", "Mine", "My text</textarea>", `name="version" value="2"`)
	form.Set("version", "2")
	s.post("/issues/1/edit", cookie, form).want(t, 303)
	s.get("/issues/1", cookie).want(t, 200, "Mine", "My text", "changed the title")
	form.Set("title", " ")
	s.post("/issues/1/edit", cookie, form).want(t, 422)
}

// Mail that answers a merged issue, by Message-ID or by number, goes to the one that has taken it over.
func TestLaterMailFollowsTheMerge(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	s.mail(s.inbox, strings.NewReplacer("printer-1", "roof-1", "The printer burns", "The roof leaks").Replace(plainMail))
	cookie := s.as("member")
	s.post("/issues/1/merge", cookie, url.Values{"into": {"#2"}}).want(t, 303)
	if got, want := s.get("/issues/1", cookie).Header.Get("Location"), "/issues/2"; got != want {
		t.Errorf("the merged issue leads to %q, want %q", got, want)
	}
	s.mail(s.inbox, strings.NewReplacer("<printer-1@", "<answer-1@", "Date:", "In-Reply-To: <printer-1@customer.example>\nDate:", "It burns again", "First answer").Replace(plainMail))
	s.mail(s.inbox, strings.NewReplacer("<printer-1@", "<answer-2@", "The printer burns", "Re: [#1] The printer burns", "It burns again", "Second answer").Replace(plainMail))
	s.get("/issues/2", cookie).want(t, 200, "It burns again", "First answer", "Second answer", "took in")
	s.post("/issues/2/merge", cookie, url.Values{"into": {"99"}}).want(t, 303)
}

func TestCommentsAreSplitOffMovedAndLinked(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	s.mail(s.inbox, strings.NewReplacer("<printer-1@", "<answer-1@", "Date:", "In-Reply-To: <printer-1@customer.example>\nDate:", "It burns again", "Also the scanner").Replace(plainMail))
	cookie := s.as("member")
	got := s.post("/issues/1/comments/1/split", cookie, url.Values{"title": {"Scanner"}})
	got.want(t, 303)
	s.get("/issues/2", cookie).want(t, 200, "Also the scanner", "Scanner", "split from", "by mail to support@letterbox.example")
	s.mail(s.inbox, strings.NewReplacer("<printer-1@", "<answer-2@", "Date:", "In-Reply-To: <answer-1@customer.example>\nDate:", "It burns again", "It squeaks").Replace(plainMail))
	s.get("/issues/2", cookie).want(t, 200, "It squeaks")
	s.post("/issues/2/comments/2/move", cookie, url.Values{"to": {"1"}}).want(t, 303)
	s.get("/issues/1", cookie).want(t, 200, "It squeaks")
	s.post("/issues/1/links", cookie, url.Values{"number": {"#2"}, "kind": {"blocks"}}).want(t, 303)
	s.get("/issues/2", cookie).want(t, 200, "blocked by")
	s.post("/issues/2/links/remove", cookie, url.Values{"number": {"1"}, "kind": {"blocks"}, "back": {"true"}}).want(t, 303)
	s.get("/issues/2", cookie).want(t, 200, "!blocked by")
	for _, path := range []string{"/issues/1/comments/2/split", "/issues/1/comments/2/move", "/issues/1/links", "/issues/1/merge", "/issues/1/watch", "/issues/1/draft", "/issues/1/edit"} {
		form := url.Values{"title": {"x"}, "to": {"2"}, "number": {"2"}, "into": {"2"}, "version": {"1"}, "body": {"x"}, "on": {"true"}}
		if got := s.post(path, s.as("other"), form).Status; got != 404 {
			t.Errorf("POST %s by somebody else = %d, want 404", path, got)
		}
	}
}

func TestDraftIsThereAtTheNextVisit(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	cookie := s.as("member")
	s.post("/issues/1/draft", cookie, url.Values{"body": {"Dear Anna"}, "kind": {"internal"}}).want(t, 204)
	s.get("/issues/1", cookie).want(t, 200, "Dear Anna</textarea>", "Your draft", `id="internal" checked`)
	s.get("/issues/1", s.as("lead")).want(t, 200, "!Dear Anna")
}
