package handlers_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"letterbox/handlers"
	"letterbox/internal/browsertest"
)

// What a tracker user's pages do by script: a list in groups is walked by keys from group to group, the help on keys is
// filtered while one types, a forgotten file is pointed out, somebody else who writes is named, and before the sign-in ends
// a box offers to stay.
func TestDeskOfATrackerUser(t *testing.T) {
	s := handlers.NewSite(t)
	ctx := browser(t)
	s.TakeIn(false, "anna@customer.example", "The printer burns", "It burns again.")
	s.TakeIn(false, "bert@customer.example", "The paper is out", "None is left.")
	s.Work("member", 2, "open", "member", "", "", "", false)
	p := visitor(ctx, t, s, "member", "en")
	p.open("/issues?group=state&density=compact")
	p.then("from group to group with j, open", "j j o", "#reply")
	p.do("the second group", chromedp.Poll(`location.pathname === "/issues/2"`, nil))
	p.do("a file is missing", chromedp.SendKeys("#f-body", "The bill is attached."), chromedp.WaitVisible("[data-lacking]"),
		chromedp.Evaluate(`{ const text = document.querySelector("#f-body"); text.value = ""; text.dispatchEvent(new Event("input", {bubbles: true})); }`, nil),
		chromedp.WaitNotVisible("[data-lacking]"))

	cookie, value := s.SignIn("lead")
	p.do("somebody else writes", chromedp.ActionFunc(func(ctx context.Context) error {
		for { // Nobody is told before the page listens.
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Page("/issues/2/writing"), nil)
			if err != nil {
				return err
			}
			req.Header.Set("Cookie", cookie+"="+value)
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				return err
			}
			_ = res.Body.Close()
			var said string
			if err := chromedp.Evaluate(`document.querySelector("#writing").textContent`, &said).Do(ctx); err != nil || said == "Lead is writing" {
				return err
			}
			time.Sleep(50 * time.Millisecond)
		}
	}))

	p.open("/help/keys")
	p.do("filter the keys", chromedp.SendKeys("#f-key", "assign me"), chromedp.Poll(`document.querySelectorAll("#keys tr:not([hidden])").length === 1`, nil),
		chromedp.SendKeys("#f-key", " unicorn"), chromedp.WaitVisible("#keys-none"))
	p.do("the sign-in ends soon", chromedp.Evaluate(`signedIn(100, 90000)`, nil), chromedp.WaitVisible("#session-end"),
		browsertest.Click("[data-stay]"), chromedp.WaitNotVisible("#session-end"))
	p.do("it cannot be prolonged", chromedp.Evaluate(`signedIn(100, 100)`, nil), chromedp.WaitVisible(`[data-session="last"]`), chromedp.WaitNotVisible("[data-stay]"))
	p.do("it has ended", chromedp.Evaluate(`signedIn(-1, -1)`, nil), chromedp.WaitVisible(`a[data-session="over"]`))
}
