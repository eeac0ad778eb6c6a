package gateway

import (
	"context"
	"log/slog"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// Reconciliation compares the server's list with the ledger.
type Reconciliation struct {
	Server      int // Messages that the server lists and that are ours.
	Ledger      int // Of these, those that the ledger knows.
	Unaccounted int // The rest: the next visit fetches them.
	Before      int // Older than the start of the inbox, or about to be removed by somebody: left alone.
}

// Reconcile compares the server's list with the ledger and has the inbox visited when something is unaccounted for.
func (g *Gateway) Reconcile(ctx context.Context, id int64) (Reconciliation, error) {
	var r Reconciliation
	ib, err := g.Store.InboxByID(ctx, id)
	if err != nil {
		return r, err
	}
	box, err := g.openBox(ctx, ib, nil)
	if err != nil {
		return r, err
	}
	defer box.Abort()
	v, err := g.newVisit(ctx, ib, ib.Settings.Receive, box, fence{})
	if err != nil {
		return r, err
	}
	entries, err := box.List(ctx)
	if err != nil {
		return r, err
	}
	if r, err = v.compare(ctx, entries); err != nil {
		return r, err
	}
	v.keepAccount(ctx, r)
	if r.Unaccounted > 0 && ib.Enabled {
		return r, g.Poll(ctx, id)
	}
	return r, nil
}

// compare finds out which messages of a full listing the ledger knows.
func (v *visit) compare(ctx context.Context, entries []mailbox.Entry) (r Reconciliation, err error) {
	for _, e := range entries {
		key := folderKey{e.Folder, e.UIDValidity}
		known, err := v.knownUIDs(ctx, key)
		if err != nil {
			return r, err
		}
		_, in := known[e.UID]
		_, marked := v.list.marks[key]
		switch {
		case in:
			r.Server++
			r.Ledger++
		case marked && v.leftAlone(key, e), e.Deleted:
			r.Before++
		default:
			r.Server++
			r.Unaccounted++
		}
	}
	return r, nil
}

// accountAge is how old the kept comparison of an inbox may be when nothing has changed.
const accountAge = time.Hour

// account compares a full listing with the ledger, once everything that could be taken in has been.
func (v *visit) account(ctx context.Context, entries []mailbox.Entry) {
	r, err := v.compare(ctx, entries)
	if err != nil {
		return // The next listing compares again.
	}
	v.g.mu.Lock()
	last := v.g.accounts[v.inbox.ID]
	v.g.mu.Unlock()
	if last.Reconciliation != r || time.Since(last.at) > accountAge {
		v.keepAccount(ctx, r)
	}
}

// kept is the comparison that this process has written last.
type kept struct {
	Reconciliation
	at time.Time
}

// keepAccount writes a comparison down, for pages and metrics. Without it the mail goes on all the same.
func (v *visit) keepAccount(ctx context.Context, r Reconciliation) {
	a := models.InboxAccount{
		InboxID: v.inbox.ID, Server: r.Server, Ledger: r.Ledger, Unaccounted: r.Unaccounted, BeforeStart: r.Before, At: now(),
	}
	if err := v.g.Store.SaveInboxAccount(ctx, &a); err != nil {
		if ctx.Err() == nil {
			v.g.Log.LogAttrs(ctx, slog.LevelWarn, "comparison with the server not kept", slog.Int64("inbox_id", v.inbox.ID), slog.Any("err", err))
		}
		return
	}
	v.g.mu.Lock()
	v.g.accounts[v.inbox.ID] = kept{r, time.Now()}
	v.g.mu.Unlock()
	v.g.Changed("inbox:" + itoa(v.inbox.ID))
}
