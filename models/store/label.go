package store

import (
	"context"
	"database/sql"
	"slices"

	"letterbox/models"
)

// EnsureLabel adds a label to a project, or finds the one that it has or gets at this moment, and sets its ID.
func (s *Store) EnsureLabel(ctx context.Context, l *models.Label) error {
	args := []any{l.ProjectID, cut(l.Name, 200), l.Folded, l.CreatedAt}
	return s.write(ctx, "make label", func(ctx context.Context, tx *txPool) (err error) {
		const insert = "INSERT INTO labels (project_id, name, folded, created_at) VALUES (?, ?, ?, ?) "
		if s.dialect == "mysql" {
			l.ID, err = tx.insert(ctx, insert+"ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)", args...)
			return err
		}
		return s.queryRow(ctx, insert+"ON CONFLICT (project_id, folded) DO UPDATE SET folded = excluded.folded RETURNING id", args, &l.ID)
	})
}

// CreateLabel adds a label to a project and sets its ID and CreatedAt; models.ErrConflict when the project has it.
func (s *Store) CreateLabel(ctx context.Context, l *models.Label) error {
	return s.create(ctx, "create label", l, func() { l.ID = 0; l.Name = cut(l.Name, 200) })
}

// RenameLabel gives a label another name; models.ErrConflict when its project has a label of that name.
func (s *Store) RenameLabel(ctx context.Context, l models.Label) error {
	return s.write(ctx, "rename label", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE labels SET name = ?, folded = ? WHERE id = ? AND project_id = ?", cut(l.Name, 200), l.Folded, l.ID, l.ProjectID))
	})
}

// Labels returns the labels of a project by name; at most 1,000.
func (s *Store) Labels(ctx context.Context, project int64) ([]models.Label, error) {
	var list []models.Label
	err := s.gorm(ctx).Where("project_id = ?", project).Order("folded").Limit(1000).Find(&list).Error
	return list, wrap("list labels", err)
}

// LabelIDs returns the labels of that name, in small letters, in all projects.
func (s *Store) LabelIDs(ctx context.Context, folded string) ([]int64, error) {
	ids, err := s.ids(ctx, "SELECT id FROM labels WHERE folded = ? LIMIT 10000", folded)
	return ids, wrap("find labels", err)
}

// DeleteLabel removes a label from its project and from all issues.
func (s *Store) DeleteLabel(ctx context.Context, id int64) error {
	return s.write(ctx, "delete label", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, "DELETE FROM issue_labels WHERE label_id = ?", id); err != nil {
			return err
		}
		return foundOne(tx.exec(ctx, "DELETE FROM labels WHERE id = ?", id))
	})
}

// LabelsOf returns the labels of issues, by name.
func (s *Store) LabelsOf(ctx context.Context, numbers []int64) (map[int64][]models.Label, error) {
	out := map[int64][]models.Label{}
	for part := range slices.Chunk(numbers, 500) {
		args := anys(padded(part))
		err := s.each(ctx, `SELECT il.issue_number, l.id, l.project_id, l.name, l.folded, l.created_at FROM issue_labels il
			JOIN labels l ON l.id = il.label_id WHERE il.issue_number IN (`+marks(len(args))+") ORDER BY l.folded", args,
			func(r *sql.Rows) error {
				var n int64
				var l models.Label
				err := r.Scan(&n, &l.ID, &l.ProjectID, &l.Name, &l.Folded, &l.CreatedAt)
				out[n] = append(out[n], l)
				return err
			})
		if err != nil {
			return nil, wrap("list labels of issues", err)
		}
	}
	return out, nil
}

// SetLabels gives an issue exactly these labels.
func (s *Store) SetLabels(ctx context.Context, issue int64, ids []int64) error {
	return s.write(ctx, "set labels", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, "DELETE FROM issue_labels WHERE issue_number = ?", issue); err != nil {
			return err
		}
		rows := make([]any, 0, 2*len(ids))
		for _, id := range ids {
			rows = append(rows, issue, id)
		}
		return s.addPairs(ctx, "add labels", "issue_labels", "(issue_number, label_id)", rows)
	})
}
