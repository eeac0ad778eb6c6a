package tracker

import (
	"testing"
	"unicode/utf8"
)

func TestAddressesAreComparedInOneForm(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"Max@Example.ORG", "max@example.org"}, {"  a@b.de ", "a@b.de"}, {"ünal@köln.de", "ünal@xn--kln-sna.de"}, {"a+b@x.org", "a+b@x.org"},
		{"\u212Aarl@x.org", "\u212Aarl@x.org"}, // The Kelvin sign is not a k.
		{"ａ@x.org", "ａ@x.org"},
		{"", ""}, {"a", ""}, {"@x.org", ""}, {"a@", ""}, {"a b@x.org", ""}, {"a@x.org\nBcc: c@y.org", ""}, {"a@@x.org", ""}, {"<a@x.org>", ""},
		{"a@x..org", ""}, {"a,b@x.org", ""}, {"a@x.org.", ""}, {"a@\xff.org", ""},
	} {
		got, ok := address(tc.in)
		if got != tc.want && ok || ok != (tc.want != "") {
			t.Errorf("address(%q) = %q, %v, want %q", tc.in, got, ok, tc.want)
		}
	}
}

func FuzzAddressKeepsItsForm(f *testing.F) {
	for _, s := range []string{"Max@Example.ORG", "ünal@köln.de", "a@\xff", "\u212A@x.org", "a@xn--kln-sna.de"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		once, ok := address(in)
		if !ok {
			return
		}
		twice, ok := address(once)
		if !ok || twice != once || !utf8.ValidString(once) {
			t.Errorf("address(%q) = %q, again %q, %v", in, once, twice, ok)
		}
	})
}

func TestTextIsMadeStorable(t *testing.T) {
	for _, tc := range []struct{ in, line, body string }{
		{"a\r\nb", "a b", "a\nb"}, {"a\x00b", "a b", "ab"}, {"a\xffb", "a\uFFFDb", "a\uFFFDb"}, {"  a \t b ", "a b", "  a \t b "}, {"a\rb", "a b", "a\nb"},
	} {
		if got := line(tc.in); got != tc.line {
			t.Errorf("line(%q) = %q, want %q", tc.in, got, tc.line)
		}
		if got := body(tc.in); got != tc.body {
			t.Errorf("body(%q) = %q, want %q", tc.in, got, tc.body)
		}
	}
	if got, want := cut("ääääää", 4), "äää…"; got != want {
		t.Errorf("cut = %q, want %q", got, want)
	}
}
