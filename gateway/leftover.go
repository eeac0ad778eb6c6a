package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// How often messages are looked for that nobody brings to their result, and how long a message counts as being brought
// there by whoever took it in.
const (
	lookForLeft = time.Minute
	underWay    = time.Minute
	tidyUp      = time.Hour     // How often octets are deleted that belong to nothing.
	staged      = 2 * time.Hour // How long octets may lie without being referred to.
)

// finishLeft brings messages to their result whose octets are kept and whose inbox nobody visits: they were handed in,
// or the inbox was switched off, and the process ended before they were through.
func (g *Gateway) finishLeft(ctx context.Context) {
	tidied := time.Now()
	for wait(ctx, lookForLeft, nil) {
		if err := g.finishAllLeft(ctx); err != nil && ctx.Err() == nil {
			g.Log.LogAttrs(ctx, slog.LevelWarn, "left messages could not be finished, trying again", slog.Any("err", err))
		}
		if time.Since(tidied) < tidyUp {
			continue
		}
		tidied = time.Now()
		if err := g.Store.DeleteLeases(ctx, store.Presence, forgotten); err != nil && ctx.Err() == nil {
			g.Log.LogAttrs(ctx, slog.LevelWarn, "leases of processes that are gone not deleted, trying again", slog.Any("err", err))
		}
		if _, err := g.Store.DeleteUnreferencedBlobs(ctx, staged); err != nil && ctx.Err() == nil {
			g.Log.LogAttrs(ctx, slog.LevelWarn, "staged octets not deleted, trying again", slog.Any("err", err))
		}
	}
}

func (g *Gateway) finishAllLeft(ctx context.Context) error {
	inboxes, err := g.Store.Inboxes(ctx)
	if err != nil {
		return fmt.Errorf("read inboxes: %w", err)
	}
	for _, ib := range inboxes {
		if visited(ib) {
			continue
		}
		open, err := g.Store.OpenMessages(ctx, ib.ID, now(), 100)
		if err != nil {
			return fmt.Errorf("read open messages: %w", err)
		}
		var left []*models.Message
		for i, m := range open {
			if m.State == models.MessageReceived && m.ReceivedAt.Before(now().Add(-underWay)) {
				left = append(left, &open[i])
			}
		}
		if len(left) == 0 {
			continue
		}
		_, err = g.underLease(ctx, ib.ID, func(ctx context.Context, f fence) error { return g.finishThese(ctx, ib, f, left) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (g *Gateway) finishThese(ctx context.Context, ib models.Inbox, f fence, left []*models.Message) error {
	v, err := g.newVisit(ctx, ib, "", nil, f)
	if err != nil {
		return err
	}
	for _, row := range left {
		if err := v.again(ctx, row, nil, false); err != nil {
			return err
		}
	}
	return nil
}
