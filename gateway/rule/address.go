package rule

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"letterbox/models"
)

// maxAddress is the longest address looked at, in octets: 64 for the local part, 255 for the domain and the @ between
// them (RFC 5321, 4.5.3.1).
const maxAddress = 320

// An address is an addr-spec as all rules see it: lower case, the domain in its ASCII form without the final dot.
type address struct{ local, domain string }

func (a address) String() string { return a.local + "@" + a.domain }

// unicode returns the address with its domain as people write it (RFC 5890, U-labels).
func (a address) unicode() string {
	domain, err := idna.Display.ToUnicode(a.domain)
	if err != nil {
		return a.String()
	}
	return a.local + "@" + domain
}

// parseAddress reads one addr-spec. It is strict, because a rule that reads an address otherwise than the mail server
// can be led astray: no display name, no comment, no control character, exactly one @ outside of quotation marks. Seen
// in practice and let through: dots at the ends of the local part or side by side, underscores in domains, a final dot.
func parseAddress(s string) (address, bool) {
	if len(s) > maxAddress || !utf8.ValidString(s) {
		return address{}, false
	}
	at := strings.LastIndexByte(s, '@')
	if at <= 0 {
		return address{}, false
	}
	local := strings.ToLower(s[:at])
	if !validLocal(local) {
		return address{}, false
	}
	domain, ok := parseDomain(s[at+1:])
	return address{local, domain}, ok
}

// Canonical returns an addr-spec in the form in which addresses are kept and compared: letters A to Z small, the domain
// in ASCII (RFC 5890). What is no address is only folded.
func Canonical(s string) string {
	s = models.FoldAddress(strings.TrimSpace(s))
	if a, ok := parseAddress(s); ok {
		a.local = s[:strings.LastIndexByte(s, '@')] // Rules compare more letters without their case; two people never become one.
		return a.String()
	}
	return s
}

func validLocal(s string) bool {
	quoted := len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"'
	if quoted {
		s = s[1 : len(s)-1]
	}
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Cf):
			return false
		case quoted && r == '\\':
			if i == len(s) { // It would take away the closing mark.
				return false
			}
			if next := s[i]; next < ' ' || next == 0x7F {
				return false
			}
			i++
		case quoted:
			if r == '"' {
				return false
			}
		case unicode.IsSpace(r) || strings.ContainsRune(`()<>[]:;@\,"`, r): // RFC 5322, 3.2.3.
			return false
		}
	}
	return s != ""
}

// parseDomain returns a domain in lower case and ASCII (RFC 5891), or an address literal as it is.
func parseDomain(s string) (string, bool) {
	if literal, ok := strings.CutPrefix(s, "["); ok {
		literal, ok = strings.CutSuffix(strings.ToLower(literal), "]")
		_, err := netip.ParseAddr(strings.TrimPrefix(literal, "ipv6:"))
		return strings.ToLower(s), ok && err == nil
	}
	s = strings.TrimSuffix(strings.ToLower(s), ".")
	if !isASCII(s) || strings.Contains(s, "xn--") {
		profile := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false), idna.StrictDomainName(false))
		ascii, err := profile.ToASCII(s)
		if err != nil {
			return "", false
		}
		s = strings.TrimSuffix(ascii, ".")
	}
	if s == "" || len(s) > 255 {
		return "", false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !validLabel(label) {
			return "", false
		}
	}
	return s, true
}

func validLabel(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 63
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > unicode.MaxASCII {
			return false
		}
	}
	return true
}
