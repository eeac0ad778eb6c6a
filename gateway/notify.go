package gateway

import (
	"context"
	"log/slog"
)

// notify tells the open pages that something is new, and the worker of the outbox when there is mail to send. It runs
// after the commit; losing it loses nothing.
func (g *Gateway) notify(ctx context.Context, d *delivery) {
	g.counts.finished.Add(1)
	g.harvest(ctx, d)
	g.Changed("message")
	if d.issue != 0 {
		g.Changed("issue:" + itoa(d.issue))
	}
	if d.queued {
		g.sendSoon()
	}
	g.Log.LogAttrs(ctx, slog.LevelInfo, "message finished", slog.Int64("message_id", d.row.ID), slog.Int64("inbox_id", d.inbox.ID),
		slog.String("state", string(d.state)), slog.String("reason", string(d.reason)), slog.Int64("issue", d.issue))
}
