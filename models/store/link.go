package store

import (
	"context"

	"gorm.io/gorm/clause"

	"letterbox/models"
)

// AddLink ties two issues together. It is no error when they are tied like that already.
func (s *Store) AddLink(ctx context.Context, l models.IssueLink) error {
	return s.write(ctx, "add link", func(ctx context.Context, _ *txPool) error {
		if l.CreatedAt.IsZero() {
			l.CreatedAt = now()
		}
		return s.gorm(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&l).Error
	})
}

// RemoveLink unties two issues; models.ErrNotFound when they are not tied like that.
func (s *Store) RemoveLink(ctx context.Context, from, to int64, kind models.LinkKind) error {
	return s.write(ctx, "remove link", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM issue_links WHERE from_number = ? AND to_number = ? AND kind = ?", from, to, kind))
	})
}

// Links returns the links of an issue in both directions, oldest first; at most 1,000.
func (s *Store) Links(ctx context.Context, issue int64) ([]models.IssueLink, error) {
	var list []models.IssueLink
	err := s.gorm(ctx).Where("from_number = ? OR to_number = ?", issue, issue).Order("created_at, from_number, to_number").Limit(1000).Find(&list).Error
	return list, wrap("list links", err)
}
