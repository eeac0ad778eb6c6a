package handlers_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"letterbox/internal/app"
	"letterbox/internal/browsertest"
	"letterbox/internal/config"
	"letterbox/internal/mailtest"
)

// browser starts a headless Chromium; it fails where everything has to run and is passed over elsewhere.
func browser(t *testing.T) context.Context {
	t.Helper()
	ctx := browserFor(t, 10*time.Minute)
	chromedp.ListenTarget(ctx, func(event any) {
		if e, ok := event.(*runtime.EventExceptionThrown); ok {
			t.Errorf("script failed: %s", e.ExceptionDetails.Error())
		}
	})
	return ctx
}

// browserFor is a browser that lasts at most so long, with more flags; scripts may fail in it.
func browserFor(t *testing.T, most time.Duration, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" || os.Getenv("LETTERBOX_TEST_REQUIRE_ALL") != "" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed")
	}
	profile, err := os.MkdirTemp("", "letterbox-browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // Processes of the browser may write for a moment after it has gone.
		for range 50 {
			if os.RemoveAll(profile) == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Errorf("the browser does not let go of %s", profile)
	})
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.UserDataDir(profile))
	options = append(options, more...)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, most)
	t.Cleanup(stop)
	if err := chromedp.Run(ctx); err != nil { // The browser lives as long as the context of the first call.
		t.Fatalf("start chromium: %v", err)
	}
	return ctx
}

// letterbox starts the program and returns its address and setup link.
func letterbox(t *testing.T) app.Ready { return letterboxWith(t, nil) }

