package gateway

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"letterbox/models"
)

// FailingInboxes returns how many enabled inboxes of those that sees selects cannot be visited at the moment. It asks
// the database twice, however many inboxes there are, so that every page can show the number.
func (g *Gateway) FailingInboxes(ctx context.Context, sees func(models.Inbox) bool) (int, error) {
	all, err := g.Store.Inboxes(ctx)
	if err != nil {
		return 0, fmt.Errorf("count failing inboxes: %w", err)
	}
	states, err := g.Store.InboxStatuses(ctx)
	if err != nil {
		return 0, fmt.Errorf("count failing inboxes: %w", err)
	}
	n := 0
	for _, ib := range all {
		switch states[ib.ID].State {
		case models.InboxFailing, models.InboxRefused:
			if ib.Enabled && sees(ib) {
				n++
			}
		}
	}
	return n, nil
}

// InboxAddresses returns by what people call each inbox: its address, or its name when it has none.
func (g *Gateway) InboxAddresses(ctx context.Context) (map[int64]string, error) {
	all, err := g.Store.Inboxes(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the addresses of inboxes: %w", err)
	}
	names := make(map[int64]string, len(all))
	for _, ib := range all {
		names[ib.ID] = ib.Address
		if ib.Address == "" {
			names[ib.ID] = ib.Name
		}
	}
	return names, nil
}

// FailingStatus is how an inbox is doing that needs somebody.
type FailingStatus struct {
	models.InboxStatus
	Unaccounted int
}

// unaccountedAge is how long mail may be unaccounted for before it is worth an alarm: the next visit takes it in.
const unaccountedAge = 15 * time.Minute

// FailingStatuses returns the enabled inboxes that cannot be visited, or of which mail has been unaccounted for some
// time, by number.
func (g *Gateway) FailingStatuses(ctx context.Context) ([]FailingStatus, error) {
	all, err := g.Store.Inboxes(ctx)
	if err != nil {
		return nil, fmt.Errorf("list failing inboxes: %w", err)
	}
	states, err := g.Store.InboxStatuses(ctx)
	if err != nil {
		return nil, fmt.Errorf("list failing inboxes: %w", err)
	}
	accounts, err := g.Store.InboxAccounts(ctx)
	if err != nil {
		return nil, fmt.Errorf("list failing inboxes: %w", err)
	}
	var out []FailingStatus
	for _, ib := range all {
		s, a := FailingStatus{InboxStatus: states[ib.ID]}, accounts[ib.ID]
		s.InboxID = ib.ID
		s.InboxStatus = g.latest(s.InboxStatus)
		if a.Unaccounted > 0 && now().Sub(a.At) > unaccountedAge {
			s.Unaccounted = a.Unaccounted
		}
		failing := s.State == models.InboxFailing || s.State == models.InboxRefused
		if ib.Enabled && (failing || s.Unaccounted > 0) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b FailingStatus) int { return cmp.Compare(a.InboxID, b.InboxID) })
	return out, nil
}
