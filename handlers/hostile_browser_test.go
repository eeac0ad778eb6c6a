package handlers_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"letterbox/gateway/message"
	"letterbox/handlers"
)

// elsewhere is the server of somebody else: the name remote.example leads to it, and no other name leads anywhere.
type elsewhere struct {
	mu          sync.Mutex
	connections int
	paths       []string
	addr        string
}

func newElsewhere(t *testing.T) *elsewhere {
	t.Helper()
	e := &elsewhere{}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.paths = append(e.paths, r.URL.Path)
	}))
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.connections++
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	e.addr = srv.Listener.Addr().String()
	return e
}

// since returns what has come since the last call.
func (e *elsewhere) since() (connections int, paths []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	connections, paths = e.connections, e.paths
	e.connections, e.paths = 0, nil
	slices.Sort(paths)
	return connections, slices.Compact(paths)
}

// filled puts the script and the address into a piece of hostile markup.
func filled(n int, markup string) string {
	run := fmt.Sprintf("top.postMessage(%d,String.fromCharCode(42))", n)
	coded := base64.StdEncoding.EncodeToString([]byte("<script>" + run + "</script>"))
	return strings.NewReplacer("RUN", run, "REMOTE", "remote.example", "PATH", fmt.Sprint("piece-", n), "PHNjcmlwdD5SVU48L3NjcmlwdD4=", coded).Replace(markup)
}

// gallery shows hostile markup as the HTML of mails, in documents like those of an issue.
type gallery struct {
	docs  map[string][]string // By the way they are shown.
	caged bool                // Without protection they run scripts, and still do not leave their frames.
}

// newGallery puts pieces that bear it together into one document.
func newGallery(all []hostile) gallery {
	g := gallery{docs: map[string][]string{}}
	var raw, clean []string
	for n, piece := range all {
		markup := filled(n, piece.markup)
		clean = append(clean, message.SafeHTML(markup))
		if piece.alone {
			g.docs["policy"] = append(g.docs["policy"], markup)
		} else {
			raw = append(raw, markup)
		}
	}
	for part := range slices.Chunk(raw, 20) {
		g.docs["policy"] = append(g.docs["policy"], strings.Join(part, recovery))
	}
	for part := range slices.Chunk(clean, 50) {
		g.docs["sanitised"] = append(g.docs["sanitised"], strings.Join(part, "\n"))
	}
	for n := 0; n < len(g.docs["policy"]); n += 5 {
		g.docs["bare"] = append(g.docs["bare"], g.docs["policy"][n])
	}
	return g
}

// ServeHTTP answers /host?way=W&from=N with a page of frames, and /doc?way=W&n=N with one mail.
func (g gallery) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	way, set := r.URL.Query().Get("way"), w.Header().Set
	set("Content-Type", "text/html; charset=utf-8")
	switch r.URL.Path {
	case "/doc":
		n, err := strconv.Atoi(r.URL.Query().Get("n"))
		if err != nil || n >= len(g.docs[way]) {
			http.NotFound(w, r)
			return
		}
		if way == "bare" {
			fmt.Fprint(w, "<!doctype html><body>"+g.docs[way][n])
			return
		}
		handlers.MailHeaders(set)
		_, _ = w.Write(handlers.MailDocument(g.docs[way][n]))
	case "/host":
		from, _ := strconv.Atoi(r.URL.Query().Get("from"))
		fmt.Fprint(w, "<!doctype html><script>window.ran=[];addEventListener('message',(e)=>ran.push(String(e.data)))</script>")
		for n := from; n < min(from+perPage, len(g.docs[way])); n++ {
			cage := ""
			if g.caged && way == "bare" {
				cage = ` sandbox="allow-scripts"`
			}
			fmt.Fprintf(w, `<iframe%s src="/doc?way=%s&n=%d"></iframe>`, cage, way, n)
		}
	default:
		http.NotFound(w, r)
	}
}

const perPage = 50

