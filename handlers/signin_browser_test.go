package handlers_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"letterbox/internal/browsertest"
	"letterbox/internal/config"
	"letterbox/internal/oauthtest"
)

// An administrator adds somebody, who signs in with the identity provider, signs out here and there, and a stranger who
// is told why it does not come in: as people do it in a browser.
func TestPeopleSignInWithTheIdentityProviderInABrowser(t *testing.T) {
	provider := oauthtest.Start(t)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, provider.CertPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	site := letterboxWith(t, func(c *config.Config) {
		c.OIDCIssuer, c.OIDCClientID, c.OIDCClientSecret, c.OIDCName, c.OAuthRoots = provider.URL, provider.ClientID, provider.Secret, "Firm ID", roots
	})
	provider.Set(func(p *oauthtest.Provider) {
		p.User, p.RedirectURIs = "bert@firm.example", []string{site.URL + "/signin/oidc/callback"}
	})
	ctx := browserFor(t, 2*time.Minute, chromedp.Flag("ignore-certificate-errors", true))
	do := func(what string, actions ...chromedp.Action) {
		t.Helper()
		step, stop := context.WithTimeout(ctx, 40*time.Second)
		defer stop()
		if err := chromedp.Run(step, actions...); err != nil {
			var text string
			_ = chromedp.Run(ctx, chromedp.Evaluate(`location.href + "\n" + document.body.innerText`, &text))
			t.Fatalf("%s: %v\n%s", what, err, text)
		}
	}
	look := func(name string) {
		t.Helper()
		for _, lang := range []string{"de", "en"} {
			for _, width := range []int64{1200, 320} {
				for _, theme := range []string{"light", "dark"} {
					var wide int64
					var shot []byte
					do("look at the page", chromedp.EmulateViewport(width, 800),
						chromedp.Evaluate(`fetch("/preferences", {method: "POST", body: new URLSearchParams({language: "`+lang+`", theme: "`+theme+`"})}).then(() => 1)`, nil, awaited),
						chromedp.Evaluate(`location.href`, nil), chromedp.Reload(), chromedp.Evaluate(`document.documentElement.scrollWidth`, &wide), chromedp.FullScreenshot(&shot, 100))
					if wide > width {
						t.Errorf("the page is %d pixels wide, want at most %d", wide, width)
					}
					if dir := os.Getenv("LETTERBOX_TEST_SCREENSHOTS"); dir != "" {
						if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("signin-%s-%s-%s-%d.png", name, lang, theme, width)), shot, 0o600); err != nil {
							t.Fatal(err)
						}
					}
				}
			}
		}
	}
	do("set up", chromedp.Navigate(site.Setup), chromedp.SendKeys("#f-login", "anna"), chromedp.SendKeys("#f-address", "anna@firm.example"),
		chromedp.SendKeys("#f-password", "a long enough secret"), chromedp.Submit("#f-password"), chromedp.WaitVisible(`.box.ok`))
	do("add somebody", chromedp.Navigate(site.URL+"/users/new"), chromedp.SendKeys("#f-login", "bert"), chromedp.SendKeys("#f-name", "Bert"),
		chromedp.SendKeys("#f-addresses", "bert@firm.example"), chromedp.Submit("#f-name"), chromedp.WaitVisible(`.box.ok`))
	signOut := chromedp.Evaluate(`fetch("/signout", {method: "POST"}).then(() => 1)`, nil, awaited)
	do("sign out", signOut, chromedp.Navigate(site.URL+"/profile"), chromedp.WaitVisible(`#elsewhere`))
	do("sign in", browsertest.Click(`#elsewhere`), chromedp.WaitVisible(`#agree`), browsertest.Click(`#agree`), chromedp.WaitVisible(`#sessions`))
	var name string
	do("look who it is", chromedp.Value(`#f-name`, &name))
	if name != "Bert" {
		t.Errorf("signed in as %q, want Bert", name)
	}
	do("sign out", chromedp.Evaluate(`document.querySelector('form[action="/signout"]').submit()`, nil), chromedp.WaitVisible(`.box.info a`))
	look("out")
	do("sign out there, too", browsertest.Click(`.box.info a`), chromedp.WaitVisible(`#gone`))
	provider.Set(func(p *oauthtest.Provider) { p.User = "stranger@elsewhere.example" })
	do("come as a stranger", chromedp.Navigate(site.URL+"/signin"), browsertest.Click(`#elsewhere`), chromedp.WaitVisible(`#agree`), browsertest.Click(`#agree`),
		chromedp.WaitVisible(`.box.bad`))
}
