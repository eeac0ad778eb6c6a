package tracker

import (
	"context"
	"errors"
	"fmt"

	"letterbox/models"
)

// UserDraft is all that can be said of a new person.
type UserDraft struct {
	Login     string // "" for a customer.
	Name      string
	Addresses []string
	Role      models.Role
	Password  string // "": cannot sign in with a password yet.
	Language  string // "de", "en" or "".
}

// UserPage is one page of the list of people.
type UserPage struct {
	Items []models.User
	Next  int64 // Pass it as after for the next page; 0 at the end.
}

// CreateUser adds a person. Admins only. The contact with an address of a new admin or member becomes that person and keeps its
// issues. A login or address that is taken is a models.InvalidList.
func (s *Service) CreateUser(ctx context.Context, by *models.User, d UserDraft) (models.User, error) {
	if err := s.admin(ctx, by); err != nil {
		return models.User{}, err
	}
	u, err := s.prepareUser(ctx, d)
	if err != nil {
		return models.User{}, err
	}
	draft := u
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		u = draft
		was, err := s.insertUser(ctx, &u, d.Name != "")
		if err != nil {
			return err
		}
		return s.auditAdded(ctx, by, u, was)
	})
	if err != nil {
		return models.User{}, fmt.Errorf("create user: %w", err)
	}
	s.tell(ctx, object("user", u.ID))
	return u, nil
}

// prepareUser checks a draft and hashes its password, outside any transaction.
func (s *Service) prepareUser(ctx context.Context, d UserDraft) (models.User, error) {
	var c checks
	u := models.User{Name: cut(line(d.Name), maxName), Role: d.Role, CreatedAt: now()}
	switch d.Role {
	case models.RoleAdmin, models.RoleMember, models.RoleCustomer:
	default:
		c.add("role", "E-USER-05", "role", string(d.Role))
	}
	if name, ok := login(d.Login); ok && d.Role != models.RoleCustomer {
		u.Login = &name
	} else if d.Login != "" || d.Role != models.RoleCustomer {
		c.add("login", "E-USER-01", "login", d.Login)
	}
	u.Addresses = c.addresses(d.Addresses)
	if d.Role == models.RoleCustomer && len(d.Addresses) == 0 {
		c.add("addresses", "E-USER-10")
	}
	switch d.Language {
	case "", "de", "en":
		u.Language = d.Language
	default:
		c.add("language", "E-USER-12", "language", d.Language)
	}
	if u.Name == "" {
		u.Name = d.Login
		if u.Name == "" && len(u.Addresses) > 0 {
			u.Name = u.Addresses[0]
		}
	}
	switch {
	case d.Password == "":
	case d.Role == models.RoleCustomer:
		c.add("password", "E-USER-11")
	default:
		c.checkPassword("password", d.Password, append([]string{d.Login, d.Name}, u.Addresses...)...)
	}
	if err := c.err(); err != nil {
		return models.User{}, err
	}
	if d.Password != "" {
		hash, err := s.hashes.hash(ctx, d.Password)
		if err != nil {
			return models.User{}, err
		}
		u.PasswordHash = hash
	}
	return u, nil
}

// addresses returns the addresses in their compared form, each once, and notes those that are none.
func (c *checks) addresses(list []string) []string {
	out := make([]string, 0, len(list))
	seen := map[string]bool{}
	for _, a := range list {
		addr, ok := address(a)
		if !ok {
			c.add("addresses", "E-USER-03", "address", a)
			continue
		}
		if !seen[addr] {
			seen[addr] = true
			out = append(out, addr)
		}
	}
	return out
}

// insertUser stores u in the transaction in ctx and says which field is taken when one is. A contact with an address of u becomes u:
// was is its role then, "" otherwise. named tells whether somebody has given u its name.
func (s *Service) insertUser(ctx context.Context, u *models.User, named bool) (was models.Role, err error) {
	if u.Login != nil {
		if _, err := s.store.UserByLogin(ctx, *u.Login); err == nil {
			return "", invalid("login", "E-USER-02", "login", *u.Login)
		} else if !errors.Is(err, models.ErrNotFound) {
			return "", err
		}
	}
	contact, err := s.contactOf(ctx, u)
	if err != nil {
		return "", err
	}
	if contact != nil {
		return contact.Role, s.becomes(ctx, *contact, u, named)
	}
	u.ID = 0
	return "", s.store.CreateUser(ctx, u)
}

// auditAdded notes who has added a person, or made a contact one, in the transaction in ctx.
func (s *Service) auditAdded(ctx context.Context, by *models.User, u models.User, was models.Role) error {
	action, role := "user.create", any(u.Role)
	if was != "" {
		action, role = "user.role", []models.Role{was, u.Role}
	}
	return s.audit(ctx, by, action, object("user", u.ID), map[string]any{"role": role, "password": set(u.PasswordHash)})
}

// User returns one person. Admins see all, everybody sees itself, and members see the people of their projects' issues
// through those issues; anything else is models.ErrNotFound.
func (s *Service) User(ctx context.Context, by *models.User, id int64) (models.User, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return models.User{}, err
	}
	if !a.Admin() && (by == nil || by.ID != id) {
		return models.User{}, models.ErrNotFound
	}
	return s.store.UserByID(ctx, id)
}

// UserByLogin returns the person with that login. Admins only; models.ErrNotFound when there is none.
func (s *Service) UserByLogin(ctx context.Context, by *models.User, name string) (models.User, error) {
	if err := s.admin(ctx, by); err != nil {
		return models.User{}, err
	}
	return s.userByLogin(ctx, name)
}

func (s *Service) userByLogin(ctx context.Context, name string) (models.User, error) {
	name, ok := login(name)
	if !ok {
		return models.User{}, models.ErrNotFound
	}
	return s.store.UserByLogin(ctx, name)
}

// Users lists people by number. Admins only. limit is at most 200, 50 when 0; after is 0 for the first page.
func (s *Service) Users(ctx context.Context, by *models.User, limit int, after int64) (UserPage, error) {
	if err := s.admin(ctx, by); err != nil {
		return UserPage{}, err
	}
	limit = pageSize(limit)
	items, err := s.store.Users(ctx, limit+1, after)
	if err != nil {
		return UserPage{}, fmt.Errorf("list users: %w", err)
	}
	page := UserPage{Items: items}
	if len(items) > limit {
		page.Items = items[:limit]
		page.Next = items[limit-1].ID
	}
	return page, nil
}

// admin returns nil for admins and models.ErrForbidden for everybody else.
func (s *Service) admin(ctx context.Context, by *models.User) error {
	a, err := s.Access(ctx, by)
	if err != nil {
		return err
	}
	return a.mayAdminister()
}

// pageSize bounds the size of a page: 50 when nothing is asked for, never more than 200.
func pageSize(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, 200)
}

// set says in an audit line whether a secret is there, never what it is.
func set(secret string) string {
	if secret == "" {
		return ""
	}
	return "set"
}
