package handlers

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"letterbox/internal/mailtest"
	"letterbox/internal/netguard"
)

// SEC-06: who configures one project finds out nothing with a check about what listens at a port, neither by the words nor by
// the time. An admin is told.
func TestCheckTellsNobodyButAdminsWhatRunsInsideANetwork(t *testing.T) {
	servers, err := mailtest.NewServers(mailtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	servers.AddUser("second", "very secret")
	listens := func(greeting string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for c, err := l.Accept(); err == nil; c, err = l.Accept() {
				go func() {
					_, _ = io.WriteString(c, greeting)
					_, _ = io.Copy(io.Discard, c)
					_ = c.Close()
				}()
			}
		}()
		return l.Addr().String()
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	ports := map[string]string{
		"closed": closed.Addr().String(), "silent": listens(""), "HTTP": listens("HTTP/1.1 400 Bad Request\r\nServer: canary\r\n\r\n"), "SSH": listens("SSH-2.0-canary\r\n"),
	}
	s := newSite(t)
	s.h.Gateway.Dial = netguard.Dialer([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})
	lead, admin := s.as("lead"), s.as("admin")
	check := func(cookie, address, security string) (string, time.Duration) {
		host, port := server(t, address)
		form := s.draft(map[string]string{"host": host, "port": port, "security": security, "confirm_plain": "UNENCRYPTED", "connect_timeout": "1", "live": "yes", "do": "check", "import_since": "all"})
		start := time.Now()
		got := s.post("/inboxes/new", cookie, form)
		took := time.Since(start)
		got.want(t, 200)
		return strings.ReplaceAll(got.Body, port, "PORT"), took
	}
	for _, security := range []string{"none", "tls"} {
		same := ""
		for name, address := range ports {
			body, lasted := check(lead, address, security)
			if same == "" {
				same = body
			}
			if body != same || strings.Contains(body, "canary") || !strings.Contains(body, "E-NET-09") {
				t.Errorf("%s, %s: the check says\n%s\nand of another port\n%s", name, security, shortened(body), shortened(same))
			}
			if lasted < time.Second {
				t.Errorf("%s, %s: the answer came after %v, want no sooner than that of a silent port", name, security, lasted)
			}
		}
	}
	body, lasted := check(admin, ports["closed"], "none")
	if !strings.Contains(body, "E-NET-01") || lasted > time.Second {
		t.Errorf("an admin is told after %v\n%s", lasted, body)
	}
	if body, _ = check(lead, servers.IMAPAddr, "none"); !strings.Contains(body, "Sign-in") || strings.Contains(body, "E-NET") {
		t.Errorf("a mail server inside is checked as anywhere\n%s", body)
	}
	check(lead, ports["closed"], "none")
	if body, _ = check(lead, ports["closed"], "none"); !strings.Contains(body, "E-NET-10") {
		t.Errorf("eleven checks in a minute are not too many\n%s", body)
	}
	if body, _ = check(lead, servers.IMAPAddr, "none"); !strings.Contains(body, "Sign-in") || strings.Contains(body, "E-NET-10") {
		t.Errorf("a server that let the person in counts, too\n%s", body)
	}
	_, port := server(t, ports["SSH"])
	s.get("/audit?kind=inbox", admin).want(t, 200, "Connection checked", fmt.Sprint("127.0.0.1:", port), "E-NET-09", "!very secret")
}
