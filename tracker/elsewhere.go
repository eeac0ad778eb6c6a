package tracker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"

	"letterbox/models"
)

// Why somebody whom an identity provider knows does not come in.
var (
	ErrNoAddress     = errors.New("identity provider names no verified address")
	ErrNotInvited    = errors.New("nobody who may sign in has this address")
	ErrOtherIdentity = errors.New("the person signs in as somebody else at the identity provider")
)

const stepElsewhere = "oidc"

// Elsewhere is who somebody is at an identity provider, as the provider has proven.
type Elsewhere struct {
	Issuer, Subject string
	Address         string // "" unless it is verified.
	Name            string
	Language        string // Of a new person: "de", "en" or "".
}

// name is how the person is found again: addresses move from one to another, issuer and subject never do (OpenID Connect
// Core 1.0, 5.7).
func (e Elsewhere) name() []byte { return digest(e.Issuer + "\x00" + e.Subject) }

// BeginElsewhere notes that somebody goes to an identity provider to sign in, and returns the secret that this browser
// has to bring back within ten minutes, once. ip is the address of the client; too many that do not come back are
// *TooManyAttempts.
func (s *Service) BeginElsewhere(ctx context.Context, ip, data string) (token string, err error) {
	_, one := limits("", ip)
	if err := s.attempt(ctx, one); err != nil {
		return "", err
	}
	token = random()
	step := &models.SignInStep{TokenHash: digest(token), Kind: stepElsewhere, Data: data, ExpiresAt: now().Add(stepLife)}
	if err := s.store.AddSignInStep(ctx, step); err != nil {
		return "", err
	}
	return token, nil
}

// ReturnFromElsewhere takes the secret back and returns what was kept with it; models.ErrNotFound when it has expired or
// was brought before.
func (s *Service) ReturnFromElsewhere(ctx context.Context, token string) (data string, err error) {
	step, err := s.store.SignInStep(ctx, digest(token), stepElsewhere)
	if err != nil {
		return "", err
	}
	return step.Data, s.store.TakeSignInStep(ctx, step.TokenHash)
}

// SignInElsewhere returns the person who is e at the identity provider. The first time it is the one with that verified
// address, who was added before; or, when admit says so of the address, a new member. ErrNoAddress, ErrNotInvited and
// ErrOtherIdentity say why nobody comes in. ip is that of [Service.BeginElsewhere].
func (s *Service) SignInElsewhere(ctx context.Context, e Elsewhere, admit func(address string) bool, ip string) (models.User, error) {
	var u models.User
	err := s.store.WithTx(ctx, func(ctx context.Context) (err error) {
		u, err = s.store.UserByIdentity(ctx, e.name())
		if errors.Is(err, models.ErrNotFound) {
			u, err = s.firstElsewhere(ctx, e, admit)
		}
		if err != nil {
			return err
		}
		if !maySignIn(u) {
			return ErrNotInvited
		}
		return s.audit(ctx, &u, "user.signin", object("user", u.ID), map[string]string{"method": "oidc"})
	})
	if err != nil {
		s.log.InfoContext(ctx, "sign-in refused", slog.Int64("user_id", u.ID), slog.Any("err", err))
		return models.User{}, fmt.Errorf("sign in: %w", err)
	}
	_, one := limits("", ip)
	if err := s.store.TakeBackAttempt(ctx, one.name); err != nil {
		return models.User{}, fmt.Errorf("count sign-in attempts: %w", err)
	}
	return u, nil
}

// firstElsewhere finds or makes the person of somebody who was never here before.
func (s *Service) firstElsewhere(ctx context.Context, e Elsewhere, admit func(address string) bool) (models.User, error) {
	addr, ok := address(e.Address)
	if !ok {
		return models.User{}, ErrNoAddress
	}
	u, err := s.store.UserByAddress(ctx, addr)
	switch {
	case errors.Is(err, models.ErrNotFound):
		if !admit(addr) {
			return u, ErrNotInvited
		}
		u, err = s.admitted(ctx, models.User{Name: cut(line(e.Name), maxName), Addresses: []string{addr}, Language: e.Language, CreatedAt: now()}, addr)
	case err == nil && u.Role == models.RoleCustomer && u.DisabledAt == nil && admit(addr): // Has written mail before.
		u, err = s.admitted(ctx, u, addr)
	case err == nil && !maySignIn(u):
		return u, ErrNotInvited
	}
	if err != nil {
		return u, err
	}
	known, err := s.store.Identities(ctx, u.ID)
	if err != nil {
		return u, err
	}
	for _, k := range known {
		if k.Issuer == e.Issuer { // The address has moved on to somebody else there.
			return u, ErrOtherIdentity
		}
	}
	if err := s.store.AddIdentity(ctx, &models.Identity{Name: e.name(), UserID: u.ID, Issuer: cut(e.Issuer, 500), CreatedAt: now()}); err != nil {
		return u, err
	}
	return u, s.audit(ctx, &u, "user.identity", object("user", u.ID), map[string]string{"identity": "added"})
}

// admitted makes u a member with a free login, in the transaction in ctx.
func (s *Service) admitted(ctx context.Context, u models.User, addr string) (models.User, error) {
	name, err := s.freeLogin(ctx, addr)
	if err != nil {
		return u, err
	}
	u.Login, u.Role = &name, models.RoleMember
	if u.Name == "" {
		u.Name = addr
	}
	action := "user.role"
	if u.ID == 0 {
		action = "user.create"
		_, err = s.insertUser(ctx, &u, true)
	} else {
		err = s.store.UpdateUser(ctx, &u)
	}
	if err != nil {
		return u, err
	}
	return u, s.audit(ctx, nil, action, object("user", u.ID), map[string]any{"role": u.Role})
}

// freeLogin returns a login that nobody has: what stands before the "@", with a number when it is taken.
func (s *Service) freeLogin(ctx context.Context, addr string) (string, error) {
	local, _, _ := strings.Cut(addr, "@")
	base, ok := login(cut(local, maxLogin-3))
	if !ok {
		base = "user"
	}
	for n := 1; n < 1000; n++ {
		name := base
		if n > 1 {
			name += strconv.Itoa(n)
		}
		_, err := s.store.UserByLogin(ctx, name)
		if errors.Is(err, models.ErrNotFound) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
	}
	return "", models.ErrConflict
}

// Identities lists at which identity providers a person signs in. Admins see everybody's, others their own.
func (s *Service) Identities(ctx context.Context, by *models.User, id int64) ([]models.Identity, error) {
	if _, err := s.User(ctx, by, id); err != nil {
		return nil, err
	}
	return s.store.Identities(ctx, id)
}

// ForgetIdentities has a person be nobody at identity providers any more and ends its sessions: at the next sign-in the
// verified address decides again. Admins only.
func (s *Service) ForgetIdentities(ctx context.Context, by *models.User, id int64) error {
	if err := s.admin(ctx, by); err != nil {
		return err
	}
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		if _, err := s.store.UserByID(ctx, id); err != nil {
			return err
		}
		if err := s.store.DeleteIdentities(ctx, id); err != nil {
			return err
		}
		if err := s.store.DeleteSessionsOf(ctx, id); err != nil {
			return err
		}
		return s.audit(ctx, by, "user.identity", object("user", id), map[string]string{"identity": "removed"})
	})
	if err != nil {
		return fmt.Errorf("forget identities: %w", err)
	}
	s.tell(ctx, object("user", id))
	return nil
}
