package store

import (
	"context"

	"letterbox/models"
)

// AddIdempotencyKey notes that a request is under way; models.ErrConflict when there is one with the same name. Names
// whose time is over are removed on the way when clean is true.
func (s *Store) AddIdempotencyKey(ctx context.Context, k *models.IdempotencyKey, clean bool) error {
	return s.write(ctx, "add idempotency key", func(ctx context.Context, tx *txPool) error {
		where, args := "name = ? AND expires_at <= ?", []any{k.Name, now()}
		if clean {
			where, args = "expires_at <= ?", args[1:]
		}
		if _, err := tx.exec(ctx, "DELETE FROM idempotency_keys WHERE "+where, args...); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "INSERT INTO idempotency_keys (name, fingerprint, status, location, answer, expires_at) VALUES (?, ?, 0, '', NULL, ?)",
			k.Name, k.Fingerprint, k.ExpiresAt)
		return err
	})
}

// IdempotencyKey returns what is known of a request; models.ErrNotFound also when its time is over.
func (s *Store) IdempotencyKey(ctx context.Context, name []byte) (models.IdempotencyKey, error) {
	var k models.IdempotencyKey
	err := s.gorm(ctx).Where("name = ? AND expires_at > ?", name, now()).Take(&k).Error
	return k, wrap("read idempotency key", err)
}

// AnswerIdempotencyKey keeps the answer of a request that is under way.
func (s *Store) AnswerIdempotencyKey(ctx context.Context, k *models.IdempotencyKey) error {
	return s.write(ctx, "answer idempotency key", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE idempotency_keys SET status = ?, location = ?, answer = ?, expires_at = ? WHERE name = ? AND fingerprint = ? AND status = 0",
			k.Status, k.Location, k.Answer, k.ExpiresAt, k.Name, k.Fingerprint))
	})
}

// DeleteIdempotencyKey forgets a request. It is no error when there is none.
func (s *Store) DeleteIdempotencyKey(ctx context.Context, name []byte) error {
	return s.write(ctx, "delete idempotency key", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM idempotency_keys WHERE name = ?", name)
		return err
	})
}
