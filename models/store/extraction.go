package store

import (
	"context"
	"database/sql"

	"letterbox/models"
)

// MergeKey returns the issue of a merge key in a project; models.ErrNotFound when no mail with it has come.
func (s *Store) MergeKey(ctx context.Context, project int64, key string) (models.MergeKey, error) {
	var k models.MergeKey
	err := s.gorm(ctx).Where("project_id = ? AND merge_key = ?", project, key).Take(&k).Error
	return k, wrap("read merge key", err)
}

// ClaimMergeKey ties a merge key to k.IssueNumber when it still belongs to the issue was, or to none where was is 0;
// models.ErrConflict otherwise. LatestAt is taken over.
func (s *Store) ClaimMergeKey(ctx context.Context, k models.MergeKey, was int64) error {
	return s.write(ctx, "claim merge key", func(ctx context.Context, tx *txPool) error {
		if was == 0 {
			_, err := tx.exec(ctx, "INSERT INTO merge_keys (project_id, merge_key, issue_number, latest_at) VALUES (?, ?, ?, ?)",
				k.ProjectID, k.Key, k.IssueNumber, k.LatestAt)
			return err
		}
		return changedOne(tx.exec(ctx, "UPDATE merge_keys SET issue_number = ?, latest_at = ? WHERE project_id = ? AND merge_key = ? AND issue_number = ?",
			k.IssueNumber, k.LatestAt, k.ProjectID, k.Key, was))
	})
}

// IssueFields returns what mails have said of an issue, in the order of its fields.
func (s *Store) IssueFields(ctx context.Context, number int64) ([]models.IssueField, error) {
	var list []models.IssueField
	err := s.gorm(ctx).Where("issue_number = ?", number).Order("place").Limit(1000).Find(&list).Error
	return list, wrap("list fields", err)
}

// HoldIssueFields is IssueFields for a transaction that changes them: it sees what others have committed even when the
// transaction began before that.
func (s *Store) HoldIssueFields(ctx context.Context, number int64) ([]models.IssueField, error) {
	query := "SELECT issue_number, place, name, value FROM issue_fields WHERE issue_number = ? ORDER BY place LIMIT 1000"
	if s.dialect == "mysql" {
		query += " FOR UPDATE"
	}
	var list []models.IssueField
	err := s.each(ctx, query, []any{number}, func(r *sql.Rows) error {
		var f models.IssueField
		err := r.Scan(&f.IssueNumber, &f.Place, &f.Name, &f.Value)
		list = append(list, f)
		return err
	})
	return list, wrap("hold fields", err)
}

// SetIssueFields gives an issue exactly these fields, in their order.
func (s *Store) SetIssueFields(ctx context.Context, number int64, list []models.IssueField) error {
	return s.write(ctx, "set fields", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, "DELETE FROM issue_fields WHERE issue_number = ?", number); err != nil {
			return err
		}
		for i, f := range list {
			_, err := tx.exec(ctx, "INSERT INTO issue_fields (issue_number, place, name, value) VALUES (?, ?, ?, ?)",
				number, i, cut(f.Name, 250), cut(f.Value, maxTitle))
			if err != nil {
				return err
			}
		}
		return nil
	})
}
