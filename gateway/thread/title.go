package thread

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxPrefix is the longest reply prefix, in letters.
const maxPrefix = 16

// Title returns subject without reply and forward prefixes (Re, AW, WG, Fwd, SV, Antw, ..., also repeated, numbered and
// in the full-width forms) and without our own issue numbers, for the title of a new issue. Blanks are collapsed,
// control characters are blanks. It returns "" when nothing else stands in the subject: the caller has a text for mails
// without one. Title(Title(s)) is Title(s).
func Title(subject string) string {
	title := collapse(strings.ToValidUTF8(subject, "\uFFFD"))
	bare := collapse(withoutTags(title))
	for {
		rest, ok := cutPrefix(bare)
		if !ok && bare != title {
			rest, ok = cutSeparator(bare)
		}
		if !ok {
			return bare
		}
		bare = strings.TrimSpace(rest)
	}
}

// cutSeparator takes off what stood between the prefixes and the subject proper: marks without a word, such as the bar
// in "[#12] - Drucker".
func cutSeparator(s string) (string, bool) {
	mark, rest, _ := strings.Cut(s, " ")
	if mark == "" || strings.Trim(mark, ":：;,|–—-_.>") != "" {
		return s, false
	}
	return rest, true
}

// collapse turns runs of blanks and control characters into one blank and drops those at the ends.
func collapse(s string) string {
	return strings.Join(strings.FieldsFunc(s, isBlank), " ")
}

// withoutTags returns s without "[#12]" and "[any words #12]", also where taking one away makes another.
func withoutTags(s string) string {
	if !strings.Contains(s, "#") {
		return s
	}
	out := make([]byte, 0, len(s))
	var open []int // Where in out the brackets stand that are not closed yet.
	for i := range len(s) {
		out = append(out, s[i])
		switch s[i] {
		case '[':
			open = append(open, len(out)-1)
		case ']':
			if len(open) == 0 {
				continue
			}
			start := open[len(open)-1]
			open = open[:len(open)-1]
			if endsInNumber(out[start:]) {
				out = append(out[:start], ' ')
			}
		}
	}
	return string(out)
}

// endsInNumber tells whether b, which begins with "[" and ends with "]", is a tag.
func endsInNumber(b []byte) bool {
	hash := len(b) - 2
	for hash > 0 && b[hash] >= '0' && b[hash] <= '9' && hash > len(b)-3-maxDigits {
		hash--
	}
	if hash <= 0 || b[hash] != '#' {
		return false
	}
	_, size := number(string(b[hash+1 : len(b)-1]))
	last, _ := utf8.DecodeLastRune(b[:hash])
	return size > 0 && (hash == 1 || last == ' ')
}

// cutPrefix takes one reply or forward prefix off the beginning of s: a word of the list, a counter ("[2]", "(2)",
// "^2", "*2" or "2"), a blank perhaps, and a colon.
func cutPrefix(s string) (string, bool) {
	end, letters := 0, 0
	for i, r := range s {
		if !unicode.IsLetter(r) && !unicode.Is(unicode.Mn, r) || letters > maxPrefix {
			break
		}
		letters++
		end = i + utf8.RuneLen(r)
	}
	if letters > maxPrefix || !isPrefix(s[:end]) {
		return s, false
	}
	rest := strings.TrimLeft(cutCounter(strings.TrimLeft(s[end:], " ")), " ")
	for _, colon := range []string{":", "：", "︰", "﹕"} {
		if after, ok := strings.CutPrefix(rest, colon); ok {
			return after, true
		}
	}
	return s, false
}

// cutCounter takes the number of replies off the beginning of s.
func cutCounter(s string) string {
	rest, closing := s, ""
	if s != "" {
		switch s[0] {
		case '[':
			rest, closing = s[1:], "]"
		case '(':
			rest, closing = s[1:], ")"
		case '^', '*':
			rest = s[1:]
		}
	}
	digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
	if digits == 0 || digits > 4 {
		return s
	}
	if after, ok := strings.CutPrefix(rest[digits:], closing); ok {
		return after
	}
	return s
}
