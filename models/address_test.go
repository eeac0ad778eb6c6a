package models

import "testing"

func TestAddressesFoldOnlyLatinLetters(t *testing.T) {
	for given, want := range map[string]string{
		"Anna@There.Example": "anna@there.example", "\u212Aarl@x.example": "\u212Aarl@x.example", "JÖRG@x.example": "jÖrg@x.example", "": "",
	} {
		if got := FoldAddress(given); got != want {
			t.Errorf("FoldAddress(%q) = %q, want %q", given, got, want)
		}
	}
}
