package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterbox/models"
)

// withFile is a mail with an attachment, so that every kind of route has something to show.
const withFile = `From: Anna Berg <anna@customer.example>
To: support@letterbox.example
Subject: Photo of the fire
Message-ID: <photo-1@customer.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p>See the <b>photo</b>: <img src="cid:pic"> <img src="https://tracker.example/pixel.png"></p>
--b
Content-Type: image/png; name="fire.png"
Content-Disposition: attachment; filename="fire.png"
Content-ID: <pic>
Content-Transfer-Encoding: base64

iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==
--b--
`

// Who may come to each route that shows something: the rows are the people, the answers what they get.
func TestEveryRouteKnowsWhoMayComeToIt(t *testing.T) {
	s := newSite(t)
	s.password("admin")
	m := s.mail(s.inbox, withFile)
	s.ok(s.store.WithTx(t.Context(), func(ctx context.Context) error {
		return s.store.AddIntake(ctx, &models.Intake{ProjectID: s.sup.ID, Year: 2026, MessageID: m.ID, IssueNumber: *m.IssueNumber, CameAt: time.Now()})
	}))
	cookies := map[string]string{}
	people := []string{"", "other", "reporter", "member", "lead", "admin"} // The reporter has to do with no issue.
	for _, name := range people {
		cookies[name] = s.as(name)
	}
	// In the order of people. 200 stands for "may", 303 without sign-in for "sign in first".
	page := func(n need) []int {
		switch n {
		case anyone:
			return []int{200, 200, 200, 200, 200, 200}
		case signedIn:
			return []int{303, 200, 200, 200, 200, 200}
		case configurer:
			return []int{303, 403, 403, 403, 200, 200}
		default:
			return []int{303, 403, 403, 403, 403, 200}
		}
	}
	ofSUP := []int{303, 404, 404, 200, 200, 200}
	special := map[string][]int{
		"/":                             {303, 303, 303, 303, 303, 303},
		"/setup":                        {404, 404, 404, 404, 404, 404},
		"/signin":                       {200, 303, 303, 303, 303, 303},
		"/signin/code":                  {200, 303, 303, 303, 303, 303},
		"/signin/oidc/callback":         {404, 404, 404, 404, 404, 404},
		"/password":                     {404, 404, 404, 404, 404, 404},
		"/password/:token":              {303, 303, 303, 303, 303, 303},
		"/unsubscribe/:token":           {404, 404, 404, 404, 404, 404},
		"/issues/:number":               ofSUP,
		"/issues/:number/edit":          ofSUP,
		"/issues/:number/mail/:message": ofSUP,
		"/attachments/:id":              ofSUP,
		"/contacts":                     {303, 200, 403, 200, 200, 200},
		"/contacts/:id":                 {303, 404, 403, 200, 200, 200},
		"/organisations":                {303, 200, 403, 200, 200, 200},
		"/organisations/:id":            {303, 200, 403, 200, 200, 200},
		"/attachments/:id/preview":      ofSUP,
		"/intakes/:id":                  ofSUP,
		"/projects/:id":                 {303, 404, 200, 200, 200, 200},
		"/projects/:id/states":          {303, 403, 403, 403, 200, 200},
		"/projects/:id/priorities":      {303, 403, 403, 403, 200, 200},

		"/projects/:id/template-versions/:version": {303, 403, 403, 403, 404, 404},

		"/smime/keys/:id/certificate": {303, 403, 403, 403, 403, 404},
		"/webhooks/:id":               {303, 403, 403, 403, 403, 404},
		"/scripts/:id":                {303, 403, 403, 403, 403, 404},
		"/oauth/callback":             {303, 403, 403, 403, 400, 400},
		"/changes":                    nil, // A stream, see TestChangesReachThePages.
	}
	for _, r := range s.h.routes() {
		want, ok := special[r.path]
		if r.method != http.MethodGet || ok && want == nil {
			continue
		}
		if !ok {
			want = page(r.need)
		}
		for i, name := range people {
			got := s.get(s.path(r.path, m), cookies[name])
			if got.Status != want[i] {
				t.Errorf("GET %s as %q = %d, want %d", r.path, name, got.Status, want[i])
			}
			if want[i] == 303 && name == "" && r.path != "/" && r.path != "/password/:token" && !strings.HasPrefix(got.Header.Get("Location"), "/signin") {
				t.Errorf("GET %s leads to %q, want the sign-in", r.path, got.Header.Get("Location"))
			}
		}
	}
}

