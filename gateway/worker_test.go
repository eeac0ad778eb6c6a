package gateway_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/models"
)

func TestPauseAfterFailures(t *testing.T) {
	for _, c := range []struct {
		name     string
		failures int
		phase    mailbox.Phase
		poll     time.Duration
		want     time.Duration
	}{
		{"first failure: the next poll", 1, mailbox.PhaseConnect, 30 * time.Second, 30 * time.Second},
		{"first failure, rare polls", 1, mailbox.PhaseConnect, time.Hour, time.Minute},
		{"second", 2, mailbox.PhaseFetch, time.Second, 2 * time.Minute},
		{"many", 99, mailbox.PhaseDNS, time.Second, 15 * time.Minute},
		{"sign-in refused", 1, mailbox.PhaseSignIn, time.Second, 5 * time.Minute},
		{"sign-in refused thrice", 3, mailbox.PhaseSignIn, time.Second, time.Hour},
		{"sign-in refused often", 50, mailbox.PhaseSignIn, time.Second, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			different := map[time.Duration]bool{}
			for range 100 {
				got := gateway.VisitDelay(c.failures, c.phase, c.poll)
				if got < c.want*9/10 || got > c.want*11/10 {
					t.Fatalf("got %v, want %v give or take a tenth", got, c.want)
				}
				different[got] = true
			}
			if len(different) < 10 {
				t.Errorf("%d different pauses of 100, want jitter", len(different))
			}
		})
	}
}

func TestPauseAfterAttempts(t *testing.T) {
	for attempts, want := range map[int]time.Duration{
		0: time.Minute, 1: time.Minute, 2: 5 * time.Minute, 3: 15 * time.Minute, 4: time.Hour, 5: 6 * time.Hour, 99: 6 * time.Hour,
	} {
		if got := gateway.RetryDelay(attempts); got < want*9/10 || got > want*11/10 {
			t.Errorf("after %d attempts: %v, want %v give or take a tenth", attempts, got, want)
		}
	}
}

func TestPollNowDoesNotWaitForTheInterval(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				g := d.process(nil)
				ib := d.inbox(g, func(dr *gateway.InboxDraft) {
					draftOf(protocol)(dr)
					dr.Settings.PollInterval, dr.Settings.Idle = time.Hour, false
				})
				d.run(g)
				d.wait(time.Minute)
				d.server.deliver("INBOX", mail("1", anna, "Hello", "Text"))
				d.wait(10 * time.Minute)
				if len(d.messages()) != 0 {
					t.Fatal("the message was found without a poll")
				}
				if err := g.Poll(t.Context(), ib.ID); err != nil {
					t.Fatal(err)
				}
				d.wait(time.Second)
				if diff := cmp.Diff([]string{"1 created accepted_new"}, d.ledger()); diff != "" {
					t.Error(diff)
				}
				if err := g.Poll(t.Context(), 999); !errors.Is(err, models.ErrNotFound) {
					t.Errorf("Poll of no inbox = %v, want ErrNotFound", err)
				}
			})
		})
	}
}

func TestChangeOfAnInboxIsInForceWithoutRestart(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		d.server.deliver("INBOX", mail("1", "Eve <eve@elsewhere.example>", "Hello", "Text"))
		g := d.process(nil)
		strict := func(dr *gateway.InboxDraft) { dr.Rules.AllowUnknown = false }
		ib := d.inbox(g, strict)
		d.run(g)
		d.wait(5 * time.Second)
		if _, err := g.UpdateInbox(t.Context(), nil, ib.ID, ib.Version, d.draft(nil)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		d.server.deliver("INBOX", mail("2", "Eve <eve@elsewhere.example>", "Hello again", "Text"))
		d.wait(3 * time.Second)
		if diff := cmp.Diff([]string{"1 rejected unknown_sender", "2 created accepted_new"}, d.ledger()); diff != "" {
			t.Error(diff)
		}
		if a, b := d.message("1").RuleVersion, d.message("2").RuleVersion; a != 1 || b != 2 {
			t.Errorf("decided by versions %d and %d of the rules, want 1 and 2", a, b)
		}
		if _, err := g.UpdateInbox(t.Context(), nil, ib.ID, ib.Version, d.draft(nil)); !errors.Is(err, models.ErrConflict) {
			t.Errorf("a change of an old version = %v, want ErrConflict", err)
		}
		off := func(dr *gateway.InboxDraft) { dr.Enabled = false }
		if _, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, d.draft(off)); err != nil {
			t.Fatal(err)
		}
		d.wait(3 * time.Second)
		d.server.deliver("INBOX", mail("3", anna, "Too late", "Text"))
		d.wait(time.Hour)
		if len(d.messages()) != 2 || d.server.open != 0 {
			t.Errorf("an inbox that is switched off: %v, %d visits under way", d.ledger(), d.server.open)
		}
		if got := d.status(g, ib.ID); got.State != models.InboxPaused {
			t.Errorf("status = %s, want paused", got.State)
		}
		if _, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, d.draft(nil)); err != nil {
			t.Fatal(err)
		}
		d.wait(3 * time.Second)
		if diff := cmp.Diff("3 created accepted_new", last(d.ledger())); diff != "" {
			t.Errorf("after it was switched on again: %s", diff)
		}
	})
}

