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
			DoUpdates: clause.AssignmentColumns([]string{"user_id", "data", "expires_at"}),
		}).Create(x).Error
	})
}

// SessionByHash returns a session; models.ErrNotFound also when it has expired.
func (s *Store) SessionByHash(ctx context.Context, hash []byte) (models.Session, error) {
	x := models.Session{TokenHash: hash}
	err := s.queryRow(ctx, "SELECT user_id, data, created_at, expires_at FROM sessions WHERE token_hash = ? AND expires_at > ?",
		[]any{hash, now()}, &x.UserID, &x.Data, &x.CreatedAt, &x.ExpiresAt)
	return x, wrap("read session", err)
}

// DeleteSession ends a session. It is no error when there is none.
func (s *Store) DeleteSession(ctx context.Context, hash []byte) error {
	return s.deleteSessions(ctx, "token_hash = ?", hash)
}

// DeleteSessionsOf ends all sessions of a user.
func (s *Store) DeleteSessionsOf(ctx context.Context, userID int64) error {
	return s.deleteSessions(ctx, "user_id = ?", userID)
}

// DeleteExpiredSessions removes the sessions that have expired.
func (s *Store) DeleteExpiredSessions(ctx context.Context) error {
	return s.deleteSessions(ctx, "expires_at <= ?", now())
}

func (s *Store) deleteSessions(ctx context.Context, where string, arg any) error {
	return s.write(ctx, "delete sessions", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM sessions WHERE "+where, arg)
		return err
	})
}
