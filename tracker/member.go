package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"letterbox/models"
)

// MemberView is a member of a project with the person behind it.
type MemberView struct {
	User models.User
	Role models.ProjectRole
}

// Members lists the members of a project; those who work on it may.
func (s *Service) Members(ctx context.Context, by *models.User, projectID int64) ([]MemberView, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return nil, err
	}
	if err := a.mayWork(projectID); err != nil {
		return nil, err
	}
	if _, err := s.store.ProjectByID(ctx, projectID); err != nil {
		return nil, err
	}
	rows, err := s.store.Members(ctx, projectID)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	people := s.people()
	ids := make([]int64, 0, len(rows))
	for _, row := range rows {
		ids = append(ids, row.UserID)
	}
	if err := people.load(ctx, ids); err != nil {
		return nil, err
	}
	views := make([]MemberView, 0, len(rows))
	for _, row := range rows {
		u, err := people.get(ctx, row.UserID)
		if err != nil {
			return nil, err
		}
		views = append(views, MemberView{User: u, Role: row.Role})
	}
	return views, nil
}

// SetMember makes the person with that login a member of the project, or changes its role there. Those who configure
// the project may. Customers cannot be members.
func (s *Service) SetMember(ctx context.Context, by *models.User, projectID int64, loginName string, role models.ProjectRole) error {
	if err := s.mayConfigure(ctx, by, projectID); err != nil {
		return err
	}
	var c checks
	u, err := s.userByLogin(ctx, loginName)
	switch {
	case errors.Is(err, models.ErrNotFound) || err == nil && !maySignIn(u):
		c.add("login", "E-MEMBER-01", "login", loginName)
	case err != nil:
		return err
	}
	if !slices.Contains(models.ProjectRoles(), role) {
		c.add("role", "E-MEMBER-02", "role", string(role))
	}
	if err := c.err(); err != nil {
		return err
	}
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		if _, err := s.store.ProjectByID(ctx, projectID); err != nil {
			return err
		}
		if err := s.store.SetMember(ctx, models.Member{ProjectID: projectID, UserID: u.ID, Role: role}); err != nil {
			return err
		}
		return s.audit(ctx, by, "member.set", object("project", projectID), map[string]any{"user": u.ID, "role": role})
	})
	if err != nil {
		return fmt.Errorf("set member: %w", err)
	}
	s.tell(ctx, object("project", projectID))
	return nil
}

// RemoveMember ends a membership. Those who configure the project may. It is no error when there is none.
func (s *Service) RemoveMember(ctx context.Context, by *models.User, projectID, userID int64) error {
	if err := s.mayConfigure(ctx, by, projectID); err != nil {
		return err
	}
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.RemoveMember(ctx, projectID, userID); err != nil && !errors.Is(err, models.ErrNotFound) {
			return err
		}
		return s.audit(ctx, by, "member.remove", object("project", projectID), map[string]int64{"user": userID})
	})
	if err != nil {
		return fmt.Errorf("remove member: %w", err)
	}
	s.tell(ctx, object("project", projectID))
	return nil
}

func (s *Service) mayConfigure(ctx context.Context, by *models.User, projectID int64) error {
	a, err := s.Access(ctx, by)
	if err != nil {
		return err
	}
	return a.mayConfigure(projectID)
}

// people looks up persons once each during one call.
type people struct {
	s    *Service
	seen map[int64]models.User
}

func (s *Service) people() *people { return &people{s: s, seen: map[int64]models.User{}} }

// load looks up many people at once; get then finds them without asking again.
func (p *people) load(ctx context.Context, ids []int64) error {
	var missing []int64
	for _, id := range ids {
		if _, ok := p.seen[id]; !ok && !slices.Contains(missing, id) {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	users, err := p.s.store.UsersByID(ctx, missing)
	if err != nil {
		return fmt.Errorf("load users: %w", err)
	}
	for id, u := range users {
		u.PasswordHash = ""
		p.seen[id] = u
	}
	return nil
}

// get returns the person without its password hash, and an empty one when it is gone.
func (p *people) get(ctx context.Context, id int64) (models.User, error) {
	if u, ok := p.seen[id]; ok {
		return u, nil
	}
	u, err := p.s.store.UserByID(ctx, id)
	if errors.Is(err, models.ErrNotFound) {
		u, err = models.User{ID: id}, nil
	}
	if err != nil {
		return models.User{}, fmt.Errorf("load user: %w", err)
	}
	u.PasswordHash = ""
	p.seen[id] = u
	return u, nil
}
