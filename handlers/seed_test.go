package handlers

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/i18n"
	"letterbox/models"
	"letterbox/templates"
)

// The rows of docs/seeds.md that no other test shows.

// Inboxes say what they are: the list, their names, whether everybody may write, and how to get past the navigation.
func TestPagesOfInboxesSayWhatTheyAre(t *testing.T) {
	s := newSite(t)
	nameStandsWithAllThatItDid(t, s)
	openInboxSaysSo(t, s)
	pagesBeginWithTheWayPastTheNavigation(t, s)
	listHasOneMainAction(t, s)
}

// The form of an inbox takes what people paste, keeps secrets to itself, and stores nothing before it is told to.
func TestFormOfAnInboxTakesWhatIsPastedAndKeepsSecrets(t *testing.T) {
	s := newSite(t)
	whatIsNotSavedIsNotThere(t, s)
	neededDetailsCanBeAskedFor(t, s)
	browsersFillInNothing(t, s)
	serverAndAddressArePasted(t, s)
	passwordOfAnotherSignInIsNotKept(t, s)
	storedSecretsCannotBeRead(t, s)
}

func mainOf(a answer) string {
	_, content, _ := strings.Cut(a.Body, "<main")
	content, _, _ = strings.Cut(content, "</main>")
	return content
}

func listHasOneMainAction(t *testing.T, s *site) {
	t.Helper()
	admin := s.as("admin")
	filled := s.get("/inboxes", admin)
	filled.want(t, 200, "<caption", `<th scope="col">`, `href="/inboxes/add"`)
	all, err := s.h.Gateway.Inboxes(t.Context())
	s.ok(err)
	for _, in := range all {
		s.ok(s.h.Gateway.DeleteInbox(t.Context(), nil, in.ID))
	}
	empty := s.get("/inboxes", admin)
	empty.want(t, 200, "No inbox yet", "!<table")
	for name, page := range map[string]answer{"filled": filled, "empty": empty} {
		if n := strings.Count(mainOf(page), `class="btn primary"`); n != 1 {
			t.Errorf("the %s list has %d main actions, want 1\n%s", name, n, mainOf(page))
		}
	}
}

func nameStandsWithAllThatItDid(t *testing.T, s *site) {
	t.Helper()
	in := s.addInbox("Leitstelle Nord", s.sup.ID, false)
	m := s.mail(in, plainMail)
	admin := s.as("admin")
	for _, path := range []string{"/inboxes", s.pathOf("/inboxes/%d", in.ID), "/messages", s.pathOf("/messages/%d", m.ID), "/audit"} {
		s.get(path, admin).want(t, 200, "Leitstelle Nord")
	}
	s.get("/issues/1", admin).want(t, 200, "leitstelle nord@letterbox.example")
}

func serverAndAddressArePasted(t *testing.T, s *site) {
	t.Helper()
	cookie := s.as("lead")
	for name, test := range map[string][2]string{
		"one": {"imaps://mail.example.org:993/", "mail.example.org:993"}, "two": {"imap.example.org:1993", "imap.example.org:1993"}, "three": {"pop3s://pop.example.org", "pop.example.org:995"},
	} {
		form := s.draft(map[string]string{"name": "", "host": test[0], "username": "", "address": "Support " + name + " <" + name + "@example.org>", "enabled": ""})
		got := s.post("/inboxes/new", cookie, form)
		got.want(t, 303)
		s.get(got.Header.Get("Location"), cookie).want(t, 200, test[1], "<h1>Support "+name+"</h1>", name+"@example.org", "!://", "!&lt;"+name)
	}
	s.post("/inboxes/new", cookie, s.draft(map[string]string{"host": "https://mail.example.org/"})).want(t, 422, `href="#f-host"`)
	s.post("/inboxes/new", cookie, s.draft(map[string]string{"host": "imaps://mail.example.org/", "poll_interval": "0"})).want(t, 422, `value="mail.example.org"`, `value="993"`)
}

func passwordOfAnotherSignInIsNotKept(t *testing.T, s *site) {
	t.Helper()
	for _, auth := range []string{"oauth2_user", "none"} {
		got := s.post("/inboxes/new", s.as("lead"), s.draft(map[string]string{"auth": auth, "name": auth, "username": auth, "security": "tls", "enabled": ""}))
		got.want(t, 303)
		in, err := s.h.Gateway.InboxByName(t.Context(), auth)
		s.ok(err)
		if in.PasswordSet {
			t.Errorf("%s: a password is kept that this way to sign in has no field for", auth)
		}
	}
}

func browsersFillInNothing(t *testing.T, s *site) {
	t.Helper()
	got := s.get("/inboxes/new", s.as("lead"))
	got.want(t, 200, `autocomplete="off"`, `autocomplete="new-password"`, `<textarea id="f-allowed_senders"`, `<textarea id="f-blocked_senders"`,
		`<textarea id="f-recipients_expected"`, "!onpaste", "Empty: no restriction.")
	for _, field := range []string{"username", "password"} {
		_, rest, _ := strings.Cut(got.Body, `id="f-`+field+`"`)
		if tag, _, _ := strings.Cut(rest, ">"); !strings.Contains(tag, "autocomplete=") {
			t.Errorf("the field %s says nothing about being filled in: %s", field, tag)
		}
	}
}

