package gateway

import (
	"context"
	"log/slog"
	"strings"
	"time"
)

// Several processes share the inboxes of one database without talking to each other. Each makes its presence known by a
// lease of its own. It visits at most its share, and gives up what is more, so that one that joins finds inboxes that
// nobody visits; once one that has left, or has died, is no longer present, the shares of the others grow.
const presence = "process:"

// lookForOthers is how often a process that does not visit all inboxes looks whether one has become free.
const lookForOthers = 10 * time.Second

// forgotten is how long the lease of a process that is gone stays.
const forgotten = 24 * time.Hour

// present is the lease that makes this process known.
type present struct {
	epoch   int64
	renewed time.Time
	counted time.Time // When the others were counted last.
}

// stayPresent takes and renews the presence of this process. Whoever decides what is visited does it, so that a process
// in which nobody can decide is not waited for. It reports whether it was time to: then the others are counted too.
func (g *Gateway) stayPresent(ctx context.Context) (due bool, err error) {
	if time.Since(g.presence.renewed) < leaseRenew {
		return false, nil
	}
	at := time.Now()
	epoch, _, err := g.Store.AcquireLease(ctx, presence+g.holder, g.holder, leaseTTL)
	if err == nil {
		g.presence.epoch, g.presence.renewed = epoch, at
	}
	return true, err
}

// leave tells the others that this process visits nothing any more; if it cannot, its presence runs out.
func (g *Gateway) leave() {
	ctx, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	if err := g.Store.ReleaseLease(ctx, presence+g.holder, g.holder, g.presence.epoch); err != nil {
		g.Log.LogAttrs(ctx, slog.LevelWarn, "presence not released, it will run out", slog.Any("err", err))
	}
}

// processes counts the processes among leases.
func processes(leases map[string]bool) (n int) {
	for name := range leases {
		if strings.HasPrefix(name, presence) {
			n++
		}
	}
	return n
}

// fairShare is how many of the inboxes a process visits at most: the shares of all processes are enough for all inboxes.
func fairShare(inboxes, processes int) int { return (inboxes + processes - 1) / processes }
