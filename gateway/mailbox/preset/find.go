package preset

import (
	"cmp"
	"context"
	"crypto/x509"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/idna"

	"letterbox/gateway/mailbox"
)

// Source is where a proposal comes from.
type Source string

// The sources, surest first.
const (
	SourceProvider   Source = "provider"   // The list of providers, by the domain of the address.
	SourceMX         Source = "mx"         // The list of providers, by the mail exchanger of the domain.
	SourceSRV        Source = "srv"        // Service records of the domain (RFC 6186).
	SourceAutoconfig Source = "autoconfig" // A file that the domain publishes over HTTPS.
	SourceProbe      Source = "probe"      // A server with a usual name that answered.
)

// Proposal is a server that may hold the mail of an address.
type Proposal struct {
	Receive  string // "imap" or "pop3".
	Server   Server
	Username string // "" when only the person knows it.
	Source   Source
	Provider string // Key of the provider, "" when it is none of the list.
}

// Resolver asks the DNS; [net.Resolver] is one.
type Resolver interface {
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error)
}

// Deps is what a Finder needs.
type Deps struct {
	Resolver Resolver         // net.DefaultResolver when nil.
	Dial     mailbox.DialFunc // Reaches mail servers, guarded; without it no server is asked.
	DialWeb  mailbox.DialFunc // Reaches web servers on port 443, guarded; without it nothing is fetched.
	Roots    *x509.CertPool   // Issuers of the web servers; nil: those of the system.
	// Greet connects to a server, encrypts and reads its greeting, and sends no more. Without it no server is asked.
	Greet func(ctx context.Context, receive string, a mailbox.Account) error
}

// Finder looks for mail servers. It may be used from any goroutine.
type Finder struct{ deps Deps }

// New returns a Finder.
func New(d Deps) *Finder {
	return &Finder{d}
}

// These bound a search: what the domain publishes is asked at once, its usual servers only when it publishes nothing.
const (
	publishedWithin = 2500 * time.Millisecond
	probedWithin    = 2500 * time.Millisecond
)

// Find returns the servers that may hold the mail of an address, best first, and no more than eight. It takes about five
// seconds at most, or until ctx is done. No proposal is no error: then somebody has to enter the server.
func (f *Finder) Find(ctx context.Context, address string) ([]Proposal, error) {
	_, domain, ok := strings.Cut(address, "@")
	domain, err := idna.Lookup.ToASCII(strings.ToLower(strings.TrimSpace(domain)))
	if !ok || err != nil || !hostName(domain) {
		return nil, nil
	}
	all, err := Providers()
	if err != nil {
		return nil, err
	}
	f, ok = f.resolving(domain)
	if !ok {
		return nil, nil
	}
	if p, ok := byDomain(all, domain); ok {
		return p.Proposals(address, SourceProvider), nil
	}
	found, exchanger := f.published(ctx, all, domain, address)
	if len(found) == 0 {
		found = f.probe(ctx, domain, exchanger, address)
	}
	return best(found), nil
}

// resolving returns the Finder with a resolver. The system's is not asked for names that nobody has (RFC 2606, 2).
func (f *Finder) resolving(domain string) (*Finder, bool) {
	if f.deps.Resolver != nil {
		return f, true
	}
	d := f.deps
	d.Resolver = net.DefaultResolver
	last := domain[strings.LastIndex(domain, ".")+1:]
	return &Finder{d}, !slices.Contains([]string{"test", "example", "invalid", "localhost", "local"}, last)
}

// published asks at once for everything that a domain says about its mail, and names its first mail exchanger.
func (f *Finder) published(ctx context.Context, all []Provider, domain, address string) ([]Proposal, string) {
	ctx, cancel := context.WithTimeout(ctx, publishedWithin)
	defer cancel()
	var mx, srv, file []Proposal
	var exchanger string
	var wait sync.WaitGroup
	wait.Go(func() { mx, exchanger = f.byMX(ctx, all, domain, address) })
	wait.Go(func() { srv = f.bySRV(ctx, domain, address) })
	wait.Go(func() { file = f.byFile(ctx, domain, address) })
	wait.Wait()
	return slices.Concat(mx, srv, file), exchanger
}

// byMX looks for the provider that takes in the mail of the domain.
func (f *Finder) byMX(ctx context.Context, all []Provider, domain, address string) ([]Proposal, string) {
	records, err := f.deps.Resolver.LookupMX(ctx, domain)
	if err != nil || len(records) == 0 {
		return nil, "" // Nothing published is nothing found; so is a resolver in trouble.
	}
	exchanger := strings.ToLower(strings.TrimSuffix(records[0].Host, "."))
	if p, ok := byExchanger(all, exchanger); ok {
		return p.Proposals(address, SourceMX), exchanger
	}
	return nil, exchanger
}

// bySRV asks for service records (RFC 6186, RFC 8314). A target of "." says that a service is not offered.
func (f *Finder) bySRV(ctx context.Context, domain, address string) []Proposal {
	services := []struct{ name, receive, security string }{
		{"imaps", "imap", "tls"}, {"imap", "imap", "starttls"}, {"pop3s", "pop3", "tls"}, {"pop3", "pop3", "starttls"},
	}
	found := make([][]Proposal, len(services))
	var wait sync.WaitGroup
	for i, s := range services {
		wait.Go(func() {
			_, records, err := f.deps.Resolver.LookupSRV(ctx, s.name, "tcp", domain)
			if err != nil {
				return
			}
			slices.SortStableFunc(records, func(a, b *net.SRV) int {
				return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(b.Weight, a.Weight))
			})
			for _, r := range records {
				host := strings.ToLower(strings.TrimSuffix(r.Target, "."))
				if hostName(host) && r.Port != 0 {
					found[i] = append(found[i], Proposal{
						Receive: s.receive, Server: Server{host, int(r.Port), s.security}, Username: address, Source: SourceSRV,
					})
				}
			}
		})
	}
	wait.Wait()
	return slices.Concat(found...)
}

// best puts IMAP before POP3 and surer sources first, and names each server once.
func best(found []Proposal) []Proposal {
	order := []Source{SourceProvider, SourceMX, SourceSRV, SourceAutoconfig, SourceProbe}
	rank := func(p Proposal) int {
		n := 2 * slices.Index(order, p.Source)
		if p.Receive == "pop3" {
			n += 100
		}
		if p.Server.Security != "tls" {
			n++
		}
		return n
	}
	slices.SortStableFunc(found, func(a, b Proposal) int { return cmp.Compare(rank(a), rank(b)) })
	var out []Proposal
	for _, p := range found {
		same := func(o Proposal) bool { return o.Receive == p.Receive && o.Server == p.Server }
		if !slices.ContainsFunc(out, same) && len(out) < 8 {
			out = append(out, p)
		}
	}
	return out
}

// hostName reports whether a name is one of a host with a domain (RFC 1123, 2.1), and no address.
func hostName(name string) bool {
	if len(name) > 253 || !strings.Contains(name, ".") || net.ParseIP(name) != nil {
		return false
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return true
}
