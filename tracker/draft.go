package tracker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"letterbox/models"
)

// SaveDraft keeps what the person has begun to write on an issue, for it alone; an empty text forgets it.
func (s *Service) SaveDraft(ctx context.Context, by *models.User, number int64, text string, internal bool) error {
	if _, _, err := s.issue(ctx, by, number); err != nil {
		return err
	}
	if by == nil || by.ID == 0 {
		return models.ErrForbidden
	}
	if text = body(text); strings.TrimSpace(text) == "" {
		text = ""
	}
	if len(text) > maxDescription {
		return invalid("body", "E-TEXT-01", "max", fmt.Sprint(maxDescription))
	}
	return s.store.SaveDraft(ctx, models.Draft{UserID: by.ID, IssueNumber: number, Body: text, Internal: internal})
}

// Draft returns what the person has begun to write on an issue; ok is false when there is nothing.
func (s *Service) Draft(ctx context.Context, by *models.User, number int64) (d models.Draft, ok bool, err error) {
	if by == nil || by.ID == 0 {
		return d, false, nil
	}
	d, err = s.store.Draft(ctx, by.ID, number)
	if errors.Is(err, models.ErrNotFound) {
		return d, false, nil
	}
	return d, err == nil, err
}
