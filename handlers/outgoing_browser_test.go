package handlers_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"letterbox/internal/browsertest"
	"letterbox/internal/mailtest"
)

// Connect a sending account, answer a customer, see it arrive, see it bounce, release the address: as people do it in a
// browser. Then the pages fit a small screen without script.
func TestCustomerIsAnsweredInABrowser(t *testing.T) {
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{})
	if err != nil {
		t.Fatal(err)
	}
	servers, err := mailtest.NewServers(mailtest.Options{Certificate: cert})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	servers.AddUser("support", "post secret", "support@firm.example")
	servers.AddUser("carl", "x", "carl@customer.example")
	ctx, site := browser(t), letterbox(t)
	do := func(what string, actions ...chromedp.Action) {
		t.Helper()
		step, stop := context.WithTimeout(ctx, 60*time.Second)
		defer stop()
		if err := chromedp.Run(step, actions...); err != nil {
			var text string
			_ = chromedp.Run(ctx, chromedp.Evaluate(`document.body.innerText`, &text))
			t.Fatalf("%s: %v\n%s", what, err, text)
		}
	}
	// until loads a page until it shows what is waited for: work goes on behind it.
	until := func(path, selector string) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
			var there bool
			do("look at "+path, chromedp.Navigate(site.URL+path), chromedp.Evaluate(fmt.Sprintf("!!document.querySelector(%q)", selector), &there))
			if there {
				return
			}
			if time.Now().After(deadline) {
				do("look at "+path, chromedp.WaitVisible(selector))
			}
		}
	}
	split := func(address string) (string, string) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		return host, port
	}
	do("set up", chromedp.Navigate(site.Setup), chromedp.SendKeys("#f-login", "anna"), chromedp.SendKeys("#f-address", "anna@firm.example"),
		chromedp.SendKeys("#f-password", "a long enough secret"), chromedp.Submit("#f-password"), chromedp.WaitVisible(`.box.ok`))
	do("make a project", chromedp.Navigate(site.URL+"/projects/new"), chromedp.SendKeys("#f-key", "SUP"), chromedp.SendKeys("#f-name", "Support"),
		chromedp.Submit("#f-name"), chromedp.WaitVisible(`#members`))
	host, port := split(servers.SMTPAddr)
	do("enter a sending account", chromedp.Navigate(site.URL+"/sending"), browsertest.Click(`.empty a`), chromedp.WaitVisible("#f-address"),
		chromedp.SendKeys("#f-address", "support@firm.example"), chromedp.SendKeys("#f-host", host), chromedp.SendKeys("#f-port", port),
		chromedp.SetValue("#f-security", "starttls"), chromedp.SetValue("#f-tls_verify", "pinned"), chromedp.SetValue("#f-fingerprint", cert.Fingerprint),
		chromedp.SendKeys("#f-username", "support"), chromedp.SendKeys("#f-password", "wrong"))
	do("check finds the password wrong", browsertest.Click(`button[value="check"]`), chromedp.WaitVisible(`#report .remedy`))
	do("correct it", chromedp.SendKeys("#f-password", "post secret"), browsertest.Click(`button[value="check"]`), chromedp.WaitVisible(`#report h2.ok`))
	do("save", chromedp.SendKeys("#f-password", "post secret"), browsertest.Click(`button[value="save"]`), chromedp.WaitVisible(`table .state.ok`))

	host, port = split(servers.IMAPSAddr)
	do("add an inbox", chromedp.Navigate(site.URL+"/inboxes/new"), chromedp.SendKeys("#f-address", "support@firm.example"),
		chromedp.SendKeys("#f-host", host), chromedp.SendKeys("#f-port", port), chromedp.SetValue("#f-security", "tls"),
		chromedp.SendKeys("#f-username", "support"), chromedp.SendKeys("#f-password", "post secret"), chromedp.SetValue("#f-import_since", "all"),
		chromedp.SetValue("#f-poll_interval", "1"), browsertest.Click(`#f-allow_unknown`), browsertest.Click(`button[value="check"]`), chromedp.WaitVisible(`#report .remedy button`))
	do("trust its server", browsertest.Click(`#report .remedy button`), chromedp.WaitVisible(`#report h2.ok`), browsertest.Click(`button[value="save"]`), chromedp.WaitVisible(`form[action$="/poll"]`))
	do("acknowledge everybody", browsertest.Click(`.head details.menu summary`), browsertest.Click(`a[href$="/acknowledgement"]`), chromedp.WaitVisible(`input[value="everyone"]`),
		browsertest.Click(`input[value="everyone"]`), browsertest.Click(`button[value="save"]`), chromedp.WaitVisible(`.box.ok`))
	deliver := func(raw string) {
		t.Helper()
		if err := servers.Deliver("support", []byte(strings.ReplaceAll(raw, "\n", "\r\n"))); err != nil {
			t.Fatal(err)
		}
	}
	deliver("From: Carl <carl@customer.example>\nTo: support@firm.example\nSubject: The roof leaks\nMessage-ID: <roof@customer.example>\n\nIt drips on the desk and we have no bucket.\n")
	until("/issues/1", `#description .sent .state.ok`)
	do("answer", chromedp.SendKeys("#f-body", "Somebody is on the way."), chromedp.Submit("#f-body"), chromedp.WaitVisible(`form[action$="/undo"]`))
	do("take it back", browsertest.Click(`form[action$="/undo"] button`), chromedp.WaitNotPresent(`form[action$="/undo"]`), chromedp.WaitVisible("#f-body"))
	var text string
	do("find the text again", chromedp.Value("#f-body", &text))
	if text != "Somebody is on the way." {
		t.Errorf("the form holds %q, want the text that was taken back", text)
	}
	do("answer again", chromedp.Submit("#f-body"), chromedp.WaitVisible(`form[action$="/undo"]`))
	do("send it now", chromedp.Navigate(site.URL+"/outbox?state=queued"), browsertest.Click(`form[action$="/send"] button`), chromedp.WaitVisible(`.box.ok`))
	until("/issues/1", `article[id^="comment-"] .sent .state.ok`)
	mails := servers.Mails("carl")
	if len(mails) != 2 || !strings.Contains(string(mails[1]), "Somebody is on the way.") {
		t.Fatalf("the customer has %d mails, want the acknowledgement and the answer", len(mails))
	}

	_, id, _ := strings.Cut(string(mails[1]), "Message-Id: <")
	id, _, _ = strings.Cut(id, ">")
	deliver("From: MAILER-DAEMON@mx.example\nTo: support@firm.example\nSubject: Undelivered\nMessage-ID: <b@mx.example>\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n" +
		"--b\nContent-Type: text/plain\n\nNo.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; carl@customer.example\nAction: failed\nStatus: 5.1.1\n\n" +
		"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <" + id + ">\n--b--\n")
	until("/issues/1", `article[id^="comment-"] .sent .state.bad`)
	do("release the address", chromedp.Navigate(site.URL+"/suppressions"), browsertest.Click(`form[action$="/release"] button`), chromedp.WaitVisible(`.box.ok`))

	do("a small screen without script", chromedp.EmulateViewport(320, 640), emulation.SetScriptExecutionDisabled(true))
	for _, path := range []string{"/issues/1", "/outbox", "/outbox?state=bounced", "/suppressions", "/sending", "/sending/new", "/sending/accounts/1", "/inboxes/1/acknowledgement"} {
		var width int64
		do(path, chromedp.Navigate(site.URL+path), chromedp.Evaluate(`document.documentElement.scrollWidth`, &width))
		if width > 320 {
			t.Errorf("%s is %d pixels wide, want at most 320", path, width)
		}
	}
}
