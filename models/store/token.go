package store

import (
	"context"
	"time"

	"letterbox/models"
)

// CreateToken adds a token and sets its ID and CreatedAt.
func (s *Store) CreateToken(ctx context.Context, t *models.Token) error {
	return s.create(ctx, "create token", t, func() { t.ID = 0 })
}

// TokenByHash returns the token with that SHA-256.
func (s *Store) TokenByHash(ctx context.Context, hash []byte) (models.Token, error) {
	t := models.Token{Hash: hash}
	err := s.queryRow(ctx, "SELECT id, user_id, name, created_at, last_used_at, expires_at, read_only FROM tokens WHERE hash = ?", []any{hash},
		&t.ID, &t.UserID, &t.Name, &t.CreatedAt, &t.LastUsedAt, &t.ExpiresAt, &t.ReadOnly)
	return t, wrap("read token", err)
}

// TouchToken notes that a token is being used. It writes at most once a minute.
func (s *Store) TouchToken(ctx context.Context, t *models.Token) error {
	at := now()
	if t.LastUsedAt != nil && at.Sub(*t.LastUsedAt) < time.Minute {
		return nil
	}
	return s.write(ctx, "touch token", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE tokens SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at <= ?)",
			at, t.ID, at.Add(-time.Minute))
		return err
	})
}

// Tokens returns the tokens of a user by ID; at most 1,000.
func (s *Store) Tokens(ctx context.Context, userID int64) ([]models.Token, error) {
	var list []models.Token
	err := s.gorm(ctx).Where("user_id = ?", userID).Order("id").Limit(1000).Find(&list).Error
	return list, wrap("list tokens", err)
}

// DeleteToken removes a token of a user; models.ErrNotFound when the user has no such token.
func (s *Store) DeleteToken(ctx context.Context, userID, id int64) error {
	return s.write(ctx, "delete token", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM tokens WHERE id = ? AND user_id = ?", id, userID))
	})
}