func TestActionsAreRefusedToThoseWhoMayNot(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, withFile)
	comment := url.Values{"body": {"Hello"}, "kind": {"public"}}
	tests := []struct {
		path string
		form url.Values
		as   string
		want int
	}{
		{"/issues/1/comments", comment, "", 401},
		{"/issues/1/comments", comment, "other", 404},
		{"/issues/1/comments", comment, "member", 303},
		{"/issues/1/state", url.Values{"state": {"open"}, "version": {"1"}}, "other", 404},
		{"/issues/new", url.Values{"project": {"SUP"}, "title": {"x"}}, "other", 422}, // SUP is nothing for them.
		{"/projects/new", url.Values{"key": {"NEW"}, "name": {"New"}}, "lead", 403},
		{s.path("/projects/:id", m), url.Values{"key": {"SUP"}, "name": {"X"}}, "member", 403},
		{s.path("/projects/:id/members", m), url.Values{"login": {"other"}, "role": {"admin"}}, "member", 403},
		{"/projects/2/members", url.Values{"login": {"lead"}, "role": {"admin"}}, "lead", 404},
		{"/users/new", url.Values{"login": {"x"}, "role": {"admin"}}, "lead", 403},
		{s.path("/users/:id/role", m), url.Values{"role": {"admin"}}, "lead", 403},
		{s.path("/users/:id/password", m), url.Values{"password": {"another good password"}}, "member", 403},
		{s.path("/inboxes/:id/poll", m), nil, "member", 403},
		{s.path("/inboxes/:id/delete", m), nil, "member", 403},
		{"/inboxes/2/delete", nil, "lead", 404}, // The global one.
		{"/inboxes/2/edit", url.Values{"version": {"1"}}, "lead", 404},
		{s.path("/messages/:id/reprocess", m), nil, "member", 403},
		{s.path("/messages/:id/reprocess", m), nil, "lead", 303},
	}
	for _, test := range tests {
		form := test.form
		if form == nil {
			form = url.Values{}
		}
		if got := s.post(test.path, s.as(test.as), form); got.Status != test.want {
			t.Errorf("POST %s as %q = %d, want %d", test.path, test.as, got.Status, test.want)
		}
	}
}

func TestMessagesOfForeignInboxesAreNotThere(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.global, strings.ReplaceAll(plainMail, "printer-1", "global-1"))
	lead := s.as("lead")
	for _, path := range []string{"/messages/:id", "/messages/:id/html", "/messages/:id/raw"} {
		if got := s.get(s.path(path, m), lead).Status; got != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, got)
		}
	}
	s.get("/messages", lead).want(t, 200, "!The printer burns")
	s.get("/messages?inbox=2", lead).want(t, 404)
	s.get("/messages", s.as("admin")).want(t, 200, "The printer burns")
	s.get("/inboxes", lead).want(t, 200, "Support", "!Everything@letterbox")
}

func TestNoActionFromAnotherSite(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, plainMail)
	cookie := s.as("admin")
	for _, r := range s.h.routes() {
		if r.method != http.MethodPost {
			continue
		}
		for _, head := range [][]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
		} {
			if got := s.post(s.path(r.path, m), cookie, url.Values{}, head...); got.Status != http.StatusForbidden {
				t.Errorf("POST %s with %v = %d, want 403", r.path, head, got.Status)
			}
		}
	}
	s.get("/issues", cookie).want(t, 200) // Nobody was signed out.
}

