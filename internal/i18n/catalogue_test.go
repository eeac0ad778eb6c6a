package i18n_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/i18n"
	"letterbox/templates"
)

func catalogue(t *testing.T) *i18n.Catalogue {
	t.Helper()
	c, err := i18n.Load(templates.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestBothLanguagesHaveTheSameTexts(t *testing.T) {
	c := catalogue(t)
	if diff := cmp.Diff(c.Keys("de"), c.Keys("en")); diff != "" {
		t.Errorf("keys (-de +en):\n%s", diff)
	}
	for _, key := range c.Keys("de") {
		if !c.Has("en", key) {
			continue
		}
		de, en := c.Entry("de", key), c.Entry("en", key)
		if diff := cmp.Diff(i18n.Placeholders(de.One+de.Other), i18n.Placeholders(en.One+en.Other)); diff != "" {
			t.Errorf("placeholders of %s (-de +en):\n%s", key, diff)
		}
		if (de.One == "") != (en.One == "") {
			t.Errorf("%s is a plural in one language only", key)
		}
		if strings.TrimSpace(de.Other) == "" || strings.TrimSpace(en.Other) == "" {
			t.Errorf("%s is empty", key)
		}
	}
}

// The tone of the pages (look.md): no exclamation marks, no excuses, no blame.
func TestTextsKeepTheTone(t *testing.T) {
	c := catalogue(t)
	words := regexp.MustCompile(`(?i)!|\b(leider|bitte|ungültig\w*|sorry|please|invalid|oops)\b`)
	for _, lang := range i18n.Languages() {
		for _, key := range c.Keys(lang) {
			e := c.Entry(lang, key)
			if found := words.FindString(e.One + " " + e.Other); found != "" {
				t.Errorf("%s %s says %q: %s", lang, key, found, e.Other)
			}
		}
	}
}

var (
	inPages = regexp.MustCompile(`\bt "([^"]+)"`)
	inGo    = regexp.MustCompile(`\.(?:T|refuse|add)\((?:[^"()]*, )?"([A-Za-z][\w.-]*\.?)"`)
)

// Every key that stands as a constant in a page or in Go is there; keys that are put together are seen by the tests
// that render the pages.
func TestEveryTextThatIsNamedIsThere(t *testing.T) {
	c := catalogue(t)
	named := map[string]string{}
	err := fs.WalkDir(templates.Sources(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".html") {
			return err
		}
		raw, err := fs.ReadFile(templates.Sources(), path)
		for _, m := range inPages.FindAllStringSubmatch(string(raw), -1) {
			named[m[1]] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("../../handlers/*.go")
	if err != nil || len(sources) == 0 {
		t.Fatalf("sources of the handlers: %v, %v", sources, err)
	}
	for _, path := range sources {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range inGo.FindAllStringSubmatch(string(raw), -1) {
			if !strings.HasSuffix(m[1], ".") && strings.ContainsAny(m[1], ".-") {
				named[m[1]] = path
			}
		}
		for _, m := range regexp.MustCompile(`"((?:flash|right)\.[a-z_]+)"`).FindAllStringSubmatch(string(raw), -1) {
			named[m[1]] = path
		}
	}
	if len(named) < 200 {
		t.Errorf("found only %d names: the search is broken", len(named))
	}
	for _, lang := range i18n.Languages() {
		for key, path := range named {
			if !c.Has(lang, key) {
				t.Errorf("%s: text %q is missing in %s", path, key, lang)
			}
		}
	}
}

func TestLanguagesAreTheFoldersOfTheCatalogue(t *testing.T) {
	entries, err := fs.ReadDir(templates.Catalogue(), ".")
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, e := range entries {
		folders = append(folders, e.Name())
	}
	want := slices.Sorted(slices.Values(i18n.Languages()))
	if diff := cmp.Diff(want, folders); diff != "" {
		t.Errorf("folders (-want +got):\n%s", diff)
	}
}
