package gateway_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/internal/mailtest"
	"letterbox/internal/testdb"
	"letterbox/models"
)

// ports are what may listen somewhere that is no mail server, by name.
func ports(t *testing.T) map[string]string {
	t.Helper()
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{})
	if err != nil {
		t.Fatal(err)
	}
	listens := func(secured bool, greeting string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for c, err := l.Accept(); err == nil; c, err = l.Accept() {
				if secured {
					c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert.TLS}})
				}
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
	return map[string]string{
		"closed": closed.Addr().String(), "silent": listens(false, ""), "HTTP": listens(false, "HTTP/1.1 400 Bad Request\r\nServer: canary\r\n\r\n"),
		"SSH": listens(false, "SSH-2.0-canary\r\n"), "HTTPS": listens(true, "HTTP/1.1 400 Bad Request\r\nServer: canary\r\n\r\n"),
	}
}

// mapped dials the port that the first label of a host names, as if each were a public server of its own.
func mapped(all map[string]string) mailbox.DialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		name, _, _ := strings.Cut(address, ".")
		return (&net.Dialer{}).DialContext(ctx, network, all[name])
	}
}

// SEC-06: who is no admin is told the same of every port where no mail server answers, after the same time, wherever it is
// and whatever security was asked for.
func TestPortsLookAlikeToWhoIsNoAdmin(t *testing.T) {
	all := ports(t)
	h := newHouse(t, testdb.Open(t))
	h.gateway.Dial = mapped(all)
	for _, receive := range []string{"imap", "pop3"} {
		for _, security := range []string{"none", "tls", "starttls", "auto"} {
			spread := time.Duration(0)
			for range 4 { // The machine may have other work at the same time.
				if spread = h.looksAlike(receive, security, all); spread < 250*time.Millisecond {
					break
				}
			}
			if spread >= 250*time.Millisecond {
				t.Errorf("%s, %s: the answers come within %v of each other, want 250 ms", receive, security, spread)
			}
		}
	}
}

// looksAlike checks all ports at once and returns how far apart the answers come.
func (h *house) looksAlike(receive, security string, all map[string]string) time.Duration {
	h.t.Helper()
	var mu sync.Mutex
	var checks sync.WaitGroup
	first, last := time.Hour, time.Duration(0)
	for name := range all {
		checks.Go(func() {
			d := h.at(name, receive, security)
			start := time.Now()
			found, err := h.gateway.CheckFor(h.t.Context(), nil, false, gateway.CheckOf{}, d.Settings, func(each func(gateway.CheckPhase)) (gateway.CheckReport, error) {
				return h.gateway.CheckDraft(h.t.Context(), 0, d, each)
			})(nil)
			took := time.Since(start)
			mu.Lock()
			defer mu.Unlock()
			first, last = min(first, took), max(last, took)
			said := strings.ReplaceAll(fmt.Sprint(found), name+".firm.example", "HOST")
			if err != nil || !strings.Contains(said, "E-NET-09") || strings.Contains(said, "canary") || strings.Contains(said, "E-TLS") {
				h.t.Errorf("%s, %s, %s: %s, %v, want E-NET-09 and nothing else", name, receive, security, said, err)
			}
		})
	}
	checks.Wait()
	return last - first
}

// at is a draft of an inbox that reads one of the ports.
func (h *house) at(name, receive, security string) gateway.InboxDraft {
	s := models.DefaultInboxSettings()
	s.Receive, s.Security, s.Host, s.Port, s.Username, s.ConnectTimeout = receive, security, name+".firm.example", 993, "anna", time.Second
	password := "secret"
	return gateway.InboxDraft{Name: name, Address: name + "@firm.example", ProjectID: h.project.ID, Enabled: true, Settings: s, Rules: models.DefaultRules(), Password: &password}
}

// The state of a stored inbox tells somebody who is no admin no more than a check does, neither in words nor by the clock.
func TestStateOfAnInboxTellsNobodyButAdminsWhatListens(t *testing.T) {
	all := ports(t)
	h := newHouse(t, testdb.Open(t))
	h.gateway.Dial = mapped(all)
	codes := map[string]string{"closed": "E-NET-01", "silent": "E-NET-03", "HTTP": "E-NET-05", "SSH": "E-NET-05", "HTTPS": "E-NET-05"}
	inboxes := map[string]int64{}
	for name := range all {
		v, err := h.gateway.CreateInbox(t.Context(), nil, h.at(name, "imap", map[bool]string{true: "tls", false: "none"}[name == "HTTPS"]))
		if err != nil {
			t.Fatal(err)
		}
		inboxes[name] = v.ID
	}
	start := time.Now()
	h.run()
	seen := ""
	for name, id := range inboxes {
		var v gateway.InboxView
		h.until(name+" fails", func() bool {
			var err error
			if v, err = h.gateway.Inbox(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			return v.Status.State == models.InboxFailing
		})
		if v.Status.Code != codes[name] {
			t.Errorf("%s: an admin is told %s, want %s", name, v.Status.Code, codes[name])
		}
		if after := v.Status.Since.Sub(start); after < time.Second-50*time.Millisecond {
			t.Errorf("%s failed after %v, want no sooner than a port that keeps silent", name, after)
		}
		more, err := h.gateway.InboxHealth(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		said := v.Discreet().Status
		text := fmt.Sprint(said.State, said.Phase, said.Code, said.Args)
		for _, e := range gateway.DiscreetEvents(v, more.Events) {
			text += fmt.Sprint(" ", e.State, e.Code, e.Args)
		}
		text = strings.ReplaceAll(text, name+".firm.example", "HOST")
		if seen == "" {
			seen = text
		}
		if text != seen || !strings.Contains(text, "E-NET-09") {
			t.Errorf("%s: the state is\n%s\nand of another port\n%s", name, text, seen)
		}
	}
}
