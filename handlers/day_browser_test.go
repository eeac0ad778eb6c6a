package handlers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"letterbox/handlers"
	"letterbox/internal/browsertest"
)

// person is somebody in front of a browser.
type person struct {
	t   *testing.T
	ctx context.Context
	s   *handlers.Site
}

// visitor opens a browser for somebody who is signed in and reads the pages in a language.
func visitor(ctx context.Context, t *testing.T, s *handlers.Site, name, language string) person {
	t.Helper()
	p := person{t, ctx, s}
	cookie, value := s.SignIn(name)
	p.do("sign in", chromedp.ActionFunc(func(ctx context.Context) error {
		return network.SetCookie(cookie, value).WithURL(s.Page("/")).WithHTTPOnly(true).Do(ctx)
	}), chromedp.ActionFunc(func(ctx context.Context) error {
		return network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": language}).Do(ctx)
	}))
	return p
}

func (p person) do(what string, actions ...chromedp.Action) {
	p.t.Helper()
	step, stop := context.WithTimeout(p.ctx, 40*time.Second)
	defer stop()
	if err := chromedp.Run(step, actions...); err != nil {
		var at, text string
		_ = chromedp.Run(p.ctx, chromedp.Location(&at), chromedp.Evaluate(`document.body.innerText`, &text))
		p.t.Fatalf("%s: %v at %s\n%s", what, err, at, text)
	}
}

// open goes to a page and waits until its scripts listen.
func (p person) open(path string) {
	p.t.Helper()
	p.do("open "+path, chromedp.Navigate(p.s.Page(path)), chromedp.WaitReady("#main"), loaded)
}

// then presses keys that lead to another page, and waits for something there.
func (p person) then(what, keys, see string) {
	p.t.Helper()
	var actions []chromedp.Action
	for key := range strings.FieldsSeq(keys) {
		actions = append(actions, press(key))
	}
	step, stop := context.WithTimeout(p.ctx, 40*time.Second)
	defer stop()
	if _, err := chromedp.RunResponse(step, actions...); err != nil {
		p.t.Logf("%s: %v", what, err) // What is seen next tells why.
	}
	p.do(what, chromedp.WaitVisible(see), loaded)
}

var loaded = chromedp.Poll(`document.readyState === "complete"`, nil)

// press presses one key: a letter, or the name of a key.
func press(key string) chromedp.Action {
	switch key {
	case "Enter":
		return chromedp.KeyEvent("\r")
	case "Tab":
		return chromedp.KeyEvent("\t")
	case "Ctrl+Enter":
		return chromedp.KeyEvent("\r", chromedp.KeyModifiers(input.ModifierCtrl))
	case "Ctrl+k":
		return chromedp.KeyEvent("k", chromedp.KeyModifiers(input.ModifierCtrl))
	}
	if len(key) > 1 {
		return chromedp.KeyEvent(key) // Text.
	}
	return chromedp.ActionFunc(func(ctx context.Context) error { // One event, as of a keyboard: who prevents it types nothing.
		if err := input.DispatchKeyEvent(input.KeyDown).WithKey(key).WithText(key).Do(ctx); err != nil {
			return err
		}
		return input.DispatchKeyEvent(input.KeyUp).WithKey(key).Do(ctx)
	})
}

// words are the texts that the day looks for, in both languages.
func words(language string) (sorted, reply string) {
	if language == "de" {
		return "Alles verteilt.", "Wir kümmern uns darum."
	}
	return "All sorted.", "We take care of it."
}

// A day of somebody who works in the tracker, without touching the mouse: ten mails are sorted, three are answered, two
// are merged, one of last year is found, and one is assigned.
func TestADayInTheTrackerByKeyboard(t *testing.T) {
	for _, language := range []string{"en", "de"} {
		t.Run(language, func(t *testing.T) { dayByKeyboard(t, language) })
	}
}

