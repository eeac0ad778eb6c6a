package handlers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/internal/netguard"
	"letterbox/models"
)

// talk is a server that answers commands with fixed text, for what real servers do not do on demand. A line of answers
// is the beginning of a command; TAG stands for its tag, and an answer of "silence" is none.
type talk struct {
	greeting string
	answers  map[string]string
}

func (k talk) start(t *testing.T) (host, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			go k.serve(c)
		}
	}()
	return server(t, l.Addr().String())
}

func (k talk) serve(c net.Conn) {
	defer c.Close()
	_, _ = io.WriteString(c, k.greeting)
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		tag, cmd, text := "", strings.TrimSpace(line), "+OK\r\n"
		if strings.HasPrefix(k.greeting, "*") {
			tag, cmd, _ = strings.Cut(cmd, " ")
			text = "TAG OK done\r\n"
		}
		best := -1
		for prefix, answer := range k.answers {
			if strings.HasPrefix(cmd, prefix) && len(prefix) > best {
				best, text = len(prefix), answer
			}
		}
		if text != "silence" {
			_, _ = io.WriteString(c, strings.ReplaceAll(text, "TAG", tag))
		}
	}
}

// imap is a server with one folder, and what it answers otherwise.
func imapTalk(caps string, more ...string) talk {
	k := talk{"* OK hello\r\n", map[string]string{
		"CAPABILITY": "* CAPABILITY IMAP4rev1 " + caps + "\r\nTAG OK done\r\n",
		"EXAMINE":    "* 0 EXISTS\r\n* OK [UIDVALIDITY 9] ok\r\n* OK [UIDNEXT 1] ok\r\nTAG OK done\r\n",
		"LIST":       "* LIST () \"/\" INBOX\r\nTAG OK done\r\n",
	}}
	for i := 0; i+1 < len(more); i += 2 {
		k.answers[more[i]] = more[i+1]
	}
	return k
}

func popTalk(more ...string) talk {
	k := talk{"+OK hello\r\n", map[string]string{
		"CAPA": "-ERR unknown\r\n", "STAT": "+OK 0 0\r\n", "LIST": "+OK\r\n.\r\n", "UIDL": "+OK\r\n.\r\n",
	}}
	for i := 0; i+1 < len(more); i += 2 {
		k.answers[more[i]] = more[i+1]
	}
	return k
}

// trouble is a server, or none, with which a check finds one code.
type trouble struct {
	code  string
	at    func(t *testing.T, s *site, d *gateway.InboxDraft)
	phase string // "" is any.
}

// says has the draft read a server that talks like this.
func says(k talk) func(*testing.T, *site, *gateway.InboxDraft) {
	return func(t *testing.T, _ *site, d *gateway.InboxDraft) {
		host, port := k.start(t)
		d.Settings.Host, d.Settings.Security = host, "none"
		d.Settings.Port, _ = strconv.Atoi(port)
		if strings.HasPrefix(k.greeting, "+") {
			d.Settings.Receive = "pop3"
		}
	}
}

// refusedByPOP3 is a maildrop that answers the password like this.
func refusedByPOP3(answer string) func(*testing.T, *site, *gateway.InboxDraft) {
	return says(popTalk("PASS", answer))
}

// encrypted has the draft read a server with a certificate, on its port with TLS or on the other one.
func encrypted(o mailtest.CertOptions, onTLS bool, change func(d *gateway.InboxDraft, c *mailtest.Certificate)) func(*testing.T, *site, *gateway.InboxDraft) {
	return func(t *testing.T, s *site, d *gateway.InboxDraft) {
		c, err := mailtest.NewCertificate(o)
		s.ok(err)
		servers, err := mailtest.NewServers(mailtest.Options{Certificate: c, RequireTLS: true})
		s.ok(err)
		t.Cleanup(servers.Close)
		servers.AddUser("anna@firm.example", "secret")
		at := servers.IMAPAddr
		if onTLS {
			at = servers.IMAPSAddr
		}
		host, port := server(t, at)
		d.Settings.Host, d.Settings.Security = host, "tls"
		d.Settings.Port, _ = strconv.Atoi(port)
		if change != nil {
			change(d, c)
		}
	}
}

// dials has connections fail like this.
func dials(err error) func(*testing.T, *site, *gateway.InboxDraft) {
	return func(_ *testing.T, s *site, _ *gateway.InboxDraft) {
		s.h.Gateway.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, err }
	}
}

// guarded has connections go through the guard of addresses.
func guarded(host string, port int) func(*testing.T, *site, *gateway.InboxDraft) {
	return func(_ *testing.T, s *site, d *gateway.InboxDraft) {
		s.h.Gateway.Dial = netguard.Dialer(nil)
		d.Settings.Host, d.Settings.Port = host, port
	}
}

