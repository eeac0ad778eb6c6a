package tracker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"letterbox/models"
)

// How long a sign-in lasts: without use, and at all. Use moves the end at most once in touchEvery.
const (
	sessionIdle = 8 * time.Hour
	sessionLife = 7 * 24 * time.Hour
	touchEvery  = 5 * time.Minute
)

// Session is a sign-in as the web layer sees it.
type Session struct {
	User      models.User
	Data      []byte // What the web layer keeps with it.
	CreatedAt time.Time
	ExpiresAt time.Time // Without further use.
}

// StartSession signs u in and returns the secret for its cookie: 256 random bits, of which only the hash is stored.
// Each sign-in gets a new one. Sessions that have expired are removed on the way.
func (s *Service) StartSession(ctx context.Context, u *models.User, data []byte) (secret string, err error) {
	if !maySignIn(*u) {
		return "", models.ErrForbidden
	}
	if err := s.store.DeleteExpiredSessions(ctx); err != nil {
		return "", fmt.Errorf("remove expired sessions: %w", err)
	}
	secret = random()
	at := now()
	err = s.store.SaveSession(ctx, &models.Session{
		TokenHash: digest(secret), UserID: u.ID, Data: data, CreatedAt: at, ExpiresAt: at.Add(sessionIdle),
	})
	if err != nil {
		return "", fmt.Errorf("save session: %w", err)
	}
	return secret, nil
}

// Session returns the sign-in that belongs to a cookie. models.ErrNotFound when there is none, when it has expired,
// or when the person may no longer sign in. Using it keeps it alive for another eight hours, seven days in all.
func (s *Service) Session(ctx context.Context, secret string) (Session, error) {
	if secret == "" || len(secret) > 200 {
		return Session{}, models.ErrNotFound
	}
	row, err := s.store.SessionByHash(ctx, digest(secret))
	if err != nil {
		return Session{}, err
	}
	at := now()
	if !at.Before(row.ExpiresAt) {
		return Session{}, models.ErrNotFound
	}
	u, err := s.store.UserByID(ctx, row.UserID)
	if err != nil {
		return Session{}, err
	}
	if !maySignIn(u) {
		return Session{}, models.ErrNotFound
	}
	if end := sessionEnd(row.CreatedAt, at); end.Sub(row.ExpiresAt) >= touchEvery {
		row.ExpiresAt = end
		if err := s.store.SaveSession(ctx, &row); err != nil {
			return Session{}, fmt.Errorf("prolong session: %w", err)
		}
	}
	return Session{User: u, Data: row.Data, CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt}, nil
}

// sessionEnd is when a session that is used at the time at ends.
func sessionEnd(created, at time.Time) time.Time {
	idle, life := at.Add(sessionIdle), created.Add(sessionLife)
	if idle.Before(life) {
		return idle
	}
	return life
}

// SaveSessionData keeps data with the sign-in of a cookie.
func (s *Service) SaveSessionData(ctx context.Context, secret string, data []byte) error {
	return s.store.WithTx(ctx, func(ctx context.Context) error {
		row, err := s.store.SessionByHash(ctx, digest(secret))
		if err != nil {
			return err
		}
		row.Data = data
		return s.store.SaveSession(ctx, &row)
	})
}

// EndSession signs out. It is no error when there is no such session.
func (s *Service) EndSession(ctx context.Context, secret string) error {
	if err := s.store.DeleteSession(ctx, digest(secret)); err != nil && !errors.Is(err, models.ErrNotFound) {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// EndSessions signs a person out everywhere. Admins may do it for everybody, others for themselves.
func (s *Service) EndSessions(ctx context.Context, by *models.User, id int64) error {
	if _, err := s.User(ctx, by, id); err != nil {
		return err
	}
	return s.store.DeleteSessionsOf(ctx, id)
}