func dayByKeyboard(t *testing.T, language string) {
	s := handlers.NewSite(t)
	s.Member("other")
	old := s.Old(time.Now().AddDate(-1, 0, 0), "Dachrinne tropft / gutter drips", "The gutter over the door drips.")
	for n := range 10 {
		s.TakeIn(true, fmt.Sprintf("Customer %d <c%d@customer.example>", n, n), fmt.Sprintf("Question %d", n), fmt.Sprintf("Something is wrong with part %d.", n))
	}
	first := old + 1
	sorted, reply := words(language)
	p := visitor(browser(t), t, s, "other", language)

	// Triage, the oldest first. Each key works on the row that j has chosen; what is sorted leaves the list.
	p.open("/triage")
	for range 5 {
		p.then("accept", "j a", ".box.ok")
	}
	p.do("choose the project", press("j"), press("m"), chromedp.Evaluate(`document.activeElement.value = "SUP"`, nil))
	p.then("move", "Tab Enter", ".box.ok")
	for n := range 2 {
		p.then("merge", fmt.Sprintf("j d %d Enter", first+int64(n)), ".box.ok")
	}
	p.then("link", fmt.Sprintf("j l %d Enter", first), ".box.ok")
	p.then("accept what was linked", "j a", ".box.ok")
	p.then("refuse as spam", "j s", ".box.ok")
	var text string
	p.do("look at what is left", chromedp.Text("#main", &text))
	if !strings.Contains(text, sorted) {
		t.Errorf("triage says %q, want %q", text, sorted)
	}
	for n, want := range []string{
		"open OPS other", "open OPS other", "open OPS other", "open OPS other", "open OPS other", "new SUP",
		fmt.Sprint("closed OPS into ", first), fmt.Sprint("closed OPS into ", first+1), "open OPS other", "closed OPS",
	} {
		if got := s.State(first + int64(n)); got != want {
			t.Errorf("issue %d is %q, want %q", first+int64(n), got, want)
		}
	}

	// Three answers: from the list of what is assigned, one after the other with ].
	p.open("/issues?q=assignee:me&sort=oldest")
	p.then("open the first", "j o", "#description")
	for n := range 3 {
		p.do("write", press("r"), chromedp.SendKeys("#f-body", reply))
		p.do("send", press("Ctrl+Enter"), chromedp.WaitVisible(`article[id^="comment-"] .written`), loaded)
		if n < 2 {
			p.then("the next one", "]", "#description")
		}
	}

	// The one of last year, by its words and its time; the palette leads to the list.
	p.open("/work")
	p.do("open the palette", press("Ctrl+k"), chromedp.WaitVisible("#palette[open]"), chromedp.SendKeys("#palette input", "gutter is:closed created:>300d"))
	p.then("search", "Enter", `a[href="/issues/1"]`)
	p.then("open it", "j o", "#description")
	p.then("assign it to me", "i", ".box.ok")
	if got, want := s.State(old), "closed SUP other"; got != want {
		t.Errorf("the old issue is %q, want %q", got, want)
	}
	p.do("a number in the palette", press("Ctrl+k"), chromedp.WaitVisible("#palette[open]"), chromedp.SendKeys("#palette input", fmt.Sprint("#", first)))
	p.then("go there", "Enter", "#description")

	// The board, by its menu; and no page is wider than a phone.
	p.then("to the board", "g b", ".board")
	p.do("choose a state", chromedp.SetValue(fmt.Sprintf(`form[action="/board/%d"] select`, first), "waiting"), chromedp.Focus(fmt.Sprintf(`form[action="/board/%d"] button`, first)))
	p.then("move the card", "Enter", ".box.ok")
	if got, want := s.State(first), "waiting OPS other"; got != want {
		t.Errorf("the moved issue is %q, want %q", got, want)
	}
	for _, path := range []string{"/board", "/triage", "/work", "/issues", fmt.Sprint("/issues/", first), "/help/keys", "/notifications"} {
		var width int64
		p.do("a phone", chromedp.EmulateViewport(320, 640))
		p.open(path)
		p.do("measure", chromedp.Evaluate(`document.documentElement.scrollWidth`, &width))
		if width > 320 {
			t.Errorf("%s is %d pixels wide, want at most 320", path, width)
		}
	}
}

// Two people change the same issue at the same time: the second one is told who was faster, sees both inputs, and loses
// nothing of what was typed.
func TestTwoPeopleEditAtOnce(t *testing.T) {
	s := handlers.NewSite(t)
	s.TakeIn(false, "Anna Berg <anna@customer.example>", "The printer burns", "Again.")
	lead, member := visitor(browser(t), t, s, "lead", "en"), visitor(browser(t), t, s, "member", "en")

	lead.open("/issues/1/edit")
	member.open("/issues/1/edit")
	save := func(p person, title, see string) {
		t.Helper()
		p.do("save "+title, chromedp.SetValue("#f-title", title), chromedp.Focus("#f-description"), press("Ctrl+Enter"), chromedp.WaitVisible(see), loaded)
	}
	save(lead, "The printer in room 4 burns", ".box.ok")
	save(member, "The printer of Anna burns", ".box.warn .differs")
	var differs, mine string
	member.do("read the conflict", chromedp.Text(".differs", &differs), chromedp.Value("#f-title", &mine))
	for _, want := range []string{"The printer in room 4 burns", "The printer of Anna burns"} {
		if !strings.Contains(differs, want) {
			t.Errorf("the conflict shows %q, want %q in it", differs, want)
		}
	}
	if want := "The printer of Anna burns"; mine != want {
		t.Errorf("the field has %q, want %q", mine, want)
	}
	member.do("apply mine", browsertest.Click(`.box.warn .primary`, chromedp.NodeVisible), chromedp.WaitVisible(".box.ok"))

	// A comment that was typed meanwhile is kept too.
	lead.open("/issues/1")
	member.open("/issues/1")
	member.do("write an answer and choose waiting", chromedp.SetValue("#f-state", "waiting"), chromedp.SendKeys("#f-body", "We ordered a new one."))
	lead.do("close it", chromedp.SetValue("#f-state", "closed"), browsertest.Click(`button[formaction$="/state"].wide`), chromedp.WaitVisible(".box.ok"))
	member.do("send them", press("Ctrl+Enter"), chromedp.WaitVisible(".box.warn .differs"), chromedp.Value("#f-body", &mine))
	if want := "We ordered a new one."; mine != want {
		t.Errorf("the answer is %q, want %q", mine, want)
	}
	member.do("send the answer alone", browsertest.Click(`.box.warn button[value="comment"]`), chromedp.WaitVisible(`article[id^="comment-"] .written`))
	if got, want := s.State(1), "closed SUP"; got != want {
		t.Errorf("the issue is %q, want %q", got, want)
	}
}
