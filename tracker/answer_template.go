package tracker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"letterbox/models"
)

// Of one project.
const (
	maxTemplates    = 1000
	maxTemplateBody = 64 << 10
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
	tidyTemplate(&t, &c, "template_name", "template_body")
	if err := c.err(); err != nil {
		return t, err
	}
	err := s.templatesChange(ctx, by, t.ProjectID, "template.create", func(ctx context.Context, was []models.AnswerTemplate) (any, error) {
		if len(was) >= maxTemplates {
			return nil, invalid("template_name", "E-TEMPLATE-03", "max", fmt.Sprint(maxTemplates))
		}
		t.CreatedAt = now()
		err := s.store.CreateAnswerTemplate(ctx, &t)
		return map[string]any{"template": t.ID}, err
	})
	return t, err
}

// UpdateAnswerTemplate changes what is given of a text for answers: what is nil stays. Those who configure the project
// may. models.ErrNotFound when the project has none of this ID, what cannot be taken is a models.InvalidList.
func (s *Service) UpdateAnswerTemplate(ctx context.Context, by *models.User, project, id int64, name, text *string) (models.AnswerTemplate, error) {
	var t models.AnswerTemplate
	if err := s.mayConfigure(ctx, by, project); err != nil {
		return t, err
	}
	err := s.templatesChange(ctx, by, project, "template.update", func(ctx context.Context, was []models.AnswerTemplate) (any, error) {
		i := slices.IndexFunc(was, func(old models.AnswerTemplate) bool { return old.ID == id })
		if i < 0 {
			return nil, models.ErrNotFound
		}
		t = was[i]
		if name != nil {
			t.Name = *name
		}
		if text != nil {
			t.Body = *text
		}
		var c checks
		tidyTemplate(&t, &c, "template_name", "template_body")
		if err := c.err(); err != nil {
			return nil, err
		}
		return map[string]any{"template": id}, s.store.UpdateAnswerTemplate(ctx, t)
	})
	return t, err
}

// DeleteAnswerTemplate removes a text for answers. Those who configure the project may.
func (s *Service) DeleteAnswerTemplate(ctx context.Context, by *models.User, project, id int64) error {
	if err := s.mayConfigure(ctx, by, project); err != nil {
		return err
	}
	return s.templatesChange(ctx, by, project, "template.delete", func(ctx context.Context, _ []models.AnswerTemplate) (any, error) {
		return map[string]any{"template": id}, s.store.DeleteAnswerTemplate(ctx, project, id)
	})
}

// tidyTemplate makes of a text for answers what is stored, and notes what is wrong with it.
func tidyTemplate(t *models.AnswerTemplate, c *checks, name, text string) {
	if t.Name = line(t.Name); t.Name == "" || len([]rune(t.Name)) > maxName {
		c.add(name, "E-TEMPLATE-01", "max", fmt.Sprint(maxName))
	}
	if t.Body = strings.TrimSpace(body(t.Body)); t.Body == "" {
		c.add(text, "E-TEMPLATE-02")
	} else if len(t.Body) > maxTemplateBody {
		c.add(text, "E-TEXT-01", "max", fmt.Sprint(maxTemplateBody))
	}
}
