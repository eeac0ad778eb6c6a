package imap_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/mailboxtest"
	"letterbox/internal/mailtest"
)

// flag sets or takes a flag of messages of the account alice, as the mail program of a person does.
func flag(t *testing.T, addr, password, folder string, op goimap.StoreFlagsOp, uids ...goimap.UID) {
	t.Helper()
	c, err := imapclient.DialInsecure(addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("alice", password).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select(folder, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if err := c.Store(goimap.UIDSetNum(uids...), &goimap.StoreFlags{Op: op, Flags: []goimap.Flag{goimap.FlagSeen}}, nil).Close(); err != nil {
		t.Fatal(err)
	}
}

func uids(entries []mailbox.Entry) []string {
	out := []string{}
	for _, e := range entries {
		out = append(out, e.Folder+" "+e.UID)
	}
	return out
}

func fromFirst(string, uint32) uint32 { return 1 }

// A folder of 5,000 mails that nobody has touched costs one short command; one that somebody has marked costs no more.
func TestUnreadCostsTheSameHoweverLargeTheFolderIs(t *testing.T) {
	const mails = 5000
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	err := d.Fill("alice", func(yield func([]byte) bool) {
		for i := range mails - 1 {
			if !yield(fmt.Appendf(nil, "Subject: %d\r\n\r\ntext\r\n", i)) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	var heard atomic.Int64
	proxy, err := mailtest.Through(d.IMAPAddr, mailtest.Line{Heard: func(piece []byte) { heard.Add(int64(len(piece))) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	a := mailboxtest.Account(t, proxy.Addr)
	flag(t, d.IMAPAddr, a.Password, "INBOX", goimap.StoreFlagsAdd, goimap.UID(7), goimap.UID(4999))
	m := visit(t, a).(mailbox.Watcher)
	defer m.Abort()
	entries, err := m.List(t.Context())
	if err != nil || len(entries) != mails {
		t.Fatalf("List = %d entries, %v", len(entries), err)
	}
	if got, err := m.Unread(t.Context(), fromFirst); err != nil || len(got) != mails-2 {
		t.Fatalf("the first time = %d entries, %v, want all %d that are unread", len(got), err, mails-2)
	}
	poll := func(what string, want ...string) {
		t.Helper()
		octets, trips := heard.Load(), proxy.RoundTrips()
		got, err := m.Unread(t.Context(), fromFirst)
		if diff := cmp.Diff(append([]string{}, want...), uids(got)); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got)\n%s", what, err, diff)
		}
		octets, trips = heard.Load()-octets, proxy.RoundTrips()-trips
		if octets > 400 || trips > 1 {
			t.Errorf("%s: %d octets in %d round trips, want at most 400 in one", what, octets, trips)
		}
	}
	poll("nothing changed")
	flag(t, d.IMAPAddr, a.Password, "INBOX", goimap.StoreFlagsDel, goimap.UID(7))
	poll("one marked as unread", "INBOX 7")
	poll("nothing since")
	if done := m.Settle(t.Context(), []mailbox.Ref{entries[6].Ref}, mailbox.Disposition{Action: mailbox.Seen}); len(done) != 1 || done[0].Err != nil {
		t.Fatalf("Settle = %v", done)
	}
	poll("marked as read by us")
	flag(t, d.IMAPAddr, a.Password, "INBOX", goimap.StoreFlagsDel, goimap.UID(7), goimap.UID(4999))
	poll("marked once more", "INBOX 7", "INBOX 4999")
	if news, err := m.News(t.Context()); err != nil || len(news) != 0 {
		t.Errorf("News = %v, %v, want none", news, err)
	}
}

// Servers with numbered changes and without tell the same, of several folders, also of those that are not open.
func TestUnreadOfSeveralFoldersOnEveryServer(t *testing.T) {
	dovecot := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	bare := startInProcess(t, mailtest.Options{Caps: []goimap.Cap{goimap.CapIMAP4rev1}})
	for name, addr := range map[string]string{"numbered changes": dovecot.IMAPAddr, "search": bare.servers.IMAPAddr} {
		t.Run(name, func(t *testing.T) {
			a := mailboxtest.Account(t, addr)
			a.Folders = []string{"INBOX", "Done", "Empty"}
			mailtestFill(t, a)
			m := visit(t, a).(mailbox.Watcher)
			defer m.Abort()
			entries, err := m.List(t.Context())
			if err != nil || len(entries) != 6 {
				t.Fatalf("List = %v, %v", entries, err)
			}
			unread := func(step string, first uint32, want ...string) {
				t.Helper()
				got, err := m.Unread(t.Context(), func(string, uint32) uint32 { return first })
				if diff := cmp.Diff(append([]string{}, want...), uids(got)); diff != "" || err != nil {
					t.Errorf("%s: %v (-want +got)\n%s", step, err, diff)
				}
			}
			var refs []mailbox.Ref
			for _, e := range entries {
				refs = append(refs, e.Ref)
			}
			seen := func() {
				for _, s := range m.Settle(t.Context(), refs, mailbox.Disposition{Action: mailbox.Seen}) {
					if s.Err != nil {
						t.Errorf("settle %v: %v", s.Ref, s.Err)
					}
				}
			}
			seen()
			unread("all read", 1)
			flag(t, addr, a.Password, "Done", goimap.StoreFlagsDel, 1)
			flag(t, addr, a.Password, "INBOX", goimap.StoreFlagsDel, 3)
			unread("one in each marked", 1, "INBOX 3", "Done 1")
			seen()
			unread("read again", 1)
			flag(t, addr, a.Password, "Done", goimap.StoreFlagsDel, 1, 2)
			unread("from the second on", 2, "Done 2")
		})
	}
}

// mailtestFill puts three mails each into two of the folders of an account.
func mailtestFill(t *testing.T, a mailbox.Account) {
	t.Helper()
	c, err := imapclient.DialInsecure(fmt.Sprintf("%s:%d", a.Host, a.Port), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("alice", a.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	for _, folder := range a.Folders {
		_ = c.Create(folder, nil).Wait() // It may be there.
		for i := range 3 {
			if folder == "Empty" {
				continue
			}
			raw := fmt.Sprintf("Subject: %d\r\n\r\ntext\r\n", i)
			w := c.Append(folder, int64(len(raw)), nil)
			if _, err := w.Write([]byte(raw)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Wait(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A server that says it numbers changes and does not is searched, and a hostile answer ends the visit, not the process.
func TestUnreadOfServersThatPromiseTooMuch(t *testing.T) {
	const listed = "* 1 FETCH (UID 1 FLAGS (\\Seen) RFC822.SIZE 5)\r\n* 2 FETCH (UID 3 FLAGS (\\Seen) RFC822.SIZE 5)\r\nTAG OK done\r\n"
	const opened = "* 2 EXISTS\r\n* OK [UIDVALIDITY 9] ok\r\n* OK [UIDNEXT 4] ok\r\n"
	for name, c := range map[string]struct {
		answers map[string]string
		want    []string
		fails   bool
	}{
		"the parameter is refused": {map[string]string{"EXAMINE \"INBOX\" (CONDSTORE)": "TAG BAD what?\r\n", "UID SEARCH": "* SEARCH 3\r\nTAG OK done\r\n"}, []string{"INBOX 3"}, false},
		"no numbers are told":      {map[string]string{"UID SEARCH": "* SEARCH 1 3 77\r\nTAG OK done\r\n"}, []string{"INBOX 1", "INBOX 3"}, false},
		"changes are refused": {map[string]string{
			"EXAMINE": opened + "* OK [HIGHESTMODSEQ 5] ok\r\nTAG OK done\r\n", "UID SEARCH": "* SEARCH 3\r\nTAG OK done\r\n", "UID FETCH 1:3 ": "TAG BAD what?\r\n",
		}, []string{"INBOX 3"}, false},
		"no such message": {map[string]string{"UID SEARCH": "* SEARCH 4 4294967295\r\nTAG OK done\r\n"}, []string{}, false},
		"it breaks off":   {map[string]string{"UID SEARCH": "* SEARCH x\r\n"}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &script{caps: "IMAP4rev1 CONDSTORE", answers: map[string]string{"UID FETCH 1:* ": listed, "EXAMINE": opened + "TAG OK done\r\n"}}
			for prefix, answer := range c.answers {
				s.answers[prefix] = answer
			}
			m := visit(t, s.start(t)).(mailbox.Watcher)
			defer m.Abort()
			if _, err := m.List(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				got, err := m.Unread(t.Context(), fromFirst)
				if c.fails != (err != nil) {
					t.Fatalf("Unread = %v, %v", got, err)
				}
				if c.fails {
					break
				}
				if diff := cmp.Diff(c.want, uids(got)); diff != "" {
					t.Errorf("(-want +got)\n%s\n%s", diff, strings.Join(s.commands("UID", "EXAMINE"), "\n"))
				}
			}
		})
	}
}
