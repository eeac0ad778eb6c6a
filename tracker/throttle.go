package tracker

import (
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// How often a sign-in may fail within window before it has to wait: for one login from one client, and for one client
// with whatever logins.
const (
	window       = 15 * time.Minute
	failsPerBoth = 10
	failsPerIP   = 60
	maxCounters  = 20_000
)

// TooManyAttempts says that sign-in has failed too often; it is tried again after RetryAfter.
type TooManyAttempts struct{ RetryAfter time.Duration }

func (e *TooManyAttempts) Error() string {
	return fmt.Sprintf("too many sign-in attempts, retry after %s", e.RetryAfter)
}

// throttle counts failed sign-ins. It lives in the memory of one process: a restart forgets it, and each replica counts
// on its own, so with n replicas a client has n times as many tries. Passwords are hashed slowly for that reason too.
type throttle struct {
	mu       sync.Mutex
	counters map[string]*counter
}

type counter struct {
	fails int
	until time.Time // The window ends here.
}

func newThrottle() *throttle { return &throttle{counters: map[string]*counter{}} }

func keyBoth(login, ip string) string { return "b\x00" + login + "\x00" + client(ip) }
func keyIP(ip string) string          { return "i\x00" + client(ip) }

// client names who is behind an address: with IPv6 everybody has a whole /64 to try from.
func client(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	if addr = addr.Unmap(); addr.Is6() {
		return netip.PrefixFrom(addr.WithZone(""), 64).Masked().String()
	}
	return addr.String()
}

// begin counts an attempt as failed before it is made, so that attempts at the same time cannot slip through
// together, or returns *TooManyAttempts.
func (t *throttle) begin(login, ip string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := time.Now()
	t.sweep(at)
	both, one := t.counter(keyBoth(login, ip), at), t.counter(keyIP(ip), at)
	var wait time.Duration
	if both.fails >= failsPerBoth {
		wait = both.until.Sub(at)
	}
	if one.fails >= failsPerIP {
		wait = max(wait, one.until.Sub(at))
	}
	if wait > 0 {
		return &TooManyAttempts{RetryAfter: wait}
	}
	both.fails++
	one.fails++
	return nil
}

// succeeded takes back what begin counted: the login's counter starts anew, the client's loses this attempt.
func (t *throttle) succeeded(login, ip string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.counters, keyBoth(login, ip))
	if c := t.counters[keyIP(ip)]; c != nil && c.fails > 0 {
		c.fails--
	}
}

func (t *throttle) counter(key string, at time.Time) *counter {
	c := t.counters[key]
	if c == nil || !at.Before(c.until) {
		c = &counter{until: at.Add(window)}
		t.counters[key] = c
	}
	return c
}

// sweep forgets ended windows when there are many counters, and all of them when that does not help: memory stays
// bounded however many logins and clients are made up.
func (t *throttle) sweep(at time.Time) {
	if len(t.counters) < maxCounters {
		return
	}
	for key, c := range t.counters {
		if !at.Before(c.until) {
			delete(t.counters, key)
		}
	}
	if len(t.counters) >= maxCounters {
		clear(t.counters)
	}
}
