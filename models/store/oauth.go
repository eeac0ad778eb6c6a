package store

import (
	"context"
	"time"

	"letterbox/models"
)

// OAuthCredential returns what an account signs in with; models.ErrNotFound when nothing is known.
func (s *Store) OAuthCredential(ctx context.Context, owner string) (models.OAuthCredential, error) {
	var c models.OAuthCredential
	err := s.gorm(ctx).Where("owner = ?", owner).Take(&c).Error
	return c, wrap("read credential", err)
}

// OAuthCredentials returns all credentials by owner; at most 20,000.
func (s *Store) OAuthCredentials(ctx context.Context) ([]models.OAuthCredential, error) {
	var list []models.OAuthCredential
	err := s.gorm(ctx).Order("owner").Limit(20_000).Find(&list).Error
	return list, wrap("list credentials", err)
}

// SetOAuthCredential writes a credential as a person has set it. A refresh that is under way has no effect any more.
func (s *Store) SetOAuthCredential(ctx context.Context, c models.OAuthCredential) error {
	c.Claim, c.ClaimedUntil, c.UpdatedAt = "", nil, now()
	return s.write(ctx, "write credential", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, "DELETE FROM oauth_credentials WHERE owner = ?", c.Owner); err != nil {
			return err
		}
		return s.gorm(ctx).Create(&c).Error
	})
}

// DeleteOAuth forgets the credential of an account and the sign-ins that were begun for it.
func (s *Store) DeleteOAuth(ctx context.Context, owner string) error {
	return s.write(ctx, "delete credential", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, "DELETE FROM oauth_grants WHERE owner = ?", owner); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "DELETE FROM oauth_credentials WHERE owner = ?", owner)
		return err
	})
}

// ClaimOAuth takes the right to refresh the tokens of an account for ttl, and returns what is stored. models.ErrConflict
// when another process has it. Only the conditional write excludes others, so it works on every database.
func (s *Store) ClaimOAuth(ctx context.Context, owner, claim string, ttl time.Duration) (models.OAuthCredential, error) {
	var c models.OAuthCredential
	err := s.write(ctx, "claim credential", func(ctx context.Context, tx *txPool) error {
		t, err := s.Now(ctx)
		if err != nil {
			return err
		}
		err = changedOne(tx.exec(ctx, `UPDATE oauth_credentials SET claim = ?, claimed_until = ?
			WHERE owner = ? AND (claimed_until IS NULL OR claimed_until <= ?)`, claim, t.Add(ttl), owner, t))
		if err != nil {
			return err
		}
		c = models.OAuthCredential{}
		return s.gorm(ctx).Where("owner = ?", owner).Take(&c).Error
	})
	return c, err
}

// ReleaseOAuth gives a claim back and changes nothing else.
func (s *Store) ReleaseOAuth(ctx context.Context, owner, claim string) error {
	return s.write(ctx, "release credential", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE oauth_credentials SET claim = '', claimed_until = NULL WHERE owner = ? AND claim = ?", owner, claim)
		return err
	})
}

// FinishOAuth keeps what came of a refresh and gives the claim back. models.ErrFenced when the claim is not ours any more:
// then nothing is kept.
func (s *Store) FinishOAuth(ctx context.Context, c models.OAuthCredential, claim string) error {
	return s.write(ctx, "keep tokens", func(ctx context.Context, tx *txPool) error {
		return fenced(tx.exec(ctx, `UPDATE oauth_credentials SET refresh_enc = ?, access_enc = ?, access_expires_at = ?, refresh_at = ?, granted = ?,
			code = ?, args = ?, trouble_at = ?, updated_at = ?, claim = '', claimed_until = NULL WHERE owner = ? AND claim = ?`,
			c.RefreshEnc, c.AccessEnc, c.AccessExpiresAt, c.RefreshAt, cut(clean(c.Granted), 2000), c.Code, c.Args, c.TroubleAt, now(), c.Owner, claim))
	})
}

