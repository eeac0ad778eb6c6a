package tracker

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"time"
)

// How often a sign-in may fail within window before it has to wait: for one login from one client, and for one client
// with whatever logins.
const (
	window       = 15 * time.Minute
	failsPerBoth = 10
	failsPerIP   = 60
)

// TooManyAttempts says that sign-in has failed too often; it is tried again after RetryAfter.
type TooManyAttempts struct{ RetryAfter time.Duration }

func (e *TooManyAttempts) Error() string {
	return fmt.Sprintf("too many sign-in attempts, retry after %s", e.RetryAfter)
}

// limit is a counter of failed attempts with how many there may be. The counters are in the database: all processes
// that share it count together, and a restart forgets nothing. Their names are hashes, so that no login that was typed
// is kept.
type limit struct {
	name []byte
	most int
}

func limits(login, ip string) (both, one limit) {
	hash := func(text string) []byte {
		sum := sha256.Sum256([]byte(text))
		return sum[:]
	}
	return limit{hash("b\x00" + login + "\x00" + client(ip)), failsPerBoth}, limit{hash("i\x00" + client(ip)), failsPerIP}
}

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
// together, or returns *TooManyAttempts. An attempt that is refused at once is not counted.
func (s *Service) begin(ctx context.Context, login, ip string) error {
	both, one := limits(login, ip)
	return s.attempt(ctx, both, one)
}

func (s *Service) attempt(ctx context.Context, all ...limit) error {
	var wait time.Duration
	for _, l := range all {
		a, err := s.store.AttemptsOf(ctx, l.name)
		if err != nil {
			return fmt.Errorf("count sign-in attempts: %w", err)
		}
		if a.Fails >= l.most {
			wait = max(wait, time.Until(a.EndsAt))
		}
	}
	for _, l := range all {
		if wait > 0 {
			break
		}
		a, err := s.store.CountAttempt(ctx, l.name, window)
		if err != nil {
			return fmt.Errorf("count sign-in attempts: %w", err)
		}
		if a.Fails > l.most {
			wait = time.Until(a.EndsAt)
		}
	}
	if wait > 0 {
		return &TooManyAttempts{RetryAfter: wait}
	}
	return nil
}

// succeeded takes back what begin counted: the login's counter starts anew, the client's loses this attempt.
func (s *Service) succeeded(ctx context.Context, login, ip string) error {
	both, one := limits(login, ip)
	if err := s.store.ForgetAttempts(ctx, both.name); err != nil {
		return fmt.Errorf("count sign-in attempts: %w", err)
	}
	if err := s.store.TakeBackAttempt(ctx, one.name); err != nil {
		return fmt.Errorf("count sign-in attempts: %w", err)
	}
	return nil
}
