// Package netguard opens connections to mail servers that people name, and to nothing else.
//
// A person who may set up an inbox could otherwise make the server talk to its own machine, to a database or to the
// metadata service of a cloud. A name is looked up once for each connection, every address it has is checked, and
// exactly a checked address is dialled: a name server that answers differently the second time gains nothing. Addresses
// of the internet are open on the ports of mail; anything else only inside networks that the operator has listed.
package netguard

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"syscall"
	"time"

	"letterbox/gateway/mailbox"
)

// The codes of the problems that a dialer returns.
const (
	CodeUnknownHost   = "E-DNS-01" // The name does not exist.
	CodeNoDNS         = "E-DNS-02" // The name could not be looked up.
	CodeRefused       = "E-NET-01" // Nobody listens on the port.
	CodeNoRoute       = "E-NET-02" // The network does not lead there.
	CodeTimeout       = "E-NET-03" // No answer in time.
	CodeCutOff        = "E-NET-05" // Any other failure to connect.
	CodeHostForbidden = "E-NET-06" // The address is neither public nor in a listed network.
	CodePortForbidden = "E-NET-07" // The port is none of mail.
	CodeBadHost       = "E-NET-08" // The name is not written as one.
)

// errForbidden is the cause of CodeHostForbidden and CodePortForbidden.
var errForbidden = errors.New("not allowed by the configuration")

// Dialer returns a function with the shape of net.Dialer.DialContext that reaches public addresses on the ports of
// mail, and the allowed networks on every port. Its errors are [*mailbox.Problem], with "host", "port" and, as their
// sentence needs, "seconds", "local_ip" and "text" in Args; when ctx was cancelled the error wraps ctx.Err().
func Dialer(allowed []netip.Prefix) mailbox.DialFunc { return newGuard(allowed, mailPorts).dialContext }

// WebDialer is [Dialer] for what a domain publishes about its mail over HTTPS: public addresses on port 443, and the
// allowed networks on every port.
func WebDialer(allowed []netip.Prefix) mailbox.DialFunc {
	return newGuard(allowed, webPorts).dialContext
}

func newGuard(allowed []netip.Prefix, ports []uint16) *guard {
	return &guard{
		allowed: slices.Clone(allowed), ports: ports,
		lookup: func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		},
		dial: (&net.Dialer{}).DialContext,
	}
}

type guard struct {
	allowed []netip.Prefix
	ports   []uint16 // That are open on public addresses.
	lookup  func(ctx context.Context, name string) ([]netip.Addr, error)
	dial    mailbox.DialFunc
}

// target is where a connection goes, for the words of a problem.
type target struct {
	host, port string
}

func (t target) problem(phase mailbox.Phase, code string, err error, args ...string) *mailbox.Problem {
	p := &mailbox.Problem{Phase: phase, Code: code, Args: map[string]string{"host": t.host, "port": t.port}, Err: err}
	for i := 0; i+1 < len(args); i += 2 {
		p.Args[args[i]] = args[i+1]
	}
	return p
}

func (g *guard) dialContext(ctx context.Context, network, address string) (net.Conn, error) {
	started := time.Now()
	host, portText, err := net.SplitHostPort(address)
	t := target{host, portText}
	if err != nil {
		t.host = address
		return nil, t.problem(mailbox.PhaseDNS, CodeBadHost, err)
	}
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil, t.problem(mailbox.PhaseConnect, CodePortForbidden, fmt.Errorf("network %q: %w", network, errForbidden))
	}
	port, err := parsePort(portText)
	if err != nil {
		return nil, t.problem(mailbox.PhaseConnect, CodePortForbidden, err)
	}
	addrs, err := g.resolve(ctx, t)
	if err != nil {
		return nil, err
	}
	listed := true
	for _, addr := range addrs {
		inside := contains(g.allowed, addr)
		if listed = listed && inside; !inside && !public(addr) {
			return nil, t.problem(mailbox.PhaseConnect, CodeHostForbidden, fmt.Errorf("address %v: %w", addr, errForbidden))
		}
	}
	if !listed && !slices.Contains(g.ports, port) {
		return nil, t.problem(mailbox.PhaseConnect, CodePortForbidden, errForbidden)
	}
	conn, err := g.connect(ctx, network, addrs, port)
	if err != nil {
		err = t.connectProblem(err, time.Since(started))
		if p, ok := errors.AsType[*mailbox.Problem](err); ok && listed {
			p.Args["inside"] = "yes" // Not everybody is to know what listens there.
		}
		return nil, err
	}
	return conn, nil
}

// resolve returns every address of the host; IPv4 addresses in their short form.
func (g *guard) resolve(ctx context.Context, t target) ([]netip.Addr, error) {
	addr, name, err := parseHost(t.host)
	if err != nil {
		return nil, t.problem(mailbox.PhaseDNS, CodeBadHost, err)
	}
	if addr.IsValid() {
		return []netip.Addr{addr}, nil
	}
	found, err := g.lookup(ctx, name)
	if dnsErr, ok := errors.AsType[*net.DNSError](err); ok && dnsErr.IsNotFound {
		return nil, t.problem(mailbox.PhaseDNS, CodeUnknownHost, err)
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		err = ctxErr // The resolver hides it.
	}
	if err != nil {
		return nil, t.problem(mailbox.PhaseDNS, CodeNoDNS, err)
	}
	if len(found) == 0 {
		return nil, t.problem(mailbox.PhaseDNS, CodeUnknownHost, errors.New("the name has no address"))
	}
	addrs := make([]netip.Addr, len(found))
	for i, a := range found {
		addrs[i] = a.Unmap() // The resolver of the standard library returns IPv4 in the mapped form.
	}
	return addrs, nil
}

// connect tries the addresses one after the other, each with its share of the time that is left.
func (g *guard) connect(ctx context.Context, network string, addrs []netip.Addr, port uint16) (net.Conn, error) {
	var first error
	for i, addr := range addrs {
		conn, err := g.dialOne(ctx, network, netip.AddrPortFrom(addr, port), len(addrs)-i)
		if err == nil {
			return conn, nil
		}
		if first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return nil, first
}

func (g *guard) dialOne(ctx context.Context, network string, to netip.AddrPort, left int) (net.Conn, error) {
	if deadline, ok := ctx.Deadline(); ok {
		share := max(time.Until(deadline)/time.Duration(left), min(2*time.Second, time.Until(deadline)))
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, share)
		defer cancel()
	}
	return g.dial(ctx, network, to.String())
}

// connectProblem says why no connection came about.
func (t target) connectProblem(err error, waited time.Duration) error {
	switch netErr, isNet := errors.AsType[net.Error](err); {
	case errors.Is(err, context.Canceled):
		return t.problem(mailbox.PhaseConnect, CodeCutOff, err, "text", "")
	case errors.Is(err, syscall.ECONNREFUSED):
		return t.problem(mailbox.PhaseConnect, CodeRefused, err)
	case errors.Is(err, context.DeadlineExceeded), isNet && netErr.Timeout():
		seconds := strconv.Itoa(max(1, int(math.Round(waited.Seconds()))))
		return t.problem(mailbox.PhaseConnect, CodeTimeout, err, "seconds", seconds)
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return t.problem(mailbox.PhaseConnect, CodeNoRoute, err, "local_ip", localIP())
	default:
		return t.problem(mailbox.PhaseConnect, CodeCutOff, err, "text", err.Error())
	}
}

// localIP is the address of this machine that a firewall would have to let through: the first one that is not only of
// this machine.
func localIP() string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "?"
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	return "?"
}