func whatIsNotSavedIsNotThere(t *testing.T, s *site) {
	t.Helper()
	cookie := s.as("lead")
	before, err := s.h.Gateway.Inboxes(t.Context())
	s.ok(err)
	s.post("/inboxes/new", cookie, s.draft(map[string]string{"host": "127.0.0.1", "port": "1", "connect_timeout": "1", "do": "check"})).want(t, 200, `href="/inboxes"`)
	w := s.wizard(t, "lead")
	w.press("Continue", []string{"address", "max@gmx.de", "project", s.pathOf("%d", s.sup.ID), "provider", "auto"}, "Step 2 of 3")
	after, err := s.h.Gateway.Inboxes(t.Context())
	s.ok(err)
	if len(after) != len(before) {
		t.Errorf("%d inboxes, want the %d from before", len(after), len(before))
	}
}

func neededDetailsCanBeAskedFor(t *testing.T, s *site) {
	t.Helper()
	w := s.wizard(t, "lead")
	w.press("Enter the server myself", []string{"address", "lz1@fire.example", "project", s.pathOf("%d", s.sup.ID)},
		"Ask whoever runs the server", "For the mailbox lz1@fire.example I need:", "server address", "port and connection security", "user name and password", "OAuth", "folder", "SHA-256")
}

func pagesBeginWithTheWayPastTheNavigation(t *testing.T, s *site) {
	t.Helper()
	s.mail(s.inbox, plainMail)
	admin, pages := s.as("admin"), 0
	for _, r := range s.h.routes() {
		if r.method != http.MethodGet || strings.Contains(r.path, ":") {
			continue
		}
		got := s.get(r.path, admin)
		_, body, ok := strings.Cut(got.Body, "<body")
		if got.Status != 200 || !ok || !strings.Contains(body, "<nav") {
			continue
		}
		pages++
		first := strings.Index(body, "<a ")
		for _, tag := range []string{"<button", "<input", "<select", "<textarea", "<summary"} {
			if at := strings.Index(body, tag); at >= 0 && at < first {
				t.Errorf("%s: %s comes before the first link", r.path, tag)
			}
		}
		if first < 0 || !strings.HasPrefix(body[first:], `<a class="skip" href="#main">`) || !strings.Contains(body, `id="main"`) {
			t.Errorf("%s does not begin with the way to its content", r.path)
		}
		if !strings.Contains(body, "<span>Letterbox test</span>") {
			t.Errorf("%s does not name the version at its foot", r.path)
		}
	}
	if pages < 15 {
		t.Errorf("looked at %d pages, want all with a navigation", pages)
	}
}

func openInboxSaysSo(t *testing.T, s *site) {
	t.Helper()
	page, lead := s.pathOf("/inboxes/%d", s.inbox.ID), s.as("lead")
	const open = "anyone can create issues"
	s.get(page, lead).want(t, 200, open)
	s.ok(s.setRules(func(d *gateway.InboxDraft) { d.Rules.AllowedSenders = []string{"@customer.example"} }))
	s.get(page, lead).want(t, 200, "!"+open)
}

func TestStepsOfTheWizardAreHeadingsOfTheDocumentation(t *testing.T) {
	cat, err := i18n.Load(templates.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"de", "en"} {
		doc, err := os.ReadFile(filepath.Join("..", "docs", "admin", lang+".md"))
		if err != nil {
			t.Fatal(err)
		}
		rest := string(doc)
		for _, step := range []string{"1", "2", "3"} {
			title := cat.Locale(lang).T("wizard.step." + step)
			var ok bool
			if _, rest, ok = strings.Cut(rest, "\n### "+title+"\n"); !ok {
				t.Errorf("%s.md has no heading %q after those of the steps before", lang, title)
			}
		}
	}
}

func TestUsualPortFollowsProtocolAndSecurity(t *testing.T) {
	for _, test := range []struct {
		receive, security string
		typed, want       int
	}{
		{"imap", "auto", 0, 993}, {"imap", "tls", 0, 993}, {"imap", "starttls", 0, 143}, {"imap", "none", 0, 143},
		{"pop3", "auto", 0, 995}, {"pop3", "tls", 0, 995}, {"pop3", "starttls", 0, 110}, {"pop3", "none", 0, 110}, {"imap", "starttls", 1143, 1143},
	} {
		if got := usualPort(models.InboxSettings{Receive: test.receive, Security: test.security, Port: test.typed}); got != test.want {
			t.Errorf("%s with %s, %d typed: port %d, want %d", test.receive, test.security, test.typed, got, test.want)
		}
	}
}

func storedSecretsCannotBeRead(t *testing.T, s *site) {
	t.Helper()
	const canary = "canary-7d1f-password"
	page := s.post("/inboxes/new", s.as("lead"), s.draft(map[string]string{"password": canary, "enabled": ""})).Header.Get("Location")
	s.get(page, s.as("lead")).want(t, 200, "password set")
	sending := url.Values{
		"place": {"default"}, "address": {"support@letterbox.example"}, "host": {"smtp.letterbox.example"}, "port": {"465"}, "security": {"tls"}, "tls_verify": {"system"},
		"auth": {"password"}, "username": {"support"}, "password": {canary}, "text_language": {"en"}, "do": {"save"},
	}
	s.post("/sending/new", s.as("admin"), sending).want(t, 303)
	file := filepath.Join(t.TempDir(), "copy.db")
	s.ok(s.store.Backup(t.Context(), file))
	raw, err := os.ReadFile(file)
	s.ok(err)
	if !strings.Contains(string(raw), "imap.letterbox.example") || strings.Contains(string(raw), canary) {
		t.Error("the backup lacks the inbox, or a password can be read in it")
	}
}
