package gateway_test

import (
	"context"
	"fmt"
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
				for d.unfinished() > 0 || len(d.messages()) < mails {
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

// A process holds a lease that another one has taken since: its transactions have no effect.
func TestStaleEpochHasNoEffect(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		d.server.deliver("INBOX", mail("1", anna, "Slow", "Text"))
		stale := d.process(nil)
		ib := d.inbox(stale, nil)
		ctx, cancel := context.WithCancel(t.Context())
		s := newStrangler(ctx, 0)
		s.stopWhen(func() bool { all := d.messages(); return len(all) == 1 && all[0].State == models.MessageReceived })
		stop := d.runIn(s, cancel, stale)
		<-s.stuck
		d.wait(2 * gateway.LeaseTTL)
		if _, ok, err := d.store.AcquireLease(t.Context(), fmt.Sprintf("inbox:%d", ib.ID), "somebody else", time.Hour); err != nil || !ok {
			t.Fatalf("take the lease: %t, %v", ok, err)
		}
		close(s.woken)
		d.wait(30 * time.Minute)
		if m := d.message("1"); m.State != models.MessageReceived || m.Attempts > 1 {
			t.Errorf("the message is %s after %d attempts, want received: the lease is somebody else's", m.State, m.Attempts)
		}
		if issues, comments := d.once(); issues+comments != 0 {
			t.Errorf("%d issues and %d comments, want none", issues, comments)
		}
		if got := d.server.did("seen"); len(got) != 0 {
			t.Errorf("the server was told %v", got)
		}
		stop()
	})
}
