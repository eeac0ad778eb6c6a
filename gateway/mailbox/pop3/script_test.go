package pop3_test

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/mailboxtest"
)

// script is a server that answers commands with fixed text, for what real servers do not do.
type script struct {
	answers map[string]string // Command to answer; others are answered with +OK.
	stream  map[string]func(w io.Writer)

	mu       sync.Mutex
	received []string
}

func (s *script) start(t *testing.T) mailbox.Account {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			go s.serve(c)
		}
	}()
	return mailboxtest.Account(t, l.Addr().String())
}

func (s *script) serve(c net.Conn) {
	defer c.Close()
	_, _ = io.WriteString(c, "+OK hello\r\n")
	r := bufio.NewReader(c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		cmd := strings.TrimRight(line, "\r\n")
		s.mu.Lock()
		s.received = append(s.received, cmd)
		s.mu.Unlock()
		if f := s.stream[cmd]; f != nil {
			f(c)
			continue
		}
		text, ok := s.answers[cmd]
		if !ok {
			text = "+OK\r\n"
			switch cmd {
			case "CAPA":
				text = "-ERR unknown\r\n"
			case "STAT":
				text = "+OK 1 10\r\n"
			case "LIST":
				text = "+OK\r\n1 10\r\n.\r\n"
			case "UIDL":
				text = "+OK\r\n1 a\r\n.\r\n"
			}
		}
		_, _ = io.WriteString(c, text)
	}
}

// commands returns the received commands that begin with the prefix.
func (s *script) commands(prefix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, c := range s.received {
		if strings.HasPrefix(c, prefix) {
			out = append(out, c)
		}
	}
	return out
}
