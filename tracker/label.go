package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"letterbox/models"
)

const (
	maxLabel  = 50 // Characters of a name.
	maxLabels = 30 // Of one issue.
)

// foldLabel is the name of a label as names are compared.
func foldLabel(name string) string { return strings.ToLower(line(name)) }

// Labels returns the labels of a project that the person works on, by name.
func (s *Service) Labels(ctx context.Context, by *models.User, project int64) ([]models.Label, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return nil, err
	}
	if err := a.mayWork(project); err != nil {
		return nil, err
	}
	return s.store.Labels(ctx, project)
}

// RenameLabel gives a label another name, on all its issues. Those who configure the project may. models.ErrNotFound when
// the project has none of this ID, a name that cannot be taken is a models.InvalidList.
func (s *Service) RenameLabel(ctx context.Context, by *models.User, project, id int64, name string) (models.Label, error) {
	var label models.Label
	if err := s.mayConfigure(ctx, by, project); err != nil {
		return label, err
	}
	var c checks
	list := splitLabels([]string{name}, &c)
	if err := c.err(); err != nil {
		return label, err
	}
	if len(list) == 0 {
		return label, invalid("labels", "E-LABEL-03")
	}
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		all, err := s.store.Labels(ctx, project)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(l models.Label) bool { return l.ID == id })
		if i < 0 {
			return models.ErrNotFound
		}
		label = all[i]
		was := label.Name
		label.Name, label.Folded = list[0], foldLabel(list[0])
		if err := s.store.RenameLabel(ctx, label); errors.Is(err, models.ErrConflict) {
			return invalid("labels", "E-LABEL-04", "label", label.Name)
		} else if err != nil {
			return err
		}
		return s.audit(ctx, by, "label.update", object("project", project), map[string]any{"label": was + " → " + label.Name})
	})
	return label, err
}

// DeleteLabel removes a label from a project and from all its issues. Those who configure the project may.
func (s *Service) DeleteLabel(ctx context.Context, by *models.User, project, id int64) error {
	a, err := s.Access(ctx, by)
	if err != nil {
		return err
	}
	if err := a.mayConfigure(project); err != nil {
		return err
	}
	return s.store.WithTx(ctx, func(ctx context.Context) error {
		all, err := s.store.Labels(ctx, project)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(l models.Label) bool { return l.ID == id }) {
			return models.ErrNotFound
		}
		if err := s.store.DeleteLabel(ctx, id); err != nil {
			return err
		}
		return s.audit(ctx, by, "label.delete", object("project", project), map[string]any{"label": id})
	})
}

// splitLabels reads names that are parted by commas, each once.
func splitLabels(list []string, c *checks) []string {
	var out []string
	seen := map[string]bool{}
	for _, name := range list {
		name = models.LabelName(name)
		if name == "" || seen[foldLabel(name)] {
			continue
		}
		if len([]rune(name)) > maxLabel || strings.Contains(name, ",") {
			c.add("labels", "E-LABEL-01", "label", cut(name, 60), "max", fmt.Sprint(maxLabel))
			continue
		}
		seen[foldLabel(name)] = true
		out = append(out, name)
	}
	if len(out) > maxLabels {
		c.add("labels", "E-LABEL-02", "max", fmt.Sprint(maxLabels))
	}
	return out
}

// setLabels gives an issue exactly the labels with these names and makes those that its project does not have yet. It
// joins the transaction in ctx.
func (s *Service) setLabels(ctx context.Context, issue models.Issue, names []string) error {
	have, err := s.store.Labels(ctx, issue.ProjectID)
	if err != nil {
		return fmt.Errorf("list labels: %w", err)
	}
	ids := make([]int64, 0, len(names))
	for _, name := range names {
		at := slices.IndexFunc(have, func(l models.Label) bool { return l.Folded == foldLabel(name) })
		if at >= 0 {
			ids = append(ids, have[at].ID)
			continue
		}
		l := models.Label{ProjectID: issue.ProjectID, Name: name, Folded: foldLabel(name), CreatedAt: now()}
		if err := s.store.EnsureLabel(ctx, &l); err != nil {
			return err
		}
		ids = append(ids, l.ID)
	}
	return s.store.SetLabels(ctx, issue.Number, ids)
}

func labelNames(list []models.Label) []string {
	names := make([]string, 0, len(list))
	for _, l := range list {
		names = append(names, l.Name)
	}
	return names
}
