package tracker

import (
	"context"
	"encoding/json"
	"fmt"

	"letterbox/models"
)

// TemplateVersion is the answer templates of a project from one moment on.
type TemplateVersion struct {
	models.TemplateVersion
	Who       string // Name of the person; "" for a command, or when the person is gone.
	Templates []models.AnswerTemplate
}

// TemplateVersions returns the versions of the answer templates of a project, newest first; at most 200. Those who
// configure it may.
func (s *Service) TemplateVersions(ctx context.Context, by *models.User, project int64) ([]TemplateVersion, error) {
	if err := s.mayConfigure(ctx, by, project); err != nil {
		return nil, err
	}
	list, err := s.store.TemplateVersions(ctx, project)
	if err != nil {
		return nil, err
	}
	return s.templateVersions(ctx, list...)
}

// TemplateVersion returns one version of the answer templates of a project; models.ErrNotFound when there is none. Those
// who configure the project may.
func (s *Service) TemplateVersion(ctx context.Context, by *models.User, project, version int64) (TemplateVersion, error) {
	if err := s.mayConfigure(ctx, by, project); err != nil {
		return TemplateVersion{}, err
	}
	v, err := s.store.TemplateVersion(ctx, project, version)
	if err != nil {
		return TemplateVersion{}, err
	}
	all, err := s.templateVersions(ctx, v)
	if err != nil {
		return TemplateVersion{}, err
	}
	return all[0], nil
}

func (s *Service) templateVersions(ctx context.Context, list ...models.TemplateVersion) ([]TemplateVersion, error) {
	var ids []int64
	for _, v := range list {
		if v.CreatedBy != nil {
			ids = append(ids, *v.CreatedBy)
		}
	}
	users, err := s.store.UsersByID(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look up people: %w", err)
	}
	out := make([]TemplateVersion, len(list))
	for i, v := range list {
		out[i] = TemplateVersion{TemplateVersion: v}
		if v.CreatedBy != nil {
			out[i].Who = users[*v.CreatedBy].Name
		}
		var kept []keptTemplate
		if err := json.Unmarshal([]byte(v.Config), &kept); err != nil {
			return nil, fmt.Errorf("read version %d of the templates of project %d: %w", v.Version, v.ProjectID, err)
		}
		for _, t := range kept {
			out[i].Templates = append(out[i].Templates, models.AnswerTemplate{ProjectID: v.ProjectID, Name: t.Name, Body: t.Body})
		}
	}
	return out, nil
}
