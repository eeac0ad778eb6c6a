package handlers_test

import (
	"cmp"
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// ownLists is what the test reads when nobody names a folder of lists: one of each kind.
var ownLists = map[string]string{
	"lines.txt":   "<img src=x onerror=alert(1)>\n\n<svg/onload=alert(2)>\n<link rel=preconnect href=http://one.example>\n",
	"fixture.mjs": `export default [{"title": "x", "payload": "<b onclick=\"alert(3)\">x</b><iframe src=http://two.example></iframe>", "expected": ""}];`,
	"items.js":    `return [{ 'id': 1, 'data' : '<details open ontoggle="%js_alert%">it\'s', 'x': 1 }]`,
	"sheet.md":    "# Title\n\nText `<i>`.\n\n```html\n<META HTTP-EQUIV=\"refresh\" CONTENT=\"0;url=http://three.example/\">\n```\n",
}

var payloadOf = regexp.MustCompile(`['"](?:payload|data)['"]\s*:\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`)

// listed reads the lists of a folder: each line of a text, each line of code in Markdown, and what is called payload or data
// in JavaScript.
func listed(t *testing.T, folder string) []hostile {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []hostile
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		switch text := strings.ToValidUTF8(string(raw), "\ufffd"); filepath.Ext(file) {
		case ".mjs", ".js":
			for _, m := range payloadOf.FindAllStringSubmatch(text, -1) {
				found = append(found, scriptText(m[1]))
			}
		case ".md":
			for n, part := range strings.Split(text, "```") {
				if n%2 == 1 {
					found = append(found, strings.Split(part, "\n")[1:]...)
				}
			}
		default:
			found = strings.Split(text, "\n")
		}
		n := 0
		for _, one := range found {
			if one = strings.TrimSpace(one); one != "" {
				n++
				all = append(all, hostile{strings.NewReplacer("%js_uri_alert%", "javascript:alert(1)", "%js_alert%", "alert(1)").Replace(one), true}) // One may swallow the next.
			}
		}
		t.Logf("%s: %d pieces", filepath.Base(file), n)
	}
	return all
}

// scriptText is what a string of JavaScript says.
func scriptText(literal string) string {
	inside := literal[1 : len(literal)-1]
	inside = strings.NewReplacer(`\'`, `'`, `\/`, `/`, `\"`, `\"`, `\\`, `\\`, `"`, `\"`).Replace(inside)
	if text, err := strconv.Unquote(`"` + inside + `"`); err == nil {
		return text
	}
	return inside
}

// noisy has every frame tell when a script in it does what the lists do to show that it runs.
const noisy = `for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => top.postMessage("script of " + location.search, "*")`

// ownHosts are those that a browser asks for by itself: they lead nowhere, and are not counted.
const ownHosts = "MAP accounts.google.com ~NOTFOUND,MAP clients*.google.com ~NOTFOUND,MAP *.googleapis.com ~NOTFOUND,MAP *.gvt1.com ~NOTFOUND,"

// The lists that others keep, of ways to get a script past a sanitiser: none runs, and nothing is asked of the network, with the
// sanitiser and without it. LETTERBOX_XSS_LISTS names the folder; the lists themselves are not ours to keep here.
func TestListedMarkupRunsNothingAndAsksForNothing(t *testing.T) {
	folder := os.Getenv("LETTERBOX_XSS_LISTS")
	if folder == "" {
		folder = t.TempDir()
		for name, text := range ownLists {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := listed(t, folder)
	if len(all) < 6 {
		t.Fatalf("%d pieces in %s, want six at least", len(all), folder)
	}
	others := newElsewhere(t)
	g := newGallery(all)
	g.caged = true
	if folder != os.Getenv("LETTERBOX_XSS_LISTS") {
		g.docs["bare"] = g.docs["policy"]
	}
	srv := httptest.NewServer(g)
	t.Cleanup(srv.Close)
	ctx := browserFor(t, 60*time.Minute, chromedp.Flag("host-resolver-rules", ownHosts+"MAP * "+others.addr+",EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-features", "site-per-process,Translate,IsolateSandboxedIframes"))
	run := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	run(chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := page.AddScriptToEvaluateOnNewDocument(noisy).Do(ctx)
		return err
	}))
	others.since()
	for _, way := range []string{"sanitised", "policy"} {
		ran := g.show(t, run, srv.URL, way)
		connections, asked := others.since()
		if len(ran) > 0 || connections > 0 || len(asked) > 0 {
			t.Errorf("%s: %d scripts ran, %d connections and %d requests left, want none: %s %s", way, len(ran), connections, len(asked),
				strings.Join(ran[:min(len(ran), 10)], " "), strings.Join(asked[:min(len(asked), 10)], " "))
		}
	}
	ran := g.show(t, run, srv.URL, "bare")
	connections, asked := others.since()
	t.Logf("%d pieces; of %d documents without protection %d told of a script, %d connections and %d requests left", len(all), len(g.docs["bare"]), len(ran), connections, len(asked))
	if least := cmp.Or(len(g.docs["bare"])/20, 1); len(ran) < least || connections == 0 {
		t.Errorf("without protection %d documents ran a script and %d connections were opened, want %d and one at least", len(ran), connections, least)
	}
}
