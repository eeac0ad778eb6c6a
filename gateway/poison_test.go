package gateway_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// twoMails are a poison and an innocent one.
func twoMails(s *fakeServer) {
	s.deliver("INBOX", mail("1", anna, "Poison", "!"))
	s.deliver("INBOX", mail("2", anna, "Innocent", "?"))
}

func TestMessageThatPanicsIsSetAsideAfterFiveTriesAndTheNextOneProceeds(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		twoMails(d.server)
		var tries []time.Time
		g := d.process(func(deps *gateway.Deps) {
			deps.Tracker = patient{d.tracker, func(_ string, n models.NewIssue) error {
				if n.Title == "Poison" {
					tries = append(tries, time.Now())
					panic("poisoned")
				}
				return nil
			}}
		})
		d.inbox(g, nil)
		d.run(g)
		d.wait(3 * time.Second)
		if diff := cmp.Diff([]string{"1 received ", "2 created accepted_new"}, d.ledger()); diff != "" {
			t.Errorf("after the first try: %s", diff)
		}
		if m := d.message("1"); m.ErrorCode != "E-STEP-01" || m.NextAttemptAt == nil || m.Attempts != 1 {
			t.Errorf("after the first try: code %q, next %v, attempts %d, want E-STEP-01, a time and 1", m.ErrorCode, m.NextAttemptAt, m.Attempts)
		}
		d.wait(2 * time.Hour)
		m := d.message("1")
		if m.State != models.MessageQuarantined || m.ErrorCode != "E-STEP-01" || m.Attempts != 5 || m.BlobID == nil {
			t.Errorf("in the end: %s %s after %d attempts, want quarantined E-STEP-01 after 5, with its octets", m.State, m.ErrorCode, m.Attempts)
		}
		if len(tries) != 5 {
			t.Fatalf("tried %d times, want 5", len(tries))
		}
		for i, least := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour} {
			if got := tries[i+1].Sub(tries[i]); got < least*9/10 || got > least*11/10+2*time.Minute {
				t.Errorf("try %d came %v after the one before, want about %v", i+2, got, least)
			}
		}
		if diff := cmp.Diff([]string{"1", "2 seen"}, d.server.uids("INBOX")); diff != "" {
			t.Errorf("on the server: %s", diff) // What a person must look at is left there.
		}
		if diff := cmp.Diff([]string{"retry.set_aside", "settle.leave"}, d.trace(m.ID)); diff != "" {
			t.Errorf("trace: %s", diff)
		}
		if got := g.Stats(); got.SetAside != 1 || got.FailedAttempts != 4 || got.Finished != 1 {
			t.Errorf("stats = %+v, want 1 set aside, 4 failed attempts, 1 finished", got)
		}
		d.once()
	})
}

func TestMessageThatKillsTheProcessThreeTimesIsSetAside(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		twoMails(d.server)
		d.inbox(d.process(nil), nil)
		for range gateway.MostDeaths {
			d.runUntilDeath("Poison")
		}
		if m := d.message("1"); m.State != models.MessageReceived || m.Attempts != 3 {
			t.Errorf("after three deaths: %s, %d attempts, want received, 3", m.State, m.Attempts)
		}
		d.run(d.process(nil))
		d.wait(3 * time.Minute)
		if diff := cmp.Diff([]string{"1 quarantined quarantined", "2 created accepted_new"}, d.ledger()); diff != "" {
			t.Error(diff)
		}
		if m := d.message("1"); m.ErrorCode != "E-STEP-04" {
			t.Errorf("code = %q, want E-STEP-04", m.ErrorCode)
		}
		d.once()
	})
}

// Two inboxes at once: the process dies of one message, and one of the other inbox happens to be under way each time.
func TestMessageThatWasUnderWayInThreeDeathsOfOthersIsNotSetAside(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		d.server.folders["Other"] = &fakeFolder{validity: 1, next: 1}
		d.server.deliver("INBOX", mail("1", anna, "Poison", "!"))
		d.server.deliver("Other", mail("2", anna, "Innocent", "?"))
		g := d.process(nil)
		d.inbox(g, nil)
		d.inbox(g, func(dr *gateway.InboxDraft) { dr.Name, dr.Settings.Folders = "Other", []string{"Other"} })
		for range gateway.MostDeaths {
			d.runUntilBothDie("Poison", "Innocent")
		}
		d.run(d.process(nil))
		d.wait(5 * time.Minute)
		for _, m := range d.messages() {
			want := models.MessageCreated
			if m.Folder == "INBOX" {
				want = models.MessageQuarantined
			}
			if m.State != want {
				t.Errorf("the message in %s is %s, want %s", m.Folder, m.State, want)
			}
		}
	})
}

