package store

import (
	"context"
	"strconv"
	"strings"

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
		_, err = tx.ExecContext(ctx, `INSERT INTO issues (number, project_id, title, description, state, reporter_id, assignee_id,
			mentions, origin_message_id, version, created_at, updated_at, closed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			i.Number, i.ProjectID, cut(i.Title, maxTitle), clean(i.Description), i.State, i.ReporterID, i.AssigneeID,
			i.Mentions, i.OriginMessageID, i.Version, i.CreatedAt, i.UpdatedAt, i.ClosedAt)
		return err
	})
}

// IssueByNumber returns an issue.
func (s *Store) IssueByNumber(ctx context.Context, number int64) (models.Issue, error) {
	var i models.Issue
	err := s.gorm(ctx).Where("number = ?", number).Take(&i).Error
	return i, wrap("read issue", err)
}

// UpdateIssue writes project, title, description, state, assignee and ClosedAt when the stored version is still version;
// models.ErrConflict otherwise. It sets Version and UpdatedAt.
func (s *Store) UpdateIssue(ctx context.Context, i *models.Issue, version int64) error {
	at := now()
	err := s.write(ctx, "update issue", func(ctx context.Context, tx *txPool) error {
		return changedOne(tx.exec(ctx, `UPDATE issues SET project_id = ?, title = ?, description = ?, state = ?, assignee_id = ?,
			closed_at = ?, updated_at = ?, version = version + 1 WHERE number = ? AND version = ?`,
			i.ProjectID, cut(i.Title, maxTitle), clean(i.Description), i.State, i.AssigneeID, i.ClosedAt, at, i.Number, version))
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

// IssueQuery selects issues.
type IssueQuery struct {
	ProjectIDs []int64 // Nil: of all projects; empty: none.
	States     []models.IssueState
	Text       string // Part of the title or description, or a number: "12", "#12".
	Limit      int    // At most 200; 50 when 0.
	Cursor     string // Of the page before; "" for the first.
}

// Issues returns a page of issues, the highest number first, and the cursor of the next page ("" at the end). A cursor
// that did not come from here is models.Invalid.
func (s *Store) Issues(ctx context.Context, q IssueQuery) ([]models.Issue, string, error) {
	if q.ProjectIDs != nil && len(q.ProjectIDs) == 0 {
		return nil, "", nil
	}
	limit := pageSize(q.Limit)
	db := s.gorm(ctx).Order("number DESC").Limit(limit + 1)
	if q.ProjectIDs != nil {
		db = db.Where("project_id IN ?", q.ProjectIDs)
	}
	if len(q.States) > 0 {
		db = db.Where("state IN ?", q.States)
	}
	if text := strings.TrimSpace(q.Text); text != "" {
		number, err := strconv.ParseInt(strings.TrimPrefix(text, "#"), 10, 64)
		if err != nil {
			number = -1
		}
		db = db.Where("(number = ? OR title LIKE ? ESCAPE '!' OR description LIKE ? ESCAPE '!')", number, like(text), like(text))
	}
	if q.Cursor != "" {
		last, err := parseCursor(q.Cursor)
		if err != nil {
			return nil, "", err
		}
		db = db.Where("number < ?", last)
	}
	var list []models.Issue
	if err := db.Find(&list).Error; err != nil {
		return nil, "", wrap("list issues", err)
	}
	list, next := page(list, limit, func(i models.Issue) int64 { return i.Number })
	return list, next, nil
}
