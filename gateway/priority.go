package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"letterbox/gateway/extract"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// findPriority looks up the priority that a profile or a script names, when it is one of the project's own; the usual
// ones need no look. One that the project does not have is left out, and the trace says so.
func (g *Gateway) findPriority(ctx context.Context, d *delivery) error {
	name := d.data.PriorityName
	if name == "" {
		return nil
	}
	own, err := g.priorityNamed(ctx, d.project(), name)
	if err != nil {
		return err
	}
	if own == nil {
		d.note(models.StepMatch, "match.unusable", "setting", "priority", "problem", "priority", "value", name)
		return nil
	}
	counts, _ := models.ParsePriority(own.Base)
	d.data.Priority, d.priority = &counts, &own.ID
	return nil
}

// priorityNamed returns the priority of a project with that name, nil when it has none.
func (g *Gateway) priorityNamed(ctx context.Context, project int64, name string) (*models.ProjectValue, error) {
	own, err := g.ownPriorities(ctx, project)
	if err != nil {
		return nil, err
	}
	if v, ok := own.Named(foldValue(name)); ok {
		return &v, nil
	}
	return nil, nil
}

func foldValue(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// ownPriorities are the priorities that a project names itself.
func (g *Gateway) ownPriorities(ctx context.Context, project int64) (models.Values, error) {
	all, err := g.Store.ProjectValues(ctx, []int64{project})
	if err != nil {
		return nil, fmt.Errorf("read the priorities of the project: %w", err)
	}
	return slices.DeleteFunc(all, func(v models.ProjectValue) bool { return v.Kind != models.ValuePriority }), nil
}

// PriorityWords lists the priorities that profiles of an inbox of a project can set.
func (g *Gateway) PriorityWords(ctx context.Context, project int64) ([]models.Word, error) {
	own, err := g.ownPriorities(ctx, project)
	return own.Words(models.ValuePriority), err
}

// LintPriorities returns the entries of profiles that set a priority which the project does not have.
func (g *Gateway) LintPriorities(ctx context.Context, project int64, x models.Extraction) ([]rule.Finding, error) {
	entries, names := extract.OwnPriorities(x)
	if len(names) == 0 {
		return nil, nil
	}
	own, err := g.ownPriorities(ctx, project)
	if err != nil {
		return nil, err
	}
	var found []rule.Finding
	for i, name := range names {
		if _, ok := own.Named(foldValue(name)); !ok {
			found = append(found, rule.Finding{Field: entries[i], Code: "W-EXTRACT-03", Args: map[string]string{"name": cut(name, 60)}})
		}
	}
	return found, nil
}
