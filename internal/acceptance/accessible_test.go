package acceptance_test

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	cdpruntime "github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"letterbox/internal/mailtest"
)

// axeFile is where scripts/ensure-test-services keeps axe-core.
const axeFile = "letterbox-test/axe-4.14.1.min.js"

// axe returns the script that looks for what keeps people from using a page.
func axe(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(cache, axeFile))
	if err != nil {
		if os.Getenv("CI") == "" && os.Getenv("LETTERBOX_TEST_REQUIRE_ALL") == "" {
			t.Skip("axe-core is not there: run scripts/ensure-test-services")
		}
		t.Fatalf("axe-core is not there: run scripts/ensure-test-services: %v", err)
	}
	return string(script)
}

// finding is something that keeps people from using a page.
type finding struct {
	ID, Impact, Help string
	Nodes            []string
}

// lookWithAxe runs every rule of WCAG 2.2 A and AA on the page that is open.
const lookWithAxe = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"], iframes: false})
  .then((r) => JSON.stringify(r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) =>
    ({ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.slice(0, 5).map((n) => n.html.slice(0, 200) + " " + n.any.map((a) => a.message).join("; "))}))))`

// inspect looks at the page that is open in both themes, wide and narrow.
func (b *browser) inspect(script, page string) {
	b.t.Helper()
	b.do("bring axe to "+page, chromedp.Evaluate(script+";true", nil))
	for _, theme := range []string{"light", "dark"} {
		for _, width := range []int64{1280, 320} {
			var out string
			b.do("look at "+page,
				emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
					{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
				}),
				emulation.SetDeviceMetricsOverride(width, 900, 1, false),
				chromedp.Evaluate(lookWithAxe, &out, func(p *cdpruntime.EvaluateParams) *cdpruntime.EvaluateParams { return p.WithAwaitPromise(true) }))
			var found []finding
			if err := json.Unmarshal([]byte(out), &found); err != nil {
				b.t.Fatalf("axe on %s: %v in %s", page, err, out)
			}
			for _, f := range found {
				b.t.Errorf("%s, %s, %d wide: %s (%s): %s\n\t%s", page, theme, width, f.ID, f.Impact, f.Help, strings.Join(f.Nodes, "\n\t"))
			}
			var wide int64
			b.do("measure "+page, chromedp.Evaluate(`document.documentElement.scrollWidth`, &wide))
			if wide > width {
				b.t.Errorf("%s, %d wide: the page is %d wide", page, width, wide)
			}
		}
	}
}

var digits = regexp.MustCompile(`\d+`)

// notPages are addresses that are no pages: downloads, streams, and the documents inside of frames.
var notPages = regexp.MustCompile(`^/(static|api|changes|attachments|signout)|/raw$|/mail/|/html|\.eml$|\.csv$`)

// pages follows every link from a page and returns one address of each kind of page that it leads to.
func (b *browser) pages(base string, from ...string) []string {
	b.t.Helper()
	seen, todo := map[string]bool{}, from
	var all []string
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		kind, _, _ := strings.Cut(path, "?")
		if kind = digits.ReplaceAllString(kind, "N"); seen[kind] || notPages.MatchString(kind) {
			continue
		}
		seen[kind] = true
		all = append(all, path)
		var links []string
		b.do("open "+path, chromedp.Navigate(base+path),
			chromedp.Evaluate(`[...document.querySelectorAll("a[href]")].filter((a) => a.origin === location.origin && !a.hasAttribute("download")).map((a) => a.pathname + a.search)`, &links))
		todo = append(todo, links...)
	}
	slices.Sort(all)
	return all
}

// No page keeps people out: axe-core finds nothing serious, in German and English, light and dark, wide and narrow.
func TestNoPageKeepsPeopleOut(t *testing.T) {
	script := axe(t)
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	for _, folder := range []string{"Sent", "Projekte/Drucker"} {
		if err := d.CreateFolder("alice", folder); err != nil {
			t.Fatal(err)
		}
	}
	p := newProgram(t)
	p.prepare()
	p.start()
	p.fill(d)
	t.Cleanup(p.stop)
	for _, language := range []string{"de", "en"} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			b := openBrowser(t, language)
			b.do("sign out", chromedp.Navigate(p.url+"/signin"), chromedp.WaitVisible("#f-login", chromedp.ByQuery))
			b.inspect(script, "/signin")
			b.fill("login", "admin", "password", "a long password")
			b.do("sign in", chromedp.Submit("#f-password", chromedp.ByQuery), chromedp.WaitVisible("footer.foot", chromedp.ByQuery))
			all := b.pages(p.url, "/issues", "/nothing", "/inboxes/2")
			if len(all) < 18 {
				t.Errorf("found %d pages (%v), want all of them", len(all), all)
			}
			for _, path := range all {
				b.do("open "+path, emulation.SetDeviceMetricsOverride(1280, 900, 1, false), chromedp.Navigate(p.url+path))
				b.inspect(script, path)
			}
			// The same pages as they look otherwise: rows of a table, groups, what a search finds and does not, open menus.
			for _, path := range []string{"/issues?density=compact&columns=state,priority,project,reporter,assignee,due,updated", "/issues?density=compact&group=state",
				"/issues?group=assignee", "/issues?q=drucker+is:open", "/issues?q=zebra"} {
				b.do("open "+path, emulation.SetDeviceMetricsOverride(1280, 900, 1, false), chromedp.Navigate(p.url+path))
				b.inspect(script, path)
			}
			b.do("see what was told", emulation.SetDeviceMetricsOverride(1280, 900, 1, false), chromedp.Navigate(p.url+"/notifications?show=all"),
				chromedp.WaitVisible(".notice .acts button", chromedp.ByQuery))
			b.inspect(script, "/notifications, with lines")
			for n := range 3 {
				b.do("open a menu", emulation.SetDeviceMetricsOverride(1280, 900, 1, false), chromedp.Navigate(p.url+"/issues"),
					chromedp.Evaluate(fmt.Sprintf(`document.querySelectorAll(".head .tools details")[%d].open = true`, n), nil))
				b.inspect(script, fmt.Sprintf("/issues, menu %d", n+1))
			}
			b.do("open what waits", emulation.SetDeviceMetricsOverride(1280, 900, 1, false), chromedp.Navigate(p.url+"/work"),
				chromedp.WaitVisible(`//h2[.="Waiting for you" or .="Wartet auf Sie"]`))
			b.inspect(script, "/work, what waits")
			for _, page := range []string{"edit", "folders", "certificate", "extraction", "rules"} {
				path := "/inboxes/3/" + page
				b.do("open "+path, emulation.SetDeviceMetricsOverride(1280, 900, 1, false), chromedp.Navigate(p.url+path))
				if page == "edit" {
					b.do("see the folders", chromedp.WaitVisible("#f-folders .tree", chromedp.ByQuery))
				}
				b.inspect(script, path)
			}
			p.walkWizard(b, d, script)
		})
	}
}

