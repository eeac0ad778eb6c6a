package gateway

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

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

// underLease runs f while this process holds the lease of the inbox, and reports false when another holds it. The
// context of f ends when the lease is lost.
func (g *Gateway) underLease(ctx context.Context, inbox int64, f func(context.Context, fence) error) (held bool, err error) {
	name := leaseName(inbox)
	epoch, ok, err := g.Store.AcquireLease(ctx, name, g.holder, leaseTTL)
	if err != nil {
		return false, fmt.Errorf("take the lease: %w", err)
	}
	if !ok {
		return false, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	var lost atomic.Bool
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		if !g.renew(ctx, name, epoch) {
			lost.Store(true)
			cancel()
		}
	}()
	err = f(ctx, fence{name: name, epoch: epoch})
	cancel()
	<-stopped
	if lost.Load() || err != nil && !g.stillHeld(ctx, name, epoch) {
		g.counts.fenced.Add(1)
		return false, nil // What went wrong is no news about the inbox: another process visits it.
	}
	release, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	if rerr := g.Store.ReleaseLease(release, name, g.holder, epoch); rerr != nil {
		g.Log.LogAttrs(ctx, slog.LevelWarn, "lease not released, it will run out", slog.Int64("inbox_id", inbox), slog.Any("err", rerr))
	}
	return true, err
}

// stillHeld reports whether nobody else has taken the lease, as far as the database can tell.
func (g *Gateway) stillHeld(ctx context.Context, name string, epoch int64) bool {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer done()
	ok, err := g.Store.RenewLease(ctx, name, g.holder, epoch, leaseTTL)
	return ok || err != nil
}

// renew keeps the lease until ctx is done; it reports false when the lease is lost, or cannot be proven to be held any
// longer.
func (g *Gateway) renew(ctx context.Context, name string, epoch int64) bool {
	trusted := time.Now().Add(leaseTTL - time.Second)
	for wait(ctx, leaseRenew, nil) {
		started := time.Now()
		ok, err := g.Store.RenewLease(ctx, name, g.holder, epoch, leaseTTL)
		switch {
		case ctx.Err() != nil:
			return true
		case err == nil && !ok:
			return false
		case err == nil:
			trusted = started.Add(leaseTTL - time.Second)
		case time.Now().After(trusted.Add(-leaseRenew)):
			return false
		}
	}
	return true
}
