package preset_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/preset"
	"letterbox/internal/mailtest"
)

// zone is a DNS in memory: MX by domain, SRV by "service.domain".
type zone struct {
	mx  map[string]string
	srv map[string][]*net.SRV
}

func (z zone) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	if host, ok := z.mx[name]; ok {
		return []*net.MX{{Host: host, Pref: 10}}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (z zone) LookupSRV(_ context.Context, service, _, name string) (string, []*net.SRV, error) {
	if found, ok := z.srv[service+"."+name]; ok {
		return "", found, nil
	}
	return "", nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

// network sends connections for known names to servers of this test and refuses everything else.
type network struct {
	mu    sync.Mutex
	to    map[string]string // host:port to where it really is.
	asked []string
}

func (n *network) dial(ctx context.Context, nw, address string) (net.Conn, error) {
	n.mu.Lock()
	n.asked = append(n.asked, address)
	to := n.to[address]
	n.mu.Unlock()
	if to == "" {
		return nil, errors.New("nobody there")
	}
	return (&net.Dialer{}).DialContext(ctx, nw, to)
}

func TestKnownDomainsAreFoundWithoutAskingAnybody(t *testing.T) {
	n := &network{}
	f := preset.New(preset.Deps{Resolver: zone{}, Dial: n.dial, DialWeb: n.dial})
	got, err := f.Find(t.Context(), "Max.Muster@web.de")
	if err != nil {
		t.Fatal(err)
	}
	want := []preset.Proposal{
		{Receive: "imap", Server: preset.Server{Host: "imap.web.de", Port: 993, Security: "tls"}, Username: "Max.Muster", Source: preset.SourceProvider, Provider: "webde"},
		{Receive: "pop3", Server: preset.Server{Host: "pop3.web.de", Port: 995, Security: "tls"}, Username: "Max.Muster", Source: preset.SourceProvider, Provider: "webde"},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
	if len(n.asked) != 0 {
		t.Errorf("asked %v, want nobody", n.asked)
	}
}

func TestWhatTheDomainPublishesIsFound(t *testing.T) {
	z := zone{mx: map[string]string{"firm.example": "mx00.kundenserver.de."}, srv: map[string][]*net.SRV{
		"imaps.firm.example": {{Target: "second.firm.example.", Port: 993, Priority: 20}, {Target: "first.firm.example.", Port: 993, Priority: 10}},
		"imap.firm.example":  {{Target: ".", Port: 0}}, // RFC 6186, 3.4: not offered.
		"pop3s.firm.example": {{Target: "127.0.0.1.", Port: 995}},
	}}
	got, err := preset.New(preset.Deps{Resolver: z}).Find(t.Context(), "support@firm.example")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range got {
		lines = append(lines, string(p.Source)+" "+p.Receive+" "+p.Server.Host+" "+p.Username)
	}
	want := []string{
		"mx imap imap.ionos.de support@firm.example", "srv imap first.firm.example support@firm.example",
		"srv imap second.firm.example support@firm.example", "mx pop3 pop.ionos.de support@firm.example",
	}
	if diff := cmp.Diff(lines, want); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
}

const configFile = `<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="firm.example">
<incomingServer type="imap"><hostname>mail.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>
<incomingServer type="imap"><hostname>plain.firm.example</hostname><port>143</port><socketType>plain</socketType><username>%EMAILADDRESS%</username></incomingServer>
<incomingServer type="pop3"><hostname>pop.firm.example</hostname><port>110</port><socketType>STARTTLS</socketType><username>%REALNAME%</username></incomingServer>
<incomingServer type="imap"><hostname>127.0.0.1</hostname><port>993</port><socketType>SSL</socketType><username>x</username></incomingServer>
</emailProvider></clientConfig>`

// autoconfig serves a file as a domain publishes it and returns how to reach it.
func autoconfig(t *testing.T, handler http.HandlerFunc) (*network, *mailtest.Certificate) {
	t.Helper()
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{Hosts: []string{"autoconfig.firm.example", "firm.example"}})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(handler)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert.TLS}}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	at := srv.Listener.Addr().String()
	return &network{to: map[string]string{"autoconfig.firm.example:443": at, "firm.example:443": at}}, cert
}

