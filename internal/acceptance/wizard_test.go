package acceptance_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"letterbox/internal/browsertest"
	"letterbox/internal/mailtest"
)

// keys types as a person does.
func (b *browser) keys(text string) {
	b.t.Helper()
	b.do("type", chromedp.KeyEvent(text))
}

// tabTo presses the tab key until something has the focus.
func (b *browser) tabTo(what string) {
	b.t.Helper()
	for range 120 {
		var there bool
		b.do("look where the focus is", chromedp.Evaluate(fmt.Sprintf("document.activeElement?.matches(%q) ?? false", what), &there))
		if there {
			return
		}
		b.keys(kb.Tab)
	}
	b.picture("focus")
	b.t.Fatalf("the tab key never comes to %s", what)
}

// enter goes to something by keyboard, presses it and waits until something else is there.
func (b *browser) enter(what, then string) {
	b.t.Helper()
	b.tabTo(what)
	b.keys(kb.Enter)
	b.do("wait for "+then+" after "+what, chromedp.WaitVisible(then, chromedp.ByQuery))
}

// write goes to a field by keyboard and replaces what stands in it.
func (b *browser) write(field, text string) {
	b.t.Helper()
	b.tabTo("#f-" + field)
	b.do("empty "+field, chromedp.Evaluate(fmt.Sprintf("document.querySelector('#f-%s').select()", field), nil))
	b.keys(text)
}

// says waits until the report says something.
func (b *browser) says(text string) {
	b.t.Helper()
	await(b.t, 60*time.Second, func() error {
		ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
		defer cancel()
		var found string
		if err := chromedp.Run(ctx, chromedp.Text("#report", &found, chromedp.ByQuery)); err != nil || !strings.Contains(found, text) {
			return fmt.Errorf("the report says %q, want %q (%w)", found, text, err)
		}
		return nil
	})
}

// From nothing to the first issue with the keyboard alone; a closed port, a certificate of nobody and a wrong password on
// the way.
func TestInboxIsAddedByKeyboardOverIMAP(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	mail := func(n int) []byte {
		return fmt.Appendf(nil, "From: Anna <anna@kunde.example>\r\nSubject: Mail %d\r\nMessage-ID: <%d@kunde.example>\r\n\r\nText\r\n", n, n)
	}
	if err := d.Deliver("alice", mail(1)); err != nil {
		t.Fatal(err)
	}
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	b := openBrowser(t, "de")
	b.do("open the page for signing in", chromedp.Navigate(p.url+"/signin"), chromedp.WaitVisible("#f-login", chromedp.ByQuery))
	b.write("login", "admin")
	b.write("password", "a long password")
	b.keys(kb.Enter)
	b.do("wait for the issues", chromedp.WaitVisible("footer.foot", chromedp.ByQuery))
	b.keys("gp")
	b.do("wait for the inboxes", chromedp.WaitVisible(`a[href="/inboxes/add"]`, chromedp.ByQuery))
	b.enter(`main a[href="/inboxes/add"]`, "#f-address")
	b.write("address", "support@here.example")
	b.enter(`button[value="manual"]`, "#f-host")

	host, port, err := net.SplitHostPort(d.IMAPAddr)
	if err != nil {
		t.Fatal(err)
	}
	_, closed, err := net.SplitHostPort(closedPort(t))
	if err != nil {
		t.Fatal(err)
	}
	b.write("host", host)
	b.write("port", closed)
	b.write("username", "alice")
	b.write("password", "guess")
	b.keys(kb.Enter)
	b.says("E-NET-01")
	b.write("port", port)
	b.keys(kb.Enter)
	b.says("E-TLS-01")
	b.picture("certificate")
	b.tabTo("#report button[data-set]")
	b.keys(kb.Enter)
	b.says("E-AUTH-01")
	b.write("password", "secret")
	b.keys(kb.Enter)
	b.says("Alles in Ordnung")
	b.enter(`#report button[value="next"]`, "#f-folders")
	if text := b.text("p.count"); !strings.Contains(text, "1 Nachricht in INBOX. Die älteste ist vom ") {
		t.Errorf("the page says %q of what is there", text)
	}
	b.tabTo("#f-allow_unknown")
	b.keys(" ")
	b.enter(`.actions button[value="preview"]`, "#preview")
	if text := b.text("#preview"); !strings.Contains(text, "Mail 1") || !strings.Contains(text, "Neuer Vorgang") {
		t.Errorf("the preview says %q", text)
	}
	b.picture("preview")
	b.enter(`.actions button[value="save"]`, "h2.big")
	b.await(p.url+"/inboxes/1", "h2.big .state.ok")
	b.picture("inbox")
	if err := d.Deliver("alice", mail(2)); err != nil {
		t.Fatal(err)
	}
	b.await(p.url+"/issues", `ol.list a[href="/issues/1"]`)
	if text := b.text("ol.list"); !strings.Contains(text, "Mail 2") || strings.Contains(text, "Mail 1") {
		t.Errorf("the issues are %q, want only what came after the inbox", text)
	}

	// A folder that is not there is said to be missing, and one press mends it.
	b.do("edit the inbox", chromedp.Navigate(p.url+"/inboxes/1/edit?folders=Nirgends"), chromedp.WaitVisible("#f-folders .tree", chromedp.ByQuery))
	if text := b.text("#f-folders"); !strings.Contains(text, "Nirgends gibt es auf dem Server nicht") {
		t.Errorf("the folders are %q, want the missing one marked", text)
	}
	b.click(`.actions button[value="check"]`, "#report .remedy")
	b.says("E-IMAP-01")
	b.click("#report button[data-set]", "#report h2.ok")

	// The form of an inbox offers the tree of its account; what was entered stays while it comes anew.
	if err := d.CreateFolder("alice", "Kunden/Drucker"); err != nil {
		t.Fatal(err)
	}
	b.fill("name", "Anlagen")
	b.click(`button[value="folders"]`, `#f-folders input[value="Kunden/Drucker"]`)
	b.picture("folders")
	b.tabTo(`#f-folders input[value="Kunden/Drucker"]`)
	b.keys(" ")
	b.click(`input[name="after"][value="move"]`, "#f-move_to")
	b.fill("move_to", "Erledigt")
	b.click(`.actions button[value="save"]`, "h2.big")
	if text := b.text("h1"); text != "Anlagen" {
		t.Errorf("the inbox is called %q, want what was entered before its folders were asked for", text)
	}
	var saved struct {
		Folders []string `json:"folders"`
		MoveTo  string   `json:"move_to"`
	}
	p.call("GET", "/inboxes/1", nil, &saved)
	if got, want := strings.Join(saved.Folders, "|")+" "+saved.MoveTo, "INBOX|Kunden/Drucker Erledigt"; got != want {
		t.Errorf("the inbox reads and moves to %q, want %q", got, want)
	}
	if n := d.Count("alice", "Erledigt", "ALL"); n != 0 {
		t.Errorf("the target folder holds %d messages, want an empty folder", n)
	}
	b.clean()
	p.stop()
}

