// Package templates holds what people see: layouts, pages, static files and the German and English catalogues, all
// embedded in the program.
//
// Every page is parsed when it is first shown, once for every language; the tests parse all of them. Texts never stand in the pages themselves: {{t "key"}} takes them from the catalogue. html/template escapes
// what is shown; only linkify and icon return HTML, made of escaped text and of constants.
package templates

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"letterbox/internal/i18n"
)

//go:embed layout pages static catalogue
var files embed.FS

// ErrNoPage says that there is no page of that name.
var ErrNoPage = errors.New("no such page")

// Catalogue returns the folders of the message catalogue, one for each language.
func Catalogue() fs.FS { return sub("catalogue") }

// Sources returns the layouts and pages as they were written, for tests.
func Sources() fs.FS { return files }

func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		return files // The name is a constant: fs.Sub only refuses names that are no path.
	}
	return f
}

// Set is all pages in all languages. It is safe for concurrent use.
type Set struct {
	pages map[string]map[string]parse // Language, page.
}

// parse returns a page, parsed at the first call.
type parse func() (*template.Template, error)

// New prepares every page with every layout. The error names the layout that cannot be parsed.
func New(cat *i18n.Catalogue) (*Set, error) {
	assets, err := newAssets()
	if err != nil {
		return nil, err
	}
	s := &Set{pages: map[string]map[string]parse{}}
	names, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("list pages: %w", err)
	}
	for _, lang := range i18n.Languages() {
		layout, err := template.New("layout").Funcs(funcs(cat.Locale(lang), assets)).ParseFS(files, "layout/*.html")
		if err != nil {
			return nil, fmt.Errorf("parse layout: %w", err)
		}
		s.pages[lang] = map[string]parse{}
		for _, name := range names {
			s.pages[lang][strings.TrimSuffix(path.Base(name), ".html")] = sync.OnceValues(func() (*template.Template, error) {
				return parsePage(layout, name)
			})
		}
	}
	return s, nil
}

func parsePage(layout *template.Template, name string) (*template.Template, error) {
	page, err := layout.Clone()
	if err == nil {
		page, err = page.ParseFS(files, name)
	}
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", name, err)
	}
	return page.Lookup(path.Base(name)), nil
}

// Names returns the names of the pages in order.
func (s *Set) Names() []string {
	var names []string
	for name := range s.pages[i18n.Fallback] {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Render returns the page in that language, or nothing and an error: half a page is never shown.
func (s *Set) Render(lang, page string, data any) ([]byte, error) {
	pages, ok := s.pages[lang]
	if !ok {
		pages = s.pages[i18n.Fallback]
	}
	get := pages[page]
	if get == nil {
		return nil, fmt.Errorf("page %q: %w", page, ErrNoPage)
	}
	t, err := get()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("render page %q: %w", page, err)
	}
	return out.Bytes(), nil
}
