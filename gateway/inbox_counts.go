package gateway

import (
	"context"
	"fmt"

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
