package netguard

import (
	"net/netip"
	"slices"
)

// reserved are the IPv4 networks that no mail server on the internet lies in (RFC 6890 and the IANA registry of
// special-purpose addresses), and one public address on which a cloud provider answers its own machines.
var reserved = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),         // This network.
	netip.MustParsePrefix("10.0.0.0/8"),        // Private use (RFC 1918).
	netip.MustParsePrefix("100.64.0.0/10"),     // Carrier-grade NAT (RFC 6598); also metadata services.
	netip.MustParsePrefix("127.0.0.0/8"),       // Loopback.
	netip.MustParsePrefix("168.63.129.16/32"),  // Azure's platform services.
	netip.MustParsePrefix("169.254.0.0/16"),    // Link-local (RFC 3927); metadata services.
	netip.MustParsePrefix("172.16.0.0/12"),     // Private use.
	netip.MustParsePrefix("192.0.0.0/24"),      // Protocol assignments.
	netip.MustParsePrefix("192.0.2.0/24"),      // Documentation.
	netip.MustParsePrefix("192.31.196.0/24"),   // AS112.
	netip.MustParsePrefix("192.52.193.0/24"),   // AMT.
	netip.MustParsePrefix("192.88.99.0/24"),    // 6to4 relays.
	netip.MustParsePrefix("192.168.0.0/16"),    // Private use.
	netip.MustParsePrefix("192.175.48.0/24"),   // AS112.
	netip.MustParsePrefix("198.18.0.0/15"),     // Benchmarks.
	netip.MustParsePrefix("198.51.100.0/24"),   // Documentation.
	netip.MustParsePrefix("203.0.113.0/24"),    // Documentation.
	netip.MustParsePrefix("224.0.0.0/4"),       // Multicast.
	netip.MustParsePrefix("240.0.0.0/4"),       // Reserved, and broadcast.
	netip.MustParsePrefix("2001::/23"),         // Protocol assignments with Teredo (RFC 4380) and ORCHID.
	netip.MustParsePrefix("2001:db8::/32"),     // Documentation.
	netip.MustParsePrefix("2002::/16"),         // 6to4: holds an IPv4 address.
	netip.MustParsePrefix("2620:4f:8000::/48"), // AS112.
	netip.MustParsePrefix("3fff::/20"),         // Documentation.
}

// globalUnicast is the only part of IPv6 that is given out for the internet. Everything else (loopback, mapped and
// compatible IPv4, NAT64, unique local, link-local, multicast) lies outside.
var globalUnicast = netip.MustParsePrefix("2000::/3")

// public reports whether an address is one of a machine on the internet.
func public(addr netip.Addr) bool {
	if addr.Zone() != "" || !addr.IsValid() {
		return false
	}
	if addr.Is6() && (!globalUnicast.Contains(addr) || isatap(addr)) {
		return false
	}
	return !contains(reserved, addr)
}

// isatap reports whether the interface identifier holds an IPv4 address (RFC 5214, 6.1).
func isatap(addr netip.Addr) bool {
	b := addr.As16()
	return b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe
}

func contains(networks []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}
