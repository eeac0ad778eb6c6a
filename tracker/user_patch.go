package tracker

import (
	"context"
	"fmt"

	"letterbox/models"
)

// UserPatch is what is to be changed of a person. What is nil stays.
type UserPatch struct {
	Name, Language *string
	Role           *models.Role
	Disabled       *bool
	Password       *string
}

// PatchUser changes what is given of a person in one transaction: all of it or nothing. Each field takes the rights of the
// function that sets it alone ([Service.SetProfile], [Service.SetRole], [Service.DisableUser], [Service.SetPassword]).
func (s *Service) PatchUser(ctx context.Context, by *models.User, id int64, p UserPatch) (models.User, error) {
	u, err := s.User(ctx, by, id)
	if err != nil {
		return models.User{}, err
	}
	hash := ""
	if p.Password != nil {
		if hash, err = s.newHash(ctx, u, *p.Password); err != nil {
			return models.User{}, err
		}
	}
	err = s.store.WithTx(ctx, func(ctx context.Context) (err error) {
		if p.Role != nil {
			if _, err := s.SetRole(ctx, by, id, *p.Role); err != nil {
				return err
			}
		}
		if p.Disabled != nil {
			if _, err := s.DisableUser(ctx, by, id, *p.Disabled); err != nil {
				return err
			}
		}
		if hash != "" {
			if err := s.setHash(ctx, by, id, hash); err != nil {
				return err
			}
		}
		if u, err = s.store.UserByID(ctx, id); err != nil {
			return err
		}
		if p.Name == nil && p.Language == nil {
			return nil
		}
		name, language := u.Name, u.Language
		if p.Name != nil {
			name = *p.Name
		}
		if p.Language != nil {
			language = *p.Language
		}
		u, err = s.SetProfile(ctx, by, id, name, language, u.Theme)
		return err
	})
	if err != nil {
		return models.User{}, fmt.Errorf("change a person: %w", err)
	}
	s.tell(ctx, object("user", id))
	return u, nil
}
