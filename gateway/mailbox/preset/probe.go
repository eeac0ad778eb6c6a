package preset

import (
	"context"
	"errors"
	"sync"

	"letterbox/gateway/mailbox"
)

// probe asks the servers that a domain usually has whether they answer and encrypt. A server whose certificate is not
// trusted here counts as found, after those whose is: the check says what is wrong with it, and nothing has been sent.
func (f *Finder) probe(ctx context.Context, domain, exchanger, address string) []Proposal {
	if f.deps.Greet == nil || f.deps.Dial == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, probedWithin)
	defer cancel()
	tries := usual(domain, exchanger)
	verified, found := make([]bool, len(tries)), make([]bool, len(tries))
	var wait sync.WaitGroup
	for i, try := range tries {
		wait.Go(func() {
			err := f.deps.Greet(ctx, try.Receive, mailbox.Account{
				Host: try.Server.Host, Port: try.Server.Port, Security: mailbox.Security(try.Server.Security), Verify: mailbox.VerifySystem,
				ConnectTimeout: probedWithin, Dial: f.deps.Dial,
			})
			verified[i] = err == nil
			p, isProblem := errors.AsType[*mailbox.Problem](err)
			found[i] = err == nil || isProblem && p.Phase == mailbox.PhaseTLS && p.Args["fingerprint"] != ""
		})
	}
	wait.Wait()
	var out []Proposal
	for _, sure := range []bool{true, false} {
		for i, try := range tries {
			if found[i] && verified[i] == sure {
				try.Username, try.Source = address, SourceProbe
				out = append(out, try)
			}
		}
	}
	return out
}

// usual are the names and ports under which mail servers are found, likeliest first.
func usual(domain, exchanger string) []Proposal {
	var out []Proposal
	add := func(receive, host string, port int, security string) {
		if hostName(host) {
			out = append(out, Proposal{Receive: receive, Server: Server{host, port, security}})
		}
	}
	for _, host := range []string{"imap." + domain, "mail." + domain, exchanger, domain} {
		add("imap", host, 993, "tls")
		add("imap", host, 143, "starttls")
	}
	for _, host := range []string{"pop." + domain, "pop3." + domain, "mail." + domain} {
		add("pop3", host, 995, "tls")
		add("pop3", host, 110, "starttls")
	}
	return out
}