func trusting(d *gateway.InboxDraft, c *mailtest.Certificate) {
	d.Settings.TLSVerify, d.Settings.CAPEM = "ca", string(c.CertPEM)
}

// troubles are what a check can find, each with a server that brings it about.
func troubles() []trouble {
	own := mailtest.CertOptions{}
	refused := func(answer string) func(*testing.T, *site, *gateway.InboxDraft) {
		return says(imapTalk("", "LOGIN", "TAG NO "+answer+"\r\n"))
	}
	folder := func(name string, k talk) func(*testing.T, *site, *gateway.InboxDraft) {
		return func(t *testing.T, s *site, d *gateway.InboxDraft) {
			says(k)(t, s, d)
			d.Settings.Folders = []string{name}
		}
	}
	return []trouble{
		{"E-DNS-01", dials(&net.DNSError{Err: "no such host", Name: "imap.firm.example", IsNotFound: true}), "dns"},
		{"E-DNS-02", func(t *testing.T, s *site, d *gateway.InboxDraft) {
			guarded("imap.firm.example", 993)(t, s, d)
			before := net.DefaultResolver
			net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
				return nil, errors.New("no name server answers")
			}}
			t.Cleanup(func() { net.DefaultResolver = before })
		}, "dns"},
		{"E-NET-01", func(t *testing.T, _ *site, d *gateway.InboxDraft) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			host, port := server(t, l.Addr().String())
			_ = l.Close()
			d.Settings.Host = host
			d.Settings.Port, _ = strconv.Atoi(port)
		}, "connect"},
		{"E-NET-02", dials(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}), "connect"},
		{"E-NET-03", func(t *testing.T, s *site, d *gateway.InboxDraft) {
			says(talk{answers: map[string]string{"": "silence"}})(t, s, d)
			d.Settings.ConnectTimeout = time.Second
		}, "connect"},
		{"E-NET-04", func(t *testing.T, s *site, d *gateway.InboxDraft) {
			says(imapTalk("", "EXAMINE", "silence"))(t, s, d)
			d.Settings.FetchTimeout = 5 * time.Second
		}, "folders"},
		{"E-NET-05", says(talk{greeting: "* BYE come back tomorrow\r\n"}), "connect"},
		{"E-NET-06", guarded("127.0.0.1", 993), "connect"},
		{"E-NET-07", guarded("8.8.8.8", 22), "connect"},
		{"E-NET-08", guarded("0x7f.1", 993), "dns"},
		{"E-TLS-01", encrypted(own, true, nil), "tls"},
		{"E-TLS-02", encrypted(own, true, func(d *gateway.InboxDraft, c *mailtest.Certificate) {
			d.Settings.TLSVerify, d.Settings.Fingerprint = "pinned", "00"+c.Fingerprint[2:]
			at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
			d.Settings.TrustedAt = &at
		}), "tls"},
		{"E-TLS-03", encrypted(own, true, func(d *gateway.InboxDraft, _ *mailtest.Certificate) { d.Settings.Security = "starttls" }), "tls"},
		{"E-TLS-04", encrypted(own, false, nil), "tls"},
		{"E-TLS-05", func(t *testing.T, s *site, d *gateway.InboxDraft) {
			says(imapTalk(""))(t, s, d)
			d.Settings.Security = "starttls"
		}, "tls"},
		{"E-TLS-07", encrypted(mailtest.CertOptions{Hosts: []string{"mail.firm.example"}}, true, trusting), "tls"},
		{"E-TLS-08", encrypted(mailtest.CertOptions{NotAfter: time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)}, true, trusting), "tls"},
		{"E-TLS-09", func(_ *testing.T, _ *site, d *gateway.InboxDraft) {
			d.Settings.TLSVerify, d.Settings.CAPEM = "ca", "no certificate"
		}, "tls"},
		{"E-AUTH-01", refused("[AUTHENTICATIONFAILED] Invalid credentials"), "signin"},
		{"E-AUTH-01", refusedByPOP3("-ERR [AUTH] wrong password\r\n"), "signin"},
		{"E-AUTH-02", refused("[ALERT] Application-specific password required"), "signin"},
		{"E-AUTH-02", refusedByPOP3("-ERR [AUTH] Application-specific password required\r\n"), "signin"},
		{"E-AUTH-03", refused("Your account is not enabled for IMAP use"), "signin"},
		{"E-AUTH-03", refusedByPOP3("-ERR [SYS/PERM] POP3 is disabled for this account\r\n"), ""},
		{"E-AUTH-04", refused("[LIMIT] Too many login attempts"), "signin"},
		{"E-AUTH-04", refusedByPOP3("-ERR [AUTH] too many authentication failures\r\n"), "signin"},
		{"E-AUTH-05", func(t *testing.T, s *site, d *gateway.InboxDraft) {
			says(imapTalk(""))(t, s, d)
			d.Settings.Auth = "none"
		}, "signin"},
		{"E-AUTH-06", encrypted(own, false, func(d *gateway.InboxDraft, _ *mailtest.Certificate) { d.Settings.Security = "none" }), "signin"},
		{"E-IMAP-01", folder("Kunden", imapTalk("", "EXAMINE", "TAG NO no such folder\r\n")), "folders"},
		{"E-IMAP-02", folder("Kunden", imapTalk("", "EXAMINE", "TAG NO not selectable\r\n", "LIST", "* LIST (\\Noselect) \"/\" Kunden\r\nTAG OK done\r\n")), "folders"},
		{"E-IMAP-03", folder("Sent", imapTalk("", "LIST", "* LIST (\\Sent) \"/\" Sent\r\nTAG OK done\r\n")), "folders"},
		{"E-IMAP-06", says(imapTalk("QUOTA", "GETQUOTAROOT", "* QUOTAROOT INBOX \"\"\r\n* QUOTA \"\" (STORAGE 2048 2048)\r\nTAG OK done\r\n")), "counts"},
		{"E-IMAP-07", says(imapTalk("ACL", "MYRIGHTS", "* MYRIGHTS INBOX lr\r\nTAG OK done\r\n")), "rights"},
		{"E-POP-01", says(popTalk("UIDL", "-ERR unknown\r\n", "STAT", "+OK 1 14\r\n", "LIST", "+OK\r\n1 14\r\n.\r\n",
			"TOP", "+OK\r\nSubject: x\r\n\r\n.\r\n", "RETR", "+OK\r\nSubject: x\r\n\r\n.\r\n")), "counts"},
		{"E-POP-02", refusedByPOP3("-ERR [IN-USE] maildrop is locked\r\n"), "signin"},
		{"E-POP-03", refusedByPOP3("-ERR [LOGIN-DELAY] wait\r\n"), "signin"},
	}
}

