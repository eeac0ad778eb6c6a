package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"letterbox/gateway/flow"
	"letterbox/models"
)

// callWebhooks tells the webhooks that flow rules name of the message, in the transaction of its result. One that is not there,
// is off, wants no such events or is for another project is left out, and the trace says so.
func (g *Gateway) callWebhooks(ctx context.Context, d *delivery) ([]models.Event, error) {
	if len(d.flowed.Call) == 0 || d.row.Archived || d.state == models.MessageDuplicate || d.state == models.MessageIgnored {
		return nil, nil
	}
	all, err := g.Store.Webhooks(ctx)
	if err != nil {
		return nil, fmt.Errorf("read webhooks: %w", err)
	}
	var events []models.Event
	for _, c := range d.flowed.Call {
		code := "notify.webhook_none"
		if slices.ContainsFunc(all, func(w models.Webhook) bool {
			return w.Name == c.Webhook && w.Enabled && slices.Contains(w.Events, models.MessageMatchedEvent) && (w.ProjectID == nil || !d.inbox.Global && *w.ProjectID == d.inbox.ProjectID)
		}) {
			code = "notify.webhook"
			events = append(events, models.Event{Type: models.MessageMatchedEvent, To: c.Webhook, Data: map[string]any{"rule": c.Rule}})
		}
		d.note(models.StepNotify, code, "name", c.Webhook, "rule", c.Rule)
	}
	return events, nil
}

// noWebhooks refuses flow rules that call a webhook which is not there, or does not want that. What was in force before may stay.
func (g *Gateway) noWebhooks(ctx context.Context, before, after models.Flow) (list models.InvalidList, err error) {
	if len(flow.Webhooks(after)) == 0 {
		return nil, nil
	}
	known := flow.Webhooks(before)
	all, err := g.Store.Webhooks(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range all {
		if slices.Contains(w.Events, models.MessageMatchedEvent) {
			known = append(known, w.Name)
		}
	}
	for _, a := range flow.Namings(after, "webhook") {
		if !slices.Contains(known, strings.TrimSpace(a.Value)) {
			list = append(list, &models.Invalid{Field: a.Path, Code: "E-FLOW-13", Args: map[string]string{"rule": a.Rule, "name": a.Value}})
		}
	}
	return list, nil
}
