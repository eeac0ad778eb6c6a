package imap_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/imap"
)

// idler answers everything and counts how often it is asked to IDLE; after mute times it falls silent.
type idler struct {
	idles int
	mute  int
}

func (s *idler) serve(c net.Conn) {
	defer c.Close()
	_, _ = io.WriteString(c, "* OK [CAPABILITY IMAP4rev1 IDLE] hello\r\n")
	r := bufio.NewReader(c)
	idleTag := ""
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		tag, cmd, _ := strings.Cut(strings.TrimSpace(line), " ")
		answer := tag + " OK done\r\n"
		switch {
		case tag == "DONE":
			answer = idleTag + " OK done\r\n"
			if s.mute > 0 && s.idles >= s.mute {
				continue // As a network does that has lost the connection without telling.
			}
		case cmd == "IDLE":
			s.idles++
			idleTag, answer = tag, "+ idling\r\n"
		case strings.HasPrefix(cmd, "EXAMINE"):
			answer = "* 0 EXISTS\r\n* OK [UIDVALIDITY 9] ok\r\n* OK [UIDNEXT 1] ok\r\n" + answer
		case strings.HasPrefix(cmd, "LOGIN"):
			answer = tag + " OK [CAPABILITY IMAP4rev1 IDLE] done\r\n"
		}
		if _, err := io.WriteString(c, answer); err != nil {
			return
		}
	}
}

// piped opens a mailbox on the server without a network, so that time can be virtual.
func (s *idler) piped(t *testing.T) *imap.Mailbox {
	t.Helper()
	m, err := imap.Open(t.Context(), mailbox.Account{
		Host: "mail.example.org", Port: 143, Security: mailbox.SecurityNone, Auth: "password", Username: "alice", Password: "secret",
		Dial: func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go s.serve(theirs)
			return ours, nil
		},
	}, nil)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return m
}

func TestIdleIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &idler{}
		m := s.piped(t)
		start := time.Now()
		if err := m.Wait(t.Context(), time.Hour, nil); err != nil {
			t.Fatalf("Wait: %v", err)
		}
		if d := time.Since(start); d != time.Hour {
			t.Errorf("Wait took %v, want 1h", d)
		}
		if got, want := s.idles, 7; got != want {
			t.Errorf("%d times IDLE in an hour, want %d", got, want)
		}
		if err := m.Close(t.Context()); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}

func TestADeadConnectionIsNoticedWhileIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &idler{mute: 1}
		m := s.piped(t)
		start := time.Now()
		if err := m.Wait(t.Context(), time.Hour, nil); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Wait = %v, want os.ErrDeadlineExceeded", err)
		}
		if d := time.Since(start); d > 10*time.Minute {
			t.Errorf("it took %v, want at most 10m", d)
		}
		m.Abort()
	})
}