// fill makes what pages show: mail of many kinds, inboxes that work and do not, people.
func (p *program) fill(d *mailtest.Dovecot) {
	p.t.Helper()
	p.addProject()
	p.addPeople()
	push := p.addInbox(object{"receive": "push", "blocked_senders": []string{"@spam.example"}})
	host, port, err := net.SplitHostPort(d.IMAPAddr)
	if err != nil {
		p.t.Fatal(err)
	}
	p.addInbox(object{"name": "Alarm", "address": "alarm@here.example", "host": host, "port": json.Number(port), "password": "guess"})
	working := p.addInbox(with(at(d.IMAPAddr), object{"name": "Drucker", "address": "drucker@here.example", "username": "alice", "password": "secret",
		"tls_verify": "pinned", "fingerprint": d.Certificate.Fingerprint, "folders": []string{"Projekte/Drucker"}}))
	for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		var in struct {
			Status struct {
				State string `json:"state"`
			} `json:"status"`
		}
		if p.call("GET", fmt.Sprintf("/inboxes/%d", working), nil, &in); in.Status.State == "active" {
			break
		}
		if time.Now().After(end) {
			p.t.Fatalf("the inbox is %q, want active", in.Status.State)
		}
	}
	for i, mail := range []string{
		"From: Anna <anna@kunde.example>\nSubject: Der Drucker brennt\nMessage-ID: <1@kunde.example>\nContent-Type: text/html\n\n<p>Sofort <b>kommen</b></p>",
		"From: Anna <anna@kunde.example>\nSubject: Re: [#1] Der Drucker brennt\nMessage-ID: <2@kunde.example>\nIn-Reply-To: <1@kunde.example>\n\nNoch immer.\n\n> Sofort\n",
		"From: Eve <eve@spam.example>\nSubject: Buy\nMessage-ID: <3@spam.example>\n\nBuy\n",
	} {
		p.must([]byte(strings.ReplaceAll(mail, "\n", "\r\n")), "receive", "--inbox", "Support")
		if p.quiet(push, i+1); i == 0 { // What comes next is told to the one who has it.
			p.call("PATCH", "/issues/1", object{"assignee": "admin"}, nil)
		}
	}
}

// walkWizard looks at each step of adding an inbox, and at a check that fails.
func (p *program) walkWizard(b *browser, d *mailtest.Dovecot, script string) {
	b.t.Helper()
	host, port, err := net.SplitHostPort(d.IMAPAddr)
	if err != nil {
		b.t.Fatal(err)
	}
	b.do("add an inbox", emulation.SetDeviceMetricsOverride(1280, 900, 1, false), chromedp.Navigate(p.url+"/inboxes/add"))
	b.click(`button[value="next"].primary`, "#errors")
	b.inspect(script, "wizard, errors")
	b.fill("address", "support@gmx.de")
	b.click(`button[value="next"].primary`, ".found-servers")
	b.inspect(script, "wizard, found")
	b.fill("host", host, "port", port, "username", "alice", "password", "secret")
	b.do("choose the security", chromedp.SetValue("#f-security", "starttls", chromedp.ByQuery))
	b.click(`.actions button[value="check"]`, "#report .remedy")
	b.inspect(script, "wizard, check that failed")
	b.click("#report button[data-set]", "#report h2.ok")
	b.inspect(script, "wizard, check")
	b.click(`#report button[value="next"]`, "#f-folders")
	b.inspect(script, "wizard, mail")
	b.click(`.actions button[value="preview"]`, "#preview")
	b.inspect(script, "wizard, preview")
	fmt.Fprintln(b.t.Output(), "pictures in", b.shots)
}
