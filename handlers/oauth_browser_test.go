package handlers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"letterbox/internal/browsertest"
	"letterbox/internal/config"
	"letterbox/internal/mailtest"
	"letterbox/internal/oauthtest"
)

// An inbox is added that signs in with OAuth 2.0, a mail becomes an issue, consent is withdrawn and everybody is told, the inbox is
// connected again and goes on: as an administrator does it in a browser.
func TestInboxIsConnectedAndReconnectedInABrowser(t *testing.T) {
	provider := oauthtest.Start(t)
	provider.Set(func(p *oauthtest.Provider) { p.User = "support" })
	dovecot := mailtest.StartDovecot(t, mailtest.DovecotOptions{Introspect: provider.IntrospectURL, Users: map[string]string{"support": "x"}, NoPOP3: true})
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, provider.CertPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	site := letterboxWith(t, func(c *config.Config) { c.OAuthAuthorities, c.OAuthRoots = []string{provider.Host}, roots })
	ctx := browserFor(t, 3*time.Minute, chromedp.Flag("ignore-certificate-errors", true))
	do := func(what string, actions ...chromedp.Action) {
		t.Helper()
		step, stop := context.WithTimeout(ctx, 60*time.Second)
		defer stop()
		if err := chromedp.Run(step, actions...); err != nil {
			var text string
			_ = chromedp.Run(ctx, chromedp.Evaluate(`location.href + "\n" + document.body.innerText`, &text))
			t.Fatalf("%s: %v\n%s", what, err, text)
		}
	}
	press := func(selector string) chromedp.Action { // In one go: the page of an inbox is replaced while something happens there.
		return chromedp.Evaluate(fmt.Sprintf("document.querySelector(%q).click()", selector), nil)
	}
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
	do("set up", chromedp.Navigate(site.Setup), chromedp.SendKeys("#f-login", "anna"), chromedp.SendKeys("#f-address", "anna@firm.example"),
		chromedp.SendKeys("#f-password", "a long enough secret"), chromedp.Submit("#f-password"), chromedp.WaitVisible(`.box.ok`))
	do("make a project", chromedp.Navigate(site.URL+"/projects/new"), chromedp.SendKeys("#f-key", "SUP"), chromedp.SendKeys("#f-name", "Support"),
		chromedp.Submit("#f-name"), chromedp.WaitVisible(`#members`))
	host, port, err := net.SplitHostPort(dovecot.IMAPSAddr)
	if err != nil {
		t.Fatal(err)
	}
	do("begin to add an inbox", chromedp.Navigate(site.URL+"/inboxes/add"), chromedp.SendKeys("#f-address", "support@firm.example"),
		browsertest.Click(`button[value="manual"]`), chromedp.WaitVisible("#f-host"))
	do("choose OAuth 2.0", chromedp.SendKeys("#f-host", host), chromedp.SendKeys("#f-port", port), chromedp.SetValue("#f-security", "tls"),
		chromedp.SetValue("#f-tls_verify", "pinned"), chromedp.SetValue("#f-fingerprint", dovecot.Certificate.Fingerprint),
		chromedp.SetValue("#f-username", "support"), chromedp.SetValue(`input[name="poll_interval"]`, "1"),
		browsertest.Click("details:has(button[value=oauth]) summary"), browsertest.Click(`button.btn[value="oauth"]`), chromedp.WaitVisible(`#steps`))
	do("enter the app", chromedp.SetValue("#f-provider", "other"), chromedp.SetValue("#f-client_id", provider.ClientID), chromedp.SendKeys("#f-client_secret", provider.Secret),
		chromedp.SetValue("#f-authority", "https://id.nobody.example"), browsertest.Click("#connect"), chromedp.WaitVisible(`#errors`))
	do("name the right service", chromedp.SetValue("#f-authority", provider.URL), chromedp.SendKeys("#f-client_secret", provider.Secret),
		browsertest.Click("#connect"), chromedp.WaitVisible(`#agree`))
	do("agree", browsertest.Click(`#agree`), chromedp.WaitVisible(`#state h2.ok`))
	do("check", browsertest.Click(`#go-on button`), chromedp.WaitVisible(`#report button[value="next"]`))
	do("go on to the last step", browsertest.Click(`#report button[value="next"]`), chromedp.WaitVisible(`#f-allow_unknown`))
	do("finish", browsertest.Click(`input[name="import_since"][value="all"]`), browsertest.Click(`#f-allow_unknown`), browsertest.Click(`button.btn[value="save"]`),
		chromedp.WaitVisible(`button[value="pause"]`))
	if err := dovecot.Deliver("support", []byte("From: carl@customer.example\r\nTo: support@firm.example\r\nSubject: The roof leaks\r\nMessage-ID: <1@customer.example>\r\n\r\nIt drips.\r\n")); err != nil {
		t.Fatal(err)
	}
	until("/issues/1", `#description`)

	provider.RevokeConsent()
	provider.RevokeAccess()
	do("pause and resume", chromedp.Navigate(site.URL+"/inboxes/1"), press(`button[value="pause"]`), chromedp.WaitVisible(`button[value="resume"]`),
		press(`button[value="resume"]`), chromedp.WaitVisible(`button[value="pause"]`))
	until("/inboxes/1", `.box.bad a[href="/inboxes/1/oauth"]`)
	if got := healthCodes(t, site.URL); got != "inboxes/1 E-OAUTH-03" {
		t.Errorf("/healthz says %q, want inboxes/1 E-OAUTH-03", got)
	}
	if err := dovecot.Deliver("support", []byte("From: carl@customer.example\r\nTo: support@firm.example\r\nSubject: Still dripping\r\nMessage-ID: <2@customer.example>\r\n\r\nIt drips.\r\n")); err != nil {
		t.Fatal(err)
	}
	do("reconnect", press(`.box.bad a[href="/inboxes/1/oauth"]`), chromedp.WaitVisible(`#state h2.bad`), browsertest.Click("#connect"), chromedp.WaitVisible(`#agree`),
		browsertest.Click(`#agree`), chromedp.WaitVisible(`#state h2.ok`))
	until("/issues/2", `#description`)
	if got := healthCodes(t, site.URL); got != "" {
		t.Errorf("/healthz says %q, want nothing", got)
	}
	for _, lang := range []string{"en", "de"} {
		for _, width := range []int64{1200, 320} {
			var wide int64
			var shot []byte
			do("choose the language", chromedp.Evaluate(`fetch("/preferences", {method: "POST", body: new URLSearchParams({language: "`+lang+`"})}).then(() => 1)`, nil, awaited))
			do("look at the page", chromedp.EmulateViewport(width, 900), chromedp.Navigate(site.URL+"/inboxes/1/oauth"),
				chromedp.Evaluate(`document.documentElement.scrollWidth`, &wide), chromedp.FullScreenshot(&shot, 100))
			if wide > width {
				t.Errorf("the page is %d pixels wide, want at most %d", wide, width)
			}
			if dir := os.Getenv("LETTERBOX_TEST_SCREENSHOTS"); dir != "" {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("oauth-%s-%d.png", lang, width)), shot, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}

// healthCodes are the sign-ins that need somebody, as /healthz tells.
func healthCodes(t *testing.T, site string) string {
	t.Helper()
	res, err := http.Get(site + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var body struct {
		OAuth []struct{ Owner, Code string }
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, o := range body.OAuth {
		out = append(out, o.Owner+" "+o.Code)
	}
	return strings.Join(out, ", ")
}
