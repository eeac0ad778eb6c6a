// Package preset finds out where the mail of an address lies: from a list of providers, from what the domain publishes,
// and by asking the servers that it most likely has.
//
// It guarantees that nothing secret leaves the program: a search has an address and no password. Every connection goes
// through the dialers it is given, which decide which hosts may be reached; web addresses are fetched over verified TLS
// only and without following redirects. What is found is a proposal: DNS is not signed (RFC 6186, 6), so somebody has to
// look at the name of the server before signing in there.
package preset

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

//go:embed providers.json
var providers []byte

// Server is where one protocol is spoken.
type Server struct {
	Host     string `json:"host"`
	Port     int    `json:"port"`
	Security string `json:"security"` // "tls" or "starttls"; nothing else is ever proposed.
}

// Provider is a mail provider that is known by name. Its hint is the text "preset.KEY.hint" of the catalogue.
type Provider struct {
	Key     string   `json:"key"`
	Name    string   `json:"name"`
	Domains []string `json:"domains"` // Of its addresses.
	MX      []string `json:"mx"`      // How the names of its mail exchangers end.

	IMAP *Server `json:"imap"` // Nil where a protocol is not offered.
	POP3 *Server `json:"pop3"`
	SMTP *Server `json:"smtp"`

	Username    string   `json:"username"`     // "address", "local" (what stands before the @) or "other" (the person knows).
	Auth        []string `json:"auth"`         // How to sign in, best first: "password", "app_password", "oauth".
	PollMinutes int      `json:"poll_minutes"` // Not more often than this over POP3; 0: no limit is known.
}

// Providers returns the list of known providers. The error says that the embedded list cannot be read.
func Providers() ([]Provider, error) {
	var all []Provider
	if err := json.Unmarshal(providers, &all); err != nil {
		return nil, fmt.Errorf("read the list of providers: %w", err)
	}
	return all, nil
}

// ByKey returns the provider with that key; ok is false when there is none.
func ByKey(key string) (p Provider, ok bool, err error) {
	all, err := Providers()
	if err != nil {
		return p, false, err
	}
	i := slices.IndexFunc(all, func(p Provider) bool { return p.Key == key })
	if i < 0 {
		return p, false, nil
	}
	return all[i], true, nil
}

// OnlyOAuth reports whether the provider takes no password of any kind.
func (p Provider) OnlyOAuth() bool { return len(p.Auth) == 1 && p.Auth[0] == "oauth" }

// Proposals returns what the provider offers to an address, IMAP first.
func (p Provider) Proposals(address string, source Source) []Proposal {
	var out []Proposal
	for _, one := range []struct {
		receive string
		server  *Server
	}{{"imap", p.IMAP}, {"pop3", p.POP3}} {
		if one.server != nil {
			out = append(out, Proposal{
				Receive: one.receive, Server: *one.server, Username: username(p.Username, address), Source: source, Provider: p.Key,
			})
		}
	}
	return out
}

// username is the user name of an address.
func username(form, address string) string {
	local, _, _ := strings.Cut(address, "@")
	switch form {
	case "local":
		return local
	case "other":
		return ""
	}
	return address
}

// byDomain returns the provider whose addresses end so.
func byDomain(all []Provider, domain string) (Provider, bool) {
	for _, p := range all {
		if slices.Contains(p.Domains, domain) {
			return p, true
		}
	}
	return Provider{}, false
}

// byExchanger returns the provider that takes mail in under that name; the longest ending wins.
func byExchanger(all []Provider, name string) (found Provider, ok bool) {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	longest := 0
	for _, p := range all {
		for _, suffix := range p.MX {
			if len(suffix) > longest && (name == suffix || strings.HasSuffix(name, "."+suffix)) {
				found, ok, longest = p, true, len(suffix)
			}
		}
	}
	return found, ok
}
