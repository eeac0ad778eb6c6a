package tracker

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestSignInIsThrottledByLoginAndClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := newThrottle()
		for i := range failsPerBoth {
			if err := th.begin("max", "192.0.2.1"); err != nil {
				t.Fatalf("attempt %d: %v", i+1, err)
			}
		}
		many, ok := errors.AsType[*TooManyAttempts](th.begin("max", "192.0.2.1"))
		if !ok || many.RetryAfter != window {
			t.Fatalf("attempt %d = %v, want to wait %v", failsPerBoth+1, many, window)
		}
		if err := th.begin("max", "192.0.2.2"); err != nil {
			t.Errorf("same login from another client: %v", err)
		}
		if err := th.begin("eva", "192.0.2.1"); err != nil {
			t.Errorf("another login from the same client: %v", err)
		}
		time.Sleep(window)
		if err := th.begin("max", "192.0.2.1"); err != nil {
			t.Errorf("after the window: %v", err)
		}
	})
}

func TestOneClientCannotTryManyLogins(t *testing.T) {
	th := newThrottle()
	for i := range failsPerIP {
		if err := th.begin(fmt.Sprint("login", i), "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	if err := th.begin("another", "192.0.2.1"); err == nil {
		t.Error("attempt beyond the limit of one client was let through")
	}
}

func TestSuccessForgetsFailures(t *testing.T) {
	th := newThrottle()
	for range 10 * failsPerIP {
		if err := th.begin("max", "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
		th.succeeded("max", "192.0.2.1")
	}
}

func TestThrottleMemoryIsBounded(t *testing.T) {
	th := newThrottle()
	for i := range 3 * maxCounters {
		_ = th.begin(fmt.Sprint("login", i), fmt.Sprint("client", i))
	}
	if n := len(th.counters); n > maxCounters+2 {
		t.Errorf("%d counters kept, want at most %d", n, maxCounters+2)
	}
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
