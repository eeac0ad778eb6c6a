package handlers

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/gateway/script"
	"letterbox/internal/netguard"
	"letterbox/internal/secret"
	"letterbox/internal/testdb"
	"letterbox/internal/webhook"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// site is a Letterbox with real storage and two projects: SUP with an inbox, and OPS, which most do not see.
type site struct {
	t     *testing.T
	h     *Handlers
	store *store.Store
	url   string

	users    map[string]*models.User // "admin", "lead" (project admin of SUP), "member" and "reporter" (of SUP), "other" (member of OPS).
	sup, ops models.Project
	inbox    gateway.InboxView // Of SUP.
	global   gateway.InboxView
}

func newSite(t *testing.T) *site {
	t.Helper()
	return newSiteWith(t, nil)
}

// newSiteWith makes a site with other dependencies.
func newSiteWith(t *testing.T, change func(*Deps)) *site {
	t.Helper()
	s := emptySite(t, change)
	s.people()
	return s
}

// emptySite is a site where nobody can sign in yet.
func emptySite(t *testing.T, change func(*Deps)) *site {
	t.Helper()
	s := &site{t: t, store: testdb.Open(t), users: map[string]*models.User{}}
	ring, err := secret.Parse(secret.Generate())
	s.ok(err)
	svc := tracker.New(tracker.Deps{Secrets: ring, Store: s.store})
	scripts, err := script.New("", 2)
	s.ok(err)
	gate := gateway.New(gateway.Deps{Scripts: scripts, Store: s.store, Tracker: svc, Secrets: ring, Log: slog.New(slog.DiscardHandler)})
	hooks := webhook.New(webhook.Deps{Store: s.store, Secrets: ring, Dial: netguard.WebDialer(nil)})
	d := Deps{Tracker: svc, Gateway: gate, Webhooks: hooks, Version: "test", Changes: func(func(string)) {}}
	if change != nil {
		change(&d)
	}
	s.h, err = build(d)
	s.ok(err)
	s.h.cat.OnMissing(func(lang, key string) { t.Errorf("text %q is missing in %q", key, lang) })
	srv := httptest.NewServer(s.h.router())
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

func (s *site) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) people() {
	s.t.Helper()
	ctx, root := s.t.Context(), tracker.CommandLine()
	var err error
	s.sup, err = s.h.Tracker.CreateProject(ctx, root, tracker.ProjectDraft{Key: "SUP", Name: "Support"})
	s.ok(err)
	s.ops, err = s.h.Tracker.CreateProject(ctx, root, tracker.ProjectDraft{Key: "OPS", Name: "Operations"})
	s.ok(err)
	for name, role := range map[string]models.Role{
		"admin": models.RoleAdmin, "lead": models.RoleMember, "member": models.RoleMember, "other": models.RoleMember, "reporter": models.RoleMember,
	} {
		u, err := s.h.Tracker.CreateUser(ctx, root, tracker.UserDraft{
			Login: name, Name: strings.ToUpper(name[:1]) + name[1:], Role: role, Addresses: []string{name + "@example.org"},
		})
		s.ok(err)
		s.users[name] = &u
	}
	s.ok(s.h.Tracker.SetMember(ctx, root, s.sup.ID, "lead", models.ProjectAdmin))
	s.ok(s.h.Tracker.SetMember(ctx, root, s.sup.ID, "member", models.ProjectMember))
	s.ok(s.h.Tracker.SetMember(ctx, root, s.sup.ID, "reporter", models.ProjectReporter))
	s.ok(s.h.Tracker.SetMember(ctx, root, s.ops.ID, "other", models.ProjectMember))
	s.inbox = s.addInbox("Support", s.sup.ID, false)
	s.global = s.addInbox("Everything", s.ops.ID, true)
}

func (s *site) addInbox(name string, project int64, global bool) gateway.InboxView {
	s.t.Helper()
	settings, rules := models.DefaultInboxSettings(), models.DefaultRules()
	settings.Receive, rules.AllowUnknown = "push", true
	rules.BlockedSenders = []string{"@blocked.example"}
	in, err := s.h.Gateway.CreateInbox(s.t.Context(), s.users["admin"], gateway.InboxDraft{
		Name: name, Address: strings.ToLower(name) + "@letterbox.example", ProjectID: project, Global: global, Enabled: true,
		Settings: settings, Rules: rules,
	})
	s.ok(err)
	return in
}

// mail takes a mail through all steps and returns what became of it.
func (s *site) mail(in gateway.InboxView, raw string) models.Message {
	s.t.Helper()
	m, err := s.h.Gateway.Receive(s.t.Context(), in.ID, "receive", strings.NewReader(strings.ReplaceAll(raw, "\n", "\r\n")))
	s.ok(err)
	return m
}

const plainMail = `From: Anna Berg <anna@customer.example>
To: support@letterbox.example
Subject: The printer burns
Message-ID: <printer-1@customer.example>
Date: Sat, 21 Nov 2026 10:00:00 +0100
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

It burns again, see https://customer.example/photo and #1.

On Fri, 20 Nov 2026 at 09:00, Support <support@letterbox.example> wrote:
> Does it burn?
> Yours, support
`

