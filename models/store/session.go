package store

import (
	"context"

	"gorm.io/gorm/clause"

	"letterbox/models"
)

// SaveSession adds a session or replaces the one with the same token hash.
func (s *Store) SaveSession(ctx context.Context, x *models.Session) error {
	return s.write(ctx, "save session", func(ctx context.Context, _ *txPool) error {
		return s.gorm(ctx).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "token_hash"}},
			DoUpdates: clause.AssignmentColumns([]string{"user_id", "data", "used_at", "expires_at"}),
		}).Create(x).Error
	})
}

// SessionByHash returns a session; models.ErrNotFound also when it has expired.
func (s *Store) SessionByHash(ctx context.Context, hash []byte) (models.Session, error) {
	x := models.Session{TokenHash: hash}
	err := s.queryRow(ctx, "SELECT user_id, data, agent, client, method, created_at, used_at, expires_at FROM sessions WHERE token_hash = ? AND expires_at > ?",
		[]any{hash, now()}, &x.UserID, &x.Data, &x.Agent, &x.Client, &x.Method, &x.CreatedAt, &x.UsedAt, &x.ExpiresAt)
	return x, wrap("read session", err)
}

// Sessions returns the sessions of a user that have not expired, the newest first; at most 1,000.
func (s *Store) Sessions(ctx context.Context, userID int64) ([]models.Session, error) {
	var list []models.Session
	err := s.gorm(ctx).Where("user_id = ? AND expires_at > ?", userID, now()).Order("created_at DESC, token_hash").Limit(1000).Find(&list).Error
	return list, wrap("list sessions", err)
}

// DeleteSession ends a session. It is no error when there is none.
func (s *Store) DeleteSession(ctx context.Context, hash []byte) error {
	return s.deleteSessions(ctx, "token_hash = ?", hash)
}

// DeleteSessionsOf ends all sessions of a user.
func (s *Store) DeleteSessionsOf(ctx context.Context, userID int64) error {
	return s.deleteSessions(ctx, "user_id = ?", userID)
}

// DeleteOtherSessions ends all sessions of a user but one.
func (s *Store) DeleteOtherSessions(ctx context.Context, userID int64, keep []byte) error {
	return s.write(ctx, "delete sessions", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?", userID, keep)
		return err
	})
}

// DeleteExpiredSessions removes the sessions that have expired, with sign-ins that were never finished and counters of
// failed ones that have run out, answers to requests that nobody sends again, and links that nobody has followed.
func (s *Store) DeleteExpiredSessions(ctx context.Context) error {
	return s.write(ctx, "delete what has expired", func(ctx context.Context, tx *txPool) error {
		for _, query := range []string{
			"DELETE FROM sessions WHERE expires_at <= ?", "DELETE FROM sign_in_steps WHERE expires_at <= ?", "DELETE FROM sign_in_attempts WHERE ends_at <= ?",
			"DELETE FROM idempotency_keys WHERE expires_at <= ?", "DELETE FROM password_links WHERE expires_at <= ?",
		} {
			if _, err := tx.exec(ctx, query, now()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Store) deleteSessions(ctx context.Context, where string, arg any) error {
	return s.write(ctx, "delete sessions", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM sessions WHERE "+where, arg)
		return err
	})
}
