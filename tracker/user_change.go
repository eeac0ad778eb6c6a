package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"letterbox/models"
)

// SetPassword gives a person a new password and ends all its sessions. Admins may do it for everybody, others for
// themselves (the page asks for the old one with [Service.CheckPassword]).
func (s *Service) SetPassword(ctx context.Context, by *models.User, id int64, password string) error {
	u, err := s.User(ctx, by, id)
	if err != nil {
		return err
	}
	hash, err := s.newHash(ctx, u, password)
	if err != nil {
		return err
	}
	if err := s.setHash(ctx, by, id, hash); err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return nil
}

// newHash checks a new password of a person and returns its hash. It takes long: call it outside of transactions.
func (s *Service) newHash(ctx context.Context, u models.User, password string) (string, error) {
	var c checks
	if u.Role == models.RoleCustomer || u.Login == nil {
		c.add("password", "E-USER-11")
	} else {
		c.checkPassword("password", password, append([]string{*u.Login, u.Name}, u.Addresses...)...)
	}
	if err := c.err(); err != nil {
		return "", err
	}
	return s.hashes.hash(ctx, password)
}

func (s *Service) setHash(ctx context.Context, by *models.User, id int64, hash string) error {
	return s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.SetPasswordHash(ctx, id, hash); err != nil {
			return err
		}
		return s.audit(ctx, by, "user.password", object("user", id), map[string]string{"password": "changed"})
	})
}

// CheckPassword reports whether password is that of the person, without counting failures.
func (s *Service) CheckPassword(ctx context.Context, u *models.User, password string) (bool, error) {
	fits, _, err := s.hashes.verify(ctx, password, u.PasswordHash)
	return fits, err
}

// SetRole changes what a person may do and ends its sessions. Admins only. The last admin who can sign in keeps the
// role: taking it away is a models.InvalidList.
func (s *Service) SetRole(ctx context.Context, by *models.User, id int64, role models.Role) (models.User, error) {
	return s.changeUser(ctx, by, id, "user.role", func(u *models.User) error {
		switch role {
		case models.RoleAdmin, models.RoleMember:
			if u.Login == nil {
				return contactTaken("role", *u)
			}
		case models.RoleCustomer:
		default:
			return invalid("role", "E-USER-05", "role", string(role))
		}
		u.Role = role
		return nil
	})
}

// DisableUser keeps a person from signing in and from writing by mail, and ends its sessions; disabled false lets it
// in again. Admins only. The last admin who can sign in stays.
func (s *Service) DisableUser(ctx context.Context, by *models.User, id int64, disabled bool) (models.User, error) {
	return s.changeUser(ctx, by, id, "user.disable", func(u *models.User) error {
		u.DisabledAt = nil
		if disabled {
			at := now()
			u.DisabledAt = &at
		}
		return nil
	})
}

// SetProfile changes name, language and theme of a person. Everybody may do it for itself, admins for all.
func (s *Service) SetProfile(ctx context.Context, by *models.User, id int64, name, language, theme string) (models.User, error) {
	if _, err := s.User(ctx, by, id); err != nil {
		return models.User{}, err
	}
	var c checks
	if name = cut(line(name), maxName); name == "" {
		c.add("name", "E-USER-13")
	}
	if !slices.Contains([]string{"", "de", "en"}, language) {
		c.add("language", "E-USER-12", "language", language)
	}
	if !slices.Contains([]string{"", "light", "dark"}, theme) {
		c.add("theme", "E-USER-14", "theme", theme)
	}
	if err := c.err(); err != nil {
		return models.User{}, err
	}
	var u models.User
	err := s.store.WithTx(ctx, func(ctx context.Context) (err error) {
		if u, err = s.store.UserByID(ctx, id); err != nil {
			return err
		}
		u.Name, u.Language, u.Theme = name, language, theme
		return s.store.UpdateUser(ctx, &u)
	})
	if err != nil {
		return models.User{}, fmt.Errorf("set profile: %w", err)
	}
	s.tell(ctx, object("user", id))
	return u, nil
}

