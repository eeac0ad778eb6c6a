package store

import (
	"context"
	"strconv"

	"letterbox/models"
)

// CreateProject adds a project and sets its ID and CreatedAt. A key that is taken is models.ErrConflict.
func (s *Store) CreateProject(ctx context.Context, p *models.Project) error {
	return s.create(ctx, "create project", p, func() { p.ID = 0 })
}

// ProjectByID returns a project.
func (s *Store) ProjectByID(ctx context.Context, id int64) (models.Project, error) {
	return remembered(ctx, s, "projects", strconv.FormatInt(id, 10), func() (p models.Project, err error) {
		err = s.gorm(ctx).Where("id = ?", id).Take(&p).Error
		return p, wrap("read project", err)
	})
}

// ProjectByKey returns the project with that key, compared octet by octet.
func (s *Store) ProjectByKey(ctx context.Context, key string) (models.Project, error) {
	var p models.Project
	err := s.gorm(ctx).Where("`key` = ?", key).Take(&p).Error
	return p, wrap("read project", err)
}

// Projects returns all projects by key, the archived ones included; at most 10,000.
func (s *Store) Projects(ctx context.Context) ([]models.Project, error) {
	var list []models.Project
	err := s.gorm(ctx).Order("`key`").Limit(10_000).Find(&list).Error
	return list, wrap("list projects", err)
}

// UpdateProject writes all fields of a project but its CreatedAt and its active issue.
func (s *Store) UpdateProject(ctx context.Context, p *models.Project) error {
	return s.write(ctx, "update project", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE projects SET `key` = ?, name = ?, description = ?, archived_at = ?, default_assignee_id = ? WHERE id = ?",
			p.Key, p.Name, p.Description, p.ArchivedAt, p.DefaultAssigneeID, p.ID))
	})
}

// SetActiveIssue makes an issue the active case of a project; nil: none.
func (s *Store) SetActiveIssue(ctx context.Context, project int64, issue *int64) error {
	return s.write(ctx, "set active issue", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE projects SET active_issue = ? WHERE id = ?", issue, project))
	})
}

// HoldProject has other transactions that hold or change the project wait for the one in ctx.
func (s *Store) HoldProject(ctx context.Context, id int64) error {
	return s.write(ctx, "hold project", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE projects SET name = name WHERE id = ?", id))
	})
}

// create inserts a row with gorm; reset undoes what an earlier try of the same transaction has set.
func (s *Store) create(ctx context.Context, what string, row any, reset func()) error {
	return s.write(ctx, what, func(ctx context.Context, _ *txPool) error {
		reset()
		return s.gorm(ctx).Create(row).Error
	})
}
