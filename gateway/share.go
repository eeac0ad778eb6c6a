package gateway

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"letterbox/models/store"
)

// Several processes share the inboxes of one database without talking to each other. Each makes its presence known by a
// lease of its own. It visits at most its share, and gives up what is more, so that one that joins finds inboxes that
// nobody visits; once one that has left, or has died, is no longer present, the shares of the others grow. Who joins and
// who leaves is seen with the next look at the inboxes, who dies once its lease has run out.

// How often a process that does not visit all inboxes looks whether one has become free: each time it looks at the
// inboxes for as long as they may still be changing hands, and less often from then on.
const (
	lookForOthers = 10 * time.Second
	changingHands = 30 * time.Second
)

// forgotten is how long the lease of a process that is gone stays.
const forgotten = 24 * time.Hour

// present is what a process knows of itself and the others.
type present struct {
	renewed   time.Time // When the lease was taken that makes this process known.
	counted   time.Time // When the others were counted last.
	processes int64     // How many there were when one had joined or left last,
	changed   time.Time // and when that was.
}

// changes reports whether a process has joined or left, now that there are so many.
func (p *present) changes(processes int64) bool {
	if p.processes == processes {
		return false
	}
	p.processes, p.changed = processes, time.Now()
	return true
}

// waits reports whether it is too early to look again whether an inbox has become free.
func (p *present) waits() bool {
	return time.Since(p.changed) > changingHands && time.Since(p.counted) < lookForOthers
}

// stayPresent takes and renews the presence of this process. Whoever decides what is visited does it, so that a process
// in which nobody can decide is not waited for. It reports whether it was time to: then the others are counted too.
func (g *Gateway) stayPresent(ctx context.Context) (due bool, err error) {
	if time.Since(g.presence.renewed) < leaseRenew {
		return false, nil
	}
	at := time.Now()
	_, _, err = g.Store.AcquireLease(ctx, store.Presence+g.holder, g.holder, leaseTTL)
	if err == nil {
		g.presence.renewed = at
	}
	return true, err
}

// leave tells the others that this process visits nothing any more; if it cannot, its presence runs out.
func (g *Gateway) leave() {
	ctx, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	if err := g.Store.DeleteLease(ctx, store.Presence+g.holder, g.holder); err != nil {
		g.Log.LogAttrs(ctx, slog.LevelWarn, "presence not deleted, it will run out", slog.Any("err", err))
	}
}

// processes counts the processes among leases.
func processes(leases map[string]bool) (n int) {
	for name := range leases {
		if strings.HasPrefix(name, store.Presence) {
			n++
		}
	}
	return n
}

// fairShare is how many of the inboxes a process visits at most: the shares of all processes are enough for all inboxes.
func fairShare(inboxes, processes int) int { return (inboxes + processes - 1) / processes }