// DropOAuthAccess forgets an access token that a server did not take; another one by now stays.
func (s *Store) DropOAuthAccess(ctx context.Context, owner, accessEnc string) error {
	return s.write(ctx, "forget access token", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE oauth_credentials SET access_enc = '', access_expires_at = NULL WHERE owner = ? AND access_enc = ?", owner, accessEnc)
		return err
	})
}

// OAuthReminded notes that somebody was reminded of the end of a secret; false when another process has done so.
func (s *Store) OAuthReminded(ctx context.Context, owner string, was, days int) (first bool, err error) {
	err = s.write(ctx, "note reminder", func(ctx context.Context, tx *txPool) error {
		n, err := tx.exec(ctx, "UPDATE oauth_credentials SET reminded = ? WHERE owner = ? AND reminded = ?", days, owner, was)
		first = n > 0
		return err
	})
	return first && err == nil, err
}

// AddOAuthGrant adds a sign-in that was begun and removes those whose time is over.
func (s *Store) AddOAuthGrant(ctx context.Context, g *models.OAuthGrant) error {
	return s.write(ctx, "begin sign-in", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, "DELETE FROM oauth_grants WHERE expires_at <= ?", now().Add(-time.Hour)); err != nil {
			return err
		}
		g.ID = 0
		return s.gorm(ctx).Create(g).Error
	})
}

// TakeOAuthGrant removes the sign-in with a state and returns it, once; models.ErrNotFound when there is none.
func (s *Store) TakeOAuthGrant(ctx context.Context, stateHash []byte) (models.OAuthGrant, error) {
	var g models.OAuthGrant
	err := s.write(ctx, "take sign-in", func(ctx context.Context, tx *txPool) error {
		g = models.OAuthGrant{}
		if err := s.gorm(ctx).Where("state_hash = ? AND kind = 'code'", stateHash).Take(&g).Error; err != nil {
			return err
		}
		return foundOne(tx.exec(ctx, "DELETE FROM oauth_grants WHERE id = ?", g.ID))
	})
	return g, wrap("take sign-in", err)
}

// DeviceGrant returns the latest sign-in with another device that was begun for an account; models.ErrNotFound when none.
func (s *Store) DeviceGrant(ctx context.Context, owner string) (models.OAuthGrant, error) {
	var g models.OAuthGrant
	err := s.gorm(ctx).Where("owner = ? AND kind = 'device'", owner).Order("id DESC").Limit(1).Take(&g).Error
	return g, wrap("read sign-in", err)
}

// DueDeviceGrants returns the sign-ins with another device that are to be asked about at that time.
func (s *Store) DueDeviceGrants(ctx context.Context, at time.Time) ([]models.OAuthGrant, error) {
	var list []models.OAuthGrant
	err := s.gorm(ctx).Where("kind = 'device' AND code = '' AND next_at <= ?", at).Order("id").Limit(50).Find(&list).Error
	return list, wrap("list sign-ins", err)
}

// NextDeviceGrant sets when a sign-in is asked about again and what is known of it, when nobody else has done so since
// g was read; models.ErrConflict otherwise.
func (s *Store) NextDeviceGrant(ctx context.Context, g models.OAuthGrant, next *time.Time, code, args string, wait int) error {
	return s.write(ctx, "go on with sign-in", func(ctx context.Context, tx *txPool) error {
		return changedOne(tx.exec(ctx, "UPDATE oauth_grants SET next_at = ?, code = ?, args = ?, wait_seconds = ? WHERE id = ? AND next_at = ?",
			next, code, args, wait, g.ID, g.NextAt))
	})
}

// DeleteDeviceGrants ends the sign-ins with another device of an account.
func (s *Store) DeleteDeviceGrants(ctx context.Context, owner string) error {
	return s.write(ctx, "end sign-in", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM oauth_grants WHERE owner = ? AND kind = 'device'", owner)
		return err
	})
}
