package rule

import "testing"

func TestCanonicalAddresses(t *testing.T) {
	for given, want := range map[string]string{
		" Anna@There.Example ": "anna@there.example", "max@KÖLN.example": "max@xn--kln-sna.example", "\u212Aarl@x.example": "\u212Aarl@x.example",
		"a@x.example.": "a@x.example", "no address": "no address", "": "",
	} {
		if got := Canonical(given); got != want {
			t.Errorf("Canonical(%q) = %q, want %q", given, got, want)
		}
	}
}
