package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// receive hands a mail in and fails on an error.
func (d *den) receive(g *gateway.Gateway, inbox int64, raw string) models.Message {
	d.t.Helper()
	m, err := g.Receive(d.t.Context(), inbox, "receive", strings.NewReader(crlf(raw)))
	if err != nil {
		d.t.Fatal(err)
	}
	return m
}

func TestSameOctetsHandedInTwiceAreOneMessage(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		ib := d.inbox(g, nil)
		first := d.receive(g, ib.ID, mail("1", anna, "Hello", "Text"))
		again := d.receive(d.process(nil), ib.ID, mail("1", anna, "Hello", "Text"))
		if first.State != models.MessageCreated || again.ID != first.ID {
			t.Errorf("first %s %d, then %d, want created and the same", first.State, first.ID, again.ID)
		}
		var wg sync.WaitGroup
		for range 8 { // An impatient sender: the same mail many times at once.
			wg.Go(func() {
				_, err := d.process(nil).Receive(t.Context(), ib.ID, "receive", strings.NewReader(mail("2", anna, "At once", "Text")))
				if err != nil && !errors.Is(err, gateway.ErrTryLater) {
					t.Errorf("Receive = %v, want a result or ErrTryLater", err)
				}
			})
		}
		wg.Wait()
		if m := d.receive(g, ib.ID, strings.ReplaceAll(mail("2", anna, "At once", "Text"), "\n", "\r\n")); m.State != models.MessageCreated && m.State != models.MessageDuplicate {
			t.Errorf("in the end: %s %s, want created", m.State, m.Reason)
		}
		d.once()
	})
}

// Nobody keeps a message for us that was handed in, so all of it is taken, however large.
func TestLargeMessageThatIsHandedInIsKeptWhole(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Settings.MaxMessageSize = 1 << 20 })
		m := d.receive(g, ib.ID, mail("1", anna, "Large", strings.Repeat("all of it counts\n", 200_000)+"the end"))
		if m.State != models.MessageCreated || m.Size < 3<<20 {
			t.Errorf("%s %s of %d octets, want created, whole", m.State, m.Reason, m.Size)
		}
		d.once()
	})
}

// A process dies between "known" and "received", while a message is handed in, again and again. As long as its octets
// are here only in the hand of the sender, the sender must never be told that it is done.
func TestMessageIsTakenInHoweverOftenHandingItInFailed(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, nil)
		raw := mail("1", anna, "Hello", "Text")
		for attempt := range 6 {
			ctx, cancel := context.WithCancel(t.Context())
			s := newStrangler(ctx, 0)
			s.stopWhen(func() bool { // It has begun its attempt, and the octets are not kept.
				all := d.messages()
				return len(all) == 1 && all[0].Attempts > attempt && all[0].State == models.MessageKnown
			})
			done := make(chan struct{})
			go func() {
				defer close(done)
				if m, err := d.process(nil).Receive(s, ib.ID, "receive", strings.NewReader(raw)); err == nil {
					t.Errorf("a process that died says %s %s", m.State, m.Reason)
				}
			}()
			<-s.stuck
			cancel()
			t.Cleanup(func() { close(s.woken); <-done })
			d.run(d.process(nil))
			d.wait(2 * time.Minute) // The worker sees the message meanwhile; it cannot fetch it.
		}
		if m := d.receive(g, ib.ID, raw); m.State == models.MessageCreated || m.BlobID != nil {
			return
		}
		t.Errorf("the octets are not kept: %v", d.ledger())
	})
}

func TestMailThatWasHandedInAndLeftIsFinished(t *testing.T) {
	for _, receive := range []string{"push", "none"} {
		t.Run(receive, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				ib := d.inbox(d.process(nil), func(dr *gateway.InboxDraft) { dr.Settings.Receive = receive })
				died, buried := make(chan struct{}), make(chan struct{})
				g := d.process(func(deps *gateway.Deps) { deps.Log = diesAt("gate", died, buried) })
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() {
					defer close(done)
					_, _ = g.Receive(ctx, ib.ID, "api", strings.NewReader(mail("1", anna, "Hello", "Text"))) // Nobody hears its answer.
				}()
				<-died
				cancel()
				t.Cleanup(func() { close(buried); <-done })
				d.run(d.process(nil))
				d.wait(10 * time.Minute)
				if m := d.messages()[0]; m.State != models.MessageCreated {
					t.Errorf("the message is %s %s, want created", m.State, m.Reason)
				}
				d.once()
			})
		})
	}
}

func TestReceiveLeavesNothingBehindWhenItFails(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	inDen(t, func(t *testing.T, d *den) {
		_, err := d.process(nil).Receive(t.Context(), 999, "receive", strings.NewReader(strings.Repeat("x", 2<<20)))
		if !errors.Is(err, models.ErrNotFound) {
			t.Errorf("Receive into no inbox = %v, want ErrNotFound", err)
		}
		left, err := filepath.Glob(filepath.Join(dir, "message-*"))
		if err != nil || len(left) != 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	})
}

// One mail to two inboxes of a project reaches both at the same moment.
func TestOneMailToTwoInboxesAtOnceIsOneIssue(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		a := d.inbox(g, nil)
		b := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Name, dr.Settings.Folders = "Other", []string{"Other"} })
		for n := range 5 {
			meet := newMeeting(2)
			both := d.process(func(deps *gateway.Deps) { deps.Log = meet.at("match") })
			var wg sync.WaitGroup
			for _, ib := range []int64{a.ID, b.ID} {
				wg.Go(func() {
					_, err := both.Receive(t.Context(), ib, "receive", strings.NewReader(mail(fmt.Sprint(n), anna, "Hello", fmt.Sprint(n))))
					if err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if issues, _ := d.once(); issues != n+1 {
				t.Fatalf("%d issues after %d mails: %v", issues, n+1, d.ledger())
			}
		}
	})
}

// The first mails of a new sender reach two projects at the same moment.
func TestNewSenderIsMadeOnce(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		ib := d.inbox(d.process(nil), nil)
		meet := newMeeting(4)
		all := d.process(func(deps *gateway.Deps) { deps.Log = meet.at("match") })
		var wg sync.WaitGroup
		for n := range 4 {
			wg.Go(func() {
				m, err := all.Receive(t.Context(), ib.ID, "receive", strings.NewReader(mail(fmt.Sprint(n), "New <new@there.example>", "Hello", fmt.Sprint(n))))
				if err != nil || m.State != models.MessageCreated || m.Attempts != 1 {
					t.Errorf("%s after %d attempts, %v; want created after 1", m.State, m.Attempts, err)
				}
			})
		}
		wg.Wait()
		d.once()
	})
}
