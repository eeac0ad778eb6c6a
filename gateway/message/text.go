package message

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clean makes s valid UTF-8 in NFC without NUL and other control characters but line ends and tabs (SEC-18). It changes
// nothing that is clean, and clean(clean(s)) = clean(s).
func clean(s string) string {
	plain, odd := true, false
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c < 0x7f || c == '\n' || c == '\t' {
			continue
		}
		plain = false
		if c < utf8.RuneSelf || c == 0xc2 || c == 0xef {
			odd = true // A control character, or an octet that one of those beyond ASCII begins with.
			break
		}
	}
	if plain || !odd && utf8.ValidString(s) && norm.NFC.IsNormalString(s) {
		return s
	}
	bad := false
	for _, r := range s {
		if dropped(r) || r == utf8.RuneError {
			bad = true
			break
		}
	}
	if bad {
		var b strings.Builder
		b.Grow(len(s))
		for _, r := range s {
			if !dropped(r) {
				b.WriteRune(r)
			}
		}
		s = b.String()
	}
	if norm.NFC.IsNormalString(s) {
		return s
	}
	return norm.NFC.String(s)
}

// dropped says whether a control character has no place in text.
func dropped(r rune) bool {
	return (r < ' ' && r != '\n' && r != '\t') || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0xfeff
}

// newlines turns CRLF and bare CR into LF.
func newlines(s string) string {
	if strings.IndexByte(s, '\r') < 0 {
		return s
	}
	s = strings.ReplaceAll(s, "\r\r\n", "\n")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.ReplaceAll(s, "\r", "\n")
}

// oneLine makes s the text of one line: blanks collapsed where a line end stood.
func oneLine(s string) string {
	s = clean(s)
	if !strings.ContainsAny(s, "\n\t") {
		return strings.TrimSpace(s)
	}
	return strings.TrimSpace(strings.NewReplacer("\n", " ", "\t", " ").Replace(s))
}

// cut shortens s to at most n octets, never inside a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
