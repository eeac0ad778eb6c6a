package message

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// clean makes s valid UTF-8 in NFC without NUL and other control characters but line ends and tabs (SEC-18). It changes
// nothing that is clean, and clean(clean(s)) = clean(s).
func clean(s string) string {
	switch sort := sortOf(s); {
	case sort == plainText, sort == farText && utf8.ValidString(s) && norm.NFC.IsNormalString(s):
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

// Sorts of text, by what must be looked at.
const (
	plainText = iota // Printable ASCII, and letters below U+0300, which have no other form in NFC.
	farText          // Other characters, none of those that are dropped.
	oddText          // Control characters, octets that are no UTF-8, or what may be one of the two.
)

func sortOf(s string) int {
	sort := plainText
	for i := 0; i < len(s); i++ {
		for i+8 <= len(s) && printable8(s[i:i+8]) {
			i += 8
		}
		if i == len(s) {
			break
		}
		switch c := s[i]; {
		case c >= ' ' && c < 0x7f || c == '\n' || c == '\t':
		case c < utf8.RuneSelf || c == 0xef:
			return oddText
		case c == 0xc2 && i+1 < len(s) && s[i+1] >= 0xa0 && s[i+1] < 0xc0, c > 0xc2 && c < 0xcc && i+1 < len(s) && s[i+1]&0xc0 == 0x80:
			i++
		case c == 0xc2:
			return oddText
		default:
			sort = farText
		}
	}
	return sort
}

// printable8 says whether eight octets are printable ASCII; false may also mean that one of them must be looked at.
func printable8(s string) bool {
	const ones = 0x0101010101010101
	x := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	return (x|(x+ones)|(x-0x20*ones))&(0x80*ones) == 0
}

// dropped says whether a control character has no place in text.
func dropped(r rune) bool {
	return (r < ' ' && r != '\n' && r != '\t') || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0xfeff
}

// newlines turns CRLF and bare CR into LF; CR CR LF and CR CR CR LF, which gateways make of CRLF, are one line end.
func newlines(s string) string {
	at := strings.IndexByte(s, '\r')
	if at < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for at >= 0 {
		b.WriteString(s[:at])
		n := 1
		for at+n < len(s) && s[at+n] == '\r' {
			n++
		}
		s = s[at+n:]
		if len(s) > 0 && s[0] == '\n' {
			s = s[1:]
			n = max(n-2, 1)
		}
		for range n {
			b.WriteByte('\n')
		}
		at = strings.IndexByte(s, '\r')
	}
	b.WriteString(s)
	return b.String()
}

var lineSigns = strings.NewReplacer("\n", " ", "\t", " ")

// oneLine makes s the text of one line: blanks collapsed where a line end stood.
func oneLine(s string) string {
	s = clean(s)
	if !strings.ContainsAny(s, "\n\t") {
		return strings.TrimSpace(s)
	}
	return strings.TrimSpace(lineSigns.Replace(s))
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
