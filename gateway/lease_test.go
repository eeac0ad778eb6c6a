package gateway_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// Several processes read one mailbox, on a real clock and both databases. All the while somebody ends the leases, so
// that all of them believe to be the one; the unique keys and the fence must hold alone.
func TestReplicasOnOneMailboxHaveOneEffectEach(t *testing.T) {
	for _, protocol := range []string{"imap", "pop3"} {
		t.Run(protocol, func(t *testing.T) {
			testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
				d := newDen(t, s)
				const mails = 60
				manyMails(d.server, mails)
				var all []*gateway.Gateway
				for range 3 {
					all = append(all, d.process(nil))
				}
				d.inbox(all[0], func(dr *gateway.InboxDraft) {
					draftOf(protocol)(dr)
					dr.Settings.BatchSize, dr.Settings.PollInterval = 7, time.Second
				})
				var stops []func()
				for _, g := range all {
					stops = append(stops, d.run(g))
				}
				deadline := time.Now().Add(60 * time.Second)
				for len(d.messages()) < mails || d.unfinished() > 0 { // In this order: the last window may come in between.
					if time.Now().After(deadline) {
						t.Fatalf("%d of %d messages are not through: %v", d.unfinished(), len(d.messages()), d.ledger())
					}
					for _, g := range all {
						if err := g.EndLeasesOf(t.Context(), g.Holder()); err != nil {
							t.Fatal(err)
						}
						if err := g.Poll(t.Context(), d.messagesInbox()); err != nil {
							t.Fatal(err)
						}
					}
					time.Sleep(10 * time.Millisecond)
				}
				for _, stop := range stops {
					stop()
				}
				if issues, comments := d.once(); issues != mails || comments != 0 {
					t.Errorf("%d issues and %d comments, want %d and none", issues, comments, mails)
				}
				for _, m := range d.messages() {
					if m.State != models.MessageCreated {
						t.Errorf("message %s is %s %s (%s %s)", m.UID, m.State, m.Reason, m.ErrorCode, m.ErrorDetail)
					}
				}
			})
		})
	}
}

// unfinished counts messages without a result.
func (d *den) unfinished() int {
	n := 0
	for _, m := range d.messages() {
		if !m.State.Final() {
			n++
		}
	}
	return n
}

// messagesInbox is the ID of the one inbox.
func (d *den) messagesInbox() int64 {
	d.t.Helper()
	all, err := d.store.Inboxes(d.t.Context())
	if err != nil || len(all) == 0 {
		d.t.Fatal(err)
	}
	return all[0].ID
}

func TestOnlyOneProcessVisitsAnInbox(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		d.inbox(d.process(nil), nil)
		first := d.run(d.process(nil))
		d.wait(5 * time.Second)
		d.run(d.process(nil))
		d.wait(10 * time.Minute)
		if d.server.opened != 1 || d.server.open != 1 {
			t.Errorf("%d visits, %d under way, want 1 and 1", d.server.opened, d.server.open)
		}
		first() // It gives the lease back, so the other one need not wait for it to run out.
		d.wait(30 * time.Second)
		if d.server.open != 1 {
			t.Errorf("%d visits are under way after the first process has ended, want 1", d.server.open)
		}
	})
}

func TestProcessThatDiedIsFollowedOnceItsLeaseHasRunOut(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		d.server.deliver("INBOX", mail("1", anna, "Poison", "!"))
		d.inbox(d.process(nil), nil)
		d.runUntilDeath("Poison")
		d.run(d.process(nil))
		began := time.Now()
		for d.unfinished() > 0 && time.Since(began) < time.Hour {
			d.wait(time.Second)
		}
		if took := time.Since(began); took > 2*gateway.LeaseTTL {
			t.Errorf("taken over after %v, want at most twice the lease, %v", took, 2*gateway.LeaseTTL)
		}
	})
}

// Between the decision about a message and its transaction, another process takes the lease. The transaction has no
// effect, and the message is left to the other process.
func TestStaleEpochHasNoEffect(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		d.server.deliver("INBOX", mail("1", anna, "Slow", "Text"))
		ib := d.inbox(d.process(nil), nil)
		var stale *gateway.Gateway
		taken := false
		stale = d.process(func(deps *gateway.Deps) {
			deps.Log = slog.New(stepHook(func(step string, _ int64) {
				if step != "match" || taken {
					return
				}
				taken = true
				if err := d.store.EndLeasesOf(t.Context(), stale.Holder()); err != nil {
					t.Error(err)
				}
				if _, ok, err := d.store.AcquireLease(t.Context(), fmt.Sprintf("inbox:%d", ib.ID), "somebody else", time.Hour); err != nil || !ok {
					t.Errorf("take the lease: %t, %v", ok, err)
				}
			}))
		})
		d.run(stale)
		d.wait(30 * time.Minute)
		if m := d.message("1"); m.State != models.MessageReceived || m.Attempts != 0 || m.ErrorCode != "" {
			t.Errorf("the message is %s after %d attempts (%s), want received after none", m.State, m.Attempts, m.ErrorCode)
		}
		if issues, comments := d.once(); issues+comments != 0 {
			t.Errorf("%d issues and %d comments, want none", issues, comments)
		}
		if got := d.server.did("seen"); len(got) != 0 {
			t.Errorf("the server was told %v", got)
		}
		if got := d.status(stale, ib.ID); got.State == models.InboxFailing {
			t.Errorf("the inbox is shown as failing (%s): that is not for a process to say that lost it", got.Code)
		}
		if n := stale.Stats().LostLeases; n == 0 {
			t.Error("no lost lease was counted")
		}
		d.wait(2 * time.Hour) // The other lease runs out.
		if issues, _ := d.once(); issues != 1 {
			t.Errorf("%d issues in the end, want 1", issues)
		}
	})
}
