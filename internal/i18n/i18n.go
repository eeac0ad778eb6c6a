// Package i18n turns keys into sentences, and numbers and times into text, in German and English.
//
// The texts stand in JSON files, one folder per language and one flat object per file. A value is a text with
// {placeholder}s, or an object {"one": ..., "other": ...} that is chosen by the argument "n". A key that is missing is
// shown as it is, so a page is never empty; tests keep that from happening.
package i18n

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Languages lists the languages of the catalogue.
func Languages() []string { return []string{"de", "en"} }

// Fallback is the language of those who ask for none that we have.
const Fallback = "en"

// Entry is one text. One is "" when the text does not depend on a number.
type Entry struct{ One, Other string }

// Catalogue holds all texts. It never changes after Load and is safe for concurrent use.
type Catalogue struct {
	texts   map[string]map[string]Entry // Language, key.
	missing func(lang, key string)
}

// OnMissing has f told of every key that is asked for and not there, for tests. It is called before the catalogue is
// used.
func (c *Catalogue) OnMissing(f func(lang, key string)) { c.missing = f }

// Load reads LANGUAGE/*.json for every language. A key that stands twice, a file that is no flat object and a language
// without files are errors.
func Load(fsys fs.FS) (*Catalogue, error) {
	c := &Catalogue{texts: map[string]map[string]Entry{}}
	for _, lang := range Languages() {
		names, err := fs.Glob(fsys, path.Join(lang, "*.json"))
		if err != nil {
			return nil, fmt.Errorf("list catalogue %s: %w", lang, err)
		}
		if len(names) == 0 {
			return nil, fmt.Errorf("catalogue %s has no files", lang)
		}
		c.texts[lang] = map[string]Entry{}
		for _, name := range names {
			raw, err := fs.ReadFile(fsys, name)
			if err != nil {
				return nil, fmt.Errorf("read catalogue: %w", err)
			}
			if err := c.add(lang, raw); err != nil {
				return nil, fmt.Errorf("catalogue %s: %w", name, err)
			}
		}
	}
	return c, nil
}

func (c *Catalogue) add(lang string, raw []byte) error {
	var file map[string]json.RawMessage
	if err := json.Unmarshal(raw, &file); err != nil {
		return err
	}
	for key, value := range file {
		if _, ok := c.texts[lang][key]; ok {
			return fmt.Errorf("key %q stands twice", key)
		}
		e, err := entry(value)
		if err != nil {
			return fmt.Errorf("key %q: %w", key, err)
		}
		c.texts[lang][key] = e
	}
	return nil
}

func entry(raw json.RawMessage) (Entry, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return Entry{Other: text}, nil
	}
	var plural map[string]string
	if err := json.Unmarshal(raw, &plural); err != nil {
		return Entry{}, errors.New(`neither a text nor {"one", "other"}`)
	}
	if len(plural) != 2 || plural["one"] == "" || plural["other"] == "" {
		return Entry{}, errors.New(`a plural has exactly "one" and "other"`)
	}
	return Entry{One: plural["one"], Other: plural["other"]}, nil
}

// Has reports whether the language has a text for key.
func (c *Catalogue) Has(lang, key string) bool {
	_, ok := c.texts[lang][key]
	return ok
}

// Keys returns the keys of a language in order.
func (c *Catalogue) Keys(lang string) []string { return slices.Sorted(maps.Keys(c.texts[lang])) }

// Entry returns a text as it stands in the catalogue.
func (c *Catalogue) Entry(lang, key string) Entry { return c.texts[lang][key] }

// T returns the text of key with its placeholders filled. The plural form follows args["n"]. A placeholder without an
// argument stays as it is; a missing key is returned itself.
func (c *Catalogue) T(lang, key string, args map[string]string) string {
	e, ok := c.texts[lang][key]
	if !ok {
		if c.missing != nil {
			c.missing(lang, key)
		}
		return key
	}
	text := e.Other
	if e.One != "" && args["n"] == "1" {
		text = e.One
	}
	return fill(text, args)
}

var placeholder = regexp.MustCompile(`\{([a-z][a-z0-9_]*)\}`)

// Placeholders returns the names of the placeholders of a text, each once, in order.
func Placeholders(text string) []string {
	names := map[string]bool{}
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		names[m[1]] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// fill replaces each placeholder once; a value that looks like a placeholder is not looked at again.
func fill(text string, args map[string]string) string {
	if len(args) == 0 || !strings.Contains(text, "{") {
		return text
	}
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		if v, ok := args[p[1:len(p)-1]]; ok {
			return v
		}
		return p
	})
}

// Match returns the language of an Accept-Language field (RFC 9110, 12.5.4) that comes first in it and that we have,
// else Fallback. Browsers list languages by preference, so the q values add nothing; q=0 is left out.
func Match(accept string) string {
	for part := range strings.SplitSeq(accept, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if q := strings.ReplaceAll(params, " ", ""); q == "q=0" || q == "q=0.0" {
			continue
		}
		primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if slices.Contains(Languages(), primary) {
			return primary
		}
	}
	return Fallback
}
