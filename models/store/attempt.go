package store

import (
	"context"
	"errors"
	"time"

	"letterbox/models"
)

// Attempts is how often something has failed within a window of time.
type Attempts struct {
	Fails  int
	EndsAt time.Time // Zero when nothing failed.
}

// AttemptsOf returns how often what name stands for has failed by now; name is a hash of 32 octets.
func (s *Store) AttemptsOf(ctx context.Context, name []byte) (Attempts, error) {
	var a Attempts
	err := wrap("read attempts", s.queryRow(ctx, "SELECT fails, ends_at FROM sign_in_attempts WHERE name = ? AND ends_at > ?", []any{name, now()}, &a.Fails, &a.EndsAt))
	if errors.Is(err, models.ErrNotFound) {
		return Attempts{}, nil
	}
	return a, err
}

// CountAttempt counts one more failure and returns how many there are with it. The window begins with the first one.
// All processes that share the database count together.
func (s *Store) CountAttempt(ctx context.Context, name []byte, window time.Duration) (Attempts, error) {
	var a Attempts
	err := s.write(ctx, "count attempt", func(ctx context.Context, tx *txPool) error {
		at := now()
		query := `INSERT INTO sign_in_attempts (name, fails, ends_at) VALUES (?, 1, ?) ON CONFLICT (name) DO UPDATE SET
			fails = CASE WHEN sign_in_attempts.ends_at <= ? THEN 1 ELSE sign_in_attempts.fails + 1 END,
			ends_at = CASE WHEN sign_in_attempts.ends_at <= ? THEN excluded.ends_at ELSE sign_in_attempts.ends_at END`
		if s.dialect == "mysql" { // From left to right: fails is set by the old end of the window.
			query = `INSERT INTO sign_in_attempts (name, fails, ends_at) VALUES (?, 1, ?) ON DUPLICATE KEY UPDATE
				fails = CASE WHEN ends_at <= ? THEN 1 ELSE fails + 1 END, ends_at = CASE WHEN ends_at <= ? THEN VALUES(ends_at) ELSE ends_at END`
		}
		if _, err := tx.exec(ctx, query, name, at.Add(window), at, at); err != nil {
			return err
		}
		var err error
		a, err = s.AttemptsOf(ctx, name)
		return err
	})
	return a, err
}

// TakeBackAttempt counts one failure less.
func (s *Store) TakeBackAttempt(ctx context.Context, name []byte) error {
	return s.write(ctx, "take an attempt back", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE sign_in_attempts SET fails = fails - 1 WHERE name = ? AND fails > 0", name)
		return err
	})
}

// ForgetAttempts has the counter begin anew.
func (s *Store) ForgetAttempts(ctx context.Context, name []byte) error {
	return s.write(ctx, "forget attempts", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM sign_in_attempts WHERE name = ?", name)
		return err
	})
}
