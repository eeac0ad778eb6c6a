package store

import (
	"context"
	"time"

	"letterbox/models"
)

// Suppressed returns why an address gets no mail at the time at; models.ErrNotFound when it gets mail.
func (s *Store) Suppressed(ctx context.Context, address string, at time.Time) (models.Suppression, error) {
	var x models.Suppression
	err := s.gorm(ctx).Where("address = ? AND (expires_at IS NULL OR expires_at > ?)", models.FoldAddress(address), at).Take(&x).Error
	return x, wrap("read suppression", err)
}

// Suppress keeps mail from an address. What was there before is replaced.
func (s *Store) Suppress(ctx context.Context, x models.Suppression) error {
	return s.write(ctx, "suppress an address", func(ctx context.Context, tx *txPool) error {
		x.Address = models.FoldAddress(x.Address)
		if _, err := tx.exec(ctx, "DELETE FROM suppressions WHERE address = ?", x.Address); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `INSERT INTO suppressions (address, reason, detail, issue_number, created_by, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, x.Address, x.Reason, cut(clean(x.Detail), 1000), x.IssueNumber, x.CreatedBy, x.CreatedAt, x.ExpiresAt)
		return err
	})
}

// Release lets an address get mail again; models.ErrNotFound when it was not suppressed.
func (s *Store) Release(ctx context.Context, address string) error {
	return s.write(ctx, "release an address", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM suppressions WHERE address = ?", models.FoldAddress(address)))
	})
}

// Suppressions returns the suppressed addresses, newest first; at most 10,000.
func (s *Store) Suppressions(ctx context.Context, at time.Time) ([]models.Suppression, error) {
	var list []models.Suppression
	err := s.gorm(ctx).Where("expires_at IS NULL OR expires_at > ?", at).Order("created_at DESC, address").Limit(10_000).Find(&list).Error
	return list, wrap("list suppressions", err)
}

// TripBreaker stops automatic mail at a place until b.EndsAt and reports whether it was running: who gets true tells
// people, once.
func (s *Store) TripBreaker(ctx context.Context, b models.Breaker) (first bool, err error) {
	err = s.write(ctx, "trip a breaker", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, "DELETE FROM breakers WHERE place = ? AND ends_at <= ?", b.Place, b.TrippedAt); err != nil {
			return err
		}
		n, err := tx.exec(ctx, s.insertIgnore()+"breakers (place, reason, tripped_at, ends_at) VALUES (?, ?, ?, ?)",
			b.Place, b.Reason, b.TrippedAt, b.EndsAt)
		first = n > 0
		return err
	})
	return first && err == nil, err
}

// Tripped reports whether the breaker of a place has stopped automatic mail at the time at.
func (s *Store) Tripped(ctx context.Context, place string, at time.Time) (yes bool, err error) {
	err = s.queryRow(ctx, "SELECT EXISTS (SELECT 1 FROM breakers WHERE place = ? AND ends_at > ?)", []any{place, at}, &yes)
	return yes, wrap("read breaker", err)
}

// Breakers returns the breakers that have stopped automatic mail, oldest first.
func (s *Store) Breakers(ctx context.Context, at time.Time) ([]models.Breaker, error) {
	var list []models.Breaker
	err := s.gorm(ctx).Where("ends_at > ?", at).Order("tripped_at, place").Limit(1000).Find(&list).Error
	return list, wrap("list breakers", err)
}

// ResetBreaker lets automatic mail of a place out again.
func (s *Store) ResetBreaker(ctx context.Context, place string) error {
	return s.write(ctx, "reset a breaker", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM breakers WHERE place = ?", place))
	})
}

// FirstSetting sets a setting of the installation when it was never set, and returns what it is now: every process that
// asks at once gets the same.
func (s *Store) FirstSetting(ctx context.Context, name, value string) (string, error) {
	err := s.write(ctx, "set setting", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, s.insertIgnore()+"settings (name, value) VALUES (?, ?)", name, value); err != nil {
			return err
		}
		return s.queryRow(ctx, "SELECT value FROM settings WHERE name = ?", []any{name}, &value)
	})
	return value, err
}

// DeleteSetting removes a setting of the installation; models.ErrNotFound when it was never set.
func (s *Store) DeleteSetting(ctx context.Context, name string) error {
	return s.write(ctx, "delete setting", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM settings WHERE name = ?", name))
	})
}
