package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"letterbox/models"
	"letterbox/tracker"
)

func TestEveryPageRendersInBothLanguages(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, withFile)
	s.mail(s.inbox, plainMail)
	s.mail(s.inbox, strings.NewReplacer("customer.example", "blocked.example", "printer-1", "b-1").Replace(plainMail))
	s.mail(s.inbox, strings.NewReplacer("printer-1", "auto-1", "MIME-Version", "Auto-Submitted: auto-replied\nMIME-Version").Replace(plainMail))
	_, err := s.h.Tracker.Comment(t.Context(), s.users["member"], 1, tracker.CommentDraft{Body: "Not for customers", Internal: true})
	s.ok(err)
	cookie := s.as("admin")
	paths := []string{"/issues?q=nothing+like+it", "/issues?state=closed", "/issues?project=SUP", "/messages?q=nothing", "/messages?state=rejected", "/nothing"}
	for _, r := range s.h.routes() {
		if r.method == http.MethodGet && !strings.HasSuffix(r.path, "/raw") && !strings.HasSuffix(r.path, "/file") && !strings.HasPrefix(r.path, "/static") &&
			!strings.HasPrefix(r.path, "/attachments") && !strings.HasSuffix(r.path, ".csv") && r.path != "/changes" && r.path != "/setup" {
			paths = append(paths, s.path(r.path, m))
		}
	}
	for id := int64(2); id <= 4; id++ {
		paths = append(paths, fmt.Sprintf("/messages/%d", id))
	}
	for _, lang := range []string{"de", "en"} {
		s.post("/preferences", cookie, url.Values{"language": {lang}, "back": {"/"}}).want(t, 303)
		for _, path := range paths {
			got := s.get(path, cookie)
			if got.Status >= 500 {
				t.Errorf("%s GET %s = %d", lang, path, got.Status)
			}
			if open := unfilled.FindString(got.Body); open != "" {
				t.Errorf("%s GET %s shows the placeholder %s", lang, path, open)
			}
			file := strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") // To be kept, not a page.
			if got.Status == 200 && !file && !strings.Contains(path, "/html") && !strings.Contains(path, "/mail/") &&
				!strings.Contains(got.Body, `<html lang="`+lang+`"`) {
				t.Errorf("GET %s is not in %s", path, lang)
			}
		}
	}
}

const nasty = `"><script>alert(1)</script><img src=x onerror=alert(2)>`

// Every field of a mail that a stranger can fill, on every page that shows some of it.
func TestMailCannotPutMarkupIntoPages(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, `From: "`+strings.ReplaceAll(nasty, `"`, `\"`)+`" <mallory@customer.example>
To: support@letterbox.example
Subject: `+nasty+`
Message-ID: <x`+strings.ReplaceAll(nasty, " ", "")+`@customer.example>
X-Nasty: `+nasty+`
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8

`+nasty+`
javascript:alert(3) https://customer.example/"onmouseover="alert(4)

On Fri, 20 Nov 2026 at 09:00, Support <support@letterbox.example> wrote:
> `+nasty+`

-- 
`+nasty+`
--b
Content-Type: text/html; name="`+strings.ReplaceAll(nasty, `"`, "'")+`"
Content-Disposition: attachment; filename="`+strings.ReplaceAll(nasty, `"`, "'")+`.html"

<script>alert(5)</script>
--b--
`)
	cookie := s.as("admin")
	for _, path := range []string{
		"/issues", "/issues/1", "/messages", fmt.Sprint("/messages/", m.ID), fmt.Sprint("/inboxes/", s.inbox.ID), "/users",
		"/issues?q=" + url.QueryEscape(nasty), "/messages?q=" + url.QueryEscape(nasty), "/issues?project=" + url.QueryEscape(nasty),
		"/signin?to=" + url.QueryEscape(nasty), "/users/5", "/users/6", fmt.Sprintf("/issues/1/mail/%d", m.ID),
	} {
		got := s.get(path, cookie)
		if strings.Contains(path, "q=") || got.Status == 200 {
			checkMarkup(t, path, got.Body)
		}
	}
	s.get("/issues/1", cookie).want(t, 200, "&lt;script&gt;alert(1)")
	s.post("/signin", "", url.Values{"login": {nasty}, "password": {nasty}, "to": {nasty}}).want(t, 422, "!<script>alert")
}

// checkMarkup fails when a page holds elements or attributes that no template of ours makes.
func checkMarkup(t *testing.T, path, body string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		attrs := map[string]string{}
		for _, a := range n.Attr {
			attrs[a.Key] = a.Val
			if strings.HasPrefix(a.Key, "on") {
				t.Errorf("%s: <%s> has the attribute %s", path, n.Data, a.Key)
			}
			if a.Key == "href" && strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				t.Errorf("%s: link to %q", path, a.Val)
			}
		}
		if n.Data == "script" && attrs["nonce"] == "" || n.Data == "img" {
			t.Errorf("%s: foreign <%s>", path, n.Data)
		}
	}
}

