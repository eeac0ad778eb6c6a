// Package wire opens and guards the network connection below a mail protocol.
//
// It guarantees what the client libraries do not: every read and write has a deadline, every command has a budget of
// octets, a done context closes the connection at once, and the first cause of a failure is kept and returned instead
// of the confused error that follows it. It also settles how the connection is encrypted (implicit TLS, STARTTLS, STLS,
// none) before any credential is sent, and turns what goes wrong on the way into a [mailbox.Problem].
package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// Causes that end a guarded connection.
var (
	ErrTimeout = fmt.Errorf("server did not answer in time: %w", os.ErrDeadlineExceeded)
	ErrTooMuch = errors.New("server sent more than the command may return")
	ErrLine    = errors.New("server sent a line that is too long")
	errAborted = errors.New("visit was aborted")
)

// Conn is a guarded connection. Commands run one at a time through Do; Read and Write are for the client library.
type Conn struct {
	raw net.Conn      // TCP.
	top net.Conn      // raw, or TLS above it.
	br  *bufio.Reader // Nil when nothing has been read by lines, or nothing is left of that.
	pre []byte        // Octets that Read returns before those of br.

	mu    sync.Mutex
	left  int64
	idle  time.Duration
	until time.Time
	armed bool
	cause error
	tail  []byte // The last octets received, to find a BYE in.
	heard []byte // What was received during Listen.
	taps  int    // How many octets heard may hold.

	longest int   // Bound on a line, literals aside; 0 means none.
	run     int   // Length of the current line so far.
	literal int64 // Octets of announced literals that are still to come.
}

func newConn(raw net.Conn) *Conn {
	return &Conn{raw: raw, top: raw, left: 64 << 10}
}

// source reads from the network under the budget.
type source struct{ c *Conn }

func (s source) Read(p []byte) (int, error) {
	c := s.c
	c.mu.Lock()
	left := c.left
	c.mu.Unlock()
	if left <= 0 {
		c.fail(ErrTooMuch)
		return 0, ErrTooMuch
	}
	n, err := c.top.Read(p[:min(int64(len(p)), left)])
	c.mu.Lock()
	c.left -= int64(n)
	if n > 0 {
		c.tail = append(c.tail[:0], p[max(0, n-256):n]...)
		if room := c.taps - len(c.heard); room > 0 {
			c.heard = append(c.heard, p[:min(n, room)]...)
		}
		if c.armed {
			c.push()
		}
	}
	tooLong := c.longest > 0 && c.measure(p[:n]) > c.longest
	c.mu.Unlock()
	if tooLong {
		c.fail(ErrLine)
		return n, ErrLine
	}
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		c.fail(ErrTimeout)
		err = ErrTimeout
	}
	return n, err
}

// Read returns what the server sends; for the client library.
func (c *Conn) Read(p []byte) (int, error) {
	if len(c.pre) > 0 {
		n := copy(p, c.pre)
		c.pre = c.pre[n:]
		return n, nil
	}
	if c.br != nil && c.br.Buffered() > 0 {
		return c.br.Read(p)
	}
	c.br = nil // Whoever calls Read has a buffer of its own: this one need not wait for mail too.
	return source{c}.Read(p)
}

// Write sends p to the server.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.top.Write(p)
	if err != nil && errors.Is(err, os.ErrDeadlineExceeded) {
		c.fail(ErrTimeout)
		err = ErrTimeout
	}
	return n, err
}

// Line reads one line with its line end, at most limit octets of it (ErrLine beyond).
func (c *Conn) Line(limit int) ([]byte, error) {
	if i := bytes.IndexByte(c.pre, '\n'); i >= 0 {
		line := c.pre[:i+1]
		c.pre = c.pre[i+1:]
		return line, nil
	}
	var line []byte
	for {
		part, err := c.Reader().ReadSlice('\n')
		line = append(line, part...)
		if len(line) > limit {
			c.fail(ErrLine)
			return nil, ErrLine
		}
		if err == nil {
			return line, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return line, err
		}
	}
}

// Reader returns the buffered reader below Read and Line, for a caller that frames the stream itself.
func (c *Conn) Reader() *bufio.Reader {
	if c.br == nil {
		c.br = bufio.NewReader(source{c})
	}
	return c.br
}

// Replay makes Read return p before anything else.
func (c *Conn) Replay(p []byte) { c.pre = append(c.pre, p...) }

// Listen keeps the next n octets received for Heard.
func (c *Conn) Listen(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard, c.taps = nil, n
}

// Heard ends Listen and returns what was received.
func (c *Conn) Heard() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.heard
	c.heard, c.taps = nil, 0
	return b
}

// Tail returns the last octets received.
func (c *Conn) Tail() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]byte(nil), c.tail...)
}

// Cause returns what ended the connection on our side, or nil.
func (c *Conn) Cause() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// fail records the first cause and drops the connection.
func (c *Conn) fail(cause error) {
	c.mu.Lock()
	if c.cause == nil {
		c.cause = cause
	}
	c.mu.Unlock()
	_ = c.raw.Close()
}

// Fail ends the connection for a reason that the caller found, which Do then returns.
func (c *Conn) Fail(cause error) { c.fail(cause) }

// Abort drops the connection. It never blocks.
func (c *Conn) Abort() { c.fail(errAborted) }

// Close closes the TCP connection without a TLS farewell, so that it never waits for the server.
func (c *Conn) Close() error { return c.raw.Close() }

// LocalAddr returns our address.
func (c *Conn) LocalAddr() net.Addr { return c.raw.LocalAddr() }

// RemoteAddr returns the server's address.
func (c *Conn) RemoteAddr() net.Addr { return c.raw.RemoteAddr() }

// SetDeadline does nothing: the limits of Do count, not those of the client library.
func (c *Conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing, like SetDeadline.
func (c *Conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing, like SetDeadline.
func (c *Conn) SetWriteDeadline(time.Time) error { return nil }
