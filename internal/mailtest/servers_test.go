package mailtest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"strings"
	"testing"
	"time"

	goimap "github.com/emersion/go-imap/v2"

	"letterbox/internal/mailtest"
)

func start(t *testing.T, o mailtest.Options) *mailtest.Servers {
	t.Helper()
	s, err := mailtest.NewServers(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// say sends lines to a POP3 server and returns its replies until it hangs up.
func say(t *testing.T, addr string, lines ...string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, strings.Join(append(lines, "QUIT"), "\r\n")+"\r\n"); err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMailSentBySMTPLiesInTheMailboxOfItsAddress(t *testing.T) {
	var heard []string
	s := start(t, mailtest.Options{CatchAll: "rest", OnMail: func(from string, to []string, raw []byte) {
		heard = append(heard, fmt.Sprintf("%s %v %d", from, to, len(raw)))
	}})
	for _, login := range []string{"alice", "rest"} {
		s.AddUser(login, "secret", login+"@example.org")
	}
	raw := "Subject: x\r\n\r\n.dot\r\n"
	err := smtp.SendMail(s.SMTPAddr, nil, "s@example.org", []string{"Alice@example.org", "nobody@example.org", "someone@example.org"}, []byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, login := range []string{"alice", "rest"} {
		if got := s.User(login).Count("INBOX"); got != 1 {
			t.Errorf("%s has %d messages, want 1", login, got)
		}
	}
	if got := say(t, s.POP3Addr, "USER alice", "PASS secret", "RETR 1"); !strings.Contains(got, "Return-Path: <s@example.org>\r\nSubject: x\r\n\r\n..dot\r\n.\r\n") {
		t.Errorf("POP3 said %q", got)
	}
	if len(heard) != 1 {
		t.Errorf("OnMail was called for %q, want one message", heard)
	}
	for address, want := range map[string]string{"temperror@example.org": "451", "permerror@example.org": "550"} {
		if err := smtp.SendMail(s.SMTPAddr, nil, "s@example.org", []string{address}, []byte(raw)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("mail to %s: %v, want %s", address, err, want)
		}
	}
}

func TestMailIsRefusedWithoutACatchAll(t *testing.T) {
	s := start(t, mailtest.Options{})
	if err := smtp.SendMail(s.SMTPAddr, nil, "s@example.org", []string{"nobody@example.org"}, []byte("Subject: x\r\n\r\n")); err == nil {
		t.Error("mail to nobody was taken")
	}
}

func TestPOP3AndIMAPShareTheInbox(t *testing.T) {
	s := start(t, mailtest.Options{})
	u := s.AddUser("alice", "secret")
	for range 3 {
		if err := s.Deliver("alice", []byte("Subject: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	if got := say(t, s.POP3Addr, "USER alice", "PASS secret", "DELE 2", "STAT"); !strings.Contains(got, "+OK 2 28\r\n") {
		t.Errorf("POP3 said %q, want 2 messages of 28 octets", got)
	}
	if got := u.Count("INBOX"); got != 2 {
		t.Errorf("IMAP has %d messages, want 2", got)
	}
	if got := u.Count("INBOX", goimap.FlagDeleted); got != 0 {
		t.Errorf("%d messages are marked, want 0", got)
	}
	if got := say(t, s.POP3Addr, "USER alice", "PASS guess", "STAT"); strings.Contains(got, "messages") || !strings.Contains(got, "-ERR [AUTH]") {
		t.Errorf("POP3 said %q to a wrong password", got)
	}
}

func TestDelayMakesOctetsLate(t *testing.T) {
	s := start(t, mailtest.Options{})
	p, err := mailtest.Delay(s.POP3Addr, 60*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	c, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	if _, err := r.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	before := p.RoundTrips()
	begin := time.Now()
	for range 3 {
		if _, err := io.WriteString(c, "NOOP\r\n"); err != nil {
			t.Fatal(err)
		}
		if _, err := r.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	if d := time.Since(begin); d < 180*time.Millisecond {
		t.Errorf("3 round trips took %v, want at least 180ms", d)
	}
	if got := p.RoundTrips() - before; got != 3 {
		t.Errorf("%d round trips were counted, want 3", got)
	}
}

func TestLineHasARate(t *testing.T) {
	const size = 1 << 20
	if d := passing(t, size, mailtest.Line{Rate: 10 * size}); d < 90*time.Millisecond {
		t.Errorf("%d octets took %v, want at least 90ms", size, d)
	}
}

// What is not acknowledged fills the window: a fifth of the octets goes out in each round trip.
func TestLineHasAWindow(t *testing.T) {
	const size, trip = 1 << 20, 50 * time.Millisecond
	if d := passing(t, size, mailtest.Line{RoundTrip: trip, Window: size / 5}); d < 5*trip {
		t.Errorf("%d octets took %v, want at least %v", size, d, 5*trip)
	}
	if d := passing(t, size, mailtest.Line{RoundTrip: trip, Window: size}); d < trip/2 {
		t.Errorf("%d octets took %v, want at least half of %v", size, d, trip)
	}
}

// passing is how long so many octets take over a line.
func passing(t *testing.T, size int64, line mailtest.Line) time.Duration {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, _ = c.Write(make([]byte, size))
			_ = c.Close()
		}
	}()
	p, err := mailtest.Through(l.Addr().String(), line)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	begin := time.Now()
	c, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got, err := io.Copy(io.Discard, c)
	if err != nil || got != size {
		t.Errorf("%d octets came (%v), want %d", got, err, size)
	}
	return time.Since(begin)
}
