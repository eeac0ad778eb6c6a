package store

import (
	"context"
	"time"

	"letterbox/models"
)

// SMIMEKeys returns our certificates, the newest of each address first; at most 1,000.
func (s *Store) SMIMEKeys(ctx context.Context) ([]models.SMIMEKey, error) {
	var list []models.SMIMEKey
	err := s.gorm(ctx).Order("address, id DESC").Limit(1000).Find(&list).Error
	return list, wrap("list S/MIME keys", err)
}

// SMIMEKeyOf returns the newest certificate of ours for an address; models.ErrNotFound when there is none.
func (s *Store) SMIMEKeyOf(ctx context.Context, address string) (models.SMIMEKey, error) {
	var k models.SMIMEKey
	err := s.gorm(ctx).Where("address = ?", address).Order("id DESC").Limit(1).Take(&k).Error
	return k, wrap("read S/MIME key", err)
}

// SMIMEKeyByID returns a certificate of ours.
func (s *Store) SMIMEKeyByID(ctx context.Context, id int64) (models.SMIMEKey, error) {
	var k models.SMIMEKey
	err := s.gorm(ctx).Where("id = ?", id).Take(&k).Error
	return k, wrap("read S/MIME key", err)
}

// AddSMIMEKey adds a certificate of ours; models.ErrConflict when it is there.
func (s *Store) AddSMIMEKey(ctx context.Context, k *models.SMIMEKey) error {
	return s.create(ctx, "add S/MIME key", k, func() { k.ID = 0 })
}

// DeleteSMIMEKey removes a certificate of ours with its key. What was encrypted for it cannot be opened any more.
func (s *Store) DeleteSMIMEKey(ctx context.Context, id int64) error {
	return s.write(ctx, "delete S/MIME key", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "DELETE FROM smime_keys WHERE id = ?", id))
	})
}

// SMIMECertificates returns the certificates of others after the address and id, by address; at most limit.
func (s *Store) SMIMECertificates(ctx context.Context, limit int) ([]models.SMIMECertificate, error) {
	var list []models.SMIMECertificate
	err := s.gorm(ctx).Order("address, id DESC").Limit(limit).Find(&list).Error
	return list, wrap("list certificates", err)
}

// SMIMECertificatesOf returns the certificates of some addresses that nobody has revoked, the newest first.
func (s *Store) SMIMECertificatesOf(ctx context.Context, addresses ...string) ([]models.SMIMECertificate, error) {
	var list []models.SMIMECertificate
	if len(addresses) == 0 {
		return nil, nil
	}
	err := s.gorm(ctx).Where("address IN ? AND revoked_at IS NULL", addresses).Order("id DESC").Limit(1000).Find(&list).Error
	return list, wrap("read certificates", err)
}

// AddSMIMECertificate keeps a certificate of somebody else; one that is there, revoked or not, stays as it is, but for what
// its owner announces to read: the latest announcement counts. It reports whether the certificate is new, and has mail that
// was held for the lack of it sent.
func (s *Store) AddSMIMECertificate(ctx context.Context, c models.SMIMECertificate, code string) (added bool, err error) {
	err = s.write(ctx, "add certificate", func(ctx context.Context, tx *txPool) error {
		n, err := tx.exec(ctx, s.insertIgnore()+`smime_certificates (address, fingerprint, source, certificate, issuer, not_before, not_after, first_seen_at, reads_gcm, announced_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.Address, c.Fingerprint, c.Source, c.Certificate, cut(clean(c.Issuer), 500), c.NotBefore, c.NotAfter, c.FirstSeenAt, c.ReadsGCM, c.AnnouncedAt)
		if added = n > 0; err != nil {
			return err
		}
		if !added {
			if c.AnnouncedAt == nil {
				return nil
			}
			_, err = tx.exec(ctx, "UPDATE smime_certificates SET reads_gcm = ?, announced_at = ? WHERE address = ? AND fingerprint = ? AND (announced_at IS NULL OR announced_at <= ?)",
				c.ReadsGCM, c.AnnouncedAt, c.Address, c.Fingerprint, c.AnnouncedAt)
			return err
		}
		_, err = tx.exec(ctx, "UPDATE outbox SET"+releasedMail+" AND recipient = ?", now(), now().AddDate(0, 0, 3), code, c.Address)
		return err
	})
	return added && err == nil, err
}

// releasedMail has mail that is held go out: now, when it expires, and the code of why it is held.
const releasedMail = " state = 'queued', next_attempt_at = ?, expires_at = ?, attempts = 0 WHERE state = 'draft' AND code = ?"

// ReleaseHeld has all mail tried again that is held with a code.
func (s *Store) ReleaseHeld(ctx context.Context, code string) error {
	return s.write(ctx, "release held mail", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE outbox SET"+releasedMail, now(), now().AddDate(0, 0, 3), code)
		return err
	})
}

// RevokeSMIMECertificate sets from when a certificate of somebody else is not used any more; nil: it is used again.
func (s *Store) RevokeSMIMECertificate(ctx context.Context, id int64, at *time.Time) error {
	return s.write(ctx, "revoke certificate", func(ctx context.Context, tx *txPool) error {
		return foundOne(tx.exec(ctx, "UPDATE smime_certificates SET revoked_at = ? WHERE id = ?", at, id))
	})
}
