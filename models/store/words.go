package store

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	maxSearched  = 128 << 10 // Octets of one text that are searched.
	maxWords     = 4000      // Different words of one text that are searched.
	maxWord      = 40        // Octets of a word that count.
	mostTerms    = 16        // Terms of one search.
	minIndexWord = 3         // Shorter words are not in the index; they are looked for in the texts themselves.
)

// foldText makes text comparable: small letters, without accents, ß as ss, and one blank before each word. Everything
// that is no letter and no digit parts words. "Müller-Straße 7" becomes " muller strasse 7".
func foldText(text string) string { return string(appendFolded(nil, text)) }

// appendFolded adds the folded text to out.
func appendFolded(out []byte, text string) []byte {
	if len(text) > maxSearched {
		text = cutRunes(text, maxSearched)
	}
	out = slices.Grow(out, len(text)+8)
	gap := true
	var piece [16]byte
	put := func(r rune) {
		if gap {
			out = append(out, ' ')
			gap = false
		}
		out = utf8.AppendRune(out, r)
	}
	for i := 0; i < len(text); {
		if c := text[i]; c < utf8.RuneSelf {
			i++
			switch {
			case c >= 'A' && c <= 'Z':
				c += 'a' - 'A'
			case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			default:
				gap = true
				continue
			}
			if gap {
				out = append(out, ' ')
				gap = false
			}
			out = append(out, c)
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		part := text[i : i+n]
		i += n
		switch {
		case unicode.Is(unicode.Mn, r): // An accent of the letter before.
			continue
		case r == 'ß' || r == 'ẞ':
			put('s')
			put('s')
			continue
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			gap = true
			continue
		}
		decomposed := norm.NFKD.PropertiesString(part).Decomposition()
		if decomposed == nil {
			decomposed = norm.NFKD.AppendString(piece[:0], part) // Itself, or a syllable of Hangul in its letters.
		}
		for len(decomposed) > 0 {
			d, n := utf8.DecodeRune(decomposed)
			decomposed = decomposed[n:]
			switch {
			case unicode.Is(unicode.Mn, d):
			case unicode.IsLetter(d) || unicode.IsDigit(d):
				put(unicode.ToLower(d))
			default:
				gap = true
			}
		}
	}
	return out
}

func cutRunes(text string, n int) string {
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// foldTexts folds texts that belong together into one. No words of two texts follow each other in it.
func foldTexts(texts []string) string {
	var out strings.Builder
	for _, text := range texts {
		folded := foldText(text)
		if folded == "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteString(" .")
		}
		out.WriteString(folded)
	}
	return out.String()
}

func indexWord(w string) string {
	if len(w) > maxWord {
		return cutRunes(w, maxWord)
	}
	return w
}

// searchTerms is what a person looks for: each piece has to stand at the beginning of a word; a piece in quotation
// marks, or with signs in it, is words that follow each other.
type searchTerms []string // Each as foldText makes it: " printer burns".

func parseTerms(text string) searchTerms {
	var out searchTerms
	add := func(piece string) {
		if folded := foldText(piece); folded != "" && len(out) < mostTerms {
			out = append(out, folded)
		}
	}
	for i, quoted := range strings.Split(text, `"`) {
		if i%2 == 1 {
			add(quoted)
			continue
		}
		for piece := range strings.FieldsSeq(quoted) {
			add(piece)
		}
	}
	return out
}
