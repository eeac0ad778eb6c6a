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
	return keptAt[models.InboxVersion](ctx, s, "inbox_id", inboxID, version)
}

// LatestInboxVersion returns the latest version of an inbox; models.ErrNotFound when none was kept.
func (s *Store) LatestInboxVersion(ctx context.Context, inboxID int64) (models.InboxVersion, error) {
	return lastKept[models.InboxVersion](ctx, s, "inbox_id", inboxID)
}

// VersionsOfInbox returns the versions of an inbox, newest first; at most 200.
func (s *Store) VersionsOfInbox(ctx context.Context, inboxID int64) ([]models.InboxVersion, error) {
	return allKept[models.InboxVersion](ctx, s, "inbox_id", inboxID)
}

// AddTemplateVersion adds a version of the answer templates of a project; one that is there is models.ErrConflict.
func (s *Store) AddTemplateVersion(ctx context.Context, v *models.TemplateVersion) error {
	return s.create(ctx, "add template version", v, func() {})
}

// TemplateVersion returns one version of the answer templates of a project.
func (s *Store) TemplateVersion(ctx context.Context, project, version int64) (models.TemplateVersion, error) {
	return keptAt[models.TemplateVersion](ctx, s, "project_id", project, version)
}

// LatestTemplateVersion returns the latest version of the answer templates of a project; models.ErrNotFound when none was
// kept.
func (s *Store) LatestTemplateVersion(ctx context.Context, project int64) (models.TemplateVersion, error) {
	return lastKept[models.TemplateVersion](ctx, s, "project_id", project)
}

// TemplateVersions returns the versions of the answer templates of a project, newest first; at most 200.
func (s *Store) TemplateVersions(ctx context.Context, project int64) ([]models.TemplateVersion, error) {
	return allKept[models.TemplateVersion](ctx, s, "project_id", project)
}

// keptAt returns one version of the thing that a column names; T is what is kept of such things.
func keptAt[T any](ctx context.Context, s *Store, column string, of, version int64) (one T, err error) {
	err = s.gorm(ctx).Where(column+" = ? AND version = ?", of, version).Take(&one).Error
	return one, wrap("read a version", err)
}

func lastKept[T any](ctx context.Context, s *Store, column string, of int64) (one T, err error) {
	err = s.gorm(ctx).Where(column+" = ?", of).Order("version DESC").Limit(1).Take(&one).Error
	return one, wrap("read the latest version", err)
}

func allKept[T any](ctx context.Context, s *Store, column string, of int64) (list []T, err error) {
	err = s.gorm(ctx).Where(column+" = ?", of).Order("version DESC").Limit(200).Find(&list).Error
	return list, wrap("list versions", err)
}