// show opens all documents of a way and returns the numbers of the pieces that ran a script.
func (g gallery) show(t *testing.T, run func(...chromedp.Action), base, way string) []string {
	t.Helper()
	var all []string
	for from := 0; from < len(g.docs[way]); from += perPage {
		var ran, before []string
		run(loadedWhole(fmt.Sprintf("%s/host?way=%s&from=%d", base, way, from), &before),
			// What starts by itself has started when the page is loaded and some pictures of it were drawn.
			chromedp.Evaluate(`new Promise((done) => { let n = 0; const next = () => ++n < 20 ? requestAnimationFrame(next) : done(ran); next(); })`, &ran, awaited))
		all = append(all, append(before, ran...)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// loadedWhole opens a page and waits until all of its frames are there. Among hundreds of frames the browser now and then
// loses one, and the page is never done: then it is opened again. ran is what has run until then.
func loadedWhole(address string, ran *[]string) chromedp.Action {
	const attempts = 5
	return chromedp.ActionFunc(func(ctx context.Context) error {
		whole := fmt.Sprintf(`location.href === %q && document.readyState === "complete"`, address)
		for n := 1; ; n++ {
			_, _, problem, _, err := page.Navigate(address).Do(ctx)
			if err == nil && problem != "" {
				err = errors.New(problem)
			}
			if err != nil {
				return fmt.Errorf("open %s: %w", address, err)
			}
			done := false
			for end := time.Now().Add(90 * time.Second); !done && time.Now().Before(end) && ctx.Err() == nil; {
				_ = chromedp.Evaluate(whole, &done).Do(ctx) // Fails while one page takes the place of the other.
				time.Sleep(20 * time.Millisecond)
			}
			if done {
				return nil
			}
			if n == attempts {
				return fmt.Errorf("%s is not loaded whole after %d attempts", address, n)
			}
			var more []string
			if err := chromedp.Evaluate(`window.ran ?? []`, &more).Do(ctx); err != nil {
				return err
			}
			*ran = append(*ran, more...)
		}
	})
}

// Mail is shown by two walls, and each holds alone: what the sanitiser leaves is harmless, and where it would fail the
// policy of the document lets no script run and nothing be asked of the network (SEC-25 to SEC-27).
func TestHostileMarkupRunsNothingAndAsksForNothing(t *testing.T) {
	all := hostileMarkup()
	if len(all) < 3000 {
		t.Fatalf("%d pieces, want some thousand", len(all))
	}
	others := newElsewhere(t)
	g := newGallery(all)
	srv := httptest.NewServer(g)
	t.Cleanup(srv.Close)
	ctx := browserFor(t, 20*time.Minute, chromedp.Flag("host-resolver-rules", "MAP remote.example "+others.addr+",MAP * ~NOTFOUND,EXCLUDE 127.0.0.1"))
	run := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	for _, way := range []string{"sanitised", "policy"} {
		if ran := g.show(t, run, srv.URL, way); len(ran) > 0 {
			t.Errorf("%s: %d pieces ran a script, want none: %s", way, len(ran), strings.Join(ran[:min(len(ran), 10)], " "))
		}
		connections, asked := others.since()
		for _, path := range asked[:min(len(asked), 10)] {
			n, _ := strconv.Atoi(strings.TrimPrefix(path, "/piece-"))
			t.Errorf("%s: %s was asked for by %s", way, path, all[n].markup)
		}
		// No policy stops a connection that is only opened ahead (rel=preconnect): the document has a wall of its own for that.
		if connections > 0 {
			t.Errorf("%s: %d connections left, want none", way, connections)
		}
	}
	// What the sanitiser leaves, as the parser of a browser reads it: known elements and attributes only, and no name by
	// which a script of ours could take it for something else.
	clean := make([]string, len(all))
	for n, piece := range all {
		clean[n] = message.SafeHTML(filled(n, piece.markup))
	}
	list, err := json.Marshal(clean)
	if err != nil {
		t.Fatal(err)
	}
	var odd []string
	run(chromedp.Evaluate(`(() => {
		const fine = new Set("style title dir lang align href rel target src data-remote-src alt width height border bgcolor text color face size span colspan rowspan valign nowrap cellpadding cellspacing value start type".split(" "));
		const bad = "script style iframe frame frameset object embed applet form input button select textarea svg math link meta base video audio source track template noscript portal".split(" ");
		return `+string(list)+`.flatMap((markup) => {
			const page = new DOMParser().parseFromString("<!doctype html><body><div id=only>" + markup + "</div>", "text/html");
			const found = [...page.getElementById("only").querySelectorAll("*")];
			const outside = [...page.head.children, ...page.body.children].length !== 1;
			return outside || found.some((e) => bad.includes(e.localName) || [...e.attributes].some((a) => !fine.has(a.name))) ? [markup] : [];
		});
	})()`, &odd))
	for _, markup := range odd[:min(len(odd), 10)] {
		t.Errorf("the sanitiser leaves %s", markup)
	}
	// Without any wall the list does what it says; otherwise the rest would show nothing.
	ran := g.show(t, run, srv.URL, "bare")
	connections, asked := others.since()
	t.Logf("%d pieces; of %d documents without protection %d pieces ran a script, %d connections and %d requests left", len(all), len(g.docs["bare"]), len(ran), connections, len(asked))
	if len(ran) < 100 || len(asked) < 20 || connections == 0 {
		t.Errorf("without protection %d pieces ran a script and %d requests left, want at least 100 and 20", len(ran), len(asked))
	}
}

func awaited(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }
