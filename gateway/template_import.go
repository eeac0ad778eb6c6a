package gateway

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"letterbox/gateway/inboxfile"
	"letterbox/models"
)

// TemplateImport is a file of answer templates and how it is taken in.
type TemplateImport struct {
	Entries []*inboxfile.Entry
	Dry     bool   // Find out everything, change nothing.
	Shown   string // The digest of the difference that somebody has seen, as of [ConfigImport].
	// Project returns a project that the person sees, by the key that the file says.
	Project func(ctx context.Context, key string) (models.Project, error)
	// Set makes templates what the sets say, in a transaction in which look sees both before; see tracker.SetAnswerTemplates.
	Set func(ctx context.Context, sets []models.TemplateSet, look func(was, now [][]models.AnswerTemplate) error) error
}

// ImportTemplates makes the answer templates of projects what a file says, all in one transaction, and returns how they
// differed, in the order of the file; the ID of a difference is that of the project. What cannot be taken is a
// models.InvalidList with the lines of the file, and nothing has changed then.
func ImportTemplates(ctx context.Context, q TemplateImport) ([]ConfigChange, error) {
	var list models.InvalidList
	var sets []models.TemplateSet
	var projects []models.Project
	for _, e := range q.Entries {
		said, wrong := e.LayTemplates()
		if list = append(list, wrong...); len(wrong) > 0 {
			continue
		}
		p, err := q.Project(ctx, said.Project)
		if errors.Is(err, models.ErrNotFound) {
			list = append(list, &models.Invalid{Field: "project", Code: "E-PROJECT-04", Args: map[string]string{"key": said.Project}, Line: e.Line("project")})
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look up project: %w", err)
		}
		set := models.TemplateSet{ProjectID: p.ID}
		for _, t := range said.Templates {
			set.Templates = append(set.Templates, models.AnswerTemplate{Name: t.Name, Body: t.Body})
		}
		sets, projects = append(sets, set), append(projects, p)
	}
	if len(list) > 0 {
		return nil, list
	}
	out, err := SetTemplates(ctx, q, projects, sets)
	if found, ok := errors.AsType[models.InvalidList](err); ok {
		for _, one := range found {
			at, field, _ := strings.Cut(one.Field, ".")
			if i, err := strconv.Atoi(at); err == nil && i < len(q.Entries) {
				one.Field, one.Line = field, q.Entries[i].Line(field)
			}
		}
	}
	return out, err
}

// SetTemplates is ImportTemplates for what is no file: sets of these projects.
func SetTemplates(ctx context.Context, q TemplateImport, projects []models.Project, sets []models.TemplateSet) (out []ConfigChange, err error) {
	err = q.Set(ctx, sets, func(was, now [][]models.AnswerTemplate) error {
		out = nil
		for i, p := range projects {
			out = append(out, ConfigChange{ID: p.ID, Name: p.Key, Changes: CompareTemplates(TemplateTexts(was[i]), TemplateTexts(now[i]))})
		}
		switch {
		case q.Shown != "" && q.Shown != Digest(out):
			return models.ErrConflict
		case q.Dry:
			return errDry
		}
		return nil
	})
	if err != nil && !errors.Is(err, errDry) {
		return nil, err
	}
	return out, nil
}

// TemplateTexts are answer templates as a file says them.
func TemplateTexts(list []models.AnswerTemplate) []inboxfile.Template {
	out := make([]inboxfile.Template, len(list))
	for i, t := range list {
		out[i] = inboxfile.Template{Name: t.Name, Body: t.Body}
	}
	return out
}
