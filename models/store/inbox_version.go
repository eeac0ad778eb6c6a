package store

import (
	"context"

	"letterbox/models"
)

// AddInboxVersion adds a version of an inbox. Versions never change: one that is there is models.ErrConflict.
func (s *Store) AddInboxVersion(ctx context.Context, v *models.InboxVersion) error {
	return s.create(ctx, "add inbox version", v, func() {})
}

// InboxVersion returns one version of an inbox.
func (s *Store) InboxVersion(ctx context.Context, inboxID, version int64) (models.InboxVersion, error) {
	var v models.InboxVersion
	err := s.gorm(ctx).Where("inbox_id = ? AND version = ?", inboxID, version).Take(&v).Error
	return v, wrap("read inbox version", err)
}

// LatestInboxVersion returns the latest version of an inbox; models.ErrNotFound when none was kept.
func (s *Store) LatestInboxVersion(ctx context.Context, inboxID int64) (models.InboxVersion, error) {
	var v models.InboxVersion
	err := s.gorm(ctx).Where("inbox_id = ?", inboxID).Order("version DESC").Limit(1).Take(&v).Error
	return v, wrap("read the latest inbox version", err)
}

// VersionsOfInbox returns the versions of an inbox, newest first; at most 200.
func (s *Store) VersionsOfInbox(ctx context.Context, inboxID int64) ([]models.InboxVersion, error) {
	var list []models.InboxVersion
	err := s.gorm(ctx).Where("inbox_id = ?", inboxID).Order("version DESC").Limit(200).Find(&list).Error
	return list, wrap("list inbox versions", err)
}
