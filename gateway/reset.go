package gateway

import (
	"context"
	"fmt"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// LedgerReset is what would be fetched again from the server of an inbox, or has been put back for it.
type LedgerReset struct {
	Listed  int       // Messages on the server.
	Effect  int       // Of these, those that became an issue or a comment, or belong to one: they are left alone.
	Refused int       // Those that were refused, ignored or set aside: today's rules decide on them again.
	Older   int       // Those that were there before the inbox began and are in the ledger (POP3).
	Unknown int       // Those that are not in the ledger: the next visit fetches them, or they are none of ours.
	Octets  int64     // Of Refused and Older.
	Oldest  time.Time // Arrival of the oldest of Refused and Older; zero when there is none.

	refused, older []int64
}

// ResetPreview says what ResetLedger would do now. It asks the server for its list and changes nothing. A server that
// cannot be reached is a *mailbox.Problem; an inbox without a server has nothing.
func (g *Gateway) ResetPreview(ctx context.Context, inbox int64) (LedgerReset, error) {
	var r LedgerReset
	ib, err := g.Store.InboxByID(ctx, inbox)
	if err != nil || !fromServer(ib.Settings.Receive) {
		return r, err
	}
	box, err := g.openBox(ctx, ib, nil)
	if err != nil {
		return r, err
	}
	defer box.Abort()
	entries, err := box.List(ctx)
	if err != nil {
		return r, fmt.Errorf("list: %w", err)
	}
	ledger := map[folderKey]map[string]store.LedgerLine{}
	for _, e := range entries {
		key := keyOf(e)
		if ledger[key] == nil {
			if ledger[key], err = g.Store.LedgerLines(ctx, inbox, key.folder, key.uidValidity); err != nil {
				return r, fmt.Errorf("read the ledger: %w", err)
			}
		}
		line, known := ledger[key][e.UID]
		r.Listed++
		switch {
		case !known:
			r.Unknown++
			continue
		case line.Effect:
			r.Effect++
			continue
		case line.BeforeStart:
			r.Older++
			r.older = append(r.older, line.ID)
		case line.Again:
			r.Refused++
			r.refused = append(r.refused, line.ID)
		default:
			continue // On its way, a duplicate of another one, or too large.
		}
		r.Octets += e.Size
		if r.Oldest.IsZero() || line.ReceivedAt.Before(r.Oldest) {
			r.Oldest = line.ReceivedAt
		}
	}
	return r, nil
}

// ResetLedger has the messages that the server still holds and that had no effect fetched and decided on again; with older
// also those that were there before the inbox began. What became an issue or a comment is left alone, so nothing is made
// twice. It is audited.
func (g *Gateway) ResetLedger(ctx context.Context, by *models.User, inbox int64, older bool) (LedgerReset, error) {
	r, err := g.ResetPreview(ctx, inbox)
	if err != nil {
		return r, err
	}
	ids := r.refused
	if older {
		ids = append(ids, r.older...)
	}
	if len(ids) == 0 {
		return r, nil
	}
	err = g.Store.WithTx(ctx, func(ctx context.Context) error {
		if err := g.Store.FetchAgain(ctx, ids); err != nil {
			return err
		}
		return g.audit(ctx, by, "inbox.reset", "inbox:"+itoa(inbox), map[string]int{"messages": len(ids)})
	})
	if err != nil {
		return r, fmt.Errorf("put messages back: %w", err)
	}
	return r, g.Poll(ctx, inbox)
}
