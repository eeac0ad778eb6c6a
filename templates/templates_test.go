package templates

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterbox/internal/i18n"
)

func TestLinkifyLinksAndEscapes(t *testing.T) {
	link := func(url string) string {
		return `<a href="` + url + `" rel="noopener noreferrer nofollow" target="_blank">` + url + `</a>`
	}
	tests := []struct{ name, text, want string }{
		{"nothing", "plain", "plain"},
		{"markup", `<b onclick="x">`, `&lt;b onclick=&#34;x&#34;&gt;`},
		{"address", "see https://a.example/x?y=1&z=2.", "see " + `<a href="https://a.example/x?y=1&amp;z=2" rel="noopener noreferrer nofollow" target="_blank">https://a.example/x?y=1&amp;z=2</a>` + "."},
		{"in brackets", "(http://a.example)", "(" + link("http://a.example") + ")"},
		{"mailto", "mailto:a@a.example", link("mailto:a@a.example")},
		{"other schemes", "javascript:alert(1) data:text/html,x file:///etc", "javascript:alert(1) data:text/html,x file:///etc"},
		{"quote ends an address", `https://a.example/"onmouseover="x`, link("https://a.example/") + `&#34;onmouseover=&#34;x`},
		{"issue", "like #12 and [#13]", `like <a href="/issues/12">#12</a> and <a href="/issues/13">[#13]</a>`},
		{"no issue", "#0 #x", "#0 #x"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := string(Linkify(test.text)); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestHiddenCharactersAreShown(t *testing.T) {
	for text, want := range map[string]string{
		"Jörg Müller": "Jörg Müller", "a\u202egpj.exe": "a\ufffdgpj.exe", "x\u200by": "x\ufffdy", "\u2066z": "\ufffdz", "a\x00\x1bb": "a\ufffd\ufffdb",
		"👨\u200d👩": "👨\u200d👩", "two\nlines": "two\nlines",
	} {
		if got := Visible(text); got != want {
			t.Errorf("Visible(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestDayIsPastOnceItIsOver(t *testing.T) {
	due := time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)
	east := time.FixedZone("", 14*60*60)
	for _, test := range []struct {
		now  time.Time
		want bool
	}{
		{due.Add(-time.Second), false},
		{due, false},
		{due.Add(24*time.Hour - time.Second), false},
		{due.Add(24 * time.Hour), true},
		{due.AddDate(1, -11, 0), true},
		{time.Date(2026, 3, 29, 23, 59, 0, 0, east), false}, // The day of the clock of the server, not that of UTC.
		{time.Date(2026, 3, 30, 0, 0, 0, 0, east), true},
	} {
		if got := past(&due, test.now); got != test.want {
			t.Errorf("past at %s = %t, want %t", test.now, got, test.want)
		}
	}
}

func TestEveryPageIsParsedInEveryLanguage(t *testing.T) {
	cat, err := i18n.Load(Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	set, err := New(cat)
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(Sources(), "pages/*.html")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(set.Names()), len(files); got != want || got == 0 {
		t.Errorf("%d pages, want %d", got, want)
	}
	if _, err := set.Render("de", "no_such_page", nil); !errors.Is(err, ErrNoPage) {
		t.Errorf("err = %v, want ErrNoPage", err)
	}
	if out, err := set.Render("de", "issue_list", nil); err == nil || out != nil {
		t.Errorf("a page without data = %d octets, %v: want nothing and an error", len(out), err)
	}
}

// Texts stand in the catalogue, behaviour in app.js, looks in the style sheets.
func TestPagesHoldNeitherTextsNorCode(t *testing.T) {
	strip := regexp.MustCompile(`(?s)\{\{.*?\}\}|<svg.*?</svg>|<[^>]*>|&[a-z]+;`)
	code := regexp.MustCompile(`\son[a-z]+=|\sstyle=|<script[^>]*>[^<]|javascript:`)
	names := regexp.MustCompile(`Letterbox|Deutsch|English|Message-ID|SHA-256`)
	err := fs.WalkDir(Sources(), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".html") {
			return err
		}
		raw, err := fs.ReadFile(Sources(), path)
		if found := code.FindString(string(raw)); found != "" {
			t.Errorf("%s holds %q", path, found)
		}
		text := names.ReplaceAllString(strip.ReplaceAllString(string(raw), " "), " ")
		if word := regexp.MustCompile(`\pL{2,}`).FindString(text); word != "" {
			t.Errorf("%s holds the word %q", path, word)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAssetsAreOneStyleSheetAndTheFilesBesideIt(t *testing.T) {
	assets, err := Assets()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"app.css", "app.js", "mark.svg"} {
		a := assets[name]
		if len(a.Content) == 0 || a.Version == "" || a.ContentType == "" {
			t.Errorf("%s = %d octets, version %q, type %q", name, len(a.Content), a.Version, a.ContentType)
		}
	}
	if css := string(assets["app.css"].Content); strings.Contains(css, "http:") || strings.Contains(css, "https:") || strings.Contains(css, "@import") {
		t.Error("the style sheet loads from elsewhere")
	}
}

func TestEveryPageParses(t *testing.T) {
	cat, err := i18n.Load(Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	set, err := New(cat)
	if err != nil {
		t.Fatal(err)
	}
	for lang, pages := range set.pages {
		for name, parse := range pages {
			if page, err := parse(); err != nil || page == nil {
				t.Errorf("%s in %s: page %v, error %v", name, lang, page, err)
			}
		}
	}
}
