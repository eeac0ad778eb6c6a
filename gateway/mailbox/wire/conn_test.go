package wire

import (
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
)

// pair returns a guarded connection and its other end.
func pair(t *testing.T) (*Conn, net.Conn) {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() {
		_ = ours.Close()
		_ = theirs.Close()
	})
	return newConn(ours), theirs
}

var wide = Limits{Octets: 1 << 20, Idle: time.Minute}

func TestSilenceAndSlownessEndACommand(t *testing.T) {
	for name, c := range map[string]struct {
		limits Limits
		pause  time.Duration // Between two octets of the server.
		grow   int64
		want   time.Duration
	}{
		"silence":                       {Limits{Octets: 1000, Idle: time.Second}, time.Hour, 0, time.Second},
		"one octet at a time":           {Limits{Octets: 1000, Idle: time.Second, Total: 5 * time.Second}, 900 * time.Millisecond, 0, 5 * time.Second},
		"more time for large messages":  {Limits{Octets: 1000, Idle: time.Second, Total: 5 * time.Second}, 900 * time.Millisecond, 10 * slowest, 15 * time.Second},
		"no bound on the whole command": {Limits{Octets: 10, Idle: time.Second}, 900 * time.Millisecond, 0, 9 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn, server := pair(t)
				done := make(chan struct{})
				go func() {
					for {
						select {
						case <-time.After(c.pause):
						case <-done:
							return
						}
						if _, err := server.Write([]byte("x")); err != nil {
							return
						}
					}
				}()
				start := time.Now()
				err := conn.Do(t.Context(), c.limits, func() error {
					conn.Grow(c.grow)
					_, err := io.Copy(io.Discard, conn)
					return err
				})
				if !errors.Is(err, ErrTimeout) && !errors.Is(err, ErrTooMuch) {
					t.Errorf("Do = %v, want ErrTimeout or ErrTooMuch", err)
				}
				if got := time.Since(start); got != c.want {
					t.Errorf("it took %v, want %v", got, c.want)
				}
				close(done)
				_ = server.Close()
			})
		})
	}
}

func TestBetweenCommandsTheServerMayBeSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, server := pair(t)
		if err := conn.Do(t.Context(), Limits{Octets: 10, Idle: time.Second, Total: time.Second}, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		go func() { _, _ = server.Write([]byte("x")) }()
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			t.Errorf("Read after an hour: %v", err)
		}
	})
}

func TestTheFirstCauseIsKept(t *testing.T) {
	conn, _ := pair(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := conn.Do(ctx, wide, func() error {
		cancel()
		_, err := conn.Read(make([]byte, 1))
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Do = %v, want context.Canceled", err)
	}
	conn.Abort()
	if err := conn.Do(t.Context(), wide, func() error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("second Do = %v, want the first cause", err)
	}
	if !errors.Is(ErrTimeout, os.ErrDeadlineExceeded) {
		t.Error("ErrTimeout is not os.ErrDeadlineExceeded")
	}
}

func TestLinesAreBoundedButLiteralsAreNot(t *testing.T) {
	for name, c := range map[string]struct {
		sent string
		grow int64
		ok   bool
	}{
		"short lines":         {strings.Repeat("0123456789\r\n", 100), 0, true},
		"a long line":         {"x\r\n" + strings.Repeat("x", 200), 0, false},
		"a literal":           {strings.Repeat("x", 200) + ")\r\n", 200, true},
		"behind a literal":    {strings.Repeat("x", 200) + strings.Repeat("y", 101), 200, false},
		"exactly at the edge": {strings.Repeat("x", 100) + "\n", 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			conn, server := pair(t)
			conn.LimitLines(100)
			go func() {
				for _, b := range []byte(c.sent) {
					if _, err := server.Write([]byte{b}); err != nil {
						return
					}
				}
				_ = server.Close()
			}()
			err := conn.Do(t.Context(), wide, func() error {
				conn.Grow(c.grow)
				_, err := io.Copy(io.Discard, conn)
				return err
			})
			if (err == nil) != c.ok || err != nil && !errors.Is(err, ErrLine) {
				t.Errorf("got %v, want success: %v", err, c.ok)
			}
		})
	}
}

func TestTextIsFitForAPage(t *testing.T) {
	a := mailbox.Account{Username: "alice@example.org", Password: "s3cret!"}
	for in, want := range map[string]string{
		"user alice@example.org: bad password s3cret!\r\n": "user …: bad password …",
		"a\x00b\x1b[31mc\xff":                              "ab[31mc?",
		strings.Repeat("ä", 300):                           strings.Repeat("ä", 200) + "…",
	} {
		if got := Text(a, in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
}
