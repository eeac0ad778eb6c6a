package wire

import (
	"bytes"
	"context"
	"time"
)

// Limits bounds one command.
type Limits struct {
	Octets int64         // How many octets the server may send, literals announced with Grow aside.
	Idle   time.Duration // Longest silence.
	Total  time.Duration // Longest duration, extended by Grow; 0 means no bound besides Idle.
}

// slowest is the rate in octets a second below which a transfer counts as stalled.
const slowest = 16 << 10

// measure returns the length of the longest line that the octets are part of; what was announced as a literal does not
// count. c.mu is held.
func (c *Conn) measure(p []byte) (longest int) {
	skip := min(c.literal, int64(len(p)))
	c.literal -= skip
	for p = p[skip:]; len(p) > 0; {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			c.run += len(p)
			return max(longest, c.run)
		}
		longest = max(longest, c.run+i)
		c.run, p = 0, p[i+1:]
	}
	return longest
}

// LimitLines bounds every line from now on; longer ones end the connection with ErrLine.
func (c *Conn) LimitLines(octets int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.longest = octets
}

// push moves the deadline on; c.mu is held.
func (c *Conn) push() {
	at := time.Now().Add(c.idle)
	if !c.until.IsZero() && c.until.Before(at) {
		at = c.until
	}
	_ = c.raw.SetDeadline(at)
}

// Do runs one command under limits. It returns early when ctx is done: the connection is then closed, because nobody
// can know what was sent. The error of f is replaced by its cause: ctx.Err(), ErrTimeout, ErrTooMuch.
func (c *Conn) Do(ctx context.Context, l Limits, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if cause := c.Cause(); cause != nil {
		return cause
	}
	stop := context.AfterFunc(ctx, func() { c.fail(ctx.Err()) })
	defer stop()
	c.mu.Lock()
	c.left, c.idle, c.armed, c.until = l.Octets, l.Idle, true, time.Time{}
	if l.Total > 0 {
		c.until = time.Now().Add(l.Total)
	}
	c.push()
	c.mu.Unlock()

	err := f()

	c.mu.Lock()
	c.armed, c.left = false, 64<<10
	_ = c.raw.SetDeadline(time.Time{})
	cause := c.cause
	c.mu.Unlock()
	if err != nil && cause != nil {
		return cause
	}
	return err
}

// Grow adds a literal of n octets, which the server has announced, to the budget and the time of the running command.
func (c *Conn) Grow(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left += n
	c.literal += n
	if !c.until.IsZero() {
		c.until = c.until.Add(time.Duration(n/slowest) * time.Second)
	}
}

// Hurry bounds what is left of the running command.
func (c *Conn) Hurry(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle, c.until = d, time.Now().Add(d)
	c.push()
}
