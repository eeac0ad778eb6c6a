package store

import (
	"context"

	"letterbox/models"
)

// AddPasswordLink adds a link in place of those of its kind that the user has, and sets its ID.
func (s *Store) AddPasswordLink(ctx context.Context, l *models.PasswordLink) error {
	return s.write(ctx, "add password link", func(ctx context.Context, tx *txPool) error {
		if _, err := tx.exec(ctx, "DELETE FROM password_links WHERE user_id = ? AND kind = ?", l.UserID, l.Kind); err != nil {
			return err
		}
		l.ID = 0
		return s.gorm(ctx).Create(l).Error
	})
}

// PasswordLinkByHash returns the link whose token has that SHA-256; models.ErrNotFound also when it has expired.
func (s *Store) PasswordLinkByHash(ctx context.Context, hash []byte) (models.PasswordLink, error) {
	var l models.PasswordLink
	err := s.gorm(ctx).Where("token_hash = ? AND expires_at > ?", hash, now()).Take(&l).Error
	return l, wrap("read password link", err)
}

// PasswordLinkByID returns a link; models.ErrNotFound also when it has expired.
func (s *Store) PasswordLinkByID(ctx context.Context, id int64) (models.PasswordLink, error) {
	var l models.PasswordLink
	err := s.gorm(ctx).Where("id = ? AND expires_at > ?", id, now()).Take(&l).Error
	return l, wrap("read password link", err)
}

// PasswordLinkOf returns the link of a kind that a user has; models.ErrNotFound also when it has expired.
func (s *Store) PasswordLinkOf(ctx context.Context, userID int64, kind models.PasswordLinkKind) (models.PasswordLink, error) {
	var l models.PasswordLink
	err := s.gorm(ctx).Where("user_id = ? AND kind = ? AND expires_at > ?", userID, kind, now()).Order("id DESC").Take(&l).Error
	return l, wrap("read password link", err)
}

// SealPasswordLink keeps the sealed token of a link for the mail with it; "" once no mail needs it any more. It is no error
// when the link is gone.
func (s *Store) SealPasswordLink(ctx context.Context, id int64, sealed string) error {
	return s.write(ctx, "seal password link", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE password_links SET token_enc = ? WHERE id = ?", sealed, id)
		return err
	})
}

// TakePasswordLink removes a link; models.ErrNotFound when somebody else has taken it.
func (s *Store) TakePasswordLink(ctx context.Context, id int64) error {
	return s.write(ctx, "take password link", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM password_links WHERE id = ?", id))
	})
}

// DeletePasswordLinksOf removes all links of a user. It is no error when there are none.
func (s *Store) DeletePasswordLinksOf(ctx context.Context, userID int64) error {
	return s.write(ctx, "delete password links", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM password_links WHERE user_id = ?", userID)
		return err
	})
}
