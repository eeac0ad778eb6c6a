package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"letterbox/models"
)

// CreateSendingAccount adds a sending account and sets ID, Version and the times. A place that is taken is
// models.ErrConflict.
func (s *Store) CreateSendingAccount(ctx context.Context, a *models.SendingAccount) error {
	a.Version = 1
	return s.create(ctx, "create sending account", a, func() { a.ID = 0 })
}

// SendingAccounts returns all sending accounts by place; at most 20,000.
func (s *Store) SendingAccounts(ctx context.Context) ([]models.SendingAccount, error) {
	var list []models.SendingAccount
	err := s.gorm(ctx).Order("place").Limit(20_000).Find(&list).Error
	return list, wrap("list sending accounts", err)
}

// SendingAccountByID returns a sending account.
func (s *Store) SendingAccountByID(ctx context.Context, id int64) (models.SendingAccount, error) {
	var a models.SendingAccount
	err := s.gorm(ctx).Where("id = ?", id).Take(&a).Error
	return a, wrap("read sending account", err)
}

// SendingAccountAt returns the account of the first of the places that has one; models.ErrNotFound when none has.
func (s *Store) SendingAccountAt(ctx context.Context, places ...string) (models.SendingAccount, error) {
	list, err := remembered(ctx, s, "sending_accounts", strings.Join(places, " "), func() (list []models.SendingAccount, err error) {
		err = s.gorm(ctx).Where("place IN ?", places).Limit(len(places)).Find(&list).Error
		return list, err
	})
	if err != nil {
		return models.SendingAccount{}, wrap("find sending account", err)
	}
	for _, place := range places {
		for _, a := range list {
			if a.Place == place {
				return a, nil
			}
		}
	}
	return models.SendingAccount{}, wrap("find sending account", models.ErrNotFound)
}

// UpdateSendingAccount writes an account when the stored version is still version; models.ErrConflict otherwise. What is
// known of its troubles is forgotten: it is tried at once.
func (s *Store) UpdateSendingAccount(ctx context.Context, a *models.SendingAccount, version int64) error {
	settings, err := json.Marshal(a.Settings)
	if err != nil {
		return wrap("update sending account", err)
	}
	at := now()
	err = s.write(ctx, "update sending account", func(ctx context.Context, tx *txPool) error {
		return changedOne(tx.exec(ctx, `UPDATE sending_accounts SET place = ?, address = ?, name = ?, settings = ?, password_enc = ?,
			updated_at = ?, failures = 0, trouble_code = '', trouble_args = '', trouble_at = NULL, next_try_at = NULL, version = version + 1
			WHERE id = ? AND version = ?`, a.Place, a.Address, cut(a.Name, 400), string(settings), a.PasswordEnc, at, a.ID, version))
	})
	if err == nil {
		a.Version, a.UpdatedAt = version+1, at
	}
	return err
}

// DeleteSendingAccount removes an account. Mail that still waits for it is failed with code; what was sent stays.
func (s *Store) DeleteSendingAccount(ctx context.Context, id int64, code string) error {
	return s.write(ctx, "delete sending account", func(ctx context.Context, tx *txPool) error {
		if err := foundOne(tx.exec(ctx, "DELETE FROM sending_accounts WHERE id = ?", id)); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `UPDATE outbox SET state = 'failed', code = ?, claim = '', claimed_until = NULL, next_attempt_at = NULL
			WHERE account_id = ? AND state IN ('draft', 'queued')`, code, id)
		return err
	})
}

// SaveSendingTrouble notes that a connection of an account came to nothing and when it is tried again. It reports
// whether this is news: the account was fine before.
func (s *Store) SaveSendingTrouble(ctx context.Context, id int64, code, args string, next time.Time) (news bool, err error) {
	at := now()
	err = s.write(ctx, "save sending trouble", func(ctx context.Context, tx *txPool) error {
		n, err := tx.exec(ctx, `UPDATE sending_accounts SET failures = 1, trouble_code = ?, trouble_args = ?, trouble_at = ?, next_try_at = ?
			WHERE id = ? AND trouble_code = ''`, code, args, at, next, id)
		if news = n > 0; err != nil || news {
			return err
		}
		_, err = tx.exec(ctx, `UPDATE sending_accounts SET failures = failures + 1, trouble_code = ?, trouble_args = ?, next_try_at = ?
			WHERE id = ?`, code, args, next, id)
		return err
	})
	return news && err == nil, err
}

// SaveSendingFine notes that a connection of an account worked, and with what it was encrypted ("" when it was not). It
// reports whether this is news.
func (s *Store) SaveSendingFine(ctx context.Context, id int64, encryptedWith string) (news bool, err error) {
	err = s.write(ctx, "save sending state", func(ctx context.Context, tx *txPool) error {
		if encryptedWith != "" {
			if _, err := tx.exec(ctx, "UPDATE sending_accounts SET encrypted_with = ? WHERE id = ?", encryptedWith, id); err != nil {
				return err
			}
		}
		n, err := tx.exec(ctx, `UPDATE sending_accounts SET failures = 0, trouble_code = '', trouble_args = '', trouble_at = NULL, next_try_at = NULL
			WHERE id = ? AND trouble_code <> ''`, id)
		news = n > 0
		return err
	})
	return news && err == nil, err
}

// RetrySendingAccount has an account that is in trouble tried again at once.
func (s *Store) RetrySendingAccount(ctx context.Context, id int64) error {
	return s.write(ctx, "try sending account", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE sending_accounts SET next_try_at = NULL WHERE id = ?", id)
		return err
	})
}
