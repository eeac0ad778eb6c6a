package tracker

import (
	"context"
	"fmt"

	"letterbox/models"
)

// Watch makes the person follow an issue that it sees. Doing it twice does no harm.
func (s *Service) Watch(ctx context.Context, by *models.User, number int64) error {
	if _, _, err := s.issue(ctx, by, number); err != nil {
		return err
	}
	if by == nil || by.ID == 0 {
		return models.ErrForbidden
	}
	if err := s.store.AddWatchers(ctx, number, []int64{by.ID}); err != nil {
		return fmt.Errorf("watch issue: %w", err)
	}
	s.tell(ctx, object("issue", number))
	return nil
}

// Unwatch has the person not follow an issue any more.
func (s *Service) Unwatch(ctx context.Context, by *models.User, number int64) error {
	if _, _, err := s.issue(ctx, by, number); err != nil {
		return err
	}
	if by == nil || by.ID == 0 {
		return models.ErrForbidden
	}
	if err := s.store.RemoveWatcher(ctx, number, by.ID); err != nil {
		return fmt.Errorf("stop watching: %w", err)
	}
	s.tell(ctx, object("issue", number))
	return nil
}
