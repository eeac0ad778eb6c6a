package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// How long a process may visit an inbox without renewing its lease, and how often it renews it. A lease only saves
// work: what keeps a message from having its effect twice are the unique keys and the fence.
const (
	leaseTTL   = 60 * time.Second
	leaseRenew = 20 * time.Second
)

// fence is the lease under which a visit works. Each transaction with an effect writes to the lease's row, so it fails
// once another process has taken over. The zero value fences nothing: a door without a lease.
type fence struct {
	name  string
	epoch int64
}

func (f fence) hold(ctx context.Context, s *store.Store) error {
	if f.name == "" {
		return nil
	}
	return s.HoldLease(ctx, f.name, f.epoch)
}

func leaseName(inbox int64) string { return "inbox:" + itoa(inbox) }

// newHolder names this process: host and process for people, random letters to be unique.
func newHolder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "?"
	}
	return fmt.Sprintf("%s/%d/%s", cut(host, 100), os.Getpid(), rand.Text()[:10])
}

// Holder names this process in the leases.
func (g *Gateway) Holder() string { return g.holder }

// EndLeasesOf lets the leases of a holder run out now. It is for a process that is known to be dead; were it alive, it
// would lose its visits and no more, because its epochs are fenced off by the next holder.
func (g *Gateway) EndLeasesOf(ctx context.Context, holder string) error {
	if err := g.Store.EndLeasesOf(ctx, holder); err != nil {
		return fmt.Errorf("end the leases of a dead process: %w", err)
	}
	return nil
}

// heldLease is a lease of this process.
type heldLease struct {
	fence
	taken   time.Time          // When it was certainly taken.
	trusted time.Time          // Until when nobody else can have it.
	end     context.CancelFunc // Ends what is done under it.
	lost    bool               // Guarded by Gateway.mu.
}

// underLease runs f while this process holds the lease of the inbox, and reports false when another holds it. The
// context of f ends when the lease is lost. Run renews it. Its frame is small: f may wait for mail for days.
func (g *Gateway) underLease(ctx context.Context, inbox int64, f func(context.Context, fence) error) (held bool, err error) {
	under, h, err := g.takeLease(ctx, inbox)
	if h == nil {
		return false, err
	}
	err = f(under, h.fence)
	h.end()
	if g.dropLease(ctx, h, err) {
		g.counts.fenced.Add(1)
		return false, nil // What went wrong is no news about the inbox: another process visits it.
	}
	g.giveBack(ctx, h)
	return true, err
}

// takeLease takes the lease of an inbox; nil when another process holds it. The context ends when the lease is lost.
func (g *Gateway) takeLease(ctx context.Context, inbox int64) (context.Context, *heldLease, error) {
	name, begun := leaseName(inbox), time.Now()
	epoch, ok, err := g.Store.AcquireLease(ctx, name, g.holder, leaseTTL)
	if err != nil {
		return ctx, nil, fmt.Errorf("take the lease: %w", err)
	}
	if !ok {
		return ctx, nil, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	h := &heldLease{fence: fence{name: name, epoch: epoch}, taken: time.Now(), trusted: begun.Add(leaseTTL - time.Second), end: cancel}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leases[name] = h
	return ctx, h, nil
}

// dropLease stops renewing a lease and reports whether it was lost before err, which is what came of the work under it.
func (g *Gateway) dropLease(ctx context.Context, h *heldLease, err error) (lost bool) {
	g.mu.Lock()
	if g.leases[h.name] == h {
		delete(g.leases, h.name)
	}
	lost = h.lost
	g.mu.Unlock()
	return lost || errors.Is(err, models.ErrFenced) || err != nil && !g.stillHeld(ctx, h.fence)
}

// giveBack lets others have the lease at once, also when ctx is done.
func (g *Gateway) giveBack(ctx context.Context, h *heldLease) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if err := g.Store.ReleaseLease(ctx, h.name, g.holder, h.epoch); err != nil {
		g.Log.LogAttrs(ctx, slog.LevelWarn, "lease not released, it will run out", slog.String("lease", h.name), slog.Any("err", err))
	}
}

// stillHeld reports whether nobody else has taken the lease, as far as the database can tell.
func (g *Gateway) stillHeld(ctx context.Context, f fence) bool {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	ok, err := g.Store.RenewLease(ctx, f.name, g.holder, f.epoch, leaseTTL)
	return ok || err != nil
}

// renewLeases keeps the leases of this process, all with one statement, until ctx is done. What is done under one that
// is lost, or that cannot be proven to be held any longer, is ended.
func (g *Gateway) renewLeases(ctx context.Context) {
	for wait(ctx, leaseRenew, nil) {
		started := time.Now()
		g.mu.Lock()
		names := slices.Collect(maps.Keys(g.leases))
		g.mu.Unlock()
		epochs, err := g.Store.RenewLeases(ctx, g.holder, names, leaseTTL)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			g.Log.LogAttrs(ctx, slog.LevelWarn, "leases could not be renewed, trying again", slog.Any("err", err))
		}
		g.mu.Lock()
		for name, h := range g.leases {
			switch {
			case err != nil:
				h.lost = time.Now().After(h.trusted.Add(-leaseRenew))
			case epochs[name] == h.epoch:
				h.trusted = started.Add(leaseTTL - time.Second)
			default:
				h.lost = h.taken.Before(started) // Otherwise it was taken after we asked.
			}
			if h.lost {
				h.end()
			}
		}
		g.mu.Unlock()
	}
}