// Each thing that a check can find is brought about by a server and told with its cause, what to do and, where there is
// one, the remedy that is one press away.
func TestEachCodeOfACheckIsProducedByAServer(t *testing.T) {
	selfExplaining := []string{"E-DNS-02", "E-NET-06", "E-NET-07", "E-NET-08", "E-TLS-09", "E-POP-01"}
	fixes := map[string]int{}
	for _, f := range failures {
		fixes[f.code] = len(f.fixes)
	}
	s := newSite(t)
	for i, one := range troubles() {
		t.Run(fmt.Sprint(one.code, " ", i), func(t *testing.T) {
			s.h.Gateway.Dial = nil
			settings := models.DefaultInboxSettings()
			settings.Host, settings.Port, settings.Username = "imap.firm.example", 993, "anna@firm.example"
			password := "secret"
			d := gateway.InboxDraft{Name: "New", Address: "anna@firm.example", ProjectID: s.sup.ID, Settings: settings, Rules: models.DefaultRules(), Password: &password}
			one.at(t, s, &d)
			found, err := s.h.Gateway.CheckDraft(t.Context(), 0, d, nil)
			s.ok(err)
			at := slices.IndexFunc(found.Phases, func(p gateway.CheckPhase) bool { return p.Code != "" })
			if at < 0 {
				t.Fatalf("the check finds nothing, want %s: %+v", one.code, found)
			}
			p := found.Phases[at]
			if p.Code != one.code || one.phase != "" && string(p.Phase) != one.phase {
				t.Fatalf("the check finds %s in %s (%v), want %s in %s", p.Code, p.Phase, p.Args, one.code, one.phase)
			}
			for _, lang := range []string{"de", "en"} {
				c, _ := gin.CreateTestContext(httptest.NewRecorder())
				v := &visit{Context: c, h: s.h, l: s.h.cat.Locale(lang)}
				got := v.phase(checked{form: "wizard", s: d.Settings}, p)
				cause := got.Found
				if p.State == "ok" {
					cause = got.Warning
				}
				if cause == "" || strings.ContainsAny(cause+got.Remedy, "{}") || strings.Contains(cause, "secret") {
					t.Errorf("%s: cause %q, remedy %q", lang, cause, got.Remedy)
				}
				if got.Remedy == "" && !slices.Contains(selfExplaining, one.code) {
					t.Errorf("%s: %s has no remedy", lang, one.code)
				}
				if fixes[one.code] > 0 && len(got.Fixes) == 0 {
					t.Errorf("%s: %s has no remedy that is one press away", lang, one.code)
				}
			}
		})
	}
}
