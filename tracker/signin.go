package tracker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"letterbox/models"
)

// ErrSignIn says that login and password do not fit together, or that the person may not sign in. It does not say
// which of them.
var ErrSignIn = errors.New("sign-in refused")

// SignIn returns the person with that login and password. Wrong ones, unknown logins, customers and disabled people
// are all ErrSignIn after the same time. ip is the address of the client without port; too many failures of one login
// from it are *TooManyAttempts.
func (s *Service) SignIn(ctx context.Context, name, password, ip string) (models.User, error) {
	name, ok := login(name)
	if !ok {
		name = "?" // No login has this name; all impossible ones share one counter.
	}
	if err := s.begin(ctx, name, ip); err != nil {
		return models.User{}, err
	}
	u, err := s.store.UserByLogin(ctx, name)
	switch {
	case errors.Is(err, models.ErrNotFound):
		u = models.User{}
	case err != nil:
		return models.User{}, fmt.Errorf("load user: %w", err)
	}
	fits, weak, err := s.hashes.verify(ctx, password, u.PasswordHash)
	if err != nil {
		return models.User{}, err
	}
	if !fits || !maySignIn(u) {
		s.log.InfoContext(ctx, "sign-in refused", slog.Int64("user_id", u.ID))
		return models.User{}, ErrSignIn
	}
	if err := s.succeeded(ctx, name, ip); err != nil {
		return models.User{}, err
	}
	if weak {
		s.rehash(ctx, &u, password)
	}
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		return s.audit(ctx, &u, "user.signin", object("user", u.ID), map[string]string{})
	})
	if err != nil {
		return models.User{}, err
	}
	return u, nil
}

// rehash replaces a hash that was made with weaker parameters; nobody is signed out by it. Failing to is no reason to refuse the
// sign-in.
func (s *Service) rehash(ctx context.Context, u *models.User, password string) {
	hash, err := s.hashes.hash(ctx, password)
	if err == nil {
		err = s.store.RenewPasswordHash(ctx, u.ID, u.PasswordHash, hash)
	}
	if err != nil {
		s.log.WarnContext(ctx, "password hash not renewed", slog.Int64("user_id", u.ID), slog.Any("err", err))
		return
	}
	u.PasswordHash = hash
}

// maySignIn reports whether the person may use the pages and the API at all.
func maySignIn(u models.User) bool {
	return u.ID != 0 && u.DisabledAt == nil && (u.Role == models.RoleAdmin || u.Role == models.RoleMember)
}
