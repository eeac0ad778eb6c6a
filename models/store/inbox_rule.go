package store

import (
	"context"

	"letterbox/models"
)

// AddRuleVersion adds a version of the rules of an inbox. Versions never change: one that is there is
// models.ErrConflict. It does not put the version in force; see [Store.UpdateInbox].
func (s *Store) AddRuleVersion(ctx context.Context, v *models.RuleVersion) error {
	return s.create(ctx, "add rule version", v, func() {})
}

// RuleVersion returns one version of the rules of an inbox.
func (s *Store) RuleVersion(ctx context.Context, inboxID, version int64) (models.RuleVersion, error) {
	var v models.RuleVersion
	err := s.gorm(ctx).Where("inbox_id = ? AND version = ?", inboxID, version).Take(&v).Error
	return v, wrap("read rules", err)
}

// RuleVersions returns the versions of the rules of an inbox, newest first; at most 1,000.
func (s *Store) RuleVersions(ctx context.Context, inboxID int64) ([]models.RuleVersion, error) {
	var list []models.RuleVersion
	err := s.gorm(ctx).Where("inbox_id = ?", inboxID).Order("version DESC").Limit(1000).Find(&list).Error
	return list, wrap("list rules", err)
}