// A message may need several downloads and then wait when the process is told to stop: that is no death.
func TestFailedDownloadsAndAStopAreNoDeaths(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		d.server.deliver("INBOX", mail("1", anna, "Hello", "!"))
		fails := 3
		d.server.script = func(op, _ string) error {
			if op == "fetch" && fails > 0 {
				fails--
				return errHalf
			}
			return nil
		}
		g := d.process(func(deps *gateway.Deps) {
			deps.Tracker = patient{d.tracker, func(string, models.NewIssue) error { return context.Canceled }}
		})
		d.inbox(g, nil)
		ctx, cancel := context.WithCancel(t.Context())
		d.server.onFetch = func(string) { cancel() } // Stopped after the fourth download, before the message is through.
		stop := d.runIn(ctx, cancel, g)
		d.wait(2 * time.Hour)
		stop()
		d.server.onFetch = nil
		d.run(d.process(nil))
		d.wait(5 * time.Minute)
		if diff := cmp.Diff([]string{"1 created accepted_new"}, d.ledger()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDatabaseInTroubleSetsNoMessageAside(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		twoMails(d.server)
		healed := time.Now().Add(110 * time.Minute)
		g := d.process(func(deps *gateway.Deps) {
			deps.Tracker = patient{d.tracker, func(string, models.NewIssue) error {
				if time.Now().Before(healed) {
					return driver.ErrBadConn
				}
				return nil
			}}
		})
		ib := d.inbox(g, nil)
		d.run(g)
		d.wait(105 * time.Minute)
		if got := d.status(g, ib.ID); got.State != models.InboxFailing || got.Code != "E-DB-02" {
			t.Errorf("status = %s %s, want failing E-DB-02", got.State, got.Code)
		}
		if diff := cmp.Diff([]string{"1 received ", "2 received "}, d.ledger()); diff != "" {
			t.Error(diff)
		}
		d.wait(40 * time.Minute)
		if diff := cmp.Diff([]string{"1 created accepted_new", "2 created accepted_new"}, d.ledger()); diff != "" {
			t.Error(diff)
		}
		d.once()
	})
}

func TestPanicInAMailSourceEndsTheVisitOnly(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		threeMails(d.server)
		panics := 2
		d.server.script = func(op, uid string) error {
			if op == "fetch" && uid == "2" && panics > 0 {
				panics--
				panic("index out of range")
			}
			return nil
		}
		g := d.process(nil)
		ib := d.inbox(g, nil)
		d.run(g)
		d.wait(10 * time.Second)
		if got := d.status(g, ib.ID); got.State != models.InboxFailing || got.Code != "E-STEP-01" {
			t.Errorf("status = %s %s, want failing E-STEP-01", got.State, got.Code)
		}
		d.wait(30 * time.Minute)
		if diff := cmp.Diff(threeResults, d.ledger()); diff != "" {
			t.Error(diff)
		}
		if d.server.open != 1 {
			t.Errorf("%d visits are open, want 1", d.server.open)
		}
	})
}

func TestRefusedSignInIsTriedRarely(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		refused := &mailbox.Problem{Phase: mailbox.PhaseSignIn, Code: "E-AUTH-01", Err: errors.New("no")}
		d.server.script = func(op, _ string) error {
			if op == "open" {
				return refused
			}
			return nil
		}
		g := d.process(nil)
		ib := d.inbox(g, nil)
		d.run(g)
		d.wait(2 * time.Hour)
		if d.server.opened > 7 {
			t.Errorf("%d sign-ins in two hours, want at most one an hour and a few at the start", d.server.opened)
		}
		got := d.status(g, ib.ID)
		if got.State != models.InboxRefused || got.Code != "E-AUTH-01" || got.NextPollAt == nil {
			t.Errorf("status = %s %s, next %v, want refused E-AUTH-01 and a time", got.State, got.Code, got.NextPollAt)
		}
		d.server.script = nil
		if err := g.Poll(t.Context(), ib.ID); err != nil {
			t.Fatal(err)
		}
		d.wait(time.Second)
		if got := d.status(g, ib.ID); got.State != models.InboxActive || got.Failures != 0 {
			t.Errorf("after a poll that went well: %s with %d failures, want active with 0", got.State, got.Failures)
		}
	})
}