func TestIssuePageShowsTheMailAndFoldsTheQuotation(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	s.get("/issues/1", s.as("member")).want(t, 200,
		"The printer burns", "by mail to support@letterbox.example", "anna@customer.example",
		`<a href="https://customer.example/photo" rel="noopener noreferrer nofollow" target="_blank">https://customer.example/photo</a>`,
		"&gt; Does it burn?", "!Quoted text", `src="/issues/1/mail/1"`, `sandbox="allow-popups allow-popups-to-escape-sandbox"`)
	s.mail(s.inbox, strings.NewReplacer("<printer-1@", "<printer-2@", "MIME-Version", "In-Reply-To: <printer-1@customer.example>\nMIME-Version").Replace(plainMail))
	s.get("/issues/1", s.as("member")).want(t, 200, "Quoted text", `<div class="quote" dir="auto">`, "&gt; Does it burn?", `src="/issues/1/mail/2"`)
}

// Who configures the inbox gets from a mail in the thread to what was decided of it, and to its octets; others do not.
func TestMailOfAnIssueLeadsToItsStory(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	const story, raw = `<a href="/messages/1" title="The way of this mail`, `href="/messages/1/raw" download`
	for _, who := range []string{"admin", "lead"} {
		s.get("/issues/1", s.as(who)).want(t, 200, story, raw)
		s.get("/messages/1", s.as(who)).want(t, 200)
	}
	s.get("/issues/1", s.as("member")).want(t, 200, "to support@letterbox.example", "!/messages/1")
	s.get("/messages/1", s.as("member")).want(t, 403)
}

func TestInternalNoteIsClearlyMarked(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	cookie := s.as("member")
	got := s.post("/issues/1/comments", cookie, url.Values{"body": {"Keep this quiet"}, "kind": {"internal"}})
	got.want(t, 303)
	if to := got.Header.Get("Location"); !strings.HasPrefix(to, "/issues/1#comment-") {
		t.Errorf("leads to %q, want the new comment", to)
	}
	s.get("/issues/1", cookie).want(t, 200, `class="post internal"`, "Internal note", "Keep this quiet")
	s.post("/issues/1/comments", cookie, url.Values{"body": {"   "}, "kind": {"internal"}}).
		want(t, 422, "Write something", `id="internal" checked`, `aria-invalid="true"`, "Error: ")
}

// What was searched for among issues is looked for in messages and contacts with one press, by those who see them.
func TestSearchGoesOnInMessagesAndContacts(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	in := func(where string) string { return `href="/` + where + `?q=anna"` }
	s.get("/issues?q=anna", s.as("lead")).want(t, 200, "Where to search", in("messages"), in("contacts"))
	s.get("/issues?q=is:open", s.as("lead")).want(t, 200, "!Where to search")
	s.get("/issues?q=anna", s.as("member")).want(t, 200, "!"+in("messages"), in("contacts"))
	s.get("/issues?q=anna", s.as("reporter")).want(t, 200, "!"+in("messages"), "!"+in("contacts"))
	s.get("/messages?q=anna", s.as("lead")).want(t, 200, in("issues"), in("contacts"))
	s.get("/contacts?q=anna", s.as("lead")).want(t, 200, in("issues"), in("messages"))
	s.get("/issues/1", s.as("member")).want(t, 200, `<a href="/contacts/`)
	s.get("/issues/1", s.as("reporter")).want(t, 404)
}

func TestIssueListFiltersAndJumps(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	cookie := s.as("member")
	_, err := s.h.Tracker.OpenIssue(t.Context(), s.users["member"], tracker.IssueDraft{ProjectKey: "SUP", Title: "Order paper", State: models.IssueClosed})
	s.ok(err)
	tests := []struct {
		path  string
		texts []string
	}{
		{"/issues", []string{"The printer burns", "!Order paper"}},
		{"/issues?state=all", []string{"The printer burns", "Order paper"}},
		{"/issues?q=is:closed", []string{"!The printer burns", "Order paper"}},
		{"/issues?q=ist:geschlossen+paper", []string{"Order paper"}},
		{"/issues?q=project:sup+printer", []string{"The printer burns", "!Order paper"}},
		{"/issues?q=unicorn", []string{"Nothing found for &#34;unicorn&#34;", "Reset the filters"}},
		{"/issues?q=order+project:sup", []string{"Nothing found", `href="/issues?q=order&#43;project%3Asup&amp;state=all">Search in all states`, "!Order paper"}},
		{"/issues?q=unicorn+is:closed", []string{"Nothing found", "!Search in all states"}},
		{"/issues?q=unicorn&state=all", []string{"Nothing found", "!Search in all states"}},
	}
	for _, test := range tests {
		s.get(test.path, cookie).want(t, 200, test.texts...)
	}
	for _, path := range []string{"/issues?state=burning", "/issues?project=OPS", "/issues/999", "/issues/0", "/issues/01", "/issues/x", "/issues/-1"} {
		s.get(path, cookie).want(t, 404)
	}
	for typed, want := range map[string]string{"%2312": "/issues/12", "SUP-1": "/issues/1", "sup-2": "/issues/2", "SUP-99": "", "OPS-1": "", "E-42": "", "SUP-1+x": ""} {
		if got := s.get("/issues?q="+typed, cookie).Header.Get("Location"); got != want {
			t.Errorf("%s leads to %q, want %q", typed, got, want)
		}
	}
}

