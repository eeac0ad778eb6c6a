package tracker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"letterbox/models"
)

// keptTemplate is a template in a version.
type keptTemplate struct {
	Name string `json:"name"`
	Body string `json:"body"`
}

// SetAnswerTemplates makes the answer templates of projects what the sets say, all in one transaction; a project that is
// as its set says has no new version. Those who configure all of them may. look, when it is not nil, sees in that
// transaction what they are now and what they would be, in the order of the sets, before anything is changed; with an error
// of it nothing is. A template keeps its ID as long as it keeps its name. What cannot be taken is a models.InvalidList with
// fields such as "0.templates.2.name".
func (s *Service) SetAnswerTemplates(ctx context.Context, by *models.User, sets []models.TemplateSet, look func(was, now [][]models.AnswerTemplate) error) error {
	var c checks
	tidy := make([][]models.AnswerTemplate, len(sets))
	for i, set := range sets {
		if err := s.mayConfigure(ctx, by, set.ProjectID); err != nil {
			return err
		}
		at := strconv.Itoa(i) + ".templates"
		if len(set.Templates) > maxTemplates {
			c.add(at, "E-TEMPLATE-03", "max", fmt.Sprint(maxTemplates))
			continue
		}
		for j, t := range set.Templates {
			field := at + "." + strconv.Itoa(j) + "."
			tidyTemplate(&t, &c, field+"name", field+"body")
			tidy[i] = append(tidy[i], models.AnswerTemplate{ProjectID: set.ProjectID, Name: t.Name, Body: t.Body})
		}
		slices.SortStableFunc(tidy[i], byName)
	}
	if err := c.err(); err != nil {
		return err
	}
	return s.store.WithTx(ctx, func(ctx context.Context) error {
		was := make([][]models.AnswerTemplate, len(sets))
		for i, set := range sets {
			if err := s.store.HoldProject(ctx, set.ProjectID); err != nil {
				return err
			}
			var err error
			if was[i], err = s.store.AnswerTemplates(ctx, set.ProjectID); err != nil {
				return err
			}
			slices.SortStableFunc(was[i], byName)
		}
		if look != nil {
			if err := look(was, tidy); err != nil {
				return err
			}
		}
		for i, set := range sets {
			if err := s.becomeTemplates(ctx, by, set, tidy[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func byName(a, b models.AnswerTemplate) int { return strings.Compare(a.Name, b.Name) }

// becomeTemplates makes the templates of one project what they are to be, in the transaction of ctx.
func (s *Service) becomeTemplates(ctx context.Context, by *models.User, set models.TemplateSet, to []models.AnswerTemplate) error {
	action := "template.import"
	if set.Restores != 0 {
		action = "template.restore"
	}
	return s.templatesChange(ctx, by, set.ProjectID, action, func(ctx context.Context, was []models.AnswerTemplate) (any, error) {
		counts := map[string]any{"added": 0, "changed": 0, "removed": 0}
		count := func(what string) { counts[what] = counts[what].(int) + 1 }
		for _, t := range to {
			i := slices.IndexFunc(was, func(old models.AnswerTemplate) bool { return old.Name == t.Name })
			switch {
			case i < 0:
				t.CreatedAt = now()
				if err := s.store.CreateAnswerTemplate(ctx, &t); err != nil {
					return nil, err
				}
				count("added")
				continue
			case was[i].Body != t.Body:
				if err := s.store.SetAnswerTemplate(ctx, was[i].ID, t.Body); err != nil {
					return nil, err
				}
				count("changed")
			}
			was = slices.Delete(was, i, i+1)
		}
		for _, t := range was {
			if err := s.store.DeleteAnswerTemplate(ctx, set.ProjectID, t.ID); err != nil {
				return nil, err
			}
			count("removed")
		}
		if set.Restores != 0 {
			counts["to"] = set.Restores
		}
		return counts, nil
	})
}

// templatesChange changes the templates of a project, and keeps what they are then as a version with a line in the audit
// log; when they are as before, neither. What they were before is kept first when no version is there yet. change gets
// them as they are, and returns what the audit log says.
func (s *Service) templatesChange(
	ctx context.Context, by *models.User, project int64, action string, change func(ctx context.Context, was []models.AnswerTemplate) (detail any, err error),
) error {
	return s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.HoldProject(ctx, project); err != nil {
			return err
		}
		was, err := s.store.AnswerTemplates(ctx, project)
		if err != nil {
			return err
		}
		last, err := s.store.LatestTemplateVersion(ctx, project)
		if errors.Is(err, models.ErrNotFound) && len(was) > 0 {
			last, err = s.keepTemplates(ctx, nil, project, last, "", was)
		}
		if err != nil && !errors.Is(err, models.ErrNotFound) {
			return err
		}
		detail, err := change(ctx, slices.Clone(was))
		if err != nil {
			return err
		}
		is, err := s.store.AnswerTemplates(ctx, project)
		if err != nil {
			return err
		}
		kept, err := s.keepTemplates(ctx, by, project, last, action, is)
		if err != nil || kept.Version == last.Version {
			return err
		}
		return s.audit(ctx, by, action, object("project", project), detail)
	})
}

// keepTemplates keeps templates as the version after last, unless they are as in that.
func (s *Service) keepTemplates(
	ctx context.Context, by *models.User, project int64, last models.TemplateVersion, action string, list []models.AnswerTemplate,
) (models.TemplateVersion, error) {
	kept := make([]keptTemplate, len(list))
	slices.SortStableFunc(list, byName)
	for i, t := range list {
		kept[i] = keptTemplate{t.Name, t.Body}
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return last, fmt.Errorf("describe the templates of project %d: %w", project, err)
	}
	if last.Config == string(text) || last.Version == 0 && len(list) == 0 {
		return last, nil
	}
	v := models.TemplateVersion{ProjectID: project, Kept: models.Kept{Version: last.Version + 1, Action: action, Config: string(text), CreatedAt: now()}}
	if by != nil && by.ID != 0 {
		v.CreatedBy = &by.ID
	}
	return v, s.store.AddTemplateVersion(ctx, &v)
}
