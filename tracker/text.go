package tracker

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"letterbox/models"
)

// Lengths that are stored, in characters.
const (
	maxTitle       = 500
	maxName        = 200
	maxLogin       = 100
	maxAddress     = 254 // Octets, RFC 5321, 4.5.3.1.3 with the brackets taken off.
	maxMentions    = 255 // Octets.
	maxMailAddress = 320 // Of a sender: what the database keeps.
	maxDescription = 2 << 20
)

// line makes one line of text: valid UTF-8, control characters and runs of blanks become one blank.
func line(s string) string { return models.OneLine(s) }

// body makes text that every database stores: valid UTF-8 without NUL, line ends LF.
func body(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\x00", "")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.ReplaceAll(s, "\r", "\n")
}

// cut shortens s to at most n characters; the last one is then an ellipsis, so nothing is cut silently.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// address returns the addr-spec in the form in which addresses are compared: letters A to Z in lower case, the domain
// in ASCII (RFC 5890). ok is false for what is no address.
func address(s string) (addr string, ok bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	s = models.FoldAddress(strings.TrimSpace(s))
	at := strings.LastIndexByte(s, '@')
	if at < 1 || at == len(s)-1 {
		return "", false
	}
	local, domain := s[:at], s[at+1:]
	if strings.ContainsFunc(local, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`<>()[],;:\"@`, r)
	}) {
		return "", false
	}
	if !isASCII(domain) {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return "", false
		}
		domain = ascii
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return "", false
		}
	}
	addr = local + "@" + domain
	return addr, len(addr) <= maxAddress
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// login returns a login in the form in which it is stored. ok is false for what is no login: 1 to 100 letters a to z,
// digits and the signs . _ @ + -.
func login(s string) (name string, ok bool) {
	s = models.FoldAddress(strings.TrimSpace(s))
	ok = s != "" && len(s) <= maxLogin && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789._@+-") == ""
	return s, ok
}
