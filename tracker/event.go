package tracker

import (
	"context"

	"letterbox/models"
)

// publish tells the outside that something happened to an issue, in the transaction in ctx.
func (s *Service) publish(ctx context.Context, kind string, i models.Issue, more map[string]any) error {
	if s.outside == nil {
		return nil
	}
	data := map[string]any{"number": i.Number, "title": i.Title, "state": string(i.State)}
	for name, value := range more {
		data[name] = value
	}
	return s.outside(ctx, models.Event{Type: kind, ProjectID: i.ProjectID, Data: data})
}

// publishChange tells the outside what was changed of an issue.
func (s *Service) publishChange(ctx context.Context, before, after models.Issue, list []models.IssueEvent) error {
	kind := models.IssueUpdatedEvent
	if after.State.Done() && !before.State.Done() {
		kind = models.IssueClosedEvent
	}
	changed := make([]string, 0, len(list))
	for _, e := range list {
		changed = append(changed, string(e.Kind))
	}
	return s.publish(ctx, kind, after, map[string]any{"changed": changed})
}

// publishComment tells the outside of a new comment, without its text.
func (s *Service) publishComment(ctx context.Context, i models.Issue, c models.Comment) error {
	if s.outside == nil {
		return nil
	}
	data := map[string]any{"id": c.ID, "issue": i.Number, "internal": c.Internal}
	if c.OriginMessageID != nil {
		data["message"] = *c.OriginMessageID
	}
	return s.outside(ctx, models.Event{Type: models.CommentCreatedEvent, ProjectID: i.ProjectID, Data: data})
}
