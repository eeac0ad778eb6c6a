package handlers_test

import (
	"strings"
	"testing"
	"time"

	"letterbox/internal/browsertest"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// A day in the tracker, by keyboard: open an issue, preview and note, a draft that survives, assign, find it again.
func TestTrackerByKeyboard(t *testing.T) {
	ctx, site := browser(t), letterbox(t)
	do := func(what string, actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			var text string
			_ = chromedp.Run(ctx, chromedp.Evaluate(`document.body.innerText`, &text))
			t.Fatalf("%s: %v\n%s", what, err, text)
		}
	}
	key := func(text string) chromedp.Action { return chromedp.KeyEvent(text) }
	do("set up", chromedp.Navigate(site.Setup), chromedp.SendKeys("#f-login", "anna"), chromedp.SendKeys("#f-password", "a long enough secret"),
		chromedp.Submit("#f-password"), chromedp.WaitVisible(`.box.ok`))
	do("make a project", chromedp.Navigate(site.URL+"/projects/new"), chromedp.SendKeys("#f-key", "SUP"), chromedp.SendKeys("#f-name", "Support"),
		chromedp.Submit("#f-name"), chromedp.WaitVisible(`#members`))
	do("open an issue with c", chromedp.Navigate(site.URL+"/issues"), chromedp.WaitReady(`#main`), key("c"), chromedp.WaitVisible(`#f-title`),
		chromedp.SendKeys("#f-title", "The roof leaks"), chromedp.SendKeys("#f-description", "It **drips**."))
	do("what was begun survives", chromedp.Navigate(site.URL+"/work"), chromedp.Navigate(site.URL+"/issues/new"), chromedp.WaitVisible(`[data-restored]`),
		chromedp.Poll(`document.querySelector("#f-title").value === "The roof leaks" && document.querySelector("#f-description").value === "It **drips**."`, nil))
	do("preview", browsertest.Click(`[data-preview]`), chromedp.WaitVisible(`#preview strong`))
	do("save with Ctrl+Enter", chromedp.Focus("#f-description"),
		chromedp.KeyEvent("\r", chromedp.KeyModifiers(input.ModifierCtrl)), chromedp.WaitVisible(`#description .written strong`))
	do("it is kept no more, and the same again is told", chromedp.Navigate(site.URL+"/issues/new"), chromedp.WaitVisible(`#f-title`),
		chromedp.SendKeys("#f-title", "Leaks in the roof"), chromedp.WaitVisible(`#similar a[href="/issues/1"]`),
		chromedp.Evaluate(`{ const title = document.querySelector("#f-title"); title.value = ""; title.dispatchEvent(new Event("input", {bubbles: true})); }`, nil),
		chromedp.Navigate(site.URL+"/issues/1"), chromedp.WaitVisible(`#description`))
	do("a note with n", key("n"), chromedp.WaitVisible(`.when-internal`), key("Call them <b>first</b>"))
	do("the draft is kept", chromedp.Poll(`fetch(location.href).then((a) => a.text()).then((t) => t.includes("Call them &lt;b&gt;first"))`, nil, chromedp.WithPollingInterval(300*time.Millisecond)),
		chromedp.Navigate(site.URL+"/issues/1"), chromedp.WaitVisible(`#internal:checked`))
	do("send it", chromedp.Focus("#f-body"), chromedp.KeyEvent("\r", chromedp.KeyModifiers(input.ModifierCtrl)), chromedp.WaitVisible(`.post.internal`))
	do("assign with i", chromedp.Evaluate(`document.activeElement.blur()`, nil), key("i"), chromedp.WaitVisible(`.history`))
	var to, body string
	do("look", chromedp.Value("#f-assignee", &to), chromedp.Text(`.post.internal .body`, &body))
	if to != "anna" || !strings.Contains(body, "<b>first</b>") {
		t.Errorf("assignee %q and note %q, want anna and the tags as text", to, body)
	}
	do("find it", key("/"), chromedp.WaitVisible("#find"), chromedp.SendKeys("#find", "roof assignee:me\r"), chromedp.WaitVisible(`.typed`), chromedp.WaitVisible(`a[href="/issues/1"]`))
	do("choose it with j and x", key("j"), key("x"), chromedp.WaitVisible(`.bulk`))
	do("add an inbox by the palette", chromedp.Evaluate(`document.activeElement.blur()`, nil), chromedp.KeyEvent("k", chromedp.KeyModifiers(input.ModifierCtrl)),
		chromedp.WaitVisible("#palette[open]"), chromedp.SendKeys("#palette input", "inbox\r"), chromedp.WaitVisible(`#f-address`), chromedp.WaitVisible(`button[value="manual"]`))
	do("back to the list", chromedp.Navigate(site.URL+"/issues"), chromedp.WaitReady(`#main`))
	do("my work", chromedp.Evaluate(`document.activeElement.blur()`, nil), key("g"), key("w"), chromedp.WaitVisible(`.block`))
	for _, path := range []string{"/issues/1", "/work", "/triage", "/notifications", "/help/keys", "/help/search", "/issues/1/edit", "/issues/new"} {
		var width int64
		do(path, chromedp.EmulateViewport(320, 640), chromedp.Navigate(site.URL+path), chromedp.Evaluate(`document.documentElement.scrollWidth`, &width))
		if width > 320 {
			t.Errorf("%s is %d pixels wide, want at most 320", path, width)
		}
	}
}
