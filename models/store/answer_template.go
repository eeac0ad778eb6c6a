package store

import (
	"context"

	"letterbox/models"
)

// CreateAnswerTemplate adds a text for answers to a project and sets its ID.
func (s *Store) CreateAnswerTemplate(ctx context.Context, a *models.AnswerTemplate) error {
	return s.create(ctx, "create answer template", a, func() { a.ID, a.Name, a.Body = 0, cut(a.Name, 500), clean(a.Body) })
}

// AnswerTemplates returns the texts for answers of a project, by name; at most 1,000.
func (s *Store) AnswerTemplates(ctx context.Context, project int64) ([]models.AnswerTemplate, error) {
	var list []models.AnswerTemplate
	err := s.gorm(ctx).Where("project_id = ?", project).Order("name, id").Limit(1000).Find(&list).Error
	return list, wrap("list answer templates", err)
}

// SetAnswerTemplate changes what a text for answers says.
func (s *Store) SetAnswerTemplate(ctx context.Context, id int64, body string) error {
	return s.write(ctx, "change answer template", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE answer_templates SET body = ? WHERE id = ?", clean(body), id))
	})
}

// UpdateAnswerTemplate changes name and text of a text for answers; models.ErrNotFound when its project has none of this ID.
func (s *Store) UpdateAnswerTemplate(ctx context.Context, t models.AnswerTemplate) error {
	return s.write(ctx, "change answer template", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE answer_templates SET name = ?, body = ? WHERE id = ? AND project_id = ?",
			cut(t.Name, 500), clean(t.Body), t.ID, t.ProjectID))
	})
}

// DeleteAnswerTemplate removes a text for answers of a project; models.ErrNotFound when it has none with this ID.
func (s *Store) DeleteAnswerTemplate(ctx context.Context, project, id int64) error {
	return s.write(ctx, "delete answer template", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM answer_templates WHERE id = ? AND project_id = ?", id, project))
	})
}
