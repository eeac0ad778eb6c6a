package tracker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"letterbox/models"
)

// How often, within window, one client may ask for links or try tokens, and how many links go to one person.
const (
	asksPerIP     = 20
	asksPerPerson = 3
	tokensPerIP   = 30
)

// askTime is how long asking for a link takes, whether there is such a person or not.
const askTime = 300 * time.Millisecond

// AskForPassword has a link go by mail to the person with that login or address, by which it chooses another password within an
// hour. It says nothing of whether there is such a person, neither by what it returns nor by how long it takes: who has no
// password, may not sign in or was sent enough links gets none. ip is the address of the client; one that asks too often is
// *TooManyAttempts.
func (s *Service) AskForPassword(ctx context.Context, name, ip string) error {
	done := time.NewTimer(askTime)
	defer done.Stop()
	name = strings.ToLower(cut(line(name), maxAddress))
	typed := limit{digest("f\x00" + name + "\x00" + client(ip)), asksPerPerson}
	if err := s.attempt(ctx, typed, limit{digest("F\x00" + client(ip)), asksPerIP}); err != nil {
		return err
	}
	if err := s.sendReset(ctx, name); err != nil {
		return fmt.Errorf("ask for a password: %w", err)
	}
	select {
	case <-done.C:
	case <-ctx.Done():
	}
	return nil
}

// sendReset sends the link when there is somebody to send it to.
func (s *Service) sendReset(ctx context.Context, name string) error {
	u, err := s.userByLogin(ctx, name)
	if errors.Is(err, models.ErrNotFound) {
		if addr, ok := address(name); ok {
			u, err = s.store.UserByAddress(ctx, addr)
		}
	}
	if errors.Is(err, models.ErrNotFound) || err == nil && (!maySignIn(u) || u.PasswordHash == "" || s.mail == nil || s.secrets == nil) {
		return nil
	}
	if err != nil {
		return err
	}
	var many *TooManyAttempts
	if err := s.attempt(ctx, limit{digest("u\x00" + object("user", u.ID)), asksPerPerson}); errors.As(err, &many) {
		s.log.InfoContext(ctx, "no more links for this person", slog.Int64("user_id", u.ID))
		return nil
	} else if err != nil {
		return err
	}
	return s.store.WithTx(ctx, func(ctx context.Context) error {
		if u, err = s.store.UserByID(ctx, u.ID); err != nil {
			return err
		}
		out, err := s.newLink(ctx, nil, u, models.ResetLink, false)
		if err == nil && !out.Mailed { // Nobody has it: it opens nothing.
			err = s.store.TakePasswordLink(ctx, out.id)
		}
		return err
	})
}

// LinkedUser returns whose password the link of a token lets choose. models.ErrNotFound when there is no such link: it was used,
// replaced, revoked, has expired, or the person may no longer sign in. ip is the address of the client; one that brings too many
// wrong ones is *TooManyAttempts.
func (s *Service) LinkedUser(ctx context.Context, token, ip string) (models.User, models.PasswordLink, error) {
	tries := limit{digest("l\x00" + client(ip)), tokensPerIP}
	if err := s.attempt(ctx, tries); err != nil {
		return models.User{}, models.PasswordLink{}, err
	}
	if token == "" || len(token) > 200 {
		return models.User{}, models.PasswordLink{}, models.ErrNotFound
	}
	l, err := s.store.PasswordLinkByHash(ctx, digest(token))
	if err != nil {
		return models.User{}, l, err
	}
	u, err := s.store.UserByID(ctx, l.UserID)
	if err != nil {
		return u, l, err
	}
	if !maySignIn(u) || u.Login == nil {
		return models.User{}, models.PasswordLink{}, models.ErrNotFound
	}
	if err := s.store.TakeBackAttempt(ctx, tries.name); err != nil {
		return u, l, fmt.Errorf("count attempts: %w", err)
	}
	return u, l, nil
}

// ChoosePassword gives the person of a link the password that it has chosen, and ends its sessions and all its links. The errors
// are those of [Service.LinkedUser]; a password that cannot be taken is a models.InvalidList and leaves the link good. It signs
// nobody in: who has a second factor gives it at the sign-in.
func (s *Service) ChoosePassword(ctx context.Context, token, password, ip string) (models.User, error) {
	u, l, err := s.LinkedUser(ctx, token, ip)
	if err != nil {
		return models.User{}, err
	}
	hash, err := s.newHash(ctx, u, password)
	if err != nil {
		return models.User{}, err
	}
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := s.store.TakePasswordLink(ctx, l.ID); err != nil {
			return err
		}
		if u, err = s.store.UserByID(ctx, u.ID); err != nil {
			return err
		}
		if !maySignIn(u) {
			return models.ErrNotFound
		}
		return s.setHash(ctx, &u, u.ID, hash)
	})
	if err != nil {
		return models.User{}, fmt.Errorf("choose password: %w", err)
	}
	s.tell(ctx, object("user", u.ID))
	return u, nil
}
