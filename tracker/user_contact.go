package tracker

import (
	"context"
	"errors"
	"slices"

	"letterbox/models"
)

// contactOf returns the contact that has addresses of u, the person who is to be added, in the transaction in ctx; nil when nobody
// has one. Addresses of a colleague, of a contact that is shut out and of several contacts are a models.InvalidList.
func (s *Service) contactOf(ctx context.Context, u *models.User) (*models.User, error) {
	var found *models.User
	for _, a := range u.Addresses {
		has, err := s.store.UserByAddress(ctx, a)
		switch {
		case errors.Is(err, models.ErrNotFound):
			continue
		case err != nil:
			return nil, err
		case has.Role != models.RoleCustomer || has.Login != nil || u.Role == models.RoleCustomer:
			return nil, invalid("addresses", "E-USER-04", "address", a)
		case has.DisabledAt != nil:
			return nil, invalid("addresses", "E-USER-16", "address", a, "name", has.Name)
		case found != nil && found.ID != has.ID:
			return nil, invalid("addresses", "E-USER-17", "name", found.Name, "other", has.Name)
		}
		found = &has
	}
	return found, nil
}

// becomes makes a contact the colleague u, in the transaction in ctx: its number, its issues and its addresses stay, those of u come
// first, so that mail goes to them. Where nobody has named u, the contact keeps its name.
func (s *Service) becomes(ctx context.Context, contact models.User, u *models.User, named bool) error {
	u.ID, u.CreatedAt = contact.ID, contact.CreatedAt
	if !named && contact.Name != "" {
		u.Name = contact.Name
	}
	if u.Language == "" {
		u.Language = contact.Language
	}
	if err := s.store.UpdateUser(ctx, u); err != nil {
		return err
	}
	if u.PasswordHash != "" {
		if err := s.store.SetPasswordHash(ctx, u.ID, u.PasswordHash); err != nil {
			return err
		}
	}
	for _, a := range contact.Addresses {
		if !slices.Contains(u.Addresses, a) {
			u.Addresses = append(u.Addresses, a)
		}
	}
	return s.store.SetAddresses(ctx, u.ID, u.Addresses)
}

// contactTaken says that somebody is a contact, and how it becomes a colleague.
func contactTaken(field string, contact models.User) error {
	address := ""
	if len(contact.Addresses) > 0 {
		address = contact.Addresses[0]
	}
	return invalid(field, "E-USER-15", "name", contact.Name, "address", address)
}
