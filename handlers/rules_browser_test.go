package handlers_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"letterbox/internal/mailtest"
)

// From a refused mail to an issue, as a person does it in a browser: the rules are tried while they are typed, tried on
// real mail and saved; the mail is processed again; others are chosen and released with the keyboard.
func TestRulesAreTriedAndRefusedMailIsReleasedInABrowser(t *testing.T) {
	servers, err := mailtest.NewServers(mailtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	servers.AddUser("support", "post secret", "support@firm.example")
	host, port, err := net.SplitHostPort(servers.IMAPAddr)
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"carl@partner.example", "nora@other.example", "otto@other.example"} {
		mail := "From: " + who + "\r\nTo: support@firm.example\r\nSubject: Mail of " + who + "\r\nMessage-ID: <" + who + ">\r\n\r\nIt drips.\r\n"
		if err := servers.Deliver("support", []byte(mail)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, site := browser(t), letterbox(t)
	do := func(what string, actions ...chromedp.Action) {
		t.Helper()
		step, stop := context.WithTimeout(ctx, 30*time.Second)
		defer stop()
		if err := chromedp.Run(step, actions...); err != nil {
			var text string
			_ = chromedp.Run(ctx, chromedp.Evaluate(`document.body.innerText`, &text))
			t.Fatalf("%s: %v\n%s", what, err, text)
		}
	}
	says := func(selector, text string) chromedp.Action {
		return chromedp.Poll(`[...document.querySelectorAll(`+"`"+selector+"`"+`)].some((part) => part.innerText.includes(`+"`"+text+"`"+`))`, nil,
			chromedp.WithPollingTimeout(20*time.Second))
	}
	do("set up", chromedp.Navigate(site.Setup), chromedp.SendKeys("#f-login", "anna"), chromedp.SendKeys("#f-password", "a long enough secret"),
		chromedp.Submit("#f-password"), chromedp.WaitVisible(`.box.ok`))
	do("make a project", chromedp.Navigate(site.URL+"/projects/new"), chromedp.SendKeys("#f-key", "SUP"), chromedp.SendKeys("#f-name", "Support"),
		chromedp.Submit("#f-name"), chromedp.WaitVisible(`#members`))
	do("add an inbox that takes mail of nobody yet", chromedp.Navigate(site.URL+"/inboxes/new"), chromedp.SendKeys("#f-address", "support@firm.example"),
		chromedp.SendKeys("#f-host", host), chromedp.SendKeys("#f-port", port), chromedp.SetValue("#f-security", "none"),
		chromedp.SendKeys("#f-confirm_plain", "UNENCRYPTED"), chromedp.SendKeys("#f-username", "support"), chromedp.SendKeys("#f-password", "post secret"),
		chromedp.SetValue("#f-import_since", "all"), chromedp.Click(`button[value="save"]`), chromedp.WaitVisible(`form[action$="/poll"]`))
	do("all three are refused", chromedp.Navigate(site.URL+"/messages?state=aside"), chromedp.Poll(`document.querySelectorAll('input[name="id"]').length === 3`, nil))

	do("open the rules", chromedp.Navigate(site.URL+"/inboxes/1/rules"), chromedp.WaitVisible(`#f-domains`))
	do("type a domain and see who would be let in", chromedp.Click("#f-allow_unknown"), chromedp.SendKeys("#f-domains", "partner.example"),
		says("#lint-place summary", "1 let in, 2 refused"))
	do("a pattern is looked at while it is typed", chromedp.Click(`input[name="domain_mode"][value="pattern"]`), chromedp.SendKeys("#f-domain_pattern", `.*partner\.example`),
		says("#lint-place .box.warn", "is not anchored"))
	do("try the rules on the mail that came", chromedp.Click(`input[name="domain_mode"][value="list"]`), chromedp.Click(`.sticky button[value="try"]`),
		says("#tried h2", "3 of 3 messages end otherwise"), says("#tried", "Nothing was written"))
	do("try them on a pasted mail", chromedp.Click(`input[name="source"][value="pasted"]`),
		chromedp.SetValue("#f-pasted", "From: x@partner.example\nSubject: Pasted\n\nText"), chromedp.Click(`.sticky button[value="try"]`),
		says("#tried h2", "This mail ends otherwise"))
	do("save them", chromedp.Click(`button[value="save"]`), chromedp.WaitVisible(`[data-flash]`), says("main .lead", "Version 2 is in force"))

	do("process the refused mail again", chromedp.Navigate(site.URL+"/messages?sender=carl"), chromedp.Click(`.log a[href^="/messages/"]`),
		chromedp.Click(`form[action$="/reprocess"] button`), chromedp.WaitVisible(`[data-flash]`), says(".box.ok", "New issue"), says(".story", "Version 2 of the rules"))
	do("choose the others with the keyboard and release them", chromedp.Navigate(site.URL+"/messages?state=aside"), chromedp.WaitVisible(`[data-bulk]`),
		chromedp.KeyEvent("j"), chromedp.KeyEvent("x"), chromedp.KeyEvent("j"), chromedp.KeyEvent("x"), says("[data-count]", "2 chosen"),
		chromedp.KeyEvent("b"), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(`[data-flash]`), says(".box.ok", "2 released as a new issue"), says("main", "Nothing waits for a decision"))
	var issues string
	do("three issues", chromedp.Navigate(site.URL+"/issues"), chromedp.Text("main", &issues))
	for _, who := range []string{"carl@partner.example", "nora@other.example", "otto@other.example"} {
		if !strings.Contains(issues, "Mail of "+who) {
			t.Errorf("there is no issue of %s:\n%s", who, issues)
		}
	}
	do("every change stands in the audit log", chromedp.Navigate(site.URL+"/audit"), says("main", "Rules changed"), says("main", "Let in as"))
}
