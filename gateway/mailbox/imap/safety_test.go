package imap_test

import (
	"crypto/tls"
	"io"
	"net"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/imap"
	"letterbox/gateway/mailbox/mailboxtest"
	"letterbox/internal/mailtest"
)

func itoa(n int) string { return strconv.Itoa(n) }

func TestNothingIsDeletedBeforeTheCopyIsConfirmed(t *testing.T) {
	for name, caps := range map[string]string{"with UIDPLUS": "IMAP4rev1 UIDPLUS", "with neither": "IMAP4rev1", "with MOVE": "IMAP4rev1 MOVE UIDPLUS"} {
		t.Run(name, func(t *testing.T) {
			s := &script{caps: caps, answers: map[string]string{
				"UID FETCH": "* 1 FETCH (UID 1 FLAGS ())\r\nTAG OK done\r\n",
				"UID COPY":  "TAG NO [TRYCREATE] no such folder\r\n",
				"UID MOVE":  "TAG NO [TRYCREATE] no such folder\r\n",
			}}
			m := visit(t, s.start(t))
			defer m.Abort()
			got := m.Settle(t.Context(), []mailbox.Ref{ref("1")}, mailbox.Disposition{Action: mailbox.Move, Folder: "Done"})
			mailboxtest.CheckProblem(t, got[0].Err, mailbox.PhaseSettle, "E-IMAP-05")
			if sent := s.commands("UID STORE", "STORE", "EXPUNGE", "UID EXPUNGE", "CLOSE"); len(sent) != 0 {
				t.Errorf("sent %q after the refusal, want nothing", sent)
			}
		})
	}
}

func TestOnlyOurOwnMessagesAreExpunged(t *testing.T) {
	for caps, want := range map[string][]string{
		"IMAP4rev1":         nil,
		"IMAP4rev1 MOVE":    nil,
		"IMAP4rev1 UIDPLUS": {"UID EXPUNGE 1"},
	} {
		t.Run(caps, func(t *testing.T) {
			s := &script{caps: caps, answers: map[string]string{"UID FETCH": "* 1 FETCH (UID 1 FLAGS ())\r\nTAG OK done\r\n"}}
			m := visit(t, s.start(t))
			defer m.Abort()
			got := m.Settle(t.Context(), []mailbox.Ref{ref("1"), ref("2")}, mailbox.Disposition{Action: mailbox.Delete})
			if got[0].Err != nil || got[0].Marked != (want == nil) || !got[1].Gone {
				t.Errorf("Settle = %+v, want message 1 deleted (marked: %v), message 2 gone", got, want == nil)
			}
			if diff := cmp.Diff(s.commands("EXPUNGE", "UID EXPUNGE", "CLOSE"), want); diff != "" {
				t.Errorf("expunging commands (-got +want):\n%s", diff)
			}
		})
	}
}

func TestAMessageThatSomebodyElseMarkedIsCopiedBeforeItGoes(t *testing.T) {
	s := &script{caps: "IMAP4rev1 UIDPLUS", answers: map[string]string{"UID FETCH": "* 1 FETCH (UID 1 FLAGS (\\Deleted))\r\nTAG OK done\r\n"}}
	m := visit(t, s.start(t))
	defer m.Abort()
	if got := m.Settle(t.Context(), []mailbox.Ref{ref("1")}, mailbox.Disposition{Action: mailbox.Move, Folder: "Done"}); got[0].Err != nil {
		t.Fatal(got[0].Err)
	}
	want := []string{`UID COPY 1 "Done"`, "UID EXPUNGE 1"}
	if diff := cmp.Diff(s.commands("UID COPY", "UID EXPUNGE"), want); diff != "" {
		t.Errorf("commands (-got +want):\n%s", diff)
	}
}

