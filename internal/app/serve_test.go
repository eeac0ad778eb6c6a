package app

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"letterbox/internal/config"
)

// A client that sends its request octet by octet, or never to its end, is left.
func TestSlowClientsAreLeft(t *testing.T) {
	cfg := config.Default()
	cfg.Data = t.TempDir()
	a := opened(t, cfg)
	srv, err := a.webServer("http://127.0.0.1", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, limit := range map[string]time.Duration{
		"header": srv.ReadHeaderTimeout, "request": srv.ReadTimeout, "answer": srv.WriteTimeout, "idle": srv.IdleTimeout,
	} {
		if limit <= 0 || limit > 15*time.Minute {
			t.Errorf("time for the %s = %v, want an end", name, limit)
		}
	}
	srv.ReadHeaderTimeout, srv.ReadTimeout = 20*time.Millisecond, 40*time.Millisecond
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	defer func() { _ = srv.Close(); <-ended }()
	for name, sent := range map[string]string{
		"half a header": "POST /signin HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
		"half a body":   "POST /signin HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nlogin=a",
	} {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, sent); err != nil {
			t.Fatal(err)
		}
		if err := c.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the server waits for more, want that it hangs up", name)
		}
		_ = c.Close()
	}
}