// AddAddress gives a person one more address; mail from it is then mail from that person. Admins only.
func (s *Service) AddAddress(ctx context.Context, by *models.User, id int64, addr string) error {
	if err := s.admin(ctx, by); err != nil {
		return err
	}
	norm, ok := address(addr)
	if !ok {
		return invalid("address", "E-USER-03", "address", addr)
	}
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		if _, err := s.store.UserByID(ctx, id); err != nil {
			return err
		}
		if has, err := s.store.UserByAddress(ctx, norm); err == nil && has.Role == models.RoleCustomer && has.Login == nil && has.ID != id {
			return contactTaken("address", has)
		} else if err != nil && !errors.Is(err, models.ErrNotFound) {
			return err
		}
		if err := s.store.AddAddress(ctx, id, norm); errors.Is(err, models.ErrConflict) {
			return invalid("address", "E-USER-04", "address", norm)
		} else if err != nil {
			return err
		}
		return s.audit(ctx, by, "user.address", object("user", id), map[string]string{"address": "added"})
	})
	if err != nil {
		return fmt.Errorf("add address: %w", err)
	}
	s.tell(ctx, object("user", id))
	return nil
}

// RemoveAddress takes an address of a person away; mail from it is then that of somebody unknown. Admins only.
// models.ErrNotFound when the person has no such address. A customer keeps one: it is who the customer is.
func (s *Service) RemoveAddress(ctx context.Context, by *models.User, id int64, addr string) error {
	if err := s.admin(ctx, by); err != nil {
		return err
	}
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		u, err := s.store.UserByID(ctx, id)
		if err != nil {
			return err
		}
		if u.Role == models.RoleCustomer && len(u.Addresses) == 1 && u.Addresses[0] == models.FoldAddress(addr) {
			return invalid("gone", "E-USER-18", "address", u.Addresses[0])
		}
		if err := s.store.RemoveAddress(ctx, id, addr); err != nil {
			return err
		}
		return s.audit(ctx, by, "user.address", object("user", id), map[string]string{"address": "removed"})
	})
	if err != nil {
		return fmt.Errorf("remove address: %w", err)
	}
	s.tell(ctx, object("user", id))
	return nil
}

// changeUser changes role or access of a person in one transaction, guards the last admin, ends the sessions and
// writes the audit line.
func (s *Service) changeUser(ctx context.Context, by *models.User, id int64, action string, change func(*models.User) error) (models.User, error) {
	if err := s.admin(ctx, by); err != nil {
		return models.User{}, err
	}
	var u models.User
	err := s.store.WithTx(ctx, func(ctx context.Context) (err error) {
		if u, err = s.store.UserByID(ctx, id); err != nil {
			return err
		}
		before := u
		if err := change(&u); err != nil {
			return err
		}
		if err := s.store.UpdateUser(ctx, &u); err != nil {
			return err
		}
		if signsInAsAdmin(before) && !signsInAsAdmin(u) {
			if err := s.keepAnAdmin(ctx); err != nil {
				return err
			}
		}
		if err := s.store.DeleteSessionsOf(ctx, id); err != nil {
			return err
		}
		if !maySignIn(u) { // Let in again, it is invited anew.
			if err := s.store.DeletePasswordLinksOf(ctx, id); err != nil {
				return err
			}
		}
		return s.audit(ctx, by, action, object("user", id), map[string]any{
			"role":     []models.Role{before.Role, u.Role},
			"disabled": []bool{before.DisabledAt != nil, u.DisabledAt != nil},
		})
	})
	if err != nil {
		return models.User{}, fmt.Errorf("change user: %w", err)
	}
	s.tell(ctx, object("user", id))
	return u, nil
}

func signsInAsAdmin(u models.User) bool {
	return u.Role == models.RoleAdmin && u.DisabledAt == nil && u.PasswordHash != ""
}

// keepAnAdmin fails when no admin who can sign in is left in the transaction in ctx.
func (s *Service) keepAnAdmin(ctx context.Context) error {
	for after := int64(0); ; {
		users, err := s.store.Users(ctx, 200, after)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(users, signsInAsAdmin) {
			return nil
		}
		if len(users) < 200 {
			return invalid("role", "E-USER-09")
		}
		after = users[len(users)-1].ID
	}
}