func TestListsArePaged(t *testing.T) {
	s := newSite(t)
	for i := range 55 {
		_, err := s.h.Tracker.OpenIssue(t.Context(), s.users["member"], tracker.IssueDraft{ProjectKey: "SUP", Title: fmt.Sprintf("Number %02d!", i)})
		s.ok(err)
	}
	cookie, path := s.as("member"), "/issues"
	seen := map[string]int{}
	for pages := 0; path != ""; pages++ {
		if pages == 3 {
			t.Fatal("the list does not end")
		}
		body := s.get(path, cookie).Body
		for i := range 55 {
			title := fmt.Sprintf("Number %02d!", i)
			seen[title] += strings.Count(body, title)
		}
		path = ""
		if _, rest, ok := strings.Cut(body, `<a class="btn" href="/issues?cursor=`); ok {
			cursor, _, _ := strings.Cut(rest, `"`)
			path = "/issues?cursor=" + html.UnescapeString(cursor)
		}
	}
	for i := range 55 {
		if n := seen[fmt.Sprintf("Number %02d!", i)]; n != 1 {
			t.Errorf("issue %d is shown %d times, want once", i, n)
		}
	}
}

func TestChangeOfAnotherIsNotOverwritten(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	cookie := s.as("member")
	form := url.Values{"state": {"open"}, "assignee": {"lead"}, "version": {"1"}}
	s.post("/issues/1/state", cookie, form).want(t, 303)
	s.get("/issues/1", cookie).want(t, 200, `<option value="open" selected>`, `<option value="lead" selected>`)
	form.Set("state", "closed")
	s.post("/issues/1/state", cookie, form).want(t, 409, "Member changed this issue at ", "Your input is kept", `<option value="closed" selected>`, "<td data-label=\"Stored now\">Open</td>", "!Send only the comment")
	form.Set("version", "nonsense")
	s.post("/issues/1/state", cookie, form).want(t, 400)
}

func TestErrorsTellNothingOfTheInside(t *testing.T) {
	s := newSite(t)
	s.ok(s.store.Close())
	got := s.get("/signin", s.h.sessionCookie()+"=abc")
	got.want(t, 500, "Reference", "!database", "!sql", "!.go", "!goroutine", "!Your input is kept", "!Send again")
	s.post("/signin", "", url.Values{"login": {strings.Repeat("x", maxForm+1)}}).want(t, 413)
}

// The error page says that the input is kept, so it has to be.
func TestInputSurvivesAnErrorOfOurs(t *testing.T) {
	s := newSite(t)
	cookie := s.as("member")
	s.ok(s.store.Close())
	s.post("/issues/1/comments", cookie, url.Values{"body": {"Two \"long\" hours\nof work"}, "kind": {"internal"}}).want(t, 500,
		"Your input is kept", `action="/issues/1/comments"`, `name="body" value="Two &#34;long&#34; hours`, `name="kind" value="internal"`, "Send again")
	s.post("/signin", "", url.Values{"login": {"member"}, "password": {"very secret"}}).
		want(t, 500, "!Your input is kept", "!very secret", "!Send again")
}

func TestHeadAndForeignMethods(t *testing.T) {
	s := newSite(t)
	if got := s.do(http.MethodHead, "/signin", "", nil); got.Status != 200 || got.Body != "" {
		t.Errorf("HEAD = %d with %d octets, want 200 without", got.Status, len(got.Body))
	}
	for _, method := range []string{http.MethodTrace, http.MethodPut, http.MethodDelete} {
		if got := s.do(method, "/issues", s.as("admin"), nil).Status; got != http.StatusMethodNotAllowed {
			t.Errorf("%s = %d, want 405", method, got)
		}
	}
}

func TestDemoButtonSendsAMail(t *testing.T) {
	sent := 0
	s := newSiteWith(t, func(d *Deps) { d.Demo = demoThat(&sent) })
	cookie := s.as("member")
	s.get("/issues", cookie).want(t, 200, "Send test mail")
	s.post("/demo/mail", cookie, url.Values{}).want(t, 303)
	if sent != 1 {
		t.Errorf("sent %d mails, want 1", sent)
	}
	plain := newSite(t)
	cookie = plain.as("member")
	plain.get("/issues", cookie).want(t, 200, "!Send test mail")
	plain.post("/demo/mail", cookie, url.Values{}).want(t, 404)
}
