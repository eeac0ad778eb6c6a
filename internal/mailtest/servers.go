// Package mailtest runs mail servers for tests, for the demo and for development: IMAP, POP3 and SMTP in this process
// over the same mailboxes in memory, a private Dovecot, a proxy that delays, and certificates.
//
// Everything listens on loopback, on ports that the kernel picks unless told otherwise, and is gone after Close.
package mailtest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"sync"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-smtp"
)

// TB is the part of testing.TB that this package needs; so a program that uses Servers does not link package testing.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
	Cleanup(func())
	TempDir() string
}

// Options says how the servers behave. The zero value is plain IMAP, POP3 and SMTP with every extension.
type Options struct {
	Certificate *Certificate // For STARTTLS, STLS and the TLS ports; without it there is no TLS.
	RequireTLS  bool         // Refuse sign-in on an unencrypted connection (LOGINDISABLED).
	Caps        []goimap.Cap // IMAP capabilities; AllCaps when empty.
	NoUIDL      bool         // POP3 without UIDL.
	NoTOP       bool         // POP3 without TOP.
	// NoPipelining is POP3 that does not announce PIPELINING.
	NoPipelining bool
	CatchAll     string // Login that gets mail for addresses nobody has; such mail is refused when empty.
	IMAPAddress  string // Where to listen; "127.0.0.1:0" when empty.
	POP3Address  string
	SMTPAddress  string
	OnMail       func(from string, to []string, raw []byte) // Called after SMTP has delivered a message; may be nil.
	// Piped is servers without a network, which are reached with [Servers.Dial] at PipedIMAP, PipedPOP3 and PipedSMTP.
	Piped bool
	// Fault is asked by SMTP at "mail", "rcpt", "data" (before the octets) and "end" (after the message was delivered). It
	// returns an answer such as "451 4.3.0 later", "drop" to break the connection, or "" to go on. May be nil.
	Fault func(stage, address string) string
	// Token reports whether an access token opens the mailbox of a login; SMTP then offers XOAUTH2 and OAUTHBEARER, and
	// no password. May be nil.
	Token func(login, token string) bool
	// NoBearer makes SMTP offer XOAUTH2 only.
	NoBearer bool
	// UTF8 makes SMTP offer SMTPUTF8 (RFC 6531).
	UTF8 bool
	// Rewrite changes a message before SMTP delivers it, as a careless relay does; may be nil.
	Rewrite func(raw []byte) []byte
}

// AllCaps are the IMAP capabilities that the server has when Options names none.
var AllCaps = []goimap.Cap{
	goimap.CapIMAP4rev1, goimap.CapNamespace, goimap.CapUIDPlus, goimap.CapESearch, goimap.CapListExtended, goimap.CapListStatus,
	goimap.CapMove, goimap.CapSpecialUse, goimap.CapCreateSpecialUse, goimap.CapChildren, goimap.CapStatusSize,
}

// Servers are running IMAP, POP3 and SMTP servers over the same mailboxes.
type Servers struct {
	IMAPAddr  string // host:port, plain with STARTTLS when there is a certificate.
	IMAPSAddr string // Implicit TLS; empty without a certificate.
	POP3Addr  string
	POP3SAddr string
	SMTPAddr  string

	options   Options
	store     *store
	imap      *imapserver.Server
	smtp      *smtp.Server
	listeners []net.Listener
	wait      sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{} // POP3.
}

// NewServers starts the servers.
func NewServers(o Options) (*Servers, error) {
	s := &Servers{options: o, store: newStore(), conns: map[net.Conn]struct{}{}}
	caps := goimap.CapSet{}
	if len(o.Caps) == 0 {
		o.Caps = AllCaps
	}
	for _, c := range o.Caps {
		caps[c] = struct{}{}
	}
	var tlsConfig *tls.Config
	if o.Certificate != nil {
		tlsConfig = &tls.Config{Certificates: []tls.Certificate{o.Certificate.TLS}, MinVersion: tls.VersionTLS12}
	}
	s.imap = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{store: s.store}, nil, nil
		},
		Caps: caps, TLSConfig: tlsConfig, InsecureAuth: !o.RequireTLS, Logger: log.New(io.Discard, "", 0),
	})
	s.smtp = s.newSMTP()
	if o.Piped {
		o.IMAPAddress, o.POP3Address, o.SMTPAddress = PipedIMAP, PipedPOP3, PipedSMTP
	}
	err := errors.Join(
		s.listen(o.IMAPAddress, &s.IMAPAddr, nil, func(l net.Listener) { _ = s.imap.Serve(l) }),
		s.listen(o.POP3Address, &s.POP3Addr, nil, s.servePOP3),
		s.listen(o.SMTPAddress, &s.SMTPAddr, nil, func(l net.Listener) { _ = s.smtp.Serve(l) }),
	)
	if tlsConfig != nil && err == nil {
		err = errors.Join(
			s.listen("", &s.IMAPSAddr, tlsConfig, func(l net.Listener) { _ = s.imap.Serve(l) }),
			s.listen("", &s.POP3SAddr, tlsConfig, s.servePOP3),
		)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Servers) listen(address string, out *string, cfg *tls.Config, serve func(net.Listener)) error {
	if address == "" {
		address = "127.0.0.1:0"
	}
	var l net.Listener = newPipeListener(address)
	if !s.options.Piped {
		var err error
		if l, err = net.Listen("tcp", address); err != nil {
			return fmt.Errorf("listen for mail clients: %w", err)
		}
	}
	*out = l.Addr().String()
	s.listeners = append(s.listeners, l)
	if cfg != nil {
		l = tls.NewListener(l, cfg)
	}
	a := &accepting{Listener: l, begun: make(chan struct{})}
	s.wait.Go(func() { serve(a) })
	<-a.begun
	return nil
}

// accepting tells when its server has begun to accept. To close one of the libraries' servers earlier is a race in it.
type accepting struct {
	net.Listener
	once  sync.Once
	begun chan struct{}
}

func (a *accepting) Accept() (net.Conn, error) {
	a.once.Do(func() { close(a.begun) })
	return a.Listener.Accept()
}

// Close stops the servers and waits for them.
func (s *Servers) Close() {
	for _, l := range s.listeners {
		_ = l.Close()
	}
	_ = s.imap.Close()
	_ = s.smtp.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.wait.Wait()
}

// AddUser adds a login with its mail addresses and folders besides INBOX. The login itself is an address when it
// contains "@".
func (s *Servers) AddUser(login, password string, addresses ...string) *User {
	if strings.Contains(login, "@") {
		addresses = append(addresses, login)
	}
	return s.store.addUser(login, password, addresses)
}

// User returns a login's mailboxes, or nil.
func (s *Servers) User(login string) *User { return s.store.user(login) }

// Deliver puts a message into the INBOX of a login.
func (s *Servers) Deliver(login string, raw []byte) error {
	u := s.store.user(login)
	if u == nil {
		return fmt.Errorf("deliver: no user %q", login)
	}
	return u.Append("INBOX", raw)
}
