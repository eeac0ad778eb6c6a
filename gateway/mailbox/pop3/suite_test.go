package pop3_test

import (
	"strings"
	"testing"

	goimap "github.com/emersion/go-imap/v2"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/mailboxtest"
	"letterbox/gateway/mailbox/pop3"
	"letterbox/internal/mailtest"
)

func visit(t *testing.T, a mailbox.Account) mailbox.Mailbox {
	t.Helper()
	m, err := pop3.Open(t.Context(), a, nil)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return m
}

// inProcess is the server in this process.
type inProcess struct {
	servers *mailtest.Servers
	account mailbox.Account
}

func startInProcess(t *testing.T, o mailtest.Options) *inProcess {
	t.Helper()
	s, err := mailtest.NewServers(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.AddUser("alice", "secret")
	return &inProcess{s, mailboxtest.Account(t, s.POP3Addr)}
}

func (s *inProcess) Visit(t *testing.T) mailbox.Mailbox { return visit(t, s.account) }

func (s *inProcess) Deliver(t *testing.T, raws ...string) {
	for _, raw := range raws {
		if err := s.servers.Deliver("alice", []byte(raw)); err != nil {
			t.Error(err)
		}
	}
}

func (s *inProcess) Count(_ *testing.T, _, flag string) int {
	u := s.servers.User("alice")
	if flag == "" {
		return u.Count("INBOX")
	}
	return u.Count("INBOX", map[string]goimap.Flag{"seen": goimap.FlagSeen, "deleted": goimap.FlagDeleted}[flag])
}

func TestSuiteInProcess(t *testing.T) {
	for name, o := range map[string]mailtest.Options{
		"all extensions":       {},
		"without UIDL":         {NoUIDL: true},
		"without UIDL and TOP": {NoUIDL: true, NoTOP: true},
		"without pipelining":   {NoPipelining: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := mailboxtest.Features{Deletes: true, Deferred: true, NoHeader: o.NoTOP}
			mailboxtest.Run(t, f, func(t *testing.T) mailboxtest.Server { return startInProcess(t, o) })
		})
	}
}

// realServer is one user of a private Dovecot.
type realServer struct {
	*mailtest.Dovecot
	account mailbox.Account
}

func (s *realServer) Visit(t *testing.T) mailbox.Mailbox { return visit(t, s.account) }

func (s *realServer) Deliver(t *testing.T, raws ...string) {
	t.Helper()
	var all [][]byte
	for _, raw := range raws {
		all = append(all, []byte(raw))
	}
	if err := s.Append(s.account.Username, "INBOX", all...); err != nil {
		t.Error(err)
	}
}

// Count does not know flags that POP3 does not have: Dovecot sets \Seen by RETR, as RFC 1939 leaves open.
func (s *realServer) Count(_ *testing.T, _, flag string) int {
	if flag == "seen" {
		return 0
	}
	return s.Dovecot.Count(s.account.Username, "INBOX", strings.ToUpper(flag))
}

func TestSuiteDovecot(t *testing.T) {
	for _, security := range []mailbox.Security{mailbox.SecurityTLS, mailbox.SecurityStartTLS, mailbox.SecurityNone} {
		t.Run(string(security), func(t *testing.T) {
			t.Parallel()
			users := mailboxtest.Users()
			d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: users.Passwords()})
			f := mailboxtest.Features{Deletes: true, Deferred: true, Mangles: true}
			mailboxtest.Run(t, f, func(t *testing.T) mailboxtest.Server {
				addr := d.POP3Addr
				if security == mailbox.SecurityTLS {
					addr = d.POP3SAddr
				}
				a := mailboxtest.Account(t, addr)
				a.Username = users.Next(t)
				a.Security, a.Verify, a.RootCAs = security, mailbox.VerifyCA, d.Certificate.Roots
				return &realServer{d, a}
			})
		})
	}
}
