package tracker

import (
	"context"
	"fmt"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// LastChange returns who last changed the properties of an issue and when. What the audit log does not know (an issue
// that was reopened by a mail) is nobody, at the time of the issue's own last change.
func (s *Service) LastChange(ctx context.Context, by *models.User, number int64) (who models.User, at time.Time, err error) {
	issue, _, err := s.issue(ctx, by, number)
	if err != nil {
		return models.User{}, time.Time{}, err
	}
	list, _, err := s.store.Audits(ctx, store.AuditFilter{Object: object("issue", number), Limit: 50})
	if err != nil {
		return models.User{}, time.Time{}, fmt.Errorf("read who changed the issue: %w", err)
	}
	return s.changer(ctx, list, "issue.update", issue.UpdatedAt)
}

// InboxChange is LastChange for an inbox. Those who see the inbox may ask; at is when it was last changed.
func (s *Service) InboxChange(ctx context.Context, by *models.User, in models.Inbox) (who models.User, at time.Time, err error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return models.User{}, time.Time{}, err
	}
	if !a.SeesInbox(in) {
		return models.User{}, time.Time{}, models.ErrNotFound
	}
	list, _, err := s.store.Audits(ctx, store.AuditFilter{Object: object("inbox", in.ID), Limit: 50})
	if err != nil {
		return models.User{}, time.Time{}, fmt.Errorf("read who changed the inbox: %w", err)
	}
	return s.changer(ctx, list, "inbox.update", in.UpdatedAt)
}

// changer is the person of the latest line with that action.
func (s *Service) changer(ctx context.Context, list []models.Audit, action string, at time.Time) (models.User, time.Time, error) {
	for _, line := range list {
		if line.Action != action || line.UserID == nil {
			continue
		}
		who, err := s.people().get(ctx, *line.UserID)
		return who, line.At, err
	}
	return models.User{}, at, nil
}
