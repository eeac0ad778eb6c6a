package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"letterbox/gateway/mailbox"
)

// Protocol is what differs between IMAP and POP3 before the client library takes over.
type Protocol struct {
	Port int // The port of implicit TLS.
	// Greeting checks the first line; preauth says that the server has let us in already.
	Greeting func(line string) (preauth bool, err error)
	// OffersTLS asks whether the connection can be upgraded.
	OffersTLS func(c *Conn, greeting string) (bool, error)
	// StartTLS asks for the upgrade and reads the answer.
	StartTLS func(c *Conn) error
	// Fresh is the greeting shown to the client library after an upgrade, when the real one must be forgotten.
	Fresh string
}

// probeAfter is how long a silent server may keep its greeting before it is asked whether it waits for TLS.
const probeAfter = 1500 * time.Millisecond

// maxGreeting bounds a line before sign-in, in octets.
const maxGreeting = 8 << 10

// Open connects, encrypts as the account asks and leaves the greeting to be read by the client library. Problems come
// back as [*mailbox.Problem]; when it fails, the connection is closed and nothing secret has been sent.
func Open(ctx context.Context, a mailbox.Account, proto Protocol, progress func(mailbox.Step)) (*Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, ConnectTimeout(a))
	defer cancel()
	c, err := dial(ctx, a)
	if err != nil {
		return nil, err
	}
	progress(mailbox.Step{Phase: mailbox.PhaseDNS, Note: map[string]string{"address": c.RemoteAddr().String()}})
	progress(mailbox.Step{Phase: mailbox.PhaseConnect, Note: map[string]string{"address": c.RemoteAddr().String(), "local": c.LocalAddr().String()}})
	var greeting string
	err = c.Do(ctx, Limits{Octets: 64 << 10, Idle: ConnectTimeout(a)}, func() (err error) {
		greeting, err = c.negotiate(ctx, a, proto, progress)
		return err
	})
	if err != nil {
		c.Abort()
		return nil, openProblem(ctx, a, c, err)
	}
	c.Replay([]byte(greeting))
	return c, nil
}

// Greet is Open for who only wants to know whether a server is there: the connection is dropped after the greeting.
func Greet(ctx context.Context, a mailbox.Account, proto Protocol, progress func(mailbox.Step)) error {
	c, err := Open(ctx, a, proto, progress)
	if err != nil {
		return err
	}
	c.Abort()
	return nil
}

// negotiate returns the greeting for the client library.
func (c *Conn) negotiate(ctx context.Context, a mailbox.Account, proto Protocol, progress func(mailbox.Step)) (string, error) {
	security := a.Security
	if security == mailbox.SecurityAuto || security == "" {
		security = mailbox.SecurityStartTLS
		if a.Port == 993 || a.Port == 995 || a.Port == 465 {
			security = mailbox.SecurityTLS
		}
	}
	if security == mailbox.SecurityTLS {
		if err := c.secure(ctx, a, progress); err != nil {
			return "", diagnosePlain(ctx, a, proto, err)
		}
		line, _, err := c.greet(ctx, a, proto, false)
		return line, err
	}
	line, preauth, err := c.greet(ctx, a, proto, true)
	if err != nil {
		return "", err
	}
	if security == mailbox.SecurityNone {
		return line, nil
	}
	tlsProblem := func(code string, err error) error {
		return &mailbox.Problem{Phase: mailbox.PhaseTLS, Code: code, Args: hostArgs(a), Err: err}
	}
	if preauth {
		return "", tlsProblem("E-TLS-05", errors.New("server skips sign-in on an unencrypted connection"))
	}
	offered, err := proto.OffersTLS(c, line)
	if err != nil {
		return "", err
	}
	switch {
	case offered:
	case a.Encrypted:
		return "", tlsProblem("E-TLS-06", errors.New("server no longer offers TLS"))
	case security == mailbox.SecurityStartTLS:
		return "", tlsProblem("E-TLS-05", errors.New("server does not offer TLS"))
	default:
		return line, nil
	}
	if err := proto.StartTLS(c); err != nil {
		return "", err
	}
	if c.Reader().Buffered() > 0 {
		return "", tlsProblem("E-NET-05", errors.New("server sent data between its consent to TLS and the handshake"))
	}
	if err := c.secure(ctx, a, progress); err != nil {
		return "", err
	}
	return proto.Fresh, nil
}

// greet reads and checks the greeting. A server that keeps silent on a plain connection is asked on a second one
// whether it wants TLS from the first octet.
func (c *Conn) greet(ctx context.Context, a mailbox.Account, proto Protocol, plain bool) (line string, preauth bool, err error) {
	if plain {
		probe, cancel := context.WithCancel(ctx)
		found := make(chan struct{})
		timer := time.AfterFunc(probeAfter, func() {
			defer close(found)
			if speaksTLS(probe, a) {
				c.fail(&mailbox.Problem{Phase: mailbox.PhaseTLS, Code: "E-TLS-03", Args: hostArgs(a), Err: errors.New("server waits for a TLS handshake")})
			}
		})
		defer func() {
			cancel()
			if !timer.Stop() {
				<-found
			}
		}()
	}
	b, err := c.Line(maxGreeting)
	if err != nil {
		return "", false, fmt.Errorf("read greeting: %w", err)
	}
	preauth, err = proto.Greeting(strings.TrimRight(string(b), "\r\n"))
	return string(b), preauth, err
}

// speaksTLS reports whether a TLS handshake succeeds; the certificate does not matter and nothing else is sent.
func speaksTLS(ctx context.Context, a mailbox.Account) bool {
	c, err := dial(ctx, a)
	if err != nil {
		return false
	}
	defer c.Close()
	tc := tls.Client(c.raw, &tls.Config{MinVersion: tls.VersionTLS12, ServerName: a.Host, InsecureSkipVerify: true})
	return tc.HandshakeContext(ctx) == nil
}

// diagnosePlain finds out, when a server answered the TLS handshake in clear, whether it offers an upgrade.
func diagnosePlain(ctx context.Context, a mailbox.Account, proto Protocol, err error) error {
	p, ok := errors.AsType[*mailbox.Problem](err)
	if !ok || p.Code != "E-TLS-05" {
		return err
	}
	c, dialErr := dial(ctx, a)
	if dialErr != nil {
		return err
	}
	defer c.Abort()
	_ = c.Do(ctx, Limits{Octets: 64 << 10, Idle: ConnectTimeout(a)}, func() error {
		line, _, err := c.greet(ctx, a, proto, false)
		if err != nil {
			return err
		}
		if offered, err := proto.OffersTLS(c, line); err == nil && offered {
			p.Code = "E-TLS-04"
		}
		return nil
	})
	return err
}

// openProblem turns what is no problem yet into one.
func openProblem(ctx context.Context, a mailbox.Account, c *Conn, err error) error {
	if _, ok := errors.AsType[*mailbox.Problem](err); ok {
		return err
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	p := &mailbox.Problem{Phase: mailbox.PhaseConnect, Code: "E-NET-05", Args: hostArgs(a), Err: err}
	if errors.Is(err, ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		p.Code = "E-NET-03"
		return p
	}
	p.Args["text"] = Text(a, string(c.Tail()))
	return p
}
