package wire

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"letterbox/gateway/mailbox"
)

const defaultConnectTimeout = 10 * time.Second

// ConnectTimeout returns the account's bound on DNS, TCP, TLS and greeting together.
func ConnectTimeout(a mailbox.Account) time.Duration {
	if a.ConnectTimeout > 0 {
		return a.ConnectTimeout
	}
	return defaultConnectTimeout
}

// FetchTimeout returns the account's bound on one command without progress.
func FetchTimeout(a mailbox.Account) time.Duration {
	if a.FetchTimeout > 0 {
		return a.FetchTimeout
	}
	return 2 * time.Minute
}

// dial opens the TCP connection.
func dial(ctx context.Context, a mailbox.Account) (*Conn, error) {
	open := a.Dial
	if open == nil {
		open = (&net.Dialer{}).DialContext
	}
	nc, err := open(ctx, "tcp", net.JoinHostPort(a.Host, strconv.Itoa(a.Port)))
	if err != nil {
		return nil, dialProblem(ctx, a, err)
	}
	return newConn(nc), nil
}

func dialProblem(ctx context.Context, a mailbox.Account, err error) error {
	if p, ok := errors.AsType[*mailbox.Problem](err); ok {
		return p
	}
	p := &mailbox.Problem{Phase: mailbox.PhaseConnect, Code: "E-NET-02", Args: hostArgs(a), Err: err}
	dns, isDNS := errors.AsType[*net.DNSError](err)
	if isDNS {
		p.Phase = mailbox.PhaseDNS
	}
	timeout := errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT) || errors.Is(ctx.Err(), context.DeadlineExceeded)
	switch {
	case isDNS && !dns.IsTimeout && !timeout:
		p.Code = "E-DNS-01"
	case timeout || isDNS:
		p.Code = "E-NET-03"
	case errors.Is(err, syscall.ECONNREFUSED):
		p.Code = "E-NET-01"
	}
	return p
}

// hostArgs are the placeholders that every connection problem may use.
func hostArgs(a mailbox.Account) map[string]string {
	return map[string]string{
		"host": a.Host, "port": strconv.Itoa(a.Port), "local_ip": localIP(),
		"seconds": strconv.Itoa(int(ConnectTimeout(a).Seconds())),
	}
}

// localIP returns the address that connections leave from, for the text that a firewall's keeper gets. Asking the
// routing table sends nothing.
func localIP() string {
	c, err := net.Dial("udp", "192.0.2.1:9")
	if err != nil {
		return "?"
	}
	defer c.Close()
	host, _, _ := net.SplitHostPort(c.LocalAddr().String())
	return host
}

// TooOften reports whether a refusal says that somebody has tried to sign in too often, and not that the password is
// wrong. Seen in practice: "Too many login failures", "[LIMIT] too many authentication attempts", "account temporarily
// locked"; "too many simultaneous connections" is another matter.
func TooOften(text string) bool {
	text = strings.ToLower(text)
	if strings.Contains(text, "temporarily locked") || strings.Contains(text, "temporarily blocked") {
		return true
	}
	if !strings.Contains(text, "too many") || strings.Contains(text, "connection") {
		return false
	}
	for _, word := range []string{"login", "attempt", "auth", "sign-in", "fail"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// Text makes what a server said fit for a page: one line of at most 200 characters, without the account's password or
// user name, and without control characters.
func Text(a mailbox.Account, s string) string {
	for _, secret := range []string{a.Password, a.Username} {
		if len(secret) > 2 {
			s = strings.ReplaceAll(s, secret, "…")
		}
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200]) + "…"
	}
	return strings.TrimSpace(s)
}
