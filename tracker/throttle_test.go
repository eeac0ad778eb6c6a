package tracker

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"letterbox/internal/testdb"
	"letterbox/models/store"
)

func TestSignInIsThrottledByLoginAndClient(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, db *store.Store) {
		s, replica := New(Deps{Store: db}), New(Deps{Store: db})
		for i := range failsPerBoth {
			if err := []*Service{s, replica}[i%2].begin(t.Context(), "max", "192.0.2.1"); err != nil {
				t.Fatalf("attempt %d: %v", i+1, err)
			}
		}
		for _, one := range []*Service{s, replica, New(Deps{Store: db})} {
			many, ok := errors.AsType[*TooManyAttempts](one.begin(t.Context(), "max", "192.0.2.1"))
			if !ok || many.RetryAfter > window || many.RetryAfter < window/2 {
				t.Fatalf("attempt %d = %v, want to wait about %v", failsPerBoth+1, many, window)
			}
		}
		if err := s.begin(t.Context(), "max", "192.0.2.2"); err != nil {
			t.Errorf("same login from another client: %v", err)
		}
		if err := s.begin(t.Context(), "eva", "192.0.2.1"); err != nil {
			t.Errorf("another login from the same client: %v", err)
		}
	})
}

func TestOneClientCannotTryManyLogins(t *testing.T) {
	s := New(Deps{Store: testdb.Open(t)})
	for i := range failsPerIP {
		if err := s.begin(t.Context(), fmt.Sprint("login", i), "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.begin(t.Context(), "another", "192.0.2.1"); err == nil {
		t.Error("attempt beyond the limit of one client was let through")
	}
}

func TestSuccessForgetsFailures(t *testing.T) {
	s := New(Deps{Store: testdb.Open(t)})
	for range 2 * failsPerIP {
		if err := s.begin(t.Context(), "max", "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		if err := s.succeeded(t.Context(), "max", "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
}

// Many attempts at once are no way around the limit.
func TestAttemptsAtTheSameTimeAreAllCounted(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, db *store.Store) {
		s := New(Deps{Store: db})
		var passed atomic.Int64
		var wg sync.WaitGroup
		for range 3 * failsPerBoth {
			wg.Go(func() {
				if err := s.begin(t.Context(), "max", "192.0.2.1"); err == nil {
					passed.Add(1)
				} else if _, ok := errors.AsType[*TooManyAttempts](err); !ok {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := passed.Load(); got != failsPerBoth {
			t.Errorf("%d attempts at once were let through, want %d", got, failsPerBoth)
		}
	})
}

func TestFailuresAreForgottenAfterTheWindow(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, db *store.Store) {
		both, _ := limits("max", "192.0.2.1")
		for range failsPerBoth + 1 {
			if a, err := db.CountAttempt(t.Context(), both.name, -time.Second); err != nil || a.Fails != 0 {
				t.Fatalf("a window that is over has %d failures (%v), want none", a.Fails, err)
			}
		}
		if err := New(Deps{Store: db}).begin(t.Context(), "max", "192.0.2.1"); err != nil {
			t.Errorf("after the window: %v", err)
		}
		if a, err := db.AttemptsOf(t.Context(), both.name); err != nil || a.Fails != 1 {
			t.Errorf("a new window has %d failures (%v), want 1", a.Fails, err)
		}
	})
}

func TestSessionEndsAfterIdleAndAfterItsLife(t *testing.T) {
	start := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	for _, tc := range []struct{ used, want time.Time }{
		{start, start.Add(8 * time.Hour)},
		{start.Add(6 * 24 * time.Hour), start.Add(6*24*time.Hour + 8*time.Hour)},
		{start.Add(7*24*time.Hour - time.Hour), start.Add(7 * 24 * time.Hour)},
	} {
		if got := sessionEnd(start, tc.used); !got.Equal(tc.want) {
			t.Errorf("used at %v: ends %v, want %v", tc.used, got, tc.want)
		}
	}
}

func TestOneIPv6NetworkIsOneClient(t *testing.T) {
	for _, tc := range []struct{ a, b string }{
		{"2001:db8::1", "2001:db8::ffff:1"}, {"::ffff:192.0.2.1", "192.0.2.1"}, {"fe80::1%eth0", "fe80::2%eth1"},
	} {
		if client(tc.a) != client(tc.b) {
			t.Errorf("%s and %s are two clients", tc.a, tc.b)
		}
	}
	for _, tc := range []struct{ a, b string }{{"2001:db8::1", "2001:db8:0:1::1"}, {"192.0.2.1", "192.0.2.2"}, {"x", "y"}} {
		if client(tc.a) == client(tc.b) {
			t.Errorf("%s and %s are one client", tc.a, tc.b)
		}
	}
}
