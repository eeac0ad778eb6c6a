package store

import (
	"context"
	"database/sql"
	"time"

	"gorm.io/gorm/clause"

	"letterbox/models"
)

// mostVisits is how many issues that a user has looked at are kept.
const mostVisits = 50

// AddVisit notes that a user has looked at an issue. Nothing is written when that stands there since a time after fresh;
// of each user the last 50 issues are kept.
func (s *Store) AddVisit(ctx context.Context, userID, issue int64, fresh time.Time) error {
	var last time.Time
	err := s.each(ctx, "SELECT visited_at FROM issue_visits WHERE user_id = ? AND issue_number = ?", []any{userID, issue}, func(r *sql.Rows) error {
		return r.Scan(&last)
	})
	if err != nil || last.After(fresh) {
		return wrap("read visit", err)
	}
	return s.write(ctx, "add visit", func(ctx context.Context, tx *txPool) error {
		v := models.IssueVisit{UserID: userID, IssueNumber: issue, VisitedAt: now()}
		err := s.gorm(ctx).Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "user_id"}, {Name: "issue_number"}}, DoUpdates: clause.AssignmentColumns([]string{"visited_at"}),
		}).Create(&v).Error
		if err != nil {
			return err
		}
		old, err := s.int64s(ctx, "SELECT issue_number FROM issue_visits WHERE user_id = ? ORDER BY visited_at DESC, issue_number LIMIT 50 OFFSET ?", userID, mostVisits)
		if err != nil || len(old) == 0 {
			return err
		}
		_, err = tx.exec(ctx, "DELETE FROM issue_visits WHERE user_id = ? AND issue_number IN ("+marks(len(old))+")", append([]any{userID}, anys(old)...)...)
		return err
	})
}

// Visits returns the issues that a user has looked at, the last one first.
func (s *Store) Visits(ctx context.Context, userID int64, limit int) ([]int64, error) {
	list, err := s.int64s(ctx, "SELECT issue_number FROM issue_visits WHERE user_id = ? ORDER BY visited_at DESC, issue_number LIMIT ?", userID, limit)
	return list, wrap("list visits", err)
}
