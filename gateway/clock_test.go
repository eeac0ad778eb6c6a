package gateway_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
)

// years is so many of them, roughly.
func years(n int) time.Duration { return time.Duration(n) * 365 * 24 * time.Hour }

// A clock that jumps deletes no mail before its time and holds no new mail up.
func TestClockThatJumpsDeletesNothingEarly(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		for _, jump := range []time.Duration{years(10), -years(10)} {
			if raceDetector && (!restarted || jump < 0) {
				continue // "make test" plays all of them without the race detector, and this one with it.
			}
			t.Run(fmt.Sprintf("%v, restarted %t", jump, restarted), func(t *testing.T) {
				inDen(t, func(t *testing.T, d *den) { clockJumps(t, d, jump, restarted) })
			})
		}
	}
}

func clockJumps(t *testing.T, d *den, jump time.Duration, restarted bool) {
	var off atomic.Int64
	process := func() *gateway.Gateway {
		g := d.process(nil)
		g.ReadClockWith(func(context.Context) (time.Time, error) { return time.Now().UTC().Add(time.Duration(off.Load())), nil })
		return g
	}
	old := d.server.deliver("INBOX", mail("1", anna, "Old", "Text"))
	g := process()
	d.inbox(g, func(dr *gateway.InboxDraft) {
		draftOf("pop3")(dr)
		dr.Settings.POP3After, dr.Settings.POP3DeleteDays, dr.Settings.PollInterval = "delete_after_days", 1, 10*time.Minute
	})
	stop := d.run(g)
	d.wait(time.Hour)
	if restarted {
		stop()
		g = process()
	}
	off.Store(int64(jump))
	if restarted {
		stop = d.run(g)
	}
	fresh := d.server.deliver("INBOX", mail("2", anna, "New", "Text"))
	d.wait(2 * time.Hour)
	if diff := cmp.Diff([]string{old, fresh}, d.server.uids("INBOX")); diff != "" {
		t.Errorf("two hours after the jump: %s", diff)
	}
	if !g.ClockInDoubt() {
		t.Error("the clock is not in doubt")
	}
	if m := d.message(fresh); m.State != models.MessageCreated {
		t.Errorf("mail that came after the jump is %s, want created", m.State)
	}
	off.Store(0) // Somebody sets it right.
	d.wait(21*time.Hour + 30*time.Minute)
	stop()
	if diff := cmp.Diff([]string{fresh}, d.server.uids("INBOX")); diff != "" {
		t.Errorf("a day after the first mail came: %s", diff)
	}
	if g.ClockInDoubt() {
		t.Error("the clock is in doubt although it is right again")
	}
}

// What the clock is believed after a jump, with and without a restart.
func TestClockThatJumpsIsBelievedOnceItStays(t *testing.T) {
	for _, c := range []struct {
		jump      time.Duration
		restarted bool
		doubt     bool
	}{
		{years(10), false, true}, {-years(10), false, true}, {25 * time.Hour, false, true}, {-2 * time.Hour, false, true},
		{50 * time.Minute, false, false}, {-50 * time.Minute, false, false},
		{years(10), true, true}, {-years(10), true, true}, {-2 * time.Hour, true, true},
		{25 * time.Hour, true, false}, // A program that was switched off for a day is nothing to doubt.
	} {
		t.Run(fmt.Sprintf("%v, restarted %t", c.jump, c.restarted), func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				var off time.Duration
				read := func(context.Context) (time.Time, error) { return time.Now().UTC().Add(off), nil }
				g := d.process(nil)
				g.ReadClockWith(read)
				believes := func(want time.Time) {
					t.Helper()
					got, err := g.TrustedTime(t.Context())
					if err != nil || got.Sub(want).Abs() > 2*time.Minute {
						t.Errorf("believed is %v, %v, want %v", got, err, want)
					}
				}
				believes(time.Now())
				if c.restarted {
					g = d.process(nil)
					g.ReadClockWith(read)
				}
				off = c.jump
				time.Sleep(time.Minute)
				before, after := time.Now(), time.Now().Add(off)
				if c.doubt {
					believes(before)
				} else {
					believes(after)
				}
				if got := g.ClockInDoubt(); got != c.doubt {
					t.Errorf("in doubt: %t, want %t", got, c.doubt)
				}
				for range 47 { // Whoever visits asks again and again.
					time.Sleep(time.Hour)
					if c.doubt {
						believes(time.Now())
					}
				}
				time.Sleep(2 * time.Hour)
				believes(time.Now().Add(off))
				off = 0
				time.Sleep(time.Minute)
				if _, err := g.TrustedTime(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// Moments that were written down while the clock was wrong hold nothing up once it is right again.
func TestMomentsOfAWrongClockHoldNothingUp(t *testing.T) {
	template := testdb.Template(t)
	synctest.Test(t, func(t *testing.T) {
		s, path := testdb.OpenFaulty(t, template)
		d := newDen(t, s)
		threeMails(d.server)
		g := d.process(func(deps *gateway.Deps) {
			deps.Tracker = patient{d.tracker, func(string, models.NewIssue) error { return errTracker }}
		})
		d.server.folders["Done"] = &fakeFolder{validity: 1, next: 1}
		d.server.script = func(op, uid string) error {
			if op == "settle" {
				return errBroken
			}
			return nil
		}
		d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.After, dr.Settings.MoveTo = "move", "Done" })
		stop := d.run(g)
		d.wait(5 * time.Second)
		stop()
		db, err := sql.Open("sqlite", "file:"+path+"?_time_format=sqlite&_pragma=busy_timeout(5000)")
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		future := time.Now().UTC().Add(years(10))
		for _, set := range []string{
			"UPDATE leases SET holder = 'dead', expires_at = ?", "UPDATE messages SET next_attempt_at = ? WHERE next_attempt_at IS NOT NULL",
			"UPDATE messages SET settle_after = ? WHERE settle_state = 'failed'",
		} {
			if r, err := db.ExecContext(t.Context(), set, future); err != nil {
				t.Fatal(err)
			} else if n, _ := r.RowsAffected(); n == 0 {
				t.Errorf("%s: nothing to set", set)
			}
		}
		d.server.change(func(s *fakeServer) { s.script = nil })
		d.run(d.process(nil))
		d.wait(15 * time.Minute)
		if diff := cmp.Diff(threeResults, d.ledger()); diff != "" {
			t.Error(diff)
		}
		if left := d.server.uids("INBOX"); len(left) != 0 {
			t.Errorf("%v is left in INBOX, want all moved", left)
		}
	})
}