func TestPasswordIsClearedWhenItWasGivenForAnotherServer(t *testing.T) {
	for name, change := range map[string]func(*gateway.InboxDraft){
		"host":     func(dr *gateway.InboxDraft) { dr.Settings.Host = "evil.example" },
		"port":     func(dr *gateway.InboxDraft) { dr.Settings.Port = 9999 },
		"protocol": func(dr *gateway.InboxDraft) { dr.Settings.Receive = "pop3" },
		"user":     func(dr *gateway.InboxDraft) { dr.Settings.Username = "root" },
		"security": func(dr *gateway.InboxDraft) { dr.Settings.Security = "none" },
		"check":    func(dr *gateway.InboxDraft) { dr.Settings.TLSVerify = "off" },
	} {
		t.Run(name, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				g := d.process(nil)
				ib := d.inbox(g, nil)
				draft := d.draft(change)
				draft.Password = nil
				var invalid models.InvalidList
				if _, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, draft); !errors.As(err, &invalid) || invalid[0].Code != "E-INBOX-07" {
					t.Errorf("UpdateInbox = %v, want E-INBOX-07", err)
				}
				draft.Enabled = false
				v, err := g.UpdateInbox(t.Context(), nil, ib.ID, 0, draft)
				if err != nil || v.PasswordSet {
					t.Errorf("a password is set: %t (%v), want none", v.PasswordSet, err)
				}
			})
		})
	}
}

func TestDeletedInboxLeavesNoMessageWithoutResult(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		manyMails(d.server, 3)
		d.server.script = func(op, uid string) error {
			if op == "fetch" && uid == "3" {
				return errCut
			}
			return nil
		}
		g := d.process(func(deps *gateway.Deps) {
			deps.Tracker = patient{d.tracker, func(_ string, n models.NewIssue) error {
				if n.Title == "Mail 2" {
					return errTracker
				}
				return nil
			}}
		})
		ib := d.inbox(g, nil)
		d.run(g)
		d.wait(5 * time.Second)
		if err := g.DeleteInbox(t.Context(), nil, ib.ID); err != nil {
			t.Fatal(err)
		}
		d.wait(time.Hour)
		want := []string{"1 created accepted_new", "2 quarantined quarantined", "3 quarantined quarantined"}
		if diff := cmp.Diff(want, d.ledger()); diff != "" {
			t.Error(diff)
		}
		if d.server.open != 0 {
			t.Errorf("%d visits are under way, want none", d.server.open)
		}
	})
}

// What another process found about the inbox must not stand there once this one has found better.
func TestStatusOfAnotherProcessIsReplaced(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		first := d.process(nil)
		ib := d.inbox(first, nil)
		stop := d.run(first)
		d.wait(5 * time.Second)
		second := d.process(nil)
		d.run(second)
		d.wait(5 * time.Second) // The second process has read the status and waits for the lease.
		d.server.change(func(s *fakeServer) {
			s.cut++
			s.script = func(op, _ string) error {
				if op == "open" {
					return errBroken
				}
				return nil
			}
		})
		d.wait(2 * time.Minute)
		stop()
		if got := d.status(second, ib.ID); got.State != models.InboxFailing {
			t.Fatalf("status = %s, want failing", got.State)
		}
		d.server.change(func(s *fakeServer) { s.script = nil })
		d.wait(20 * time.Minute)
		if got := d.status(second, ib.ID); got.State != models.InboxActive || got.Code != "" {
			t.Errorf("status = %s %s, want active", got.State, got.Code)
		}
	})
}

func TestUnchangedFolderCostsNoWrite(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		d.inbox(g, nil)
		ctx, cancel := context.WithCancel(t.Context())
		s := newStrangler(ctx, 0)
		stop := d.runIn(s, cancel, g)
		d.wait(10 * time.Second)
		began, calls := time.Now(), s.count()
		d.wait(9 * time.Minute)
		if perMinute := float64(s.count()-calls) / time.Since(began).Minutes(); perMinute > 68 {
			t.Errorf("%.0f calls of the store a minute, want at most those of the list of inboxes, the outbox, what is due, who is present and who signs in", perMinute)
		}
		stop()
	})
}
