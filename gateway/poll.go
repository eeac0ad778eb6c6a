package gateway

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// lookForChanges is how often the list of inboxes is read again, so that a change on another replica takes effect
// without a restart. A change in this process takes effect at once.
const lookForChanges = 2 * time.Second

// worker visits one inbox in one version of its configuration.
type worker struct {
	version int64
	poke    chan struct{} // A visit is wanted now.
	asked   int64         // How often one was asked for, as far as this process has seen.
	stop    context.CancelFunc
	done    chan struct{}
}

// Run visits the inboxes until ctx is done and its work is put down. Each inbox has a goroutine of its own, so that a
// slow server delays only its own mail.
func (g *Gateway) Run(ctx context.Context) error {
	defer g.stopAll() // Putting work down takes less time than the leases have left.
	var left sync.WaitGroup
	defer left.Wait()
	left.Go(func() { g.renewLeases(ctx) })
	left.Go(func() { g.finishLeft(ctx) })
	left.Go(func() { g.sendOutbox(ctx) })
	left.Go(func() { g.tendOAuth(ctx) })
	for {
		if err := g.sync(ctx); err != nil && ctx.Err() == nil {
			g.Log.LogAttrs(ctx, slog.LevelError, "inboxes could not be read, trying again", slog.Any("err", err))
		}
		if !wait(ctx, lookForChanges, g.resync) {
			return nil
		}
	}
}

// lookNow has this process look for changes of the inboxes at once.
func (g *Gateway) lookNow() {
	g.own.empty()
	select {
	case g.resync <- struct{}{}:
	default: // Asked for already.
	}
}

// sync starts workers for inboxes that are to be visited and stops those that are not, or not so, any more.
func (g *Gateway) sync(ctx context.Context) error {
	versions, err := g.Store.InboxVersions(ctx)
	if err != nil {
		return err
	}
	for _, w := range g.outdated(versions) {
		<-w.done
	}
	for id, now := range versions {
		g.mu.Lock()
		w, passive := g.workers[id], g.passive[id] == now.Version
		g.mu.Unlock()
		switch {
		case w != nil && w.asked != now.PollsAsked:
			w.asked = now.PollsAsked
			w.wake()
		case w != nil || passive || ctx.Err() != nil:
		default:
			ib, err := g.Store.InboxByID(ctx, id)
			if errors.Is(err, models.ErrNotFound) {
				continue // Deleted meanwhile.
			}
			if err != nil {
				return err
			}
			g.mu.Lock()
			if visited(ib) {
				g.workers[id] = g.startWorker(ctx, ib)
			} else {
				g.passive[id] = ib.Version
			}
			g.mu.Unlock()
		}
	}
	return nil
}

// outdated stops the workers of inboxes that have another version now, or are gone, and forgets those.
func (g *Gateway) outdated(versions map[int64]store.InboxVersion) []*worker {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id := range g.passive {
		if _, there := versions[id]; !there {
			delete(g.passive, id)
		}
	}
	var stopped []*worker
	for id, w := range g.workers {
		if now, there := versions[id]; !there || now.Version != w.version {
			w.stop()
			stopped = append(stopped, w)
			delete(g.workers, id)
		}
	}
	return stopped
}

// visited reports whether an inbox has a server that is to be visited.
func visited(ib models.Inbox) bool { return ib.Enabled && fromServer(ib.Settings.Receive) }

func (g *Gateway) startWorker(ctx context.Context, ib models.Inbox) *worker {
	ctx, cancel := context.WithCancel(ctx)
	w := &worker{version: ib.Version, asked: ib.PollsAsked, poke: make(chan struct{}, 1), stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		g.work(ctx, ib, w.poke)
	}()
	return w
}

func (g *Gateway) stopAll() {
	g.mu.Lock()
	all := g.workers
	g.workers = map[int64]*worker{}
	g.mu.Unlock()
	var wg sync.WaitGroup
	for _, w := range all {
		w.stop()
		wg.Go(func() { <-w.done })
	}
	wg.Wait()
}

// work visits one inbox until ctx is done.
func (g *Gateway) work(ctx context.Context, ib models.Inbox, poke <-chan struct{}) {
	s := &shift{status: g.statusOf(ctx, ib.ID), poke: poke}
	for ctx.Err() == nil {
		g.counts.visits.Add(1)
		held, err := g.underLease(ctx, ib.ID, func(ctx context.Context, f fence) error {
			return g.session(ctx, ib, f, s)
		})
		if ctx.Err() != nil {
			return
		}
		delay := jitter(leaseRenew) // Another process visits the inbox: look again later.
		switch {
		case errors.Is(err, models.ErrFenced):
		case err != nil:
			g.counts.failures.Add(1)
			delay = g.visitFailed(ctx, ib, s.status, err)
		case s.cutShort:
			delay = 0
		case held:
			delay = jitter(ib.Settings.PollInterval)
		}
		g.beat(ib.ID, pulse{nextAt: now().Add(delay)})
		wait(ctx, delay, poke)
	}
}

// wake asks for a visit now; one that is asked for already is enough.
func (w *worker) wake() {
	select {
	case w.poke <- struct{}{}:
	default:
	}
}

// beat keeps what is worth showing and not worth a database write.
func (g *Gateway) beat(inbox int64, p pulse) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.polledAt.IsZero() {
		p.polledAt = g.live[inbox].polledAt
	}
	g.live[inbox] = p
}