func TestAFullMailboxIsSaidToBe(t *testing.T) {
	s := &script{caps: "IMAP4rev1 MOVE QUOTA", answers: map[string]string{
		"UID FETCH":    "* 1 FETCH (UID 1 FLAGS ())\r\nTAG OK done\r\n",
		"UID MOVE":     "TAG NO [OVERQUOTA] no room\r\n",
		"GETQUOTAROOT": "* QUOTAROOT INBOX user\r\n* QUOTA user (STORAGE 1048000 1048576)\r\nTAG OK done\r\n",
	}}
	m := visit(t, s.start(t))
	defer m.Abort()
	got := m.Settle(t.Context(), []mailbox.Ref{ref("1")}, mailbox.Disposition{Action: mailbox.Move, Folder: "Done"})
	mailboxtest.CheckProblem(t, got[0].Err, mailbox.PhaseSettle, "E-IMAP-06")
}

func TestNoGoroutineOutlivesItsVisit(t *testing.T) {
	s := startInProcess(t, mailtest.Options{})
	s.Deliver(t, "Subject: x\r\n\r\n.\r\n")
	before := runtime.NumGoroutine()
	for i := range 20 {
		m := s.Visit(t).(mailbox.Watcher)
		if _, err := m.List(t.Context()); err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			go func() { m.Abort() }() // As another goroutine may, in the middle of IDLE.
			_ = m.Wait(t.Context(), time.Minute, nil)
		} else if err := m.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	var after int
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if after = runtime.NumGoroutine(); after <= before+1 {
			return
		}
	}
	t.Errorf("%d goroutines are left, %d were there before", after, before)
}

func TestAWindowIsSettledByOneCommand(t *testing.T) {
	s := startInProcess(t, mailtest.Options{})
	for i := range 50 {
		s.Deliver(t, "Subject: "+itoa(i)+"\r\n\r\n.\r\n")
	}
	proxy, err := mailtest.Delay(s.servers.IMAPAddr, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	m := visit(t, mailboxtest.Account(t, proxy.Addr))
	defer m.Abort()
	entries, err := m.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var refs []mailbox.Ref
	for _, e := range entries {
		refs = append(refs, e.Ref)
	}
	before := proxy.RoundTrips()
	if err := m.Fetch(t.Context(), refs, func(_ mailbox.Ref, r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }); err != nil {
		t.Fatal(err)
	}
	for _, r := range m.Settle(t.Context(), refs, mailbox.Disposition{Action: mailbox.Move, Folder: "Done"}) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	if got := proxy.RoundTrips() - before; got > 10 {
		t.Errorf("50 messages took %d round trips, want at most 10", got)
	}
	w := m.(mailbox.Watcher)
	if _, err := w.News(t.Context()); err != nil {
		t.Fatal(err)
	}
	before = proxy.RoundTrips()
	for range 5 {
		if news, err := w.News(t.Context()); err != nil || len(news) != 0 {
			t.Fatalf("News = %v, %v, want none", news, err)
		}
	}
	if got, want := proxy.RoundTrips()-before, int64(5); got != want {
		t.Errorf("5 times News took %d round trips, want %d", got, want)
	}
}

func TestReadOnlyFoldersAreSaidToBe(t *testing.T) {
	s := startInProcess(t, mailtest.Options{})
	s.Deliver(t, "Subject: x\r\n\r\n.\r\n")
	s.user.ReadOnly("INBOX")
	m := s.Visit(t)
	defer m.Abort()
	entries, err := m.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []mailbox.Action{mailbox.Seen, mailbox.Delete} {
		got := m.Settle(t.Context(), []mailbox.Ref{entries[0].Ref}, mailbox.Disposition{Action: action})
		mailboxtest.CheckProblem(t, got[0].Err, mailbox.PhaseSettle, "E-IMAP-07")
	}
	if got := s.Count(t, "", ""); got != 1 {
		t.Errorf("%d messages left, want 1", got)
	}

	// Some servers say so when the folder is opened, and then pretend to obey.
	quiet := &script{answers: map[string]string{
		"SELECT":    "* 1 EXISTS\r\n* OK [UIDVALIDITY 9] ok\r\nTAG OK [READ-ONLY] done\r\n",
		"UID FETCH": "* 1 FETCH (UID 1 FLAGS ())\r\nTAG OK done\r\n",
	}}
	m = visit(t, quiet.start(t))
	defer m.Abort()
	got := m.Settle(t.Context(), []mailbox.Ref{ref("1")}, mailbox.Disposition{Action: mailbox.Seen})
	mailboxtest.CheckProblem(t, got[0].Err, mailbox.PhaseSettle, "E-IMAP-07")
}

func TestFoldersThatCannotBeRead(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Separator: "."})
	if err := d.CreateFolder("alice", "Support.Eingang Süd"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		folder, code string
	}{
		"missing":                    {"Support/Nord", "E-IMAP-01"},
		"only subfolders":            {"Support", "E-IMAP-02"},
		"with a slash":               {"Support/Eingang Süd", ""},
		"with the server's own sign": {"Support.Eingang Süd", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := mailboxtest.Account(t, d.IMAPAddr)
			a.Folders = []string{"INBOX", c.folder}
			var phases []mailbox.Phase
			m, err := imap.Open(t.Context(), a, func(s mailbox.Step) { phases = append(phases, s.Phase) })
			mailboxtest.CheckProblem(t, err, mailbox.PhaseFolders, c.code)
			if err == nil {
				defer m.Abort()
				want := []mailbox.Phase{mailbox.PhaseDNS, mailbox.PhaseConnect, mailbox.PhaseSignIn, mailbox.PhaseFolders, mailbox.PhaseRights, mailbox.PhaseCounts}
				if diff := cmp.Diff(phases, want); diff != "" {
					t.Errorf("phases (-got +want):\n%s", diff)
				}
			}
		})
	}
}

