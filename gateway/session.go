package gateway

import (
	"context"
	"fmt"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// fullListing is how often a kept connection lists everything again: what the server's news missed is found then.
const fullListing = 10 * time.Minute

// shift is what the sessions of one worker hand on to each other.
type shift struct {
	status   *models.InboxStatus
	poke     <-chan struct{} // A visit is wanted now.
	cutShort bool            // The last session left something to be downloaded.
}

// session is one connection to the server of an inbox. Over a kept connection it stays until something fails; a POP3
// session takes in what is there and ends. A panic in a mail source ends the session and no more.
func (g *Gateway) session(ctx context.Context, ib *models.Inbox, f fence, s *shift) (err error) {
	defer caught(models.StepFetch, &err)
	v, err := g.begin(ctx, ib, f, s)
	if err != nil {
		return err
	}
	closed := false
	defer func() {
		if !closed {
			v.box.Abort()
		}
	}()
	defer func() { tellStored(err, v.handled) }()
	if err := v.first(ctx); err != nil {
		return err
	}
	if v.watcher != nil {
		g.visited(ctx, f, s.status, v.handled)
		return v.watch(ctx, s.status, s.poke)
	}
	closed = true
	if err := v.close(ctx); err != nil {
		return err
	}
	g.visited(ctx, f, s.status, v.handled)
	s.cutShort = v.cutShort
	return nil
}

// begin signs in. It has a frame of its own: what it needs does not wait for mail with the session, maybe for days.
func (g *Gateway) begin(ctx context.Context, of *models.Inbox, f fence, s *shift) (*visit, error) {
	ib := *of
	*s.status = g.latest(*g.statusOf(ctx, ib.ID)) // Another process may have visited meanwhile.
	g.connecting(ctx, f, s.status)
	if ib.StartedAt == nil { // An earlier visit may have started it.
		fresh, err := g.Store.InboxByID(ctx, ib.ID)
		if err != nil {
			return nil, fmt.Errorf("read the inbox: %w", err)
		}
		ib.StartedAt = fresh.StartedAt
	}
	start := time.Now()
	box, err := g.openBox(ctx, ib, s.status)
	if err != nil {
		return nil, g.evenOut(ctx, ib, start, err)
	}
	v, err := g.newVisit(ctx, ib, ib.Settings.Receive, box, f)
	if err != nil {
		box.Abort()
		return nil, err
	}
	v.late, s.cutShort, v.well = s.cutShort, false, s.status.Failures == 0
	return v, nil
}

// first takes in everything that is there.
func (v *visit) first(ctx context.Context) error {
	entries, err := v.box.List(ctx)
	if err != nil {
		return err
	}
	if err := v.round(ctx, entries, true); err != nil {
		return err
	}
	if v.inbox.StartedAt != nil || v.cutShort {
		return nil
	}
	started := now()
	if err := v.g.Store.SetInboxStarted(ctx, v.inbox.ID, started); err != nil {
		return fmt.Errorf("keep the start of the inbox: %w", err)
	}
	v.inbox.StartedAt = &started
	return nil
}

// How often a kept connection reads again what is due: once it was woken, because another process may have put something
// there and said so, and by itself.
const (
	lookForDueWoken = 2 * time.Second
	lookForDue      = 3 * time.Minute
)

// watch waits for news over a kept connection and takes them in, until something fails or ctx is done.
func (v *visit) watch(ctx context.Context, status *models.InboxStatus, poke <-chan struct{}) error {
	listed, looked := time.Now(), time.Time{}
	var due *time.Time
	stale := true // What is due may have changed since it was read.
	for {
		if ago := time.Since(looked); ago > lookForDue || stale && ago > lookForDueWoken {
			var err error
			if due, err = v.g.Store.NextDue(ctx, v.inbox.ID); err != nil {
				return fmt.Errorf("read what is due: %w", err)
			}
			looked, stale = time.Now(), false
		}
		v.handled = 0
		woken, err := v.pause(ctx, due, stale, poke)
		if err != nil {
			return err
		}
		stale = stale || woken
		isDue := due != nil && !due.After(now())
		full := time.Since(listed) > fullListing || isDue && v.lacking
		if !full && rereads(v.inbox.Settings) {
			if full, err = v.markedUnread(ctx); err != nil {
				return err
			}
		}
		var entries []mailbox.Entry
		if full {
			entries, err = v.box.List(ctx)
			listed = time.Now()
		} else {
			entries, err = v.watcher.News(ctx)
		}
		if err != nil {
			return err
		}
		if full || len(entries) > 0 || isDue {
			if err := v.round(ctx, entries, full); err != nil {
				return err
			}
			looked = time.Time{}
		}
		v.g.visited(ctx, v.fence, status, v.handled)
	}
}

// pause waits until the server says something, the poll interval has passed, something is due or is to be read again, or
// somebody pokes. It reports whether it was woken before its time.
func (v *visit) pause(ctx context.Context, due *time.Time, stale bool, poke <-chan struct{}) (woken bool, err error) {
	d := sharedWait(time.Now(), v.inbox.Settings.PollInterval)
	if due != nil {
		d = min(d, max(due.Sub(now()), 100*time.Millisecond)) // Never in a hurry, whatever the ledger says.
	}
	if stale {
		d = min(d, lookForDueWoken)
	}
	begun := time.Now()
	v.g.beat(v.inbox.ID, pulse{polledAt: now(), nextAt: now().Add(d)})
	if v.inbox.Settings.Idle {
		err = v.watcher.Wait(ctx, d, poke)
	} else {
		wait(ctx, d, poke)
		err = ctx.Err()
	}
	return time.Since(begun) < d, err
}

// sharedWait is an interval from begun on, shortened by less than a sixtieth so that the waits of many inboxes end at the same
// moments. To wake a sleeping processor costs more than to ask a server for news, and what follows in the same moment is cheap.
func sharedWait(begun time.Time, interval time.Duration) time.Duration {
	return begun.Add(interval).Truncate(interval / 60).Sub(begun)
}

// close ends the visit; settlements that are final only with it are written down after it has succeeded.
func (v *visit) close(ctx context.Context) error {
	if err := v.box.Close(ctx); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	ids := make([]int64, 0, len(v.deferred))
	for id := range v.deferred {
		ids = append(ids, id)
	}
	return v.saveSettled(ctx, ids, models.SettleDone)
}
