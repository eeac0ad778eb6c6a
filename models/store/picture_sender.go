package store

import (
	"context"

	"gorm.io/gorm/clause"

	"letterbox/models"
)

// SavePictureSender remembers a sender for a person and sets its ID. Whom the person had chosen before keeps its ID and
// gets the new Verified.
func (s *Store) SavePictureSender(ctx context.Context, p *models.PictureSender) error {
	return s.write(ctx, "remember sender of pictures", func(ctx context.Context, tx *txPool) error {
		row := *p
		row.ID, row.Address = 0, models.FoldAddress(row.Address)
		err := s.gorm(ctx).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "user_id"}, {Name: "address"}},
			DoUpdates: clause.AssignmentColumns([]string{"verified"}),
		}).Create(&row).Error
		if err != nil {
			return err
		}
		return s.queryRow(ctx, "SELECT id, created_at FROM picture_senders WHERE user_id = ? AND address = ?",
			[]any{row.UserID, row.Address}, &p.ID, &p.CreatedAt)
	})
}

// PictureSenders returns whose pictures a person wants to see always, by address; at most 500.
func (s *Store) PictureSenders(ctx context.Context, userID int64) ([]models.PictureSender, error) {
	var list []models.PictureSender
	err := s.gorm(ctx).Where("user_id = ?", userID).Order("address").Limit(500).Find(&list).Error
	return list, wrap("list senders of pictures", err)
}

// DeletePictureSender forgets a sender of a person; models.ErrNotFound when it has none with this ID.
func (s *Store) DeletePictureSender(ctx context.Context, id, userID int64) error {
	return s.write(ctx, "forget sender of pictures", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM picture_senders WHERE id = ? AND user_id = ?", id, userID))
	})
}
