package handlers_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"letterbox/handlers"
	"letterbox/internal/browsertest"
)

// What somebody begins to change in an issue survives leaving the page, also when somebody else changes the issue
// meanwhile: that is told when it is sent. It ends with being saved, with Cancel and with Begin anew.
func TestWhatWasBegunToChangeSurvives(t *testing.T) {
	s := handlers.NewSite(t)
	ctx := browser(t)
	s.TakeIn(false, "anna@customer.example", "The printer burns", "It burns again.")
	p := visitor(ctx, t, s, "member", "en")
	is := func(title, text string, restored bool) chromedp.Action {
		const js = `(title, text, restored) => document.querySelector("#f-title").value === title && document.querySelector("#f-description").value.trim() === text &&
			document.querySelector("[data-restored]").hidden === !restored`
		return chromedp.PollFunction(js, nil, chromedp.WithPollingArgs(title, text, restored))
	}
	write := func(field, text string) chromedp.Action {
		return chromedp.Evaluate(`{ const f = document.querySelector("`+field+`"); f.value = "`+text+`"; f.dispatchEvent(new Event("input", {bubbles: true})); }`, nil)
	}
	const own = "The printer burns"
	p.open("/issues/1/edit")
	p.do("nothing was begun", is(own, "It burns again.", false), write("#f-description", "It burns again. Twice."))
	p.open("/issues")
	p.open("/issues/1/edit")
	p.do("what was begun is there", is(own, "It burns again. Twice.", true))
	p.do("begin anew", browsertest.Click("[data-forget]"), is(own, "It burns again.", false))
	p.open("/issues/1/edit")
	p.do("it is kept no more", is(own, "It burns again.", false), write("#f-title", "Fire"))
	p.do("cancel", browsertest.Click(".actions [data-drop]"), chromedp.WaitVisible("#reply"))
	p.open("/issues/1/edit")
	p.do("cancelled is forgotten", is(own, "It burns again.", false), write("#f-title", "Fire"))

	s.Work("lead", 1, "open", "lead", "", "", "", false)
	p.open("/issues/1/edit")
	p.do("it is there after another one's change", is("Fire", "It burns again.", true))
	p.do("the other one's change is told", browsertest.Click("#edit .btn.primary"), chromedp.WaitVisible(".box.warn [data-drop]"), loaded, is("Fire", "It burns again.", false))
	p.open("/issues/1/edit")
	p.do("what was told once is told no more", is("Fire", "It burns again.", true), browsertest.Click("#edit .btn.primary"), chromedp.WaitVisible("#reply"), loaded,
		chromedp.Poll(`document.querySelector("h1").innerText.includes("Fire")`, nil))
	p.open("/issues/1/edit")
	p.do("saved is kept no more", is("Fire", "It burns again.", false))
}
