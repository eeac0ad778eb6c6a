package gateway_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/internal/secret"
	"letterbox/internal/testdb"
	"letterbox/tracker"
)

// meddled is a gateway that speaks to real servers through somebody who meddles with its connections, in virtual time.
type meddled struct {
	*house
	inbox   gateway.InboxView
	account gateway.SendingView
	db      *sql.DB // For looking.

	smtp func(stage string) string // What the SMTP server answers at a stage; nil: as usual.

	mu     sync.Mutex
	meddle func(net.Conn) net.Conn // What is done to the next connection, and to that one only.
	conns  []net.Conn
}

// inMeddled runs a test with an inbox of that protocol whose mail is moved or deleted; "" is none.
func inMeddled(t *testing.T, protocol string, run func(t *testing.T, m *meddled)) {
	t.Helper()
	template := testdb.Template(t)
	synctest.Test(t, func(t *testing.T) { run(t, newMeddled(t, template, protocol)) })
}

func newMeddled(t *testing.T, template, protocol string) *meddled {
	s, path := testdb.OpenFaulty(t, template)
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=query_only(1)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	ring, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	m := &meddled{db: db}
	servers, err := mailtest.NewServers(mailtest.Options{Piped: true, Fault: func(stage, _ string) string {
		if m.smtp == nil {
			return ""
		}
		return m.smtp(stage)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	user := servers.AddUser("support", "s3cret", "support@here.example")
	if err := user.CreateFolder("Done"); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	m.house = &house{t: t, store: s, servers: servers, tracker: tracker.New(tracker.Deps{Store: s, Log: log})}
	m.gateway = gateway.New(gateway.Deps{Texts: catalogueTexts(t), Store: s, Tracker: m.tracker, Secrets: ring, Log: log, Dial: m.dial})
	if m.project, err = m.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "SUP", Name: "Support"}); err != nil {
		t.Fatal(err)
	}
	if protocol == "" {
		return m
	}
	m.inbox = m.house.inbox(protocol, func(d *gateway.InboxDraft) {
		d.Settings.Host, d.Settings.After, d.Settings.MoveTo, d.Settings.POP3After, d.Settings.PollInterval = "mail.here.example", "move", "Done", "delete", 30*time.Second
	})
	return m
}

// dial connects as the gateway asks; the next connection may be meddled with.
func (m *meddled) dial(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := m.servers.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.meddle != nil {
		c, m.meddle = m.meddle(c), nil
	}
	m.conns = append(m.conns, c)
	return c, nil
}

// begin delivers a mail, ends the connection that there is, and has the next one meddled with.
func (m *meddled) begin(n int, meddle func(net.Conn) net.Conn) {
	m.t.Helper()
	m.hangUp(meddle)
	text := crlf(mail(fmt.Sprint(n), anna, fmt.Sprint("Mail ", n), "Text"))
	if err := m.servers.Deliver("support", []byte(text)); err != nil {
		m.t.Fatal(err)
	}
	if err := m.gateway.Poll(m.t.Context(), m.inbox.ID); err != nil {
		m.t.Fatal(err)
	}
}

// hangUp ends the connections that there are.
func (m *meddled) hangUp(next func(net.Conn) net.Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.meddle = next
	for _, c := range m.conns {
		_ = c.Close()
	}
	m.conns = nil
}

// through waits until n mails have their result and the server knows it, two hours at most.
func (m *meddled) through(n int) bool {
	m.t.Helper()
	for began, step := time.Now(), time.Second; time.Since(began) < 2*time.Hour; step = min(2*step, time.Minute) {
		time.Sleep(step)
		synctest.Wait()
		if m.number("SELECT count(DISTINCT origin_message_id) FROM issues") >= n &&
			m.number("SELECT count(*) FROM messages WHERE state IN ('known', 'received') OR settle_state IN ('pending', 'failed')") == 0 {
			return true
		}
	}
	return false
}

// number is the result of a query.
func (m *meddled) number(query string) (n int) {
	m.t.Helper()
	if err := m.db.QueryRowContext(m.t.Context(), query).Scan(&n); err != nil {
		m.t.Fatal(err)
	}
	return n
}

// tally checks that n mails have had one effect each and are where they belong on the server.
func (m *meddled) tally(n int) {
	m.t.Helper()
	for query, want := range map[string]int{
		"SELECT count(*) FROM issues":                                               n,
		"SELECT count(DISTINCT origin_message_id) FROM issues":                      n,
		"SELECT count(DISTINCT title) FROM issues":                                  n,
		"SELECT count(DISTINCT sha256) FROM messages":                               n,
		"SELECT count(*) FROM messages WHERE state NOT IN ('created', 'duplicate')": 0, // Without UIDL a mail has another name for once.
	} {
		if got := m.number(query); got != want {
			m.t.Errorf("%s = %d, want %d", query, got, want)
		}
	}
	user := m.servers.User("support")
	if got := user.Count("INBOX"); got != 0 {
		m.t.Errorf("%d mails are left in INBOX, want none", got)
	}
	if got := user.Count("Done"); m.inbox.Settings.Receive == "imap" && got != n {
		m.t.Errorf("%d mails are in the folder for what is done, want %d", got, n)
	}
}

// scissors cuts a connection after so many octets in each direction; a negative number never does.
type scissors struct {
	net.Conn
	in, out int
	cut     bool
}

func (s *scissors) Read(p []byte) (int, error) {
	if s.in == 0 {
		return 0, io.EOF
	}
	if s.in > 0 && len(p) > s.in {
		p = p[:s.in]
	}
	n, err := s.Conn.Read(p)
	if s.in > 0 {
		if s.in -= n; s.in == 0 {
			s.end()
		}
	}
	return n, err
}

func (s *scissors) Write(p []byte) (int, error) {
	if s.out < 0 || len(p) < s.out {
		n, err := s.Conn.Write(p)
		s.out -= max(0, min(n, s.out))
		return n, err
	}
	n, _ := s.Conn.Write(p[:s.out])
	s.out = 0
	s.end()
	return n, io.ErrClosedPipe
}

func (s *scissors) end() {
	s.cut = true
	_ = s.Conn.Close()
}

// prankster stands between the gateway and a server and does something else at one command.
type prankster struct {
	at     int    // The number of the command; a line is one.
	prank  string // See pranks.
	did    bool
	said   []string // First words of the commands.
	tagged bool     // Commands begin with a tag.
}

// pranks are what a server may do instead of answering a command.
func pranks() []string {
	return []string{"refuses", "does not understand", "says goodbye", "hangs up", "is silent", "talks nonsense", "is slow"}
}

// between returns the gateway's end of the connection.
func (p *prankster) between(server net.Conn) net.Conn {
	ours, theirs := net.Pipe()
	slow := make(chan struct{})
	go func() { // What the server says.
		defer theirs.Close()
		buf := make([]byte, 4096)
		for {
			n, err := server.Read(buf)
			for part := buf[:n]; len(part) > 0; {
				size := len(part)
				select {
				case <-slow:
					time.Sleep(time.Second)
					size = 1
				default:
				}
				if _, werr := theirs.Write(part[:size]); werr != nil {
					return
				}
				part = part[size:]
			}
			if err != nil {
				return
			}
		}
	}()
	go func() { // What the gateway says.
		defer server.Close()
		defer theirs.Close()
		r := bufio.NewReader(theirs)
		for n := 0; ; n++ {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			p.said = append(p.said, strings.Join(strings.Fields(line), " "))
			if n == p.at && !p.play(line, theirs, slow) {
				_, _ = io.Copy(io.Discard, theirs)
				return
			}
			if n == p.at && p.prank != "is slow" {
				continue
			}
			if _, err := io.WriteString(server, line); err != nil {
				return
			}
		}
	}()
	return ours
}

// play does it and reports whether the connection goes on.
func (p *prankster) play(line string, c net.Conn, slow chan struct{}) bool {
	p.did = true
	tag, _, _ := strings.Cut(strings.TrimSpace(line), " ")
	answer := func(imap, pop3 string) bool {
		text := pop3
		if p.tagged {
			text = strings.ReplaceAll(imap, "TAG", tag)
		}
		_, err := io.WriteString(c, text)
		return err == nil
	}
	switch p.prank {
	case "refuses":
		return answer("TAG NO not now\r\n", "-ERR not now\r\n")
	case "does not understand":
		return answer("TAG BAD what\r\n", "-ERR what\r\n")
	case "says goodbye":
		answer("* BYE for today\r\n", "-ERR [SYS/TEMP] for today\r\n")
		_ = c.Close()
		return false
	case "hangs up":
		_ = c.Close()
		return false
	case "talks nonsense":
		return answer("* 1 FETCH (((\x00\xff{99\r\n", "\xff\x00 hello\r\n")
	case "is slow":
		close(slow)
		return true
	default: // Silent, from now on.
		return false
	}
}