// answer is what came back for a request.
type answer struct {
	Status int
	Body   string
	Header http.Header
}

// as returns the cookie of a fresh sign-in, "" for nobody.
func (s *site) as(name string) string {
	s.t.Helper()
	if name == "" {
		return ""
	}
	value, err := s.h.Tracker.StartSession(s.t.Context(), s.users[name], nil)
	s.ok(err)
	return s.h.sessionCookie() + "=" + value
}

func (s *site) do(method, path, cookie string, form url.Values, head ...string) answer {
	s.t.Helper()
	return s.doCtx(s.t.Context(), method, path, cookie, form, head...)
}

func (s *site) doCtx(ctx context.Context, method, path, cookie string, form url.Values, head ...string) answer {
	s.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, body)
	s.ok(err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	for i := 0; i+1 < len(head); i += 2 {
		req.Header.Set(head[i], head[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	s.ok(err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	s.ok(err)
	return answer{Status: res.StatusCode, Body: string(raw), Header: res.Header}
}

func (s *site) get(path, cookie string, head ...string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, path, cookie, nil, head...)
}

func (s *site) post(path, cookie string, form url.Values, head ...string) answer {
	s.t.Helper()
	return s.do(http.MethodPost, path, cookie, form, head...)
}

// want checks status and content of an answer; a text that begins with "!" must not stand in it.
func (a answer) want(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.Status != status {
		t.Errorf("status = %d, want %d (Location %q)\n%s", a.Status, status, a.Header.Get("Location"), shortened(a.Body))
		return
	}
	for _, text := range texts {
		absent := strings.HasPrefix(text, "!")
		if text = strings.TrimPrefix(text, "!"); strings.Contains(a.Body, text) == absent {
			t.Errorf("page contains %q = %t, want %t\n%s", text, absent, !absent, shortened(a.Body))
		}
	}
}

// setCookie returns what the answer sets, as a request sends it.
func (a answer) setCookie(name string) string {
	for _, line := range a.Header.Values("Set-Cookie") {
		if value, _, _ := strings.Cut(line, ";"); strings.HasPrefix(value, name+"=") {
			return value
		}
	}
	return ""
}

func shortened(body string) string {
	if _, main, ok := strings.Cut(body, "<main"); ok {
		body = main
	}
	if len(body) > 3000 {
		return body[:3000] + "…"
	}
	return body
}

var unfilled = regexp.MustCompile(`\{[a-z][a-z0-9_]*\}`)

// path fills the parameters of a route with things of SUP.
func (s *site) path(pattern string, m models.Message) string {
	p := pattern
	switch {
	case strings.HasPrefix(p, "/projects/"):
		p = strings.Replace(p, ":id", fmt.Sprint(s.sup.ID), 1)
	case strings.HasPrefix(p, "/inboxes/"):
		p = strings.Replace(p, ":id", fmt.Sprint(s.inbox.ID), 1)
	case strings.HasPrefix(p, "/intakes/"):
		p = strings.Replace(p, ":id", "1", 1)
	case strings.HasPrefix(p, "/users/"):
		p = strings.Replace(p, ":id", fmt.Sprint(s.users["member"].ID), 1)
	case strings.HasPrefix(p, "/contacts/"):
		id := int64(1)
		if m.IssueNumber != nil {
			issue, err := s.store.IssueByNumber(s.t.Context(), *m.IssueNumber)
			s.ok(err)
			id = issue.ReporterID
		}
		p = strings.Replace(p, ":id", fmt.Sprint(id), 1)
	case strings.HasPrefix(p, "/organisations/"):
		o, err := s.h.Tracker.SaveOrganisation(s.t.Context(), tracker.CommandLine(), models.Organisation{Name: "Customers"})
		s.ok(err)
		p = strings.Replace(p, ":id", fmt.Sprint(o.ID), 1)
	case strings.HasPrefix(p, "/messages/"):
		p = strings.Replace(p, ":id", fmt.Sprint(m.ID), 1)
	case strings.HasPrefix(p, "/sending/accounts/"):
		p = strings.Replace(p, ":id", fmt.Sprint(s.sending("")), 1)
	case strings.HasPrefix(p, "/attachments/"):
		p = strings.Replace(p, ":id", "1", 1)
	}
	p = strings.Replace(p, ":version", "1", 1)
	p = strings.Replace(p, ":user", fmt.Sprint(s.users["member"].ID), 1)
	p = strings.Replace(p, ":number", "1", 1)
	p = strings.Replace(p, ":message", fmt.Sprint(m.ID), 1)
	return strings.Replace(p, ":name", "app.css", 1)
}

// password gives a person a password and returns it. Hashing takes its time, so most people here have none.
func (s *site) password(name string) string {
	s.t.Helper()
	password := "correct horse " + name + " battery"
	s.ok(s.h.Tracker.SetPassword(s.t.Context(), tracker.CommandLine(), s.users[name].ID, password))
	return password
}