// The same over POP3, with the mouse and in English.
func TestInboxIsAddedOverPOP3(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	b := openBrowser(t, "en")
	b.do("open the page for signing in", chromedp.Navigate(p.url+"/signin"), chromedp.WaitVisible("#f-login", chromedp.ByQuery))
	b.fill("login", "admin", "password", "a long password")
	b.do("sign in", chromedp.Submit("#f-password", chromedp.ByQuery), chromedp.WaitVisible("footer.foot", chromedp.ByQuery))
	b.do("add an inbox", chromedp.Navigate(p.url+"/inboxes/add"))
	b.fill("address", "bob@here.example")
	b.click(`button[value="manual"]`, "#f-host")
	host, port, err := net.SplitHostPort(d.POP3SAddr)
	if err != nil {
		t.Fatal(err)
	}
	_, plain, err := net.SplitHostPort(d.POP3Addr)
	if err != nil {
		t.Fatal(err)
	}
	b.fill("host", host, "port", plain, "username", "bob", "password", "guess")
	b.do("choose POP3 and TLS", chromedp.SetValue("#f-receive", "pop3", chromedp.ByQuery), chromedp.SetValue("#f-security", "tls", chromedp.ByQuery))
	b.click(`.actions button[value="check"]`, "#report .remedy")
	b.says("E-TLS-04")
	b.fill("port", port)
	b.click(`.actions button[value="check"]`, "#report .remedy")
	b.says("E-TLS-01")
	b.click("#report button[data-set]", "#report .remedy")
	b.says("E-AUTH-01")
	b.fill("password", "secret")
	b.click(`.actions button[value="check"]`, "#report h2.ok")
	b.click(`#report button[value="next"]`, "#f-allow_unknown")
	b.do("let everybody in", browsertest.Click("#f-allow_unknown", chromedp.ByQuery))
	b.click(`.actions button[value="save"]`, "h2.big")
	b.await(p.url+"/inboxes/1", "h2.big .state.ok")
	if err := d.Deliver("bob", []byte("From: Anna <anna@kunde.example>\r\nSubject: By POP3\r\nMessage-ID: <1@kunde.example>\r\n\r\nText\r\n")); err != nil {
		t.Fatal(err)
	}
	p.call("POST", "/inboxes/1/poll", nil, nil)
	b.await(p.url+"/issues", `ol.list a[href="/issues/1"]`)
	b.clean()
	p.stop()
}
