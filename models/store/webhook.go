package store

import (
	"context"
	"encoding/json"
	"time"

	"letterbox/models"
)

// CreateWebhook adds a webhook and sets ID, Version and the times.
func (s *Store) CreateWebhook(ctx context.Context, w *models.Webhook) error {
	w.Version = 1
	return s.create(ctx, "create webhook", w, func() { w.ID = 0 })
}

// Webhooks returns all webhooks by ID; at most 1,000.
func (s *Store) Webhooks(ctx context.Context) ([]models.Webhook, error) {
	var list []models.Webhook
	err := s.gorm(ctx).Order("id").Limit(1000).Find(&list).Error
	return list, wrap("list webhooks", err)
}

// WebhookByID returns a webhook.
func (s *Store) WebhookByID(ctx context.Context, id int64) (models.Webhook, error) {
	var w models.Webhook
	err := s.gorm(ctx).Where("id = ?", id).Take(&w).Error
	return w, wrap("read webhook", err)
}

// UpdateWebhook writes what people set of a webhook when the stored version is still version; models.ErrConflict
// otherwise. How it was doing is forgotten: it is tried at once.
func (s *Store) UpdateWebhook(ctx context.Context, w *models.Webhook, version int64) error {
	events, err := json.Marshal(w.Events)
	if err != nil {
		return wrap("update webhook", err)
	}
	at := now()
	err = s.write(ctx, "update webhook", func(ctx context.Context, tx *txPool) error {
		return changedOne(tx.exec(ctx, `UPDATE webhooks SET name = ?, project_id = ?, url = ?, events = ?, enabled = ?, secret_enc = ?,
			old_secret_enc = ?, old_secret_until = ?, off_reason = ?, updated_at = ?, failures = 0, failing_since = NULL, next_try_at = NULL,
			version = version + 1 WHERE id = ? AND version = ?`,
			cut(w.Name, 200), w.ProjectID, w.URL, string(events), w.Enabled, w.SecretEnc, w.OldSecretEnc, w.OldSecretUntil, w.OffReason, at, w.ID, version))
	})
	if err == nil {
		w.Version, w.UpdatedAt, w.Failures, w.FailingSince, w.NextTryAt = version+1, at, 0, nil, nil
	}
	return err
}

// DeleteWebhook removes a webhook with all that was sent to it.
func (s *Store) DeleteWebhook(ctx context.Context, id int64) error {
	return s.write(ctx, "delete webhook", func(ctx context.Context, tx *txPool) error {
		if err := foundOne(tx.exec(ctx, "DELETE FROM webhooks WHERE id = ?", id)); err != nil {
			return err
		}
		_, err := tx.exec(ctx, "DELETE FROM webhook_deliveries WHERE webhook_id = ?", id)
		return err
	})
}

// SaveWebhookWorks notes that a webhook has taken something.
func (s *Store) SaveWebhookWorks(ctx context.Context, id int64) error {
	return s.write(ctx, "save the state of a webhook", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE webhooks SET failures = 0, failing_since = NULL, next_try_at = NULL WHERE id = ?", id)
		return err
	})
}

// SaveWebhookFails notes that an attempt came to nothing, and before when nothing more is to be sent (nil: at once).
func (s *Store) SaveWebhookFails(ctx context.Context, id int64, at time.Time, next *time.Time) error {
	return s.write(ctx, "save the state of a webhook", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, `UPDATE webhooks SET failures = failures + 1, failing_since = COALESCE(failing_since, ?),
			next_try_at = COALESCE(?, next_try_at) WHERE id = ?`, at, next, id)
		return err
	})
}

// SwitchOffWebhook switches a webhook off because it does not work, and gives up what waits for it. It reports false when
// it was off.
func (s *Store) SwitchOffWebhook(ctx context.Context, id int64, reason string, at time.Time) (off bool, err error) {
	err = s.write(ctx, "switch a webhook off", func(ctx context.Context, tx *txPool) error {
		n, err := tx.exec(ctx, "UPDATE webhooks SET enabled = ?, off_reason = ?, updated_at = ?, version = version + 1 WHERE id = ? AND enabled = ?",
			false, reason, at, id, true)
		if off = n == 1; err != nil || !off {
			return err
		}
		return s.CancelDeliveries(ctx, id, at)
	})
	return off, err
}
