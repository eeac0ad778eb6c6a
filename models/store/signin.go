package store

import (
	"context"

	"gorm.io/gorm/clause"

	"letterbox/models"
)

// AddSignInStep keeps a sign-in that is half done.
func (s *Store) AddSignInStep(ctx context.Context, x *models.SignInStep) error {
	return s.create(ctx, "keep sign-in step", x, func() {})
}

// SignInStep returns a sign-in that is half done; models.ErrNotFound also when it has expired.
func (s *Store) SignInStep(ctx context.Context, hash []byte, kind string) (models.SignInStep, error) {
	var x models.SignInStep
	err := s.gorm(ctx).Where("token_hash = ? AND kind = ? AND expires_at > ?", hash, kind, now()).Take(&x).Error
	return x, wrap("read sign-in step", err)
}

// TakeSignInStep removes a sign-in step; models.ErrNotFound when somebody else has taken it.
func (s *Store) TakeSignInStep(ctx context.Context, hash []byte) error {
	return s.write(ctx, "take sign-in step", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM sign_in_steps WHERE token_hash = ?", hash))
	})
}

// SaveSecondFactor adds the second factor of a user or replaces it; codes replace the recovery codes.
func (s *Store) SaveSecondFactor(ctx context.Context, f *models.SecondFactor, codes [][]byte) error {
	return s.write(ctx, "save second factor", func(ctx context.Context, tx *txPool) error {
		err := s.gorm(ctx).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "user_id"}},
			DoUpdates: clause.AssignmentColumns([]string{"secret_enc", "last_step", "created_at", "confirmed_at"}),
		}).Create(f).Error
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, "DELETE FROM recovery_codes WHERE user_id = ?", f.UserID); err != nil {
			return err
		}
		for _, code := range codes {
			if _, err := tx.exec(ctx, "INSERT INTO recovery_codes (user_id, code_hash) VALUES (?, ?)", f.UserID, code); err != nil {
				return err
			}
		}
		return nil
	})
}

// SecondFactor returns the second factor of a user and how many recovery codes are left.
func (s *Store) SecondFactor(ctx context.Context, userID int64) (f models.SecondFactor, codes int, err error) {
	if err := s.gorm(ctx).Where("user_id = ?", userID).Take(&f).Error; err != nil {
		return f, 0, wrap("read second factor", err)
	}
	err = s.queryRow(ctx, "SELECT COUNT(*) FROM recovery_codes WHERE user_id = ?", []any{userID}, &codes)
	return f, codes, wrap("count recovery codes", err)
}

// SecondFactors returns all second factors by user; at most 100,000.
func (s *Store) SecondFactors(ctx context.Context) ([]models.SecondFactor, error) {
	var list []models.SecondFactor
	err := s.gorm(ctx).Order("user_id").Limit(100_000).Find(&list).Error
	return list, wrap("list second factors", err)
}

// UseTimeStep notes that the code of a time step was taken; models.ErrNotFound when it or a later one was already.
func (s *Store) UseTimeStep(ctx context.Context, userID, step int64) error {
	return s.write(ctx, "use code", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE second_factors SET last_step = ? WHERE user_id = ? AND last_step < ?", step, userID, step))
	})
}

// UseRecoveryCode removes a recovery code; models.ErrNotFound when there is no such code.
func (s *Store) UseRecoveryCode(ctx context.Context, userID int64, hash []byte) error {
	return s.write(ctx, "use recovery code", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM recovery_codes WHERE user_id = ? AND code_hash = ?", userID, hash))
	})
}

// DeleteSecondFactor removes the second factor of a user with the recovery codes. It is no error when there is none.
func (s *Store) DeleteSecondFactor(ctx context.Context, userID int64) error {
	return s.write(ctx, "remove second factor", func(ctx context.Context, tx *txPool) error {
		for _, query := range []string{
			"DELETE FROM recovery_codes WHERE user_id = ?", "DELETE FROM second_factors WHERE user_id = ?", "DELETE FROM sign_in_steps WHERE user_id = ?",
		} {
			if _, err := tx.exec(ctx, query, userID); err != nil {
				return err
			}
		}
		return nil
	})
}

// UserByIdentity returns the user that is somebody at an identity provider.
func (s *Store) UserByIdentity(ctx context.Context, name []byte) (models.User, error) {
	return s.user(ctx, "id = (SELECT user_id FROM identities WHERE name = ?)", name)
}

// AddIdentity notes who a user is at an identity provider; models.ErrConflict when that is somebody else already.
func (s *Store) AddIdentity(ctx context.Context, x *models.Identity) error {
	return s.create(ctx, "add identity", x, func() {})
}

// Identities returns who a user is at identity providers, the oldest first; at most 100.
func (s *Store) Identities(ctx context.Context, userID int64) ([]models.Identity, error) {
	var list []models.Identity
	err := s.gorm(ctx).Where("user_id = ?", userID).Order("created_at, name").Limit(100).Find(&list).Error
	return list, wrap("list identities", err)
}

// DeleteIdentities forgets who a user is at identity providers. It is no error when there are none.
func (s *Store) DeleteIdentities(ctx context.Context, userID int64) error {
	return s.write(ctx, "remove identities", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM identities WHERE user_id = ?", userID)
		return err
	})
}
