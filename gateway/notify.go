package gateway

import (
	"context"
	"log/slog"

	"letterbox/models"
)

// planNotice records who is told by mail about the result. No inbox has a sending account yet, so nobody is, and the
// trace says so: a reader must not wonder about a missing answer.
func (g *Gateway) planNotice(d *delivery) {
	if d.state == models.MessageCreated || d.state == models.MessageCommented {
		d.note(models.StepNotify, "notify.no_account")
	}
}

// notify tells the open pages that something is new. It runs after the commit; losing it loses nothing.
func (g *Gateway) notify(ctx context.Context, d *delivery) {
	g.counts.finished.Add(1)
	g.Changed("message")
	if d.issue != 0 {
		g.Changed("issue:" + itoa(d.issue))
	}
	g.Log.LogAttrs(ctx, slog.LevelInfo, "message finished", slog.Int64("message_id", d.row.ID), slog.Int64("inbox_id", d.inbox.ID),
		slog.String("state", string(d.state)), slog.String("reason", string(d.reason)), slog.Int64("issue", d.issue))
}
