package store

import (
	"context"
	"database/sql"

	"gorm.io/gorm/clause"

	"letterbox/models"
)

// SaveInboxStatus sets the status of an inbox.
func (s *Store) SaveInboxStatus(ctx context.Context, x *models.InboxStatus) error {
	return s.write(ctx, "save inbox status", func(ctx context.Context, _ *txPool) error {
		return s.gorm(ctx).Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "inbox_id"}}, UpdateAll: true,
		}).Create(x).Error
	})
}

// InboxStatus returns the status of an inbox; models.ErrNotFound before the first visit.
func (s *Store) InboxStatus(ctx context.Context, inboxID int64) (models.InboxStatus, error) {
	var x models.InboxStatus
	err := s.gorm(ctx).Where("inbox_id = ?", inboxID).Take(&x).Error
	return x, wrap("read inbox status", err)
}

// InboxStatuses returns the status of each inbox that has one, by inbox.
func (s *Store) InboxStatuses(ctx context.Context) (map[int64]models.InboxStatus, error) {
	var list []models.InboxStatus
	if err := s.gorm(ctx).Order("inbox_id").Limit(20_000).Find(&list).Error; err != nil {
		return nil, wrap("list inbox statuses", err)
	}
	out := make(map[int64]models.InboxStatus, len(list))
	for _, x := range list {
		out[x.InboxID] = x
	}
	return out, nil
}

// SaveFolderMark notes from where on the messages of a folder are ours. A mark that is there stays as it is.
func (s *Store) SaveFolderMark(ctx context.Context, m *models.FolderMark) error {
	return s.write(ctx, "save folder mark", func(ctx context.Context, tx *txPool) error {
		if m.CreatedAt.IsZero() {
			m.CreatedAt = now()
		}
		_, err := tx.exec(ctx, s.insertIgnore()+"folder_marks (inbox_id, folder, uidvalidity, first_uid, created_at) VALUES (?, ?, ?, ?, ?)",
			m.InboxID, m.Folder, m.UIDValidity, m.FirstUID, m.CreatedAt)
		return err
	})
}

// FolderMarks returns the marks of an inbox by folder and UIDVALIDITY; at most 10,000.
func (s *Store) FolderMarks(ctx context.Context, inboxID int64) ([]models.FolderMark, error) {
	var list []models.FolderMark
	err := s.each(ctx, `SELECT inbox_id, folder, uidvalidity, first_uid, created_at FROM folder_marks WHERE inbox_id = ?
		ORDER BY folder, uidvalidity LIMIT 10000`, []any{inboxID}, func(r *sql.Rows) error {
		var m models.FolderMark
		err := r.Scan(&m.InboxID, &m.Folder, &m.UIDValidity, &m.FirstUID, &m.CreatedAt)
		list = append(list, m)
		return err
	})
	return list, wrap("list folder marks", err)
}
