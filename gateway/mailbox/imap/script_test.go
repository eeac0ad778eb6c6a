package imap_test

import (
	"bufio"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/mailboxtest"
)

// script is a server that answers commands with fixed text, for what real servers do not do.
type script struct {
	greeting string            // "* OK hello" when empty.
	caps     string            // "IMAP4rev1" when empty.
	answers  map[string]string // Command to answer; "TAG" stands for its tag. Other commands are answered with OK.
	stream   map[string]func(w io.Writer)

	mu       sync.Mutex
	received []string // Commands without tag.
	addr     string
}

func (s *script) start(t *testing.T) mailbox.Account {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s.addr = l.Addr().String()
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			go s.serve(c)
		}
	}()
	return mailboxtest.Account(t, s.addr)
}

func (s *script) serve(c net.Conn) {
	defer c.Close()
	if s.greeting == "" {
		s.greeting = "* OK hello\r\n"
	}
	if s.caps == "" {
		s.caps = "IMAP4rev1"
	}
	_, _ = io.WriteString(c, s.greeting)
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		tag, cmd, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		s.mu.Lock()
		s.received = append(s.received, cmd)
		s.mu.Unlock()
		s.answer(c, tag, cmd)
	}
}

func (s *script) answer(w io.Writer, tag, cmd string) {
	for prefix, f := range s.stream {
		if strings.HasPrefix(cmd, prefix) {
			f(w)
			return
		}
	}
	best := ""
	for prefix := range s.answers {
		if strings.HasPrefix(cmd, prefix) && len(prefix) > len(best) {
			best = prefix
		}
	}
	text := "TAG OK done\r\n"
	switch {
	case best != "":
		text = s.answers[best]
	case cmd == "CAPABILITY":
		text = "* CAPABILITY " + s.caps + "\r\nTAG OK done\r\n"
	case strings.HasPrefix(cmd, "EXAMINE"), strings.HasPrefix(cmd, "SELECT"):
		text = "* 3 EXISTS\r\n* OK [UIDVALIDITY 9] ok\r\n* OK [UIDNEXT 4] ok\r\nTAG OK done\r\n"
	}
	_, _ = io.WriteString(w, strings.ReplaceAll(text, "TAG", tag))
}

// commands returns the received commands that begin with one of the prefixes.
func (s *script) commands(prefixes ...string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, c := range s.received {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(strings.ToUpper(c), p) }) {
			out = append(out, c)
		}
	}
	return out
}

func ref(uid string) mailbox.Ref { return mailbox.Ref{Folder: "INBOX", UIDValidity: 9, UID: uid} }
