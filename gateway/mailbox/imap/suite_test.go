package imap_test

import (
	"strings"
	"testing"

	goimap "github.com/emersion/go-imap/v2"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/imap"
	"letterbox/gateway/mailbox/mailboxtest"
	"letterbox/internal/mailtest"
)

// visit opens the account or fails the test.
func visit(t *testing.T, a mailbox.Account) mailbox.Mailbox {
	t.Helper()
	m, err := imap.Open(t.Context(), a, nil)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return m
}

// inProcess is the server in this process.
type inProcess struct {
	servers *mailtest.Servers
	user    *mailtest.User
	account mailbox.Account
}

func startInProcess(t *testing.T, o mailtest.Options) *inProcess {
	t.Helper()
	s, err := mailtest.NewServers(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	u := s.AddUser("alice", "secret")
	if err := u.CreateFolder("Done"); err != nil {
		t.Fatal(err)
	}
	return &inProcess{s, u, mailboxtest.Account(t, s.IMAPAddr)}
}

func (s *inProcess) Visit(t *testing.T) mailbox.Mailbox { return visit(t, s.account) }

func (s *inProcess) Deliver(t *testing.T, raws ...string) {
	for _, raw := range raws {
		if err := s.servers.Deliver("alice", []byte(raw)); err != nil {
			t.Error(err)
		}
	}
}

func (s *inProcess) Count(_ *testing.T, folder, flag string) int {
	if folder == "" {
		folder = "INBOX"
	}
	if flag == "" {
		return s.user.Count(folder)
	}
	return s.user.Count(folder, map[string]goimap.Flag{"seen": goimap.FlagSeen, "deleted": goimap.FlagDeleted}[flag])
}

func TestSuiteInProcess(t *testing.T) {
	bare := []goimap.Cap{goimap.CapIMAP4rev1}
	for name, c := range map[string]struct {
		caps  []goimap.Cap
		marks bool
	}{
		"all extensions":           {nil, false},
		"neither MOVE nor UIDPLUS": {bare, true},
		"UIDPLUS without MOVE":     {append(bare, goimap.CapUIDPlus), false},
		"MOVE without UIDPLUS":     {append(bare, goimap.CapMove), false},
	} {
		t.Run(name, func(t *testing.T) {
			f := mailboxtest.Features{Flags: true, Deletes: true, Marks: c.marks, Target: "Done", Missing: "Nowhere"}
			if name == "MOVE without UIDPLUS" {
				f.Deletes = false // Marks on delete, not on move: the table has no word for it.
			}
			mailboxtest.Run(t, f, func(t *testing.T) mailboxtest.Server { return startInProcess(t, mailtest.Options{Caps: c.caps}) })
		})
	}
}

// realServer is one user of a private Dovecot.
type realServer struct {
	*mailtest.Dovecot
	account   mailbox.Account
	separator string
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

func (s *realServer) Count(_ *testing.T, folder, flag string) int {
	if folder == "" {
		folder = "INBOX"
	}
	return s.Dovecot.Count(s.account.Username, strings.ReplaceAll(folder, "/", s.separator), strings.ToUpper(flag))
}

func TestSuiteDovecot(t *testing.T) {
	for name, c := range map[string]struct {
		security     mailbox.Security
		separator    string
		capabilities string
		marks        bool
		silent       bool
	}{
		"implicit TLS":            {security: mailbox.SecurityTLS, separator: "/"},
		"STARTTLS":                {security: mailbox.SecurityStartTLS, separator: "/"},
		"plain, dots":             {security: mailbox.SecurityNone, separator: "."},
		"without MOVE":            {security: mailbox.SecurityNone, separator: "/", capabilities: "IMAP4rev1 LITERAL+ IDLE UIDPLUS NAMESPACE"},
		"without MOVE or UIDPLUS": {security: mailbox.SecurityNone, separator: ".", capabilities: "IMAP4rev1 IDLE", marks: true},
		"without IDLE":            {security: mailbox.SecurityNone, separator: "/", capabilities: "IMAP4rev1 MOVE UIDPLUS", silent: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users := mailboxtest.Users()
			d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: users.Passwords(), Separator: c.separator, Capabilities: c.capabilities})
			f := mailboxtest.Features{
				Flags: true, Deletes: true, Marks: c.marks, Silent: c.silent, Target: "Done", Missing: "Nowhere", Mangles: true,
			}
			mailboxtest.Run(t, f, func(t *testing.T) mailboxtest.Server {
				addr := d.IMAPAddr
				if c.security == mailbox.SecurityTLS {
					addr = d.IMAPSAddr
				}
				a := mailboxtest.Account(t, addr)
				a.Username = users.Next(t)
				a.Security, a.Verify, a.RootCAs = c.security, mailbox.VerifyCA, d.Certificate.Roots
				if err := d.CreateFolder(a.Username, "Done"); err != nil {
					t.Fatal(err)
				}
				return &realServer{d, a, c.separator}
			})
		})
	}
}
