package acceptance_test

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"letterbox/internal/browsertest"
	"letterbox/internal/mailtest"
)

// The words by which somebody finds the way, in both languages.
type signposts struct {
	language, setup, save, works, unknown, noSubject string
}

func TestQuickStartInABrowser(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: map[string]string{"de": "geheim", "en": "secret"}})
	for _, s := range []signposts{
		{"de", "Letterbox einrichten", "Konto anlegen", "Alles in Ordnung", "unbekannt", "(kein Betreff)"},
		{"en", "Set up Letterbox", "Create account", "All good", "unknown", "(no subject)"},
	} {
		t.Run(s.language, func(t *testing.T) { quickStart(t, d, s) })
	}
}

// quickStart does what the README says to a new user: from the printed link to the first issue made of mail.
func quickStart(t *testing.T, d *mailtest.Dovecot, s signposts) {
	p := newProgram(t)
	p.start()
	if !strings.HasPrefix(p.setup, p.url+"/setup?token=") {
		t.Fatalf("printed setup link %q, want one below %s", p.setup, p.url)
	}
	b := openBrowser(t, s.language)
	b.do("open the setup link", chromedp.Navigate(p.setup), chromedp.WaitVisible("#f-login", chromedp.ByQuery))
	if got := b.text("h1"); got != s.setup {
		t.Errorf("the setup page is headed %q, want %q", got, s.setup)
	}
	if got := b.text("button.primary"); got != s.save {
		t.Errorf("its button says %q, want %q", got, s.save)
	}
	b.fill("login", "ada", "name", "Ada", "address", "ada@here.example", "password", "correct horse battery")
	b.picture("setup")
	b.click(`form[action="/setup"] button`, `a[href="/inboxes"]`)
	b.picture("welcome")

	b.do("open the projects", chromedp.Navigate(p.url+"/projects"))
	b.click(`a[href="/projects/new"]`, "#f-key")
	b.fill("key", "SUP", "name", "Support")
	b.click(`form[action="/projects/new"] button.primary`, `a[href="/issues?project=SUP"]`)
	b.picture("project")

	b.do("open the inboxes", chromedp.Navigate(p.url+"/inboxes"))
	b.click(`a[href="/inboxes/add"]`, "#f-address")
	b.fill("address", "support@here.example", "name", "Support")
	b.illustrate(s.language, "address")
	b.click(`button[value="manual"]`, "#f-host")
	host, port, err := net.SplitHostPort(d.IMAPAddr)
	if err != nil {
		t.Fatal(err)
	}
	password := map[string]string{"de": "geheim", "en": "secret"}[s.language]
	b.fill("host", host, "port", port, "username", s.language, "password", password)
	// The server's certificate is its own: the check says so and offers to trust it.
	b.click(`.actions button[value="check"]`, "#report .remedy")
	if got := b.text("#report .remedy"); !strings.Contains(got, "E-TLS-01") {
		t.Errorf("the check says %q, want E-TLS-01", got)
	}
	b.illustrate(s.language, "check")
	b.click("#report button[data-set]", "#report h2.ok")
	if got := b.text("#report"); !strings.Contains(got, s.works) {
		t.Errorf("the check says %q, want %q", got, s.works)
	}
	b.picture("check")
	b.click(`#report button[value="next"]`, "#f-allow_unknown")
	b.do("let everybody in", browsertest.Click("#f-allow_unknown", chromedp.ByQuery))
	b.illustrate(s.language, "mail")
	b.click(`.actions button[value="save"]`, "h2.big")
	b.await(p.url+"/inboxes/1", "h2.big .state.ok")
	b.picture("inbox")

	b.await(p.url+"/issues", ".empty")
	raw := multipart("mixed", "Content-Type: text/plain; charset=utf-8\n\nEr macht laute Geräusche.\n",
		"Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''L%C3%A4rm.pdf\nContent-Transfer-Encoding: base64\n\n"+wrapped([]byte("%PDF-1.4")))
	head := "From: =?utf-8?q?J=C3=B6rg?= <joerg@kunde.example>\nTo: support@here.example\nSubject: =?utf-8?q?Der_K=C3=BChlschrank?=\nMessage-ID: <first@kunde.example>\n"
	if err := d.Deliver(s.language, []byte(strings.ReplaceAll(head+string(raw), "\n", "\r\n"))); err != nil {
		t.Fatal(err)
	}
	b.await(p.url+"/issues", `ol.list a[href="/issues/1"]`)
	b.picture("issues")
	b.click(`ol.list a[href="/issues/1"]`, ".issue-head")
	page := b.text("main")
	for _, want := range []string{"#1", "Der Kühlschrank", "Er macht laute Geräusche.", "Jörg", "joerg@kunde.example", "Lärm.pdf"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of the issue does not show %q:\n%s", want, page)
		}
	}
	b.picture("issue")

	b.do("open the inbound log", chromedp.Navigate(p.url+"/messages"), chromedp.WaitVisible("table.log", chromedp.ByQuery))
	b.click(`a[href="/messages/1"]`, "main h1")
	if page := b.text("main"); !strings.Contains(page, "Der Kühlschrank") || !strings.Contains(page, "#1") {
		t.Errorf("the page of the message says\n%s", page)
	}
	b.picture("message")
	var lang string
	b.do("read the language", chromedp.AttributeValue("html", "lang", &lang, nil, chromedp.ByQuery))
	if lang != s.language {
		t.Errorf("the page is in %q, want %q", lang, s.language)
	}
	b.clean()
	if n, want := d.Count(s.language, "INBOX", "SEEN"), 1; n != want {
		t.Errorf("%d messages are marked as read on the server, want %d", n, want)
	}
	p.stop()
	fmt.Fprintln(t.Output(), "pictures in", b.shots)
}
