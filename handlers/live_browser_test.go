package handlers_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"letterbox/internal/browsertest"
	"letterbox/internal/mailtest"
)

// heldServer is an IMAP server that keeps a sign-in waiting until it is let go.
func heldServer(t *testing.T) (port string, letGo func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	held := make(chan struct{})
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			go func() {
				defer c.Close()
				_, _ = io.WriteString(c, "* OK hello\r\n")
				for in := bufio.NewScanner(c); in.Scan(); {
					tag, said, _ := strings.Cut(in.Text(), " ")
					switch {
					case strings.HasPrefix(said, "CAPABILITY"):
						_, _ = fmt.Fprintf(c, "* CAPABILITY IMAP4rev1\r\n%s OK done\r\n", tag)
					case strings.HasPrefix(said, "LOGIN"):
						<-held
						_, _ = fmt.Fprintf(c, "%s NO [AUTHENTICATIONFAILED] no\r\n", tag)
					default:
						_, _ = fmt.Fprintf(c, "%s OK done\r\n", tag)
					}
				}
			}()
		}
	}()
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, func() { close(held) }
}

// What somebody watches who configures inboxes arrives on the open page: the list of inboxes, the inbound log, the page of an
// inbox, and each phase of a check that is still running. No page is loaded anew.
func TestWhatIsWatchedArrivesWithoutAReload(t *testing.T) {
	servers, err := mailtest.NewServers(mailtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	t.Cleanup(func() {
		if !stopped {
			servers.Close()
		}
	})
	servers.AddUser("support", "post secret", "support@firm.example")
	_, port, err := net.SplitHostPort(servers.IMAPAddr)
	if err != nil {
		t.Fatal(err)
	}
	held, letGo := heldServer(t)
	ctx, site := browser(t), letterbox(t)
	do := func(what string, actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	// awaits waits for something to be true on the page, which has to be the one that was opened.
	awaits := func(what, script string) {
		t.Helper()
		for end := time.Now().Add(40 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			var same, there bool
			do(what, chromedp.Evaluate(`window.opened === true`, &same), chromedp.Evaluate(script, &there))
			if !same {
				t.Fatalf("%s: the page was loaded anew", what)
			}
			if there {
				return
			}
			if time.Now().After(end) {
				var text string
				do(what, chromedp.Evaluate(`document.body.innerText`, &text))
				t.Fatalf("%s never arrives\n%s", what, text)
			}
		}
	}
	open := func(path string) {
		t.Helper()
		do("open "+path, chromedp.Navigate(site.URL+path), chromedp.Evaluate(`window.opened = true`, nil))
	}
	deliver := func(n int) {
		t.Helper()
		mail := fmt.Sprintf("From: carl@customer.example\r\nTo: support@firm.example\r\nSubject: Leak %d\r\nMessage-ID: <leak-%d@customer.example>\r\n\r\nIt drips.\r\n", n, n)
		if err := servers.Deliver("support", []byte(mail)); err != nil {
			t.Fatal(err)
		}
	}
	do("set up", chromedp.Navigate(site.Setup), chromedp.SendKeys("#f-login", "anna"), chromedp.SendKeys("#f-password", "a long enough secret"),
		chromedp.Submit("#f-password"), chromedp.WaitVisible(`.box.ok`))
	do("make a project", chromedp.Navigate(site.URL+"/projects/new"), chromedp.SendKeys("#f-key", "SUP"), chromedp.SendKeys("#f-name", "Support"),
		chromedp.Submit("#f-name"), chromedp.WaitVisible(`#members`))
	add := func(name, port string, more ...chromedp.Action) {
		t.Helper()
		do("add "+name, append([]chromedp.Action{chromedp.Navigate(site.URL + "/inboxes/new"), chromedp.SendKeys("#f-name", name),
			chromedp.SendKeys("#f-address", "support@firm.example"), chromedp.SendKeys("#f-host", "127.0.0.1"), chromedp.SendKeys("#f-port", port),
			chromedp.SetValue("#f-security", "none"), chromedp.SetValue("#f-confirm_plain", "UNENCRYPTED"), chromedp.SendKeys("#f-username", "support"),
			chromedp.SendKeys("#f-password", "post secret"), chromedp.SetValue("#f-poll_interval", "1"), chromedp.SetValue("#f-import_since", "all"),
			browsertest.Click("#f-allow_unknown")}, append(more, browsertest.Click(`button[value="save"]`), chromedp.WaitVisible(`form[action$="/pause"]`))...)...)
	}
	add("Held", held, browsertest.Click("#f-enabled"))
	add("Support", port)

	row := func(says string) string {
		return fmt.Sprintf(`[...document.querySelectorAll("main tbody tr")].some((row) => row.innerText.includes("Support") && /%s/.test(row.innerText))`, says)
	}
	open("/inboxes")
	awaits("the state of the inbox", row("Connected"))
	deliver(1)
	awaits("the count of the inbox", row("1 in,"))
	open("/messages")
	deliver(2)
	awaits("the message in the log", `document.querySelector("main tbody")?.innerText.includes("Leak 2")`)
	open("/issues")
	deliver(4)
	awaits("the new issue in the list", `document.querySelector("main .list")?.innerText.includes("Leak 4")`)

	open("/inboxes/1")
	do("check", browsertest.Click(`button[value="check"]`))
	awaits("the first phases of the check that is running", `document.querySelectorAll(".report.running .phases li").length >= 2`)
	deliver(3) // Reloads the page below the check.
	letGo()
	awaits("the end of the check", `document.querySelector("#report h2.bad") !== null && document.getElementById("report").innerText.includes("E-AUTH-01")`)

	open("/inboxes/2")
	awaits("the latest mail", `document.querySelector("main").innerText.includes("Leak 3")`)
	deliver(4)
	awaits("mail on the page of the inbox", `document.querySelector("main").innerText.includes("Leak 4")`)
	// The page of another issue says that there is news, and stays what it is, also while somebody is writing.
	do("watch", chromedp.Navigate(site.URL+"/issues/1"), browsertest.Click(`form[action$="/watch"] button`), chromedp.WaitReady(`form[action$="/watch"] input[value="false"]`))
	open("/issues/2")
	do("write", chromedp.SendKeys("#f-body", "Half an answer"))
	answer := "From: carl@customer.example\r\nTo: support@firm.example\r\nSubject: Re: Leak 1\r\nMessage-ID: <more@customer.example>\r\nIn-Reply-To: <leak-1@customer.example>\r\n\r\nStill.\r\n"
	if err := servers.Deliver("support", []byte(answer)); err != nil {
		t.Fatal(err)
	}
	awaits("the count of what was not read", `document.querySelector('.side a[href="/work"] .count')?.textContent.trim().startsWith("1") === true && document.getElementById("f-body").value === "Half an answer"`)
	do("leave", chromedp.Evaluate(`document.getElementById("f-body").value = ""`, nil))
	open("/inboxes")
	stopped = true
	servers.Close()
	awaits("that the inbox fails", row("Delayed since|Not reachable since"))
}
