package store

import (
	"context"

	"gorm.io/gorm/clause"

	"letterbox/models"
)

// CreateView saves a filter of the list of issues and sets its ID and CreatedAt.
func (s *Store) CreateView(ctx context.Context, v *models.View) error {
	return s.create(ctx, "create view", v, func() { v.ID = 0; v.Name = cut(v.Name, 200); v.Query = cut(v.Query, 2000); v.Look = cut(v.Look, 200) })
}

// Views returns the saved filters of a user and those that are shared, by name; at most 200.
func (s *Store) Views(ctx context.Context, userID int64) ([]models.View, error) {
	var list []models.View
	err := s.gorm(ctx).Where("user_id = ? OR shared = ?", userID, true).Order("name, id").Limit(200).Find(&list).Error
	return list, wrap("list views", err)
}

// DeleteView removes a saved filter of a user; models.ErrNotFound when it has none with this ID.
func (s *Store) DeleteView(ctx context.Context, id, userID int64) error {
	return s.write(ctx, "delete view", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM views WHERE id = ? AND user_id = ?", id, userID))
	})
}

// SaveDraft keeps what a user has begun to write on an issue; an empty body forgets it.
func (s *Store) SaveDraft(ctx context.Context, d models.Draft) error {
	return s.write(ctx, "save draft", func(ctx context.Context, tx *txPool) error {
		if d.Body == "" {
			_, err := tx.exec(ctx, "DELETE FROM drafts WHERE user_id = ? AND issue_number = ?", d.UserID, d.IssueNumber)
			return err
		}
		d.Body, d.UpdatedAt = clean(d.Body), now()
		return s.gorm(ctx).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "user_id"}, {Name: "issue_number"}},
			DoUpdates: clause.AssignmentColumns([]string{"body", "internal", "updated_at"}),
		}).Create(&d).Error
	})
}

// Draft returns what a user has begun to write on an issue; models.ErrNotFound when there is nothing.
func (s *Store) Draft(ctx context.Context, userID, issue int64) (models.Draft, error) {
	var d models.Draft
	err := s.gorm(ctx).Where("user_id = ? AND issue_number = ?", userID, issue).Take(&d).Error
	return d, wrap("read draft", err)
}
