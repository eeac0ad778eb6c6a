package store

import (
	"context"

	"letterbox/models"
)

// maxTitle is the longest title that is kept, in octets.
const maxTitle = 60_000

// CreateIssue adds an issue. Its Number comes from [Store.NextIssueNumber] in the same transaction; when it is 0,
// CreateIssue takes the next one itself. It sets CreatedAt and UpdatedAt when they are zero, and Version to 1. A second
// issue of the same OriginMessageID is models.ErrConflict. Text that is not UTF-8 is kept with U+FFFD in its place.
func (s *Store) CreateIssue(ctx context.Context, i *models.Issue) error {
	given := i.Number
	return s.write(ctx, "create issue", func(ctx context.Context, tx *txPool) (err error) {
		i.Number = given
		if given == 0 {
			if i.Number, err = s.NextIssueNumber(ctx); err != nil {
				return err
			}
		}
		if i.CreatedAt.IsZero() {
			i.CreatedAt = now()
		}
		if i.UpdatedAt.IsZero() {
			i.UpdatedAt = i.CreatedAt
		}
		i.Version = 1
		return tx.later(ctx, inserted("issue", `INSERT INTO issues (number, project_id, title, description, state, state_id, reporter_id,
			assignee_id, mentions, priority, priority_id, due_on, origin_message_id, version, created_at, updated_at, closed_at)`, "", 17),
			i.Number, i.ProjectID, cut(i.Title, maxTitle), clean(i.Description), i.State, i.StateID, i.ReporterID, i.AssigneeID,
			i.Mentions, i.Priority, i.PriorityID, i.DueOn, i.OriginMessageID, i.Version, i.CreatedAt, i.UpdatedAt, i.ClosedAt)
	})
}

// IssueByNumber returns an issue.
func (s *Store) IssueByNumber(ctx context.Context, number int64) (models.Issue, error) {
	var i models.Issue
	err := s.gorm(ctx).Where("number = ?", number).Take(&i).Error
	return i, wrap("read issue", err)
}

// UpdateIssue writes project, title, description, state, assignee, priority with their values of the project, DueOn, MergedInto and ClosedAt when the stored version is still version;
// models.ErrConflict otherwise. It sets Version and UpdatedAt.
func (s *Store) UpdateIssue(ctx context.Context, i *models.Issue, version int64) error {
	at := now()
	err := s.write(ctx, "update issue", func(ctx context.Context, tx *txPool) error {
		return changedOne(tx.exec(ctx, `UPDATE issues SET project_id = ?, title = ?, description = ?, state = ?, state_id = ?, assignee_id = ?,
			priority = ?, priority_id = ?, due_on = ?, merged_into = ?, closed_at = ?, updated_at = ?, version = version + 1 WHERE number = ? AND version = ?`,
			i.ProjectID, cut(i.Title, maxTitle), clean(i.Description), i.State, i.StateID, i.AssigneeID,
			i.Priority, i.PriorityID, i.DueOn, i.MergedInto, i.ClosedAt, at, i.Number, version))
	})
	if err == nil {
		i.Version, i.UpdatedAt = version+1, at
	}
	return err
}

// TouchIssue sets UpdatedAt of an issue to now without a new version: a comment came.
func (s *Store) TouchIssue(ctx context.Context, number int64) error {
	return s.write(ctx, "touch issue", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE issues SET updated_at = ? WHERE number = ?", now(), number))
	})
}
