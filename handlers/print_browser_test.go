package handlers_test

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"letterbox/handlers"
)

// paper is a page as it is printed.
type paper struct {
	Text    string   // What stands there.
	Chosen  []string // What is chosen in lists and typed into fields.
	Times   []string // Moments, as they are written.
	Pressed []string // What can only be pressed or typed into.
	Inks    []string // Colours of text.
	sheets  int
}

const readPaper = `(() => {
  const seen = (of) => [...document.querySelectorAll(of)].filter((e) => e.checkVisibility());
  return {
    Text: document.body.innerText,
    Chosen: seen("select").map((e) => e.selectedOptions[0]?.innerText).concat(seen("input").map((e) => e.value)),
    Times: seen("time").map((e) => getComputedStyle(e).fontSize === "0px" ? getComputedStyle(e, "::after").content : e.innerText),
    Pressed: seen("button, .btn, textarea, nav, form, summary, input[type=file], input[type=search], input[type=checkbox], .composer, iframe").map((e) => e.outerHTML.slice(0, 120)),
    Inks: [...new Set(seen("h1, h2, time, .who, .post .body, .side-card select, .side-card input, .intake dd, .intake dt").map((e) => getComputedStyle(e).color))],
  };
})()`

// onPaper prints a page that is looked at in dark colours, by the choice of the person and of the system.
func (p person) onPaper(path string) (out paper) {
	p.t.Helper()
	p.do("paper", emulation.SetEmulatedMedia().WithMedia("print").WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}))
	p.open(path)
	var pdf []byte
	p.do("read "+path, chromedp.Evaluate(`document.documentElement.dataset.theme = "dark"`, nil), chromedp.Evaluate(readPaper, &out),
		chromedp.ActionFunc(func(ctx context.Context) (err error) {
			pdf, _, err = page.PrintToPDF().WithPreferCSSPageSize(true).Do(ctx)
			return err
		}))
	out.sheets = len(regexp.MustCompile(`/Type\s*/Page\b`).FindAll(bytes.ReplaceAll(pdf, []byte("/Pages"), nil), -1))
	return out
}

// expect reports what is missing, what nobody can press on paper, and what could not be read there.
func (p person) expect(name string, got paper, want ...string) {
	p.t.Helper()
	all := got.Text + "\n" + strings.Join(got.Chosen, "\n")
	for _, w := range want {
		if !strings.Contains(all, w) {
			p.t.Errorf("%s: %q is not on the paper:\n%s", name, w, all)
		}
	}
	for _, e := range got.Pressed {
		p.t.Errorf("%s: on the paper stands %s", name, e)
	}
	for _, at := range got.Times {
		if !strings.Contains(at, time.Now().Format("2006")) || !strings.Contains(at, ":") {
			p.t.Errorf("%s: the time is %q, want the day and the hour", name, at)
		}
	}
	if len(got.Inks) == 0 {
		p.t.Errorf("%s: no text was looked at", name)
	}
	for _, ink := range got.Inks { // rgb(29, 32, 36)
		for _, part := range strings.Split(strings.Trim(ink, "rgb()"), ",") {
			if part = strings.TrimSpace(part); len(part) > 2 && part > "110" {
				p.t.Errorf("%s: text in %s, want it dark", name, ink)
				break
			}
		}
	}
}

// An issue on paper is what was written and what is known of it, in black and with the time of day; nothing that can only be
// pressed on a screen.
func TestAPrintedIssueIsItsThread(t *testing.T) {
	s := handlers.NewSite(t)
	ctx := browser(t)
	s.TakeIn(false, "Anna Berg <anna@customer.example>", "The printer burns", "It burns again.\n\nPlease come soon.")
	s.Work("member", 1, "open", "member", "high", "hardware", "We are on our way.", false)
	s.Work("member", 1, "open", "", "", "", "She is a good customer.", true)
	for language, words := range map[string][]string{
		"en": {"Internal note", "High", "Open", "2 watchers", "Customer"},
		"de": {"Interne Notiz", "Hoch", "Offen", "2 Beobachter", "Kunde"},
	} {
		p := visitor(ctx, t, s, "member", language)
		got := p.onPaper("/issues/1")
		p.expect(language, got, append(words, "#1", "The printer burns", "Anna Berg", "anna@customer.example", "support@letterbox.example",
			"It burns again.", "Please come soon.", "We are on our way.", "She is a good customer.", "hardware", "SUP", "Member")...)
		if len(got.Times) < 5 {
			t.Errorf("%s: %d times, want one of each post, and when it came and changed", language, len(got.Times))
		}
		if got.sheets < 1 || got.sheets > 2 {
			t.Errorf("%s: %d sheets, want one or two", language, got.sheets)
		}
	}
}

// The form of an intake is a sheet for each copy, with its fields and nothing else.
func TestAPrintedIntakeIsASheetForEachCopy(t *testing.T) {
	s := handlers.NewSite(t)
	s.Intake()
	ctx := browser(t)
	s.TakeIn(false, "Anna Berg <anna@customer.example>", "The printer burns", "It burns again.")
	label := time.Now().Format("2006") + "-0001"
	for language, words := range map[string][]string{
		"en": {"Copy 1 of 4", "Copy 4 of 4", "Distribution", "Normal"},
		"de": {"Ausfertigung 1 von 4", "Ausfertigung 4 von 4", "Verteiler", "Normal"},
	} {
		p := visitor(ctx, t, s, "member", language)
		got := p.onPaper("/intakes/1")
		p.expect(language, got, append(words, "SUP "+label, "#1 The printer burns", "Anna Berg", "support@letterbox.example", "It burns again.")...)
		if got.sheets != 4 {
			t.Errorf("%s: %d sheets, want 4", language, got.sheets)
		}
		if n := strings.Count(got.Text, label); n != 4 {
			t.Errorf("%s: the number stands %d times, want once on each sheet:\n%s", language, n, got.Text)
		}
		if got = p.onPaper("/intakes/1?copy=2&copy=3"); got.sheets != 2 {
			t.Errorf("%s: %d sheets of two copies", language, got.sheets)
		}
	}
}
