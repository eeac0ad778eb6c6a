package store

import (
	"context"
	"slices"

	"letterbox/models"
)

// ProjectValues returns the states and priorities that projects name themselves, by project, kind and place; at most 10,000.
func (s *Store) ProjectValues(ctx context.Context, projects []int64) ([]models.ProjectValue, error) {
	var list []models.ProjectValue
	for part := range slices.Chunk(projects, 500) {
		var some []models.ProjectValue
		err := s.gorm(ctx).Where("project_id IN ?", padded(part)).Order("project_id, kind, place, id").Limit(10_000).Find(&some).Error
		if err != nil {
			return nil, wrap("list values of projects", err)
		}
		list = append(list, some...)
	}
	return list, nil
}

// NamedValues returns the values of a kind with that name, in small letters, in all projects; at most 10,000.
func (s *Store) NamedValues(ctx context.Context, kind models.ValueKind, folded string) ([]models.ProjectValue, error) {
	var list []models.ProjectValue
	err := s.gorm(ctx).Where("folded = ? AND kind = ?", folded, kind).Order("id").Limit(10_000).Find(&list).Error
	return list, wrap("find values", err)
}

// SetProjectValues writes the values of one kind of a project: those with an ID are changed, those without are added and
// get one. A value that is not among them goes; its issues get the value moved, or none when it is nil. Issues follow
// what their value counts as. Call it with the project locked by UpdateProject in the same transaction.
func (s *Store) SetProjectValues(ctx context.Context, project int64, kind models.ValueKind, list []models.ProjectValue, moved *models.ProjectValue) error {
	return s.write(ctx, "set values of a project", func(ctx context.Context, tx *txPool) error {
		have, err := s.ProjectValues(ctx, []int64{project})
		if err != nil {
			return err
		}
		keep := map[int64]bool{}
		for i := range list {
			v := &list[i]
			v.ProjectID, v.Kind, v.Place = project, kind, i
			if v.ID == 0 {
				if err := s.gorm(ctx).Create(v).Error; err != nil {
					return err
				}
			} else if _, err := tx.exec(ctx, "UPDATE project_values SET name = ?, folded = ?, base = ?, colour = ?, place = ? WHERE id = ? AND project_id = ?",
				v.Name, v.Folded, v.Base, v.Colour, v.Place, v.ID, project); err != nil {
				return err
			}
			keep[v.ID] = true
		}
		for _, v := range have {
			if v.Kind != kind || keep[v.ID] {
				continue
			}
			if err := s.moveValue(ctx, tx, v, moved); err != nil {
				return err
			}
			if _, err := tx.exec(ctx, "DELETE FROM project_values WHERE id = ?", v.ID); err != nil {
				return err
			}
		}
		for _, v := range list {
			if err := s.moveValue(ctx, tx, v, &v); err != nil {
				return err
			}
		}
		return nil
	})
}

// moveValue gives the issues of one value another one, with what that counts as.
func (s *Store) moveValue(ctx context.Context, tx *txPool, from models.ProjectValue, to *models.ProjectValue) error {
	if to == nil {
		_, err := tx.exec(ctx, "UPDATE issues SET "+valueColumn(from.Kind)+" = NULL WHERE "+valueColumn(from.Kind)+" = ?", from.ID)
		return err
	}
	if from.Kind == models.ValuePriority {
		level, _ := models.ParsePriority(to.Base)
		_, err := tx.exec(ctx, `UPDATE issues SET priority_id = ?, priority = ?, version = version + 1
			WHERE priority_id = ? AND (priority_id <> ? OR priority <> ?)`, to.ID, level, from.ID, to.ID, level)
		return err
	}
	var closed any
	if models.IssueState(to.Base).Done() {
		closed = now()
	}
	_, err := tx.exec(ctx, `UPDATE issues SET closed_at = CASE WHEN ? IS NULL THEN NULL ELSE COALESCE(closed_at, ?) END, state_id = ?, state = ?,
		version = version + 1 WHERE state_id = ? AND (state_id <> ? OR state <> ?)`, closed, closed, to.ID, to.Base, from.ID, to.ID, to.Base)
	return err
}

func valueColumn(kind models.ValueKind) string {
	if kind == models.ValuePriority {
		return "priority_id"
	}
	return "state_id"
}
