package gateway

import (
	"context"
	"maps"

	"letterbox/models"
)

// publish tells the outside of an event, in the transaction in ctx.
func (g *Gateway) publish(ctx context.Context, e models.Event) error {
	if g.Publish == nil {
		return nil
	}
	return g.Publish(ctx, e)
}

// publishMessage tells the outside what has become of a message, in the transaction of its result, and besides by the events
// of calls, which hold what is known of the message and what they have already. What is archived is old and told to nobody.
func (g *Gateway) publishMessage(ctx context.Context, ib models.Inbox, m models.Message, calls ...models.Event) error {
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
	for _, c := range calls {
		c.ProjectID = e.ProjectID
		maps.Copy(c.Data, e.Data)
		if err := g.publish(ctx, c); err != nil {
			return err
		}
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

// publishFailed tells the outside that a mail of ours was given up or came back.
func (g *Gateway) publishFailed(ctx context.Context, o models.Outgoing) error {
	if g.Publish == nil {
		return nil
	}
	data := map[string]any{"id": o.ID, "kind": string(o.Kind), "state": string(o.State), "code": o.Code, "issue": nil}
	if o.IssueNumber != 0 {
		data["issue"] = o.IssueNumber
	}
	return g.publish(ctx, models.Event{Type: models.DeliveryFailedEvent, Issue: o.IssueNumber, Data: data})
}
