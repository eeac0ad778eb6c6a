package gateway

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// sync starts workers for the inboxes that are this process's to visit and stops those that are not, or not so, any more.
func (g *Gateway) sync(ctx context.Context) error {
	due, err := g.stayPresent(ctx)
	if err != nil { // It visits all the same, and what it cannot do is shown with the inboxes.
		g.Log.LogAttrs(ctx, slog.LevelWarn, "presence not renewed, trying again", slog.Any("err", err))
	}
	if g.versions, err = g.Store.InboxVersions(ctx, g.versions); err != nil {
		return err
	}
	versions := g.versions
	g.readsNothing.Store(versions.Unread)
	for _, w := range g.outdated(versions) {
		<-w.done
	}
	g.wakeAsked(versions)
	inboxes, fresh, err := g.toVisit(ctx, versions)
	if err != nil {
		return err
	}
	if changed := g.presence.changes(versions.Processes); !due && !changed && len(fresh) == 0 && (g.visitsAll(inboxes) || g.presence.waits()) {
		return nil
	}
	others, err := g.Store.LeasesOfOthers(ctx, g.holder)
	if err != nil {
		return err
	}
	g.presence.counted = time.Now()
	share := fairShare(len(inboxes), 1+processes(others))
	for _, w := range g.beyond(share) {
		<-w.done
	}
	for _, id := range inboxes {
		g.mu.Lock()
		w, full := g.workers[id], len(g.workers) >= share
		g.mu.Unlock()
		if w != nil || full || others[leaseName(id)] || ctx.Err() != nil {
			continue
		}
		ib, known := fresh[id]
		if !known {
			if ib, err = g.Store.InboxByID(ctx, id); errors.Is(err, models.ErrNotFound) {
				continue // Deleted meanwhile.
			} else if err != nil {
				return err
			}
		}
		g.mu.Lock()
		g.workers[id] = g.startWorker(ctx, ib)
		g.mu.Unlock()
	}
	return nil
}

// visitsAll reports whether this process visits all inboxes by itself.
func (g *Gateway) visitsAll(inboxes []int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !slices.ContainsFunc(inboxes, func(id int64) bool { return g.workers[id] == nil })
}

// wakeAsked has visited at once what somebody has asked for.
func (g *Gateway) wakeAsked(versions store.InboxVersions) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, w := range g.workers {
		if asked := versions.ByID[id].PollsAsked; w.asked != asked {
			w.asked = asked
			w.wake()
		}
	}
}

// toVisit returns the inboxes that some process is to visit, in order, and those that were read for it because they are
// new or changed.
func (g *Gateway) toVisit(ctx context.Context, versions store.InboxVersions) (ids []int64, fresh map[int64]models.Inbox, err error) {
	fresh = map[int64]models.Inbox{}
	for id, now := range versions.ByID {
		known, ok := g.known[id]
		if !ok || known.version != now.Version {
			ib, err := g.Store.InboxByID(ctx, id)
			if errors.Is(err, models.ErrNotFound) {
				continue // Deleted meanwhile.
			}
			if err != nil {
				return nil, nil, err
			}
			known = knownInbox{ib.Version, visited(ib)}
			g.known[id], fresh[id] = known, ib
		}
		if known.visited && !versions.Unread {
			ids = append(ids, id)
		}
	}
	for id := range g.known {
		if _, there := versions.ByID[id]; !there {
			delete(g.known, id)
		}
	}
	slices.Sort(ids)
	return ids, fresh, nil
}

// outdated stops the workers of inboxes that have another version now, are gone, or are not to be read, and forgets those and the ones that
// have ended because another process took over.
func (g *Gateway) outdated(versions store.InboxVersions) []*worker {
	g.mu.Lock()
	defer g.mu.Unlock()
	var stopped []*worker
	for id, w := range g.workers {
		if now, there := versions.ByID[id]; !there || now.Version != w.version || versions.Unread || w.ended() {
			stopped = append(stopped, g.forget(id))
		}
	}
	return stopped
}

// beyond stops the workers that are more than the share of this process.
func (g *Gateway) beyond(share int) []*worker {
	g.mu.Lock()
	defer g.mu.Unlock()
	var stopped []*worker
	for _, id := range slices.Sorted(maps.Keys(g.workers)) {
		if share--; share < 0 {
			stopped = append(stopped, g.forget(id))
		}
	}
	return stopped
}

// forget stops a worker, which may take a moment; g.mu is held.
func (g *Gateway) forget(id int64) *worker {
	w := g.workers[id]
	w.stop()
	delete(g.workers, id)
	return w
}

// knownInbox is what sync keeps of an inbox.
type knownInbox struct {
	version int64
	visited bool
}