func TestNewsOfSeveralFolders(t *testing.T) {
	s := startInProcess(t, mailtest.Options{})
	s.account.Folders = []string{"INBOX", "Done"}
	m := s.Visit(t).(mailbox.Watcher)
	defer m.Abort()
	if entries, err := m.List(t.Context()); err != nil || len(entries) != 0 {
		t.Fatalf("List = %v, %v, want no entries", entries, err)
	}
	for _, folder := range []string{"Done", "INBOX", "Done"} {
		if err := s.user.Append(folder, []byte("Subject: "+folder+"\r\n\r\n.\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	news, err := m.News(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range news {
		got = append(got, e.Folder+" "+e.UID)
	}
	if diff := cmp.Diff(got, []string{"INBOX 1", "Done 1", "Done 2"}); diff != "" {
		t.Errorf("news (-got +want):\n%s", diff)
	}
	if news, err := m.News(t.Context()); err != nil || len(news) != 0 {
		t.Errorf("News = %v, %v, want none", news, err)
	}
	if n := s.user.Count("Done", goimap.FlagSeen); n != 0 {
		t.Errorf("%d messages became seen, want 0", n)
	}
}

// A folder whose newest messages have gone has a UIDNEXT far above what it holds; that is no news.
func TestMessagesThatHaveGoneAreNoNews(t *testing.T) {
	s := startInProcess(t, mailtest.Options{})
	s.account.Folders = []string{"INBOX", "Done"}
	for _, folder := range []string{"INBOX", "Done"} {
		for range 3 {
			if err := s.user.Append(folder, []byte("Subject: x\r\n\r\n.\r\n")); err != nil {
				t.Fatal(err)
			}
		}
	}
	m := s.Visit(t)
	entries, err := m.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range m.Settle(t.Context(), []mailbox.Ref{entries[2].Ref, entries[5].Ref}, mailbox.Disposition{Action: mailbox.Delete}) {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	m.Abort()

	proxy, err := mailtest.Delay(s.servers.IMAPAddr, 40*time.Millisecond) // Commands sent together leave before the first answer is here.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	a := mailboxtest.Account(t, proxy.Addr)
	a.Folders = s.account.Folders
	w := visit(t, a).(mailbox.Watcher)
	defer w.Abort()
	if entries, err := w.List(t.Context()); err != nil || len(entries) != 4 {
		t.Fatalf("List = %d entries, %v, want 4", len(entries), err)
	}
	before := proxy.RoundTrips()
	for range 5 {
		if news, err := w.News(t.Context()); err != nil || len(news) != 0 {
			t.Fatalf("News = %v, %v, want none", news, err)
		}
	}
	if got, want := proxy.RoundTrips()-before, int64(5); got != want {
		t.Errorf("5 times News took %d round trips, want %d", got, want)
	}
	start := time.Now()
	if err := w.Wait(t.Context(), 100*time.Millisecond, nil); err != nil || time.Since(start) < 90*time.Millisecond {
		t.Errorf("Wait = %v after %v, want it to wait", err, time.Since(start))
	}
}

func TestNothingSecretIsSaidBeforeTLS(t *testing.T) {
	for name, s := range map[string]*script{
		"signed in without asking": {greeting: "* PREAUTH welcome\r\n", caps: "IMAP4rev1 STARTTLS"},
		"upgrade is stripped":      {caps: "IMAP4rev1 AUTH=PLAIN"},
		"upgrade is refused":       {caps: "IMAP4rev1 STARTTLS", answers: map[string]string{"STARTTLS": "TAG NO not now\r\n"}},
		"answers are slipped in":   {caps: "IMAP4rev1 STARTTLS", answers: map[string]string{"STARTTLS": "TAG OK go on\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.start(t)
			a.Security = mailbox.SecurityStartTLS
			m, err := imap.Open(t.Context(), a, nil)
			if err == nil {
				m.Abort()
				t.Fatal("Open succeeded")
			}
			if p := phaseOf(err); p != mailbox.PhaseTLS {
				t.Errorf("phase %q of %v, want tls", p, err)
			}
			if sent := s.commands("LOGIN", "AUTHENTICATE"); len(sent) != 0 {
				t.Errorf("sent %q", sent)
			}
		})
	}
}

func TestCapabilitiesFromBeforeTLSAreForgotten(t *testing.T) {
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	// In clear the server (or somebody on the way) claims MOVE; inside TLS it has none.
	inside := &script{caps: "IMAP4rev1", answers: map[string]string{"UID FETCH": "* 1 FETCH (UID 1 FLAGS ())\r\nTAG OK done\r\n"}, greeting: " "}
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, "* OK [CAPABILITY IMAP4rev1 STARTTLS MOVE] hello\r\n")
		b := make([]byte, 512)
		for {
			n, err := c.Read(b)
			if err != nil {
				return
			}
			tag, cmd, _ := strings.Cut(strings.TrimSpace(string(b[:n])), " ")
			if cmd == "STARTTLS" {
				_, _ = io.WriteString(c, tag+" OK go\r\n")
				inside.serve(skipGreeting{tls.Server(c, &tls.Config{Certificates: []tls.Certificate{cert.TLS}})})
				return
			}
			_, _ = io.WriteString(c, "* CAPABILITY IMAP4rev1 STARTTLS MOVE\r\n"+tag+" OK done\r\n")
		}
	}()
	a := mailboxtest.Account(t, l.Addr().String())
	a.Security, a.Verify, a.RootCAs = mailbox.SecurityStartTLS, mailbox.VerifyCA, cert.Roots
	m := visit(t, a)
	defer m.Abort()
	if got := m.Settle(t.Context(), []mailbox.Ref{ref("1")}, mailbox.Disposition{Action: mailbox.Move, Folder: "Done"}); got[0].Err != nil {
		t.Fatal(got[0].Err)
	}
	if diff := cmp.Diff(inside.commands("UID MOVE", "UID COPY"), []string{`UID COPY 1 "Done"`}); diff != "" {
		t.Errorf("commands (-got +want):\n%s", diff)
	}
}

// skipGreeting is a connection on which the greeting was given already.
type skipGreeting struct{ net.Conn }

func (s skipGreeting) Write(p []byte) (int, error) {
	if string(p) == " " {
		return 1, nil
	}
	return s.Conn.Write(p)
}
