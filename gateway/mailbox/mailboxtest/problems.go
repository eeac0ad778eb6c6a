package mailboxtest

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"letterbox/gateway/mailbox"
)

// Site is a server that is to be reached under conditions.
type Site struct {
	Plain, TLS  string // host:port without encryption (but perhaps with an upgrade), and with TLS from the first octet.
	Roots       *x509.CertPool
	Fingerprint string
}

// SiteOptions are the conditions.
type SiteOptions struct {
	NoTLS      bool      // No certificate at all.
	RequireTLS bool      // No sign-in without encryption.
	Hosts      []string  // Whom the certificate is for.
	NotAfter   time.Time // Until when.
}

// Protocol is a way to reach a Site.
type Protocol struct {
	Open    func(ctx context.Context, a mailbox.Account) error // Opens and aborts.
	Start   func(t *testing.T, o SiteOptions) Site
	Refusal string // A greeting that refuses.
}

// problemCase is one way to fail, or to succeed when code is empty.
type problemCase struct {
	site   SiteOptions
	tls    bool // Connect to the port with TLS.
	change func(a *mailbox.Account, s Site)
	phase  mailbox.Phase
	code   string
}

var problemCases = map[string]problemCase{
	"wrong password":                   {change: func(a *mailbox.Account, _ Site) { a.Password = "guess" }, phase: mailbox.PhaseSignIn, code: "E-AUTH-01"},
	"unknown user":                     {change: func(a *mailbox.Account, _ Site) { a.Username = "mallory" }, phase: mailbox.PhaseSignIn, code: "E-AUTH-01"},
	"server wants sign-in":             {change: func(a *mailbox.Account, _ Site) { a.Auth = "none" }, phase: mailbox.PhaseSignIn, code: "E-AUTH-05"},
	"unknown host":                     {change: func(a *mailbox.Account, _ Site) { a.Host = "nowhere..invalid" }, phase: mailbox.PhaseDNS, code: "E-DNS-01"},
	"TLS on a port with an upgrade":    {change: security(mailbox.SecurityTLS), phase: mailbox.PhaseTLS, code: "E-TLS-04"},
	"TLS on a port without any":        {site: SiteOptions{NoTLS: true}, change: security(mailbox.SecurityTLS), phase: mailbox.PhaseTLS, code: "E-TLS-05"},
	"plain on a TLS port":              {tls: true, change: security(mailbox.SecurityNone), phase: mailbox.PhaseTLS, code: "E-TLS-03"},
	"upgrade on a TLS port":            {tls: true, change: security(mailbox.SecurityStartTLS), phase: mailbox.PhaseTLS, code: "E-TLS-03"},
	"auto on a TLS port":               {tls: true, change: security(mailbox.SecurityAuto), phase: mailbox.PhaseTLS, code: "E-TLS-03"},
	"upgrade is not offered":           {site: SiteOptions{NoTLS: true}, change: security(mailbox.SecurityStartTLS), phase: mailbox.PhaseTLS, code: "E-TLS-05"},
	"auto, upgrade is not offered":     {site: SiteOptions{NoTLS: true}, change: security(mailbox.SecurityAuto), phase: mailbox.PhaseTLS, code: "E-TLS-05"},
	"upgrade if offered, it is not":    {site: SiteOptions{NoTLS: true}, change: security(mailbox.SecurityStartTLSIfAvailable)},
	"upgrade is offered no longer":     {site: SiteOptions{NoTLS: true}, change: downgraded, phase: mailbox.PhaseTLS, code: "E-TLS-06"},
	"sign-in only with encryption":     {site: SiteOptions{RequireTLS: true}, change: security(mailbox.SecurityNone), phase: mailbox.PhaseSignIn, code: "E-AUTH-06"},
	"upgrade if offered, it is":        {site: SiteOptions{RequireTLS: true}, change: trusted(mailbox.SecurityStartTLSIfAvailable)},
	"self-signed":                      {tls: true, change: security(mailbox.SecurityTLS), phase: mailbox.PhaseTLS, code: "E-TLS-01"},
	"self-signed after an upgrade":     {change: security(mailbox.SecurityStartTLS), phase: mailbox.PhaseTLS, code: "E-TLS-01"},
	"self-signed and trusted":          {tls: true, change: trusted(mailbox.SecurityTLS)},
	"trusted after an upgrade":         {change: trusted(mailbox.SecurityAuto)},
	"expired":                          {site: SiteOptions{NotAfter: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)}, tls: true, change: trusted(mailbox.SecurityTLS), phase: mailbox.PhaseTLS, code: "E-TLS-08"},
	"for another name":                 {site: SiteOptions{Hosts: []string{"mail.example.org"}}, tls: true, change: trusted(mailbox.SecurityTLS), phase: mailbox.PhaseTLS, code: "E-TLS-07"},
	"pinned and changed":               {tls: true, change: pinned("00"), phase: mailbox.PhaseTLS, code: "E-TLS-02"},
	"pinned":                           {tls: true, change: pinned("")},
	"pinned, whatever is wrong":        {site: SiteOptions{Hosts: []string{"mail.example.org"}, NotAfter: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)}, tls: true, change: pinned("")},
	"not checked":                      {tls: true, change: func(a *mailbox.Account, _ Site) { a.Security, a.Verify = mailbox.SecurityTLS, mailbox.VerifyOff }},
	"own authority, but none is given": {tls: true, change: func(a *mailbox.Account, _ Site) { a.Security, a.Verify = mailbox.SecurityTLS, mailbox.VerifyCA }, phase: mailbox.PhaseTLS, code: "E-TLS-01"},
}

