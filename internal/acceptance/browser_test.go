package acceptance_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"letterbox/internal/browsertest"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a real one, as somebody would use it who reads one language.
type browser struct {
	t     *testing.T
	ctx   context.Context
	shots string // Folder for pictures of the pages.
	n     int

	mu     sync.Mutex
	faults []string // What went wrong in scripts, and what the policy of the page forbade.
}

func openBrowser(t *testing.T, language string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "" && os.Getenv("LETTERBOX_TEST_REQUIRE_ALL") == "" {
			t.Skip("chromium is not installed")
		}
		t.Fatalf("chromium is not installed: %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.WindowSize(1200, 900), chromedp.WSURLReadTimeout(time.Minute))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // It closes the browser and waits for it.
		cancel()
	})
	b := &browser{t: t, ctx: ctx, shots: t.TempDir()}
	if dir := os.Getenv("LETTERBOX_TEST_SCREENSHOTS"); dir != "" {
		b.shots = filepath.Join(dir, language)
		if err := os.MkdirAll(b.shots, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	chromedp.ListenTarget(ctx, b.listen)
	if err := chromedp.Run(ctx, network.SetExtraHTTPHeaders(network.Headers{"Accept-Language": language})); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	return b
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError {
			b.faults = append(b.faults, e.Entry.Text+" "+e.Entry.URL)
		}
	}
}

// do takes some steps; none may take longer than a minute.
func (b *browser) do(what string, steps ...chromedp.Action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 60*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, steps...); err != nil {
		var url, text string
		_ = chromedp.Run(b.ctx, chromedp.Location(&url), chromedp.Text("body", &text, chromedp.ByQuery))
		b.picture("failed")
		b.t.Fatalf("%s: %v\nat %s the page says:\n%s", what, err, url, text)
	}
}

// click presses something and waits until something else is there.
func (b *browser) click(what, then string) {
	b.t.Helper()
	b.do("click "+what, browsertest.Click(what, chromedp.ByQuery), chromedp.WaitVisible(then, chromedp.ByQuery))
}

// fill types values into the fields of a form, given as pairs of name and value.
func (b *browser) fill(pairs ...string) {
	b.t.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		field := "#f-" + pairs[i]
		b.do("fill "+field, chromedp.WaitVisible(field, chromedp.ByQuery),
			chromedp.Evaluate(fmt.Sprintf("document.querySelector(%q).value = ''", field), nil), chromedp.SendKeys(field, pairs[i+1], chromedp.ByQuery))
	}
}

// await loads a page again and again until something is there: what happens while a page is being loaded, it may miss.
func (b *browser) await(url, what string) {
	b.t.Helper()
	await(b.t, 60*time.Second, func() error {
		ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
		defer cancel()
		if err := chromedp.Run(ctx, chromedp.Navigate(url), chromedp.WaitVisible(what, chromedp.ByQuery)); err != nil {
			return fmt.Errorf("%s on %s: %w", what, url, err)
		}
		return nil
	})
}

// text returns what an element says.
func (b *browser) text(of string) string {
	b.t.Helper()
	var s string
	b.do("read "+of, chromedp.Text(of, &s, chromedp.ByQuery))
	return s
}

// picture takes one of the whole page.
func (b *browser) picture(name string) {
	b.t.Helper()
	var png []byte
	if err := chromedp.Run(b.ctx, chromedp.Evaluate("scrollTo(0, 0)", nil), chromedp.FullScreenshot(&png, 100)); err != nil {
		b.t.Logf("picture of %s: %v", name, err)
		return
	}
	b.n++
	if err := os.WriteFile(filepath.Join(b.shots, fmt.Sprintf("%02d-%s.png", b.n, name)), png, 0o644); err != nil {
		b.t.Errorf("keep a picture: %v", err)
	}
}

// clean checks that no page had a fault of its own.
func (b *browser) clean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.faults {
		b.t.Errorf("the browser complains: %s", f)
	}
}
