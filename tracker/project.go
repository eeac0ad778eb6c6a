package tracker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"letterbox/models"
)

// ProjectDraft is all that can be said of a project.
type ProjectDraft struct {
	Key         string // 1 to 10 letters A to Z and digits, a letter first; small letters are made capitals.
	Name        string
	Description string
	Assignee    *string // Login of who has new issues that name nobody; "" for nobody, nil: as it is.
	Archived    *bool   // Nothing new comes in; nil: as it is.
}

// CreateProject adds a project. Admins only. A key that is taken is a models.InvalidList.
func (s *Service) CreateProject(ctx context.Context, by *models.User, d ProjectDraft) (models.Project, error) {
	if err := s.admin(ctx, by); err != nil {
		return models.Project{}, err
	}
	p := models.Project{CreatedAt: now()}
	if err := fillProject(&p, d); err != nil {
		return models.Project{}, err
	}
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		p.ID = 0
		if err := s.keyFree(ctx, p); err != nil {
			return err
		}
		if err := s.store.CreateProject(ctx, &p); err != nil {
			return err
		}
		return s.audit(ctx, by, "project.create", object("project", p.ID), map[string]string{"key": p.Key, "name": p.Name})
	})
	if err != nil {
		return models.Project{}, fmt.Errorf("create project: %w", err)
	}
	s.tell(ctx, object("project", p.ID))
	return p, nil
}

// UpdateProject changes a project. Those who configure it may. It is archived only once no inbox puts mail into it any
// more, so that no mail comes to a closed door; answers to its issues still arrive there.
func (s *Service) UpdateProject(ctx context.Context, by *models.User, id int64, d ProjectDraft) (models.Project, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return models.Project{}, err
	}
	if err := a.mayConfigure(id); err != nil {
		return models.Project{}, err
	}
	var p models.Project
	err = s.store.WithTx(ctx, func(ctx context.Context) (err error) {
		if p, err = s.store.ProjectByID(ctx, id); err != nil {
			return err
		}
		before := p
		if err := fillProject(&p, d); err != nil {
			return err
		}
		if err := s.keyFree(ctx, p); err != nil {
			return err
		}
		if err := s.arrange(ctx, &p, d); err != nil {
			return err
		}
		if err := s.store.UpdateProject(ctx, &p); err != nil {
			return err
		}
		return s.audit(ctx, by, "project.update", object("project", id), map[string][]string{
			"key": {before.Key, p.Key}, "name": {before.Name, p.Name}, "archived": {yesNo(before.ArchivedAt != nil), yesNo(p.ArchivedAt != nil)},
			"default_assignee": {idOf(before.DefaultAssigneeID), idOf(p.DefaultAssigneeID)},
		})
	})
	if err != nil {
		return models.Project{}, fmt.Errorf("update project: %w", err)
	}
	s.tell(ctx, object("project", id))
	return p, nil
}

// arrange sets who has new issues, and whether the project is archived. It joins the transaction in ctx.
func (s *Service) arrange(ctx context.Context, p *models.Project, d ProjectDraft) error {
	if d.Assignee != nil {
		id, err := s.assignee(ctx, *d.Assignee, p.ID)
		if err != nil {
			return err
		}
		p.DefaultAssigneeID = id
	}
	switch {
	case d.Archived == nil || *d.Archived == (p.ArchivedAt != nil):
		return nil
	case !*d.Archived:
		p.ArchivedAt = nil
		return nil
	}
	inboxes, err := s.store.Inboxes(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, in := range inboxes {
		if in.ProjectID == p.ID && in.Enabled {
			names = append(names, in.Name)
		}
	}
	if len(names) > 0 {
		return invalid("archived", "E-PROJECT-05", "inboxes", strings.Join(names, ", "))
	}
	at := now()
	p.ArchivedAt = &at
	return nil
}

// usual is who has a new issue of a project that names nobody, nil for nobody: also when that person does not work there
// any more. It joins the transaction in ctx.
func (s *Service) usual(ctx context.Context, projectID int64) (*int64, error) {
	p, err := s.store.ProjectByID(ctx, projectID)
	if err != nil || p.DefaultAssigneeID == nil {
		return nil, err
	}
	u, err := s.store.UserByID(ctx, *p.DefaultAssigneeID)
	if err != nil {
		return nil, err
	}
	a, err := s.Access(ctx, &u)
	if err != nil || !a.WorksOn(projectID) {
		return nil, err
	}
	return &u.ID, nil
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func fillProject(p *models.Project, d ProjectDraft) error {
	var c checks
	p.Key = strings.ToUpper(strings.TrimSpace(d.Key))
	p.Name = line(d.Name)
	p.Description = strings.TrimSpace(body(d.Description))
	if !projectKey(p.Key) {
		c.add("key", "E-PROJECT-01", "key", d.Key)
	}
	switch {
	case p.Name == "":
		c.add("name", "E-PROJECT-03")
	case len([]rune(p.Name)) > maxName:
		c.add("name", "E-TEXT-01", "max", fmt.Sprint(maxName))
	}
	if len(p.Description) > 64<<10 {
		c.add("description", "E-TEXT-01", "max", fmt.Sprint(64<<10))
	}
	return c.err()
}

func projectKey(key string) bool {
	return len(key) >= 1 && len(key) <= 10 && key[0] >= 'A' && key[0] <= 'Z' &&
		strings.Trim(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// keyFree fails when another project has the key.
func (s *Service) keyFree(ctx context.Context, p models.Project) error {
	other, err := s.store.ProjectByKey(ctx, p.Key)
	switch {
	case errors.Is(err, models.ErrNotFound):
		return nil
	case err != nil:
		return err
	case other.ID != p.ID:
		return invalid("key", "E-PROJECT-02", "key", p.Key)
	}
	return nil
}

// Projects lists the projects that the person sees, in the store's order.
func (s *Service) Projects(ctx context.Context, by *models.User) ([]models.Project, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return nil, err
	}
	all, err := s.store.Projects(ctx)
	if err != nil {
		return nil, fmt.Errorf("list projects: %w", err)
	}
	seen := make([]models.Project, 0, len(all))
	for _, p := range all {
		if a.SeesProject(p.ID) {
			seen = append(seen, p)
		}
	}
	return seen, nil
}

// Project returns one project; models.ErrNotFound when there is none or the person does not see it.
func (s *Service) Project(ctx context.Context, by *models.User, id int64) (models.Project, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return models.Project{}, err
	}
	if err := a.visible(id); err != nil {
		return models.Project{}, err
	}
	return s.store.ProjectByID(ctx, id)
}

// ProjectByKey is Project for a key, in whatever case.
func (s *Service) ProjectByKey(ctx context.Context, by *models.User, key string) (models.Project, error) {
	key = strings.ToUpper(strings.TrimSpace(key))
	if !projectKey(key) {
		return models.Project{}, models.ErrNotFound
	}
	p, err := s.store.ProjectByKey(ctx, key)
	if err != nil {
		return models.Project{}, err
	}
	a, err := s.Access(ctx, by)
	if err != nil {
		return models.Project{}, err
	}
	if err := a.visible(p.ID); err != nil {
		return models.Project{}, err
	}
	return p, nil
}