func security(s mailbox.Security) func(*mailbox.Account, Site) {
	return func(a *mailbox.Account, _ Site) { a.Security = s }
}

func downgraded(a *mailbox.Account, _ Site) {
	a.Security, a.Encrypted = mailbox.SecurityStartTLSIfAvailable, true
}

func trusted(s mailbox.Security) func(*mailbox.Account, Site) {
	return func(a *mailbox.Account, site Site) {
		a.Security, a.Verify, a.RootCAs = s, mailbox.VerifyCA, site.Roots
	}
}

func pinned(other string) func(*mailbox.Account, Site) {
	return func(a *mailbox.Account, site Site) {
		a.Security, a.Verify, a.Fingerprint = mailbox.SecurityTLS, mailbox.VerifyPinned, site.Fingerprint
		if other != "" {
			a.Fingerprint, a.TrustedAt = other+site.Fingerprint[len(other):], time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		}
	}
}

// Problems checks that what goes wrong while a mailbox is opened comes back as a [*mailbox.Problem] with the right phase
// and code, and with a value for every placeholder of its text.
func Problems(t *testing.T, p Protocol) {
	for name, c := range problemCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := p.Start(t, c.site)
			addr := site.Plain
			if c.tls {
				addr = site.TLS
			}
			a := Account(t, addr)
			c.change(&a, site)
			CheckProblem(t, p.Open(t.Context(), a), c.phase, c.code)
		})
	}
	t.Run("closed port", func(t *testing.T) {
		a := Account(t, listener(t, nil, true))
		CheckProblem(t, p.Open(t.Context(), a), mailbox.PhaseConnect, "E-NET-01")
	})
	t.Run("silent server", func(t *testing.T) {
		a := Account(t, listener(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }, false))
		a.ConnectTimeout = 200 * time.Millisecond
		CheckProblem(t, p.Open(t.Context(), a), mailbox.PhaseConnect, "E-NET-03")
	})
	t.Run("server refuses in its greeting", func(t *testing.T) {
		a := Account(t, listener(t, func(c net.Conn) { _, _ = c.Write([]byte(p.Refusal)) }, false))
		CheckProblem(t, p.Open(t.Context(), a), mailbox.PhaseConnect, "E-NET-05")
	})
	t.Run("server hangs up", func(t *testing.T) {
		a := Account(t, listener(t, func(net.Conn) {}, false))
		CheckProblem(t, p.Open(t.Context(), a), mailbox.PhaseConnect, "E-NET-05")
	})
	t.Run("dialer refuses the address", func(t *testing.T) {
		a := Account(t, "127.0.0.1:1")
		want := &mailbox.Problem{Phase: mailbox.PhaseDNS, Code: "E-DNS-01", Args: map[string]string{"host": a.Host}}
		a.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, want }
		if err := p.Open(t.Context(), a); !errors.Is(err, want) {
			t.Errorf("Open = %v, want the dialer's problem", err)
		}
	})
	t.Run("control characters never reach the server", func(t *testing.T) {
		for _, change := range []func(*mailbox.Account){
			func(a *mailbox.Account) { a.Password = "x\r\nDELE 1" },
			func(a *mailbox.Account) { a.Username = "alice\nQUIT" },
			func(a *mailbox.Account) { a.Password = "x\x00" },
		} {
			a := Account(t, "127.0.0.1:1")
			a.Dial = func(context.Context, string, string) (net.Conn, error) {
				t.Error("a connection was opened")
				return nil, errors.New("closed")
			}
			change(&a)
			CheckProblem(t, p.Open(t.Context(), a), mailbox.PhaseSignIn, "E-AUTH-01")
		}
	})
}

// listener runs serve for every connection; a closed one only names a port where nobody listens.
func listener(t *testing.T, serve func(net.Conn), closed bool) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if closed {
		_ = l.Close()
		return l.Addr().String()
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			go func() {
				serve(c)
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

var placeholder = regexp.MustCompile(`\{(\w+)\}`)

// later are placeholders that only the caller can fill.
var later = map[string]bool{"time": true, "n": true}

// CheckProblem checks that err is the problem with this phase and code, or no error when code is empty.
func CheckProblem(t *testing.T, err error, phase mailbox.Phase, code string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("got %v, want no error", err)
		}
		return
	}
	p, ok := errors.AsType[*mailbox.Problem](err)
	if !ok {
		t.Fatalf("got %v, want a problem %s", err, code)
	}
	if p.Phase != phase || p.Code != code {
		t.Errorf("got %v (phase %s, code %s), want phase %s, code %s", err, p.Phase, p.Code, phase, code)
	}
	for _, m := range placeholder.FindAllStringSubmatch(text(t, p.Code), -1) {
		if _, ok := p.Args[m[1]]; !ok && !later[m[1]] {
			t.Errorf("%s has no value for {%s} in %v", p.Code, m[1], p.Args)
		}
	}
}

// text returns the English text of a code.
func text(t *testing.T, code string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "templates", "catalogue", "en", "connection.json"))
	if err != nil {
		t.Fatal(err)
	}
	var texts map[string]string
	if err := json.Unmarshal(b, &texts); err != nil {
		t.Fatal(err)
	}
	s, ok := texts[code]
	if !ok {
		t.Errorf("code %s has no text", code)
	}
	return s
}
