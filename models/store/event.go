package store

import (
	"context"

	"letterbox/models"
)

// AddEvents adds changes of issues to their history and sets their IDs, and At where it is zero.
func (s *Store) AddEvents(ctx context.Context, list []models.IssueEvent) error {
	return s.write(ctx, "add events", func(ctx context.Context, tx *txPool) (err error) {
		for i := range list {
			e := &list[i]
			if e.At.IsZero() {
				e.At = now()
			}
			e.ID, err = tx.insert(ctx, "INSERT INTO issue_events (issue_number, user_id, kind, was, became, at) VALUES (?, ?, ?, ?, ?, ?)",
				e.IssueNumber, e.UserID, e.Kind, cut(e.Was, 2000), cut(e.Became, 2000), e.At)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Events returns the history of an issue, oldest first; at most 1,000, the latest ones.
func (s *Store) Events(ctx context.Context, issue int64) ([]models.IssueEvent, error) {
	var list []models.IssueEvent
	err := s.gorm(ctx).Where("issue_number = ?", issue).Order("id DESC").Limit(1000).Find(&list).Error
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list, wrap("list events", err)
}
