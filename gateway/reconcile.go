package gateway

import (
	"context"
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
	if r.Unaccounted > 0 && ib.Enabled {
		return r, g.Poll(ctx, id)
	}
	return r, nil
}
