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

// realServer is a private Dovecot.
type realServer struct {
	*mailtest.Dovecot
	account   mailbox.Account
	separator string
}

func (s *realServer) Visit(t *testing.T) mailbox.Mailbox { return visit(t, s.account) }

func (s *realServer) Deliver(t *testing.T, raws ...string) {
	for _, raw := range raws {
		if err := s.Dovecot.Deliver("alice", []byte(raw)); err != nil {
			t.Error(err)
		}
	}
}

func (s *realServer) Count(_ *testing.T, folder, flag string) int {
	if folder == "" {
		folder = "INBOX"
	}
	return s.Dovecot.Count("alice", strings.ReplaceAll(folder, "/", s.separator), strings.ToUpper(flag))
}

func TestSuiteDovecot(t *testing.T) {
	full := "IMAP4rev1 LITERAL+ IDLE UIDPLUS NAMESPACE"
	for name, c := range map[string]struct {
		security     mailbox.Security
		separator    string
		capabilities string
		marks        bool
	}{
		"implicit TLS":            {mailbox.SecurityTLS, "/", "", false},
		"STARTTLS":                {mailbox.SecurityStartTLS, "/", "", false},
		"plain, dots":             {mailbox.SecurityNone, ".", "", false},
		"without MOVE":            {mailbox.SecurityNone, "/", full, false},
		"without MOVE or UIDPLUS": {mailbox.SecurityNone, ".", "IMAP4rev1 IDLE", true},
		"without IDLE":            {mailbox.SecurityNone, "/", "IMAP4rev1 MOVE UIDPLUS", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := mailboxtest.Features{Flags: true, Deletes: true, Marks: c.marks, Target: "Done", Missing: "Nowhere", Mangles: true}
			mailboxtest.Run(t, f, func(t *testing.T) mailboxtest.Server {
				d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Separator: c.separator, Capabilities: c.capabilities})
				if err := d.CreateFolder("alice", "Done"); err != nil {
					t.Fatal(err)
				}
				addr := d.IMAPAddr
				if c.security == mailbox.SecurityTLS {
					addr = d.IMAPSAddr
				}
				a := mailboxtest.Account(t, addr)
				a.Security, a.Verify, a.RootCAs = c.security, mailbox.VerifyCA, d.Certificate.Roots
				return &realServer{d, a, c.separator}
			})
		})
	}
}