func TestAutoconfigFileIsReadOverHTTPSOnly(t *testing.T) {
	var seen []string
	var mu sync.Mutex
	n, cert := autoconfig(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Host+r.URL.String())
		mu.Unlock()
		_, _ = w.Write([]byte(configFile))
	})
	f := preset.New(preset.Deps{Resolver: zone{}, DialWeb: n.dial, Roots: cert.Roots})
	got, err := f.Find(t.Context(), "support@firm.example")
	if err != nil {
		t.Fatal(err)
	}
	want := []preset.Proposal{
		{Receive: "imap", Server: preset.Server{Host: "mail.firm.example", Port: 993, Security: "tls"}, Username: "support", Source: preset.SourceAutoconfig},
		{Receive: "pop3", Server: preset.Server{Host: "pop.firm.example", Port: 110, Security: "starttls"}, Username: "support@firm.example", Source: preset.SourceAutoconfig},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
	for _, url := range seen {
		if strings.Contains(url, "support") {
			t.Errorf("asked for %s: the address must stay here", url)
		}
	}
	for _, address := range n.asked {
		if !strings.HasSuffix(address, ":443") {
			t.Errorf("dialled %s, want port 443 only", address)
		}
	}
}

func TestAutoconfigFollowsNobody(t *testing.T) {
	tests := map[string]struct {
		answer http.HandlerFunc
		trust  bool
	}{
		"certificate of an unknown issuer": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(configFile)) }, false},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://metadata.internal/latest", http.StatusFound)
		}, true},
		"endless": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat(" ", 1<<20) + configFile))
		}, true},
		"no XML": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html><body>nothing")) }, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			n, cert := autoconfig(t, test.answer)
			d := preset.Deps{Resolver: zone{}, DialWeb: n.dial}
			if test.trust {
				d.Roots = cert.Roots
			}
			got, err := preset.New(d).Find(t.Context(), "support@firm.example")
			if err != nil || len(got) != 0 {
				t.Errorf("Find = %v, %v, want nothing", got, err)
			}
			for _, address := range n.asked {
				if strings.Contains(address, "metadata") {
					t.Errorf("dialled %s", address)
				}
			}
		})
	}
}

// A server that answers under a usual name is found, and hears nothing but the greeting's answer.
func TestUsualServersAreFoundAndHearNoSecret(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	heard := make(chan string, 8)
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			go func() {
				_, _ = c.Write([]byte("* OK ready\r\n"))
				line, _ := bufio.NewReader(c).ReadString('\n')
				heard <- line
				_ = c.Close()
			}()
		}
	}()
	n := &network{to: map[string]string{"mail.firm.example:993": l.Addr().String(), "pop.firm.example:995": l.Addr().String()}}
	greet := func(ctx context.Context, receive string, a mailbox.Account) error {
		if a.Password != "" || a.Username != "" {
			t.Errorf("probing %s has an account", a.Host)
		}
		c, err := a.Dial(ctx, "tcp", net.JoinHostPort(a.Host, map[int]string{993: "993", 143: "143", 995: "995", 110: "110"}[a.Port]))
		if err != nil {
			return err
		}
		_ = c.Close()
		if receive == "pop3" { // Its certificate is its own.
			return &mailbox.Problem{Phase: mailbox.PhaseTLS, Code: "E-TLS-01", Args: map[string]string{"fingerprint": "00"}}
		}
		return nil
	}
	f := preset.New(preset.Deps{Resolver: zone{}, Dial: n.dial, Greet: greet})
	got, err := f.Find(t.Context(), "support@firm.example")
	if err != nil {
		t.Fatal(err)
	}
	want := []preset.Proposal{
		{Receive: "imap", Server: preset.Server{Host: "mail.firm.example", Port: 993, Security: "tls"}, Username: "support@firm.example", Source: preset.SourceProbe},
		{Receive: "pop3", Server: preset.Server{Host: "pop.firm.example", Port: 995, Security: "tls"}, Username: "support@firm.example", Source: preset.SourceProbe},
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
	for range 2 {
		if line := <-heard; line != "" {
			t.Errorf("a server heard %q, want nothing", line)
		}
	}
}

func TestWhatIsNoAddressFindsNothing(t *testing.T) {
	n := &network{}
	f := preset.New(preset.Deps{Resolver: zone{}, Dial: n.dial, DialWeb: n.dial, Greet: func(context.Context, string, mailbox.Account) error { return nil }})
	for _, address := range []string{"", "support", "support@", "support@localhost", "support@127.0.0.1", "a@b@c.example/x", "x@firm.example:993", "x@[::1]", "x@-a.example"} {
		got, err := f.Find(t.Context(), address)
		if err != nil || len(got) != 0 {
			t.Errorf("Find(%q) = %v, %v, want nothing", address, got, err)
		}
	}
	if len(n.asked) != 0 {
		t.Errorf("dialled %v, want nobody", n.asked)
	}
}