// letterboxWith is a Letterbox whose settings change may alter.
func letterboxWith(t *testing.T, change func(*config.Config)) app.Ready {
	t.Helper()
	cfg := config.Default()
	cfg.Listen, cfg.Data = "127.0.0.1:0", t.TempDir()
	cfg.DB = "sqlite:" + cfg.Data + "/letterbox.db"
	cfg.AllowedNetworks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	if change != nil {
		change(&cfg)
	}
	a, err := app.New(t.Context(), cfg, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan app.Ready, 1), make(chan error, 1)
	go func() { ended <- a.Serve(ctx, func(r app.Ready) { ready <- r }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	select {
	case r := <-ready:
		return r
	case err := <-ended:
		t.Fatalf("serve: %v", err)
		return app.Ready{}
	}
}

// From the setup link to the first issue that a mail made, as a person does it in a browser.
func TestFromSetupLinkToTheFirstIssueByMail(t *testing.T) {
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
	host, port, err := net.SplitHostPort(servers.IMAPSAddr)
	if err != nil {
		t.Fatal(err)
	}
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
	do("set up", chromedp.Navigate(site.Setup), chromedp.SendKeys("#f-login", "anna"), chromedp.SendKeys("#f-name", "Anna Berg"),
		chromedp.SendKeys("#f-address", "anna@firm.example"), chromedp.SendKeys("#f-password", "a long enough secret"),
		chromedp.Submit("#f-password"), chromedp.WaitVisible(`.box.ok`))
	do("make a project", chromedp.Navigate(site.URL+"/projects/new"), chromedp.SendKeys("#f-key", "SUP"), chromedp.SendKeys("#f-name", "Support"),
		chromedp.Submit("#f-name"), chromedp.WaitVisible(`#members`))
	do("enter an inbox", chromedp.Navigate(site.URL+"/inboxes/new"), chromedp.SendKeys("#f-address", "support@firm.example"),
		chromedp.SendKeys("#f-host", host), chromedp.SendKeys("#f-port", port), chromedp.SetValue("#f-security", "tls"),
		chromedp.SendKeys("#f-username", "support"), chromedp.SendKeys("#f-password", "post secret"),
		chromedp.SetValue("#f-poll_interval", "1"), browsertest.Click(`#f-allow_unknown`))
	do("check finds a certificate that nobody knows", browsertest.Click(`button[value="check"]`), chromedp.WaitVisible(`#report .remedy button`))
	do("trust it", browsertest.Click(`#report .remedy button`), chromedp.WaitVisible(`#report h2.ok`))
	do("save", browsertest.Click(`button[value="save"]`), chromedp.WaitVisible(`form[action$="/poll"]`))
	// The page waits for news from here on; the mail must appear without a reload.
	do("wait on the list", chromedp.Navigate(site.URL+"/issues"), chromedp.WaitVisible(`.empty`))
	mail := "From: Carl <carl@customer.example>\r\nTo: support@firm.example\r\nSubject: The roof leaks\r\nMessage-ID: <roof@customer.example>\r\n\r\nIt drips on the desk.\r\n"
	deadline := time.Now().Add(60 * time.Second)
	for n := 1; ; n++ {
		// Mail that is there before the first visit is left alone, so a later one may be the first that counts.
		one := strings.Replace(mail, "roof@", fmt.Sprintf("roof-%d@", n), 1)
		if err := servers.Deliver("support", []byte(one)); err != nil {
			t.Fatal(err)
		}
		wait, stop := context.WithTimeout(ctx, 5*time.Second)
		err := chromedp.Run(wait, chromedp.WaitVisible(`a[href="/issues/1"]`))
		stop()
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no issue after %d mails: %v", n, err)
		}
	}
	var title, body string
	do("open the issue", browsertest.Click(`a[href="/issues/1"]`), chromedp.WaitVisible(`#description`),
		chromedp.Text("h1", &title), chromedp.Text("#description .body", &body))
	if want := "#1 The roof leaks"; strings.Join(strings.Fields(title), " ") != want && !strings.Contains(title, "The roof leaks") {
		t.Errorf("title = %q, want %q", title, want)
	}
	if want := "It drips on the desk."; strings.TrimSpace(body) != want {
		t.Errorf("body = %q, want %q", body, want)
	}
	do("answer with the keyboard", chromedp.SendKeys("#f-body", "Somebody is on the way."),
		chromedp.Submit("#f-body"), chromedp.WaitVisible(`article[id^="comment-"]`))
	do("read the story", chromedp.Navigate(site.URL+"/messages"), browsertest.Click(`.log a[href^="/messages/"]`), chromedp.WaitVisible(`.story`))
	do("sign out", browsertest.Click(`details.who summary`), browsertest.Click(`details.who form[action="/signout"] button`), chromedp.WaitVisible(`#f-login`))
}

// Nothing scrolls sideways at 320 pixels, and the pages need no script.
func TestPagesFitASmallScreenAndNeedNoScript(t *testing.T) {
	ctx, site := browser(t), letterbox(t)
	run := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	run(chromedp.EmulateViewport(320, 640), emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(site.Setup), chromedp.SendKeys("#f-login", "anna"),
		chromedp.SendKeys("#f-password", "a long enough secret"), browsertest.Click(`.primary`), chromedp.WaitVisible(`.bottom`))
	run(chromedp.Navigate(site.URL+"/projects/new"), chromedp.SendKeys("#f-key", "SUP"), chromedp.SendKeys("#f-name", strings.Repeat("Support", 15)),
		browsertest.Click(`main .primary`), chromedp.WaitVisible(`#members`))
	run(chromedp.Navigate(site.URL+"/issues/new"), chromedp.SendKeys("#f-title", strings.Repeat("Donaudampfschiff", 12)),
		chromedp.SendKeys("#f-description", strings.Repeat("x", 300)), browsertest.Click(`main .primary`), chromedp.WaitVisible(`#description`))
	for _, path := range []string{"/issues", "/issues/1", "/issues/new", "/projects", "/projects/1", "/inboxes", "/inboxes/new", "/messages", "/users", "/users/1", "/users/new", "/nothing"} {
		var width int64
		run(chromedp.Navigate(site.URL+path), chromedp.Evaluate(`document.documentElement.scrollWidth`, &width))
		if width > 320 {
			t.Errorf("%s is %d pixels wide, want at most 320", path, width)
		}
	}
	for _, language := range []string{"de", "en"} {
		var high int64
		run(emulation.SetScriptExecutionDisabled(true), network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": language}), chromedp.Navigate(site.URL+"/issues?sort=updated"),
			chromedp.Evaluate(`document.querySelector(".head .tools").offsetHeight`, &high))
		if high > 36 {
			t.Errorf("in %s, what a list can do is %d pixels high, want one line", language, high)
		}
		for _, menu := range []string{"1", "2", "3"} {
			var inside bool
			run(chromedp.Evaluate(`(() => { const menu = document.querySelectorAll(".head .tools details")[`+menu+` - 1]; menu.open = true;
				const at = menu.lastElementChild.getBoundingClientRect(); menu.open = false; return at.left >= 0 && at.right <= 320 && at.width > 250; })()`, &inside))
			if !inside {
				t.Errorf("in %s, menu %s of the list leaves the page", language, menu)
			}
		}
	}
	var compact, roomy int64
	run(chromedp.Navigate(site.URL+"/issues/new"), chromedp.SendKeys("#f-title", "The printer on floor 3 burns"), browsertest.Click(`main .primary`), chromedp.WaitVisible(`#description`),
		chromedp.Navigate(site.URL+"/issues?density=compact"), chromedp.Evaluate(`document.querySelector("table.compact tbody tr").offsetHeight`, &compact),
		chromedp.Navigate(site.URL+"/issues"), chromedp.Evaluate(`document.querySelector(".list li").offsetHeight`, &roomy))
	if compact >= roomy {
		t.Errorf("a compact row is %d pixels high, a roomy one %d", compact, roomy)
	}
	var seen bool
	run(chromedp.Navigate(site.URL+"/inboxes/new"), chromedp.Evaluate(`(() => { const at = document.querySelector(".actions.sticky").getBoundingClientRect(); return at.top >= 0 && at.bottom <= innerHeight; })()`, &seen))
	if !seen {
		t.Error("the buttons of a long form are out of sight")
	}
}
