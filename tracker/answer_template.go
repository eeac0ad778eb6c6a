package tracker

import (
	"context"
	"fmt"
	"strings"

	"letterbox/models"
)

// AnswerTemplates lists the texts that answers of a project may begin with, by name. Those who work on it may.
func (s *Service) AnswerTemplates(ctx context.Context, by *models.User, project int64) ([]models.AnswerTemplate, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return nil, err
	}
	if err := a.mayWork(project); err != nil {
		return nil, err
	}
	return s.store.AnswerTemplates(ctx, project)
}

// AddAnswerTemplate adds a text for answers to a project. Those who configure it may. What cannot be taken is a
// models.InvalidList.
func (s *Service) AddAnswerTemplate(ctx context.Context, by *models.User, t models.AnswerTemplate) (models.AnswerTemplate, error) {
	if err := s.mayConfigure(ctx, by, t.ProjectID); err != nil {
		return t, err
	}
	var c checks
	if t.Name = line(t.Name); t.Name == "" || len([]rune(t.Name)) > maxName {
		c.add("template_name", "E-TEMPLATE-01", "max", fmt.Sprint(maxName))
	}
	if t.Body = strings.TrimSpace(body(t.Body)); t.Body == "" {
		c.add("template_body", "E-TEMPLATE-02")
	} else if len(t.Body) > 64<<10 {
		c.add("template_body", "E-TEXT-01", "max", fmt.Sprint(64<<10))
	}
	if err := c.err(); err != nil {
		return t, err
	}
	t.CreatedAt = now()
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.CreateAnswerTemplate(ctx, &t); err != nil {
			return err
		}
		return s.audit(ctx, by, "template.create", object("project", t.ProjectID), map[string]any{"template": t.ID})
	})
	return t, err
}

// DeleteAnswerTemplate removes a text for answers. Those who configure the project may.
func (s *Service) DeleteAnswerTemplate(ctx context.Context, by *models.User, project, id int64) error {
	if err := s.mayConfigure(ctx, by, project); err != nil {
		return err
	}
	return s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.DeleteAnswerTemplate(ctx, project, id); err != nil {
			return err
		}
		return s.audit(ctx, by, "template.delete", object("project", project), map[string]any{"template": id})
	})
}
