package gateway

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"letterbox/models"
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
	defer g.leave()   // Once nothing is held any more.
	defer g.stopAll() // Putting work down takes less time than the leases have left.
	var left sync.WaitGroup
	defer left.Wait()
	left.Go(func() { g.renewLeases(ctx) })
	left.Go(func() { g.finishLeft(ctx) })
	left.Go(func() { g.sendOutbox(ctx) })
	left.Go(func() { g.tendOAuth(ctx) })
	left.Go(func() { g.keepExpired(ctx) })
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

// visited reports whether an inbox has a server that is to be visited.
func visited(ib models.Inbox) bool { return ib.Enabled && fromServer(ib.Settings.Receive) }

func (g *Gateway) startWorker(ctx context.Context, ib models.Inbox) *worker {
	ctx, cancel := context.WithCancel(ctx)
	w := &worker{version: ib.Version, asked: ib.PollsAsked, poke: make(chan struct{}, 1), stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		g.work(ctx, &ib, w.poke)
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

// work visits one inbox until ctx is done or another process has taken over. It keeps the lease between two visits, so
// that one process alone keeps the poll interval.
func (g *Gateway) work(ctx context.Context, ib *models.Inbox, poke <-chan struct{}) {
	s := &shift{status: g.statusOf(ctx, ib.ID), poke: poke}
	_, err := g.underLease(ctx, ib.ID, func(ctx context.Context, f fence) error { return g.visits(ctx, ib, f, s) })
	if err != nil && ctx.Err() == nil {
		wait(ctx, g.visitFailed(ctx, ib, fence{}, s.status, err), poke)
	}
}

// visits goes to the server of an inbox again and again, until ctx is done or models.ErrFenced.
func (g *Gateway) visits(ctx context.Context, ib *models.Inbox, f fence, s *shift) error {
	for {
		g.counts.visits.Add(1)
		err := g.session(ctx, ib, f, s)
		delay := jitter(ib.Settings.PollInterval)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !g.stillHeld(ctx, f):
			return models.ErrFenced // What went wrong is no news about the inbox: another process visits it.
		case err != nil:
			g.counts.failures.Add(1)
			delay = g.visitFailed(ctx, ib, f, s.status, err)
		case s.cutShort:
			delay = 0
		}
		g.beat(ib.ID, pulse{nextAt: now().Add(delay)})
		if !wait(ctx, delay, s.poke) {
			return nil
		}
	}
}

// ended reports whether the worker has ended by itself.
func (w *worker) ended() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
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
