package store

import (
	"context"

	"letterbox/models"
)

// SetMember makes a user a member of a project, or changes the role.
func (s *Store) SetMember(ctx context.Context, m models.Member) error {
	return s.write(ctx, "set member", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, s.upsert("INSERT INTO members (project_id, user_id, role) VALUES (?, ?, ?)", "project_id, user_id", "role"),
			m.ProjectID, m.UserID, m.Role)
		return err
	})
}

// RemoveMember ends a membership; models.ErrNotFound when there is none.
func (s *Store) RemoveMember(ctx context.Context, projectID, userID int64) error {
	return s.write(ctx, "remove member", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM members WHERE project_id = ? AND user_id = ?", projectID, userID))
	})
}

// Members returns the members of a project by user ID; at most 10,000.
func (s *Store) Members(ctx context.Context, projectID int64) ([]models.Member, error) {
	var list []models.Member
	err := s.gorm(ctx).Where("project_id = ?", projectID).Order("user_id").Limit(10_000).Find(&list).Error
	return list, wrap("list members", err)
}

// MembershipsOf returns the memberships of a user by project ID; at most 10,000.
func (s *Store) MembershipsOf(ctx context.Context, userID int64) ([]models.Member, error) {
	var list []models.Member
	err := s.gorm(ctx).Where("user_id = ?", userID).Order("project_id").Limit(10_000).Find(&list).Error
	return list, wrap("list memberships", err)
}
