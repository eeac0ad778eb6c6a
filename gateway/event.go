package gateway

import (
	"context"

	"letterbox/models"
)

// publish tells the outside of an event, in the transaction in ctx.
func (g *Gateway) publish(ctx context.Context, e models.Event) error {
	if g.Publish == nil {
		return nil
	}
	return g.Publish(ctx, e)
}

// publishMessage tells the outside what has become of a message, in the transaction of its result. What is archived is
// old and told to nobody.
func (g *Gateway) publishMessage(ctx context.Context, ib models.Inbox, m models.Message) error {
	if g.Publish == nil || m.Archived {
		return nil
	}
	e := models.Event{Type: models.MessageReceivedEvent, Data: map[string]any{
		"id": m.ID, "inbox": m.InboxID, "state": string(m.State), "reason": m.Reason, "issue": m.IssueNumber, "comment": m.CommentID,
	}}
	switch m.State {
	case models.MessageRejected:
		e.Type = models.MessageRejectedEvent
	case models.MessageQuarantined:
		e.Type = models.MessageQuarantinedEvent
	}
	if !ib.Global {
		e.ProjectID = ib.ProjectID
	}
	return g.publish(ctx, e)
}

// publishState tells the outside that an inbox began to fail or works again.
func (g *Gateway) publishState(ctx context.Context, e models.InboxEvent) error {
	if g.Publish == nil {
		return nil
	}
	return g.publish(ctx, models.Event{Type: models.InboxStateEvent, InboxID: e.InboxID, Data: map[string]any{
		"id": e.InboxID, "state": string(e.State), "code": e.Code,
	}})
}
