package outbound

import (
	"fmt"
	"mime"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	gomail "github.com/emersion/go-message/mail"
	"golang.org/x/net/idna"
)

// Sendable reports whether mail can go to an address: one addr-spec (RFC 5321, 4.1.2) without quoting tricks, blanks or
// line ends. Letters beyond ASCII are fine (RFC 6531); whether a server takes those of a local part shows when it is asked.
func Sendable(address string) bool {
	wire, ok := onWire(address)
	return ok && len(wire) <= 254
}

// Plain reports whether an address can be used everywhere, because it is [Sendable] and all of it is ASCII. Our own
// addresses are: not every server in between speaks SMTPUTF8.
func Plain(address string) bool { return isASCII(address) && Sendable(address) }

// onWire returns an address as a server is told it: the domain in A-labels (RFC 5890, 2.3.2.1), which every server knows.
func onWire(address string) (string, bool) {
	if !utf8.ValidString(address) || strings.ContainsFunc(address, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r > 0x7f && !unicode.IsPrint(r) || strings.ContainsRune(`<>()",;:\[]`, r)
	}) {
		return "", false
	}
	at := strings.LastIndexByte(address, '@')
	if at <= 0 || at > maxLocal || at == len(address)-1 {
		return "", false
	}
	local, domain := address[:at], address[at+1:]
	if !isASCII(domain) {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return "", false
		}
		domain = ascii
	}
	wire := local + "@" + domain
	a, err := mail.ParseAddress(wire)
	return wire, err == nil && a.Address == wire
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf })
}

// NeedsUTF8 reports whether only a server with SMTPUTF8 can be told an address.
func NeedsUTF8(address string) bool {
	wire, ok := onWire(address)
	return ok && !isASCII(wire)
}

// list writes addresses for a header field. Where all of the header has to be ASCII, one that is not is shown as the name
// of an empty group (RFC 6857, 3.1): who gets a copy sees who else does, and no server on the way refuses the mail.
func (m Mail) list(all ...Address) (string, error) {
	out := make([]string, 0, len(all))
	for _, a := range all {
		wire, ok := onWire(a.Address)
		if !ok || !Sendable(a.Address) {
			return "", fmt.Errorf("%w: an address is not one", ErrUnusable)
		}
		if !m.UTF8 && !isASCII(wire) {
			out = append(out, mime.QEncoding.Encode("utf-8", a.Address)+" :;")
			continue
		}
		out = append(out, (&gomail.Address{Name: Line(a.Name, 100), Address: wire}).String())
	}
	return strings.Join(out, ", "), nil
}
