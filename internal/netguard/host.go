package netguard

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

var (
	errSpelling = errors.New("not a server name or an IP address in its usual form")
	errPort     = errors.New("not a port number")
)

// mailPorts are the ports on which mail servers answer: SMTP, POP3, IMAP and submission, with and without TLS.
var mailPorts = []uint16{25, 110, 143, 465, 587, 993, 995}

// webPorts is the port on which a domain publishes where its mail lies.
var webPorts = []uint16{443}

// parseHost returns an address, or the name to be looked up in its ASCII form. It accepts one spelling of an address:
// what some resolvers read as an address but is not written as one ("2130706433", "0x7f.1", "127.1") is refused.
func parseHost(host string) (addr netip.Addr, name string, err error) {
	host = strings.TrimSuffix(host, ".")
	if addr, err := netip.ParseAddr(host); err == nil {
		if addr.Zone() != "" {
			return netip.Addr{}, "", errSpelling
		}
		return addr, "", nil
	}
	// Lookup maps full-width digits and dots to ASCII; what comes out is read again.
	name = host
	if strings.ContainsFunc(host, func(r rune) bool { return r >= 0x80 }) {
		name, err = idna.Lookup.ToASCII(host)
	}
	if err != nil || name == "" || len(name) > 253 || !utf8.ValidString(host) {
		return netip.Addr{}, "", errSpelling
	}
	name = strings.TrimSuffix(name, ".")
	if addr, err := netip.ParseAddr(name); err == nil && addr.Is4() {
		return addr, "", nil
	}
	labels := strings.Split(name, ".")
	if slices.ContainsFunc(labels, func(l string) bool { return !validLabel(l) }) || numeric(labels[len(labels)-1]) {
		return netip.Addr{}, "", errSpelling
	}
	return netip.Addr{}, name, nil
}

// validLabel reports whether a label is one of a host name (RFC 1123, 2.1); an underscore is let through since some
// internal names have it.
func validLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// numeric reports whether a resolver could read the last label of a name as the end of an IPv4 address.
func numeric(label string) bool {
	if len(label) > 1 && (label[:2] == "0x" || label[:2] == "0X") {
		return true
	}
	return strings.Trim(label, "0123456789") == ""
}

// parsePort accepts a decimal number without sign or leading zero.
func parsePort(text string) (uint16, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n == 0 || strconv.FormatUint(n, 10) != text {
		return 0, errPort
	}
	return uint16(n), nil
}
