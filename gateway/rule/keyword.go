package rule

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// minKeyword is how many characters a keyword must have: shorter ones stand in mails by chance.
const minKeyword = 6

// maxEntries is how many keywords a setting may have.
const maxEntries = 50

// A keyword is searched for as a part of the text, not as a word.
type keyword struct{ typed, folded string }

func parseKeywords(typed []string) []keyword {
	var words []keyword
	for _, s := range typed {
		if folded := fold(s); folded != "" {
			words = append(words, keyword{strings.TrimSpace(s), folded})
		}
	}
	return words
}

// findKeyword returns the first of words that stands in text.
func findKeyword(words []keyword, text string) (keyword, bool) {
	folded := fold(text)
	for _, w := range words {
		if strings.Contains(folded, w.folded) {
			return w, true
		}
	}
	return keyword{}, false
}

func keywordNames(words []keyword) string {
	typed := make([]string, len(words))
	for i, w := range words {
		typed[i] = w.typed
	}
	return enumerate(typed)
}

// fold makes equal what people take for the same: capital and small letters (full Unicode case folding, so ß is ss),
// letters composed or not (NFC), and any run of blanks and line ends, because a mailer may have wrapped the line.
func fold(s string) string {
	if isASCII(s) {
		s = strings.ToLower(s)
	} else {
		// Folding may take a composed letter apart and composing comes before it for letters that fold as a whole.
		s = norm.NFC.String(cases.Fold().String(norm.NFC.String(s)))
	}
	return collapse(s)
}

// Fold makes equal what people take for the same text, as keywords are compared: capital and small letters, letters
// composed or not, and any run of blanks.
func Fold(s string) string { return fold(s) }

// collapse turns every run of blanks into one and drops those at the ends.
func collapse(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range s {
		if unicode.IsSpace(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// keywordLength counts the characters a person sees in a keyword, nearly: a letter with its accents is one.
func keywordLength(s string) int { return utf8.RuneCountInString(norm.NFC.String(collapse(s))) }
