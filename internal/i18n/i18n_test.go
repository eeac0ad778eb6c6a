package i18n

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func load(t *testing.T, de, en string) *Catalogue {
	t.Helper()
	c, err := Load(fstest.MapFS{"de/a.json": {Data: []byte(de)}, "en/a.json": {Data: []byte(en)}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTextsFillTheirPlaceholdersOnce(t *testing.T) {
	c := load(t, `{"hello": "Guten Tag, {name} ({n})"}`, `{"hello": "Hello {name}"}`)
	tests := []struct {
		lang, key string
		args      map[string]string
		want      string
	}{
		{"de", "hello", map[string]string{"name": "Anna", "n": "2"}, "Guten Tag, Anna (2)"},
		{"en", "hello", map[string]string{"name": "{n}", "n": "2"}, "Hello {n}"}, // A value is never looked at again.
		{"en", "hello", nil, "Hello {name}"},
		{"en", "nothing.like.it", nil, "nothing.like.it"},
		{"fr", "hello", nil, "hello"},
	}
	for _, test := range tests {
		if got := c.T(test.lang, test.key, test.args); got != test.want {
			t.Errorf("T(%q, %q, %v) = %q, want %q", test.lang, test.key, test.args, got, test.want)
		}
	}
}

func TestPluralFollowsTheNumber(t *testing.T) {
	c := load(t, `{"mails": {"one": "eine E-Mail", "other": "{n} E-Mails"}}`, `{"mails": {"one": "one mail", "other": "{n} mails"}}`)
	de, en := c.Locale("de"), c.Locale("en")
	for n, want := range map[int]string{0: "0 E-Mails", 1: "eine E-Mail", 2: "2 E-Mails", 1234: "1.234 E-Mails"} {
		if got := de.T("mails", "n", n); got != want {
			t.Errorf("%d = %q, want %q", n, got, want)
		}
	}
	if got, want := en.T("mails", map[string]string{"n": "1"}), "one mail"; got != want {
		t.Errorf("one = %q, want %q", got, want)
	}
}

func TestLoadRefusesWhatCannotBeRight(t *testing.T) {
	tests := []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"a language without files", fstest.MapFS{"de/a.json": {Data: []byte(`{}`)}}, "en has no files"},
		{"a key that stands twice", fstest.MapFS{"de/a.json": {Data: []byte(`{"x": "1"}`)}, "de/b.json": {Data: []byte(`{"x": "2"}`)}, "en/a.json": {Data: []byte(`{}`)}}, "stands twice"},
		{"no object", fstest.MapFS{"de/a.json": {Data: []byte(`[]`)}, "en/a.json": {Data: []byte(`{}`)}}, "a.json"},
		{"half a plural", fstest.MapFS{"de/a.json": {Data: []byte(`{"x": {"one": "1"}}`)}, "en/a.json": {Data: []byte(`{}`)}}, "plural"},
		{"a number", fstest.MapFS{"de/a.json": {Data: []byte(`{"x": 1}`)}, "en/a.json": {Data: []byte(`{}`)}}, "neither a text"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Load(test.files); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestMissingKeysAreTold(t *testing.T) {
	c := load(t, `{"x": "1"}`, `{"x": "1"}`)
	var got []string
	c.OnMissing(func(lang, key string) { got = append(got, lang+" "+key) })
	c.T("de", "x", nil)
	c.T("de", "y", nil)
	if diff := cmp.Diff([]string{"de y"}, got); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
}

func TestMatchTakesTheFirstLanguageThatWeHave(t *testing.T) {
	for accept, want := range map[string]string{
		"": "en", "de": "de", "de-AT,de;q=0.9,en;q=0.8": "de", "fr,en;q=0.8,de;q=0.7": "en", "EN-us": "en", "fr": "en",
		"de;q=0,en": "en", "*": "en", ",,;;": "en",
	} {
		if got := Match(accept); got != want {
			t.Errorf("Match(%q) = %q, want %q", accept, got, want)
		}
	}
}

func TestPlaceholdersOfAText(t *testing.T) {
	if diff := cmp.Diff([]string{"a", "b_2"}, Placeholders("{b_2} and {a}, {a} and { no } {N}")); diff != "" {
		t.Errorf("placeholders (-want +got):\n%s", diff)
	}
}