func TestConfiguredOriginIsTrusted(t *testing.T) {
	s := newSiteWith(t, func(d *Deps) { d.BaseURL = "https://issues.example.org" })
	form := url.Values{"theme": {"dark"}, "back": {"/issues"}}
	s.post("/preferences", s.as("member"), form, "Origin", "https://issues.example.org").want(t, 303)
	s.post("/preferences", s.as("member"), form, "Origin", "https://issues.example.com").want(t, 403)
}

func TestEveryAnswerCarriesTheSecurityHeaders(t *testing.T) {
	s := newSiteWith(t, func(d *Deps) { d.Secure = true })
	m := s.mail(s.inbox, withFile)
	cookie := s.as("admin")
	paths := []string{"/nothing", "/api/v1/nothing", "/api/v1/issues", "/static/nothing", "/livez"}
	for _, r := range s.h.routes() {
		if r.method == http.MethodGet && r.path != "/changes" {
			paths = append(paths, s.path(r.path, m))
		}
	}
	for _, path := range paths {
		got := s.get(path, cookie)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Strict-Transport-Security": "max-age=", "Cross-Origin-Opener-Policy": "same-origin",
			"Referrer-Policy": "", "Cross-Origin-Resource-Policy": "same-origin", "Content-Security-Policy": "default-src 'none'",
		} {
			if value := got.Header.Get(name); value == "" || !strings.Contains(value, want) {
				t.Errorf("GET %s: %s = %q, want %q in it", path, name, value, want)
			}
		}
		csp := got.Header.Get("Content-Security-Policy")
		if strings.Contains(csp, "unsafe-eval") || strings.Contains(csp, "script-src 'self'") ||
			strings.Contains(csp, "unsafe-inline") && !strings.HasPrefix(csp, "sandbox") {
			t.Errorf("GET %s: policy %q lets too much through", path, csp)
		}
	}
}

func TestPolicyNonceIsNewForEveryPage(t *testing.T) {
	s := newSite(t)
	a, b := s.get("/signin", ""), s.get("/signin", "")
	if x, y := a.Header.Get("Content-Security-Policy"), b.Header.Get("Content-Security-Policy"); x == y {
		t.Errorf("two pages have the same policy %q", x)
	}
	_, nonce, _ := strings.Cut(a.Header.Get("Content-Security-Policy"), "'nonce-")
	nonce, _, _ = strings.Cut(nonce, "'")
	a.want(t, 200, `nonce="`+nonce+`"`)
}

func TestChangesReachThePages(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/changes?topics=issue:7", nil)
	s.ok(err)
	req.Header.Set("Cookie", s.as("member"))
	res, err := http.DefaultClient.Do(req)
	s.ok(err)
	defer res.Body.Close()
	if got, want := res.Header.Get("Content-Type"), "text/event-stream"; got != want {
		t.Fatalf("Content-Type = %q, want %q", got, want)
	}
	seen := make([]byte, 0, 200)
	buf := make([]byte, 200)
	for !strings.Contains(string(seen), "retry") { // The stream is open: it is subscribed.
		n, err := res.Body.Read(buf)
		s.ok(err)
		seen = append(seen, buf[:n]...)
	}
	s.h.live.publish("issue:8")
	s.h.live.publish("issue:7")
	for !strings.Contains(string(seen), "changed") {
		n, err := res.Body.Read(buf)
		s.ok(err)
		seen = append(seen, buf[:n]...)
	}
	if n := strings.Count(string(seen), "changed"); n != 1 {
		t.Errorf("told %d times, want once: issue:8 is another one", n)
	}
	if n := strings.Count(string(seen), "event: counts\n"); n != 1 {
		t.Errorf("told %d times that numbers may have changed, want once, for issue:8", n)
	}
	s.get("/changes?topics=issue", "").want(t, 401)
}
