package tracker

import (
	"bytes"
	"context"
	"encoding/hex"
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
	LastsTill time.Time // However much it is used.
}

// Browser is where somebody signs in, as the list of sessions shows it.
type Browser struct {
	Agent  string // What it calls itself.
	Client string // IP address without port.
	Method string // "password", "oidc".
}

// SessionView is a session in the list of a person.
type SessionView struct {
	ID        string // To end it; not its secret.
	Browser   Browser
	CreatedAt time.Time
	UsedAt    time.Time // Within a few minutes.
	Current   bool      // The one that asks.
}

// sessionID names a session without telling the hash that the database knows it by.
func sessionID(hash []byte) string { return hex.EncodeToString(digest(string(hash))[:12]) }

// StartSession signs u in and returns the secret for its cookie: 256 random bits, of which only the hash is stored.
// Each sign-in gets a new one. Sessions that have expired are removed on the way. from may be nil.
func (s *Service) StartSession(ctx context.Context, u *models.User, from *Browser) (secret string, err error) {
	if !maySignIn(*u) {
		return "", models.ErrForbidden
	}
	if err := s.store.DeleteExpiredSessions(ctx); err != nil {
		return "", fmt.Errorf("remove expired sessions: %w", err)
	}
	secret = random()
	at := now()
	if from == nil {
		from = &Browser{}
	}
	err = s.store.SaveSession(ctx, &models.Session{
		TokenHash: digest(secret), UserID: u.ID, CreatedAt: at, UsedAt: &at, ExpiresAt: at.Add(sessionIdle),
		Agent: cut(line(from.Agent), maxName), Client: cut(line(from.Client), 60), Method: from.Method,
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
		row.ExpiresAt, row.UsedAt = end, &at
		if err := s.store.SaveSession(ctx, &row); err != nil {
			return Session{}, fmt.Errorf("prolong session: %w", err)
		}
	}
	return Session{User: u, Data: row.Data, CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt, LastsTill: row.CreatedAt.Add(sessionLife)}, nil
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

// Sessions lists where a person is signed in, the newest first. Admins see everybody's, others their own. secret is that
// of the session that asks, "" for none.
func (s *Service) Sessions(ctx context.Context, by *models.User, id int64, secret string) ([]SessionView, error) {
	if _, err := s.User(ctx, by, id); err != nil {
		return nil, err
	}
	rows, err := s.store.Sessions(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	out := make([]SessionView, 0, len(rows))
	for _, row := range rows {
		v := SessionView{
			ID: sessionID(row.TokenHash), Browser: Browser{row.Agent, row.Client, row.Method}, CreatedAt: row.CreatedAt, UsedAt: row.CreatedAt,
			Current: secret != "" && bytes.Equal(row.TokenHash, digest(secret)),
		}
		if row.UsedAt != nil {
			v.UsedAt = *row.UsedAt
		}
		out = append(out, v)
	}
	return out, nil
}

// EndSessionOf ends one session of a person by its [SessionView.ID]. Admins may do it for everybody, others for
// themselves; models.ErrNotFound when there is none.
func (s *Service) EndSessionOf(ctx context.Context, by *models.User, id int64, session string) error {
	if _, err := s.User(ctx, by, id); err != nil {
		return err
	}
	rows, err := s.store.Sessions(ctx, id)
	if err != nil {
		return fmt.Errorf("list sessions: %w", err)
	}
	for _, row := range rows {
		if sessionID(row.TokenHash) == session {
			return s.endAudited(ctx, by, id, func(ctx context.Context) error { return s.store.DeleteSession(ctx, row.TokenHash) })
		}
	}
	return models.ErrNotFound
}

// EndOtherSessions signs a person out everywhere but in the session of secret.
func (s *Service) EndOtherSessions(ctx context.Context, by *models.User, id int64, secret string) error {
	if _, err := s.User(ctx, by, id); err != nil {
		return err
	}
	return s.endAudited(ctx, by, id, func(ctx context.Context) error { return s.store.DeleteOtherSessions(ctx, id, digest(secret)) })
}

func (s *Service) endAudited(ctx context.Context, by *models.User, id int64, end func(context.Context) error) error {
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		if err := end(ctx); err != nil {
			return err
		}
		return s.audit(ctx, by, "user.sessions", object("user", id), map[string]string{})
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// EndSessions signs a person out everywhere. Admins may do it for everybody, others for themselves.
func (s *Service) EndSessions(ctx context.Context, by *models.User, id int64) error {
	if _, err := s.User(ctx, by, id); err != nil {
		return err
	}
	return s.endAudited(ctx, by, id, func(ctx context.Context) error { return s.store.DeleteSessionsOf(ctx, id) })
}
