package store

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// TestEveryCharacterIsFoldedByItsDecomposition compares each character with the plain way to say it: the words of an
// index that exists have to be found by what is folded from now on.
func TestEveryCharacterIsFoldedByItsDecomposition(t *testing.T) {
	plain := func(r rune) string {
		switch {
		case r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r), unicode.Is(unicode.Mn, r):
			return ""
		case r == 'ß' || r == 'ẞ':
			return " ss"
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			return ""
		}
		words := strings.FieldsFunc(strings.Map(func(d rune) rune {
			switch {
			case unicode.Is(unicode.Mn, d):
				return -1
			case unicode.IsLetter(d) || unicode.IsDigit(d):
				return unicode.ToLower(d)
			}
			return ' '
		}, norm.NFKD.String(string(r))), func(r rune) bool { return r == ' ' })
		if len(words) == 0 {
			return ""
		}
		return " " + strings.Join(words, " ")
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue
		}
		if got, want := foldText(string(r)), plain(r); got != want {
			t.Errorf("%U folds to %q, want %q", r, got, want)
		}
	}
}
