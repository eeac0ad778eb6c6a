package tracker

import (
	"context"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"

	"letterbox/models"
)

const setupSetting = "setup_token_sha256"

// SetupDraft is what the first admin says of itself.
type SetupDraft struct {
	Login    string
	Name     string
	Address  string // May be "".
	Password string
	Language string
}

// SetupNeeded reports whether nobody can sign in yet.
func (s *Service) SetupNeeded(ctx context.Context) (bool, error) {
	n, err := s.store.CountSignIns(ctx)
	if err != nil {
		return false, fmt.Errorf("count people who can sign in: %w", err)
	}
	return n == 0, nil
}

// NewSetupToken returns the token of a one-time setup link, "" when somebody can sign in already. Only its hash is
// stored, and a new one replaces the one before: the latest link that was printed counts.
func (s *Service) NewSetupToken(ctx context.Context) (string, error) {
	needed, err := s.SetupNeeded(ctx)
	if err != nil || !needed {
		return "", err
	}
	token := random()
	if err := s.store.SetSetting(ctx, setupSetting, hex.EncodeToString(digest(token))); err != nil {
		return "", fmt.Errorf("keep setup token: %w", err)
	}
	return token, nil
}

// CheckSetupToken returns nil when token is that of the setup link in force, and models.ErrNotFound otherwise: it was
// used, replaced, or somebody can sign in already.
func (s *Service) CheckSetupToken(ctx context.Context, token string) error {
	needed, err := s.SetupNeeded(ctx)
	if err != nil {
		return err
	}
	stored, err := s.store.Setting(ctx, setupSetting)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return fmt.Errorf("load setup token: %w", err)
	}
	given := hex.EncodeToString(digest(token))
	if !needed || token == "" || stored == "" || subtle.ConstantTimeCompare([]byte(stored), []byte(given)) != 1 {
		return models.ErrNotFound
	}
	return nil
}

// Setup makes the first admin and uses up the token. models.ErrNotFound as for [Service.CheckSetupToken], also for the
// slower of two people who use the link at once; an input that cannot be taken is a models.InvalidList and leaves the
// link good.
func (s *Service) Setup(ctx context.Context, token string, d SetupDraft) (models.User, error) {
	if err := s.CheckSetupToken(ctx, token); err != nil {
		return models.User{}, err
	}
	draft := UserDraft{Login: d.Login, Name: d.Name, Password: d.Password, Language: d.Language, Role: models.RoleAdmin}
	if d.Address != "" {
		draft.Addresses = []string{d.Address}
	}
	if d.Password == "" {
		return models.User{}, invalid("password", "E-USER-06", "min", fmt.Sprint(minPassword))
	}
	u, err := s.prepareUser(ctx, draft)
	if err != nil {
		return models.User{}, err
	}
	added := u
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		// The check comes again inside: the password was hashed meanwhile. Writing first takes the row's lock, so that
		// of two at once the second one waits and then sees the first one's admin.
		if err := s.store.SetSetting(ctx, setupSetting+"_used", "taken"); err != nil {
			return err
		}
		if err := s.CheckSetupToken(ctx, token); err != nil {
			return err
		}
		u = added
		if _, err := s.insertUser(ctx, &u, d.Name != ""); err != nil {
			return err
		}
		if err := s.store.SetSetting(ctx, setupSetting, ""); err != nil {
			return err
		}
		return s.audit(ctx, &u, "user.setup", object("user", u.ID), map[string]any{"role": u.Role})
	})
	if err != nil {
		return models.User{}, fmt.Errorf("set up: %w", err)
	}
	s.tell(ctx, object("user", u.ID))
	return u, nil
}
