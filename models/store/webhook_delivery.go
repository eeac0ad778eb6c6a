package store

import (
	"context"
	"time"

	"letterbox/models"
)

// AddDeliveries queues events for webhooks and sets the IDs.
func (s *Store) AddDeliveries(ctx context.Context, list []models.Delivery) error {
	return s.write(ctx, "queue events", func(ctx context.Context, tx *txPool) (err error) {
		for i := range list {
			d := &list[i]
			d.ID, err = tx.insert(ctx, `INSERT INTO webhook_deliveries (webhook_id, event_id, type, body, state, attempts, next_attempt_at,
				claim, claimed_until, status, code, took, created_at, finished_at) VALUES (?, ?, ?, ?, ?, 0, ?, '', NULL, 0, '', 0, ?, NULL)`,
				d.WebhookID, d.EventID, d.Type, d.Body, models.DeliveryQueued, d.CreatedAt, d.CreatedAt)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Deliveries returns what was sent to a webhook, newest first, and the cursor of the next page.
func (s *Store) Deliveries(ctx context.Context, webhook int64, limit int, cursor string) ([]models.Delivery, string, error) {
	q, limit := s.gorm(ctx).Where("webhook_id = ?", webhook), pageSize(limit)
	if cursor != "" {
		id, err := parseCursor(cursor)
		if err != nil {
			return nil, "", err
		}
		q = q.Where("id < ?", id)
	}
	var list []models.Delivery
	if err := q.Order("id DESC").Limit(limit + 1).Find(&list).Error; err != nil {
		return nil, "", wrap("list deliveries", err)
	}
	list, next := page(list, limit, func(d models.Delivery) int64 { return d.ID })
	return list, next, nil
}

// DeliveryByID returns an event for a webhook.
func (s *Store) DeliveryByID(ctx context.Context, id int64) (models.Delivery, error) {
	var d models.Delivery
	err := s.gorm(ctx).Where("id = ?", id).Take(&d).Error
	return d, wrap("read delivery", err)
}

// WebhooksWithDue returns the webhooks for which something is to be sent at now and that may be tried, each once.
func (s *Store) WebhooksWithDue(ctx context.Context, at time.Time) ([]int64, error) {
	return s.dueOwners(ctx, webhookQueue, "webhooks", at)
}

// ClaimDeliveries takes up to limit due events of a webhook and counts an attempt for each. Nobody else gets them before
// ttl is over.
func (s *Store) ClaimDeliveries(ctx context.Context, webhook int64, claim string, at time.Time, ttl time.Duration, limit int) ([]models.Delivery, error) {
	return claimDue[models.Delivery](ctx, s, webhookQueue, webhook, claim, at, ttl, limit)
}

// FinishDelivery ends the attempt claim with what came of it. models.ErrFenced when somebody else has the event by now.
func (s *Store) FinishDelivery(ctx context.Context, d models.Delivery, claim string) error {
	return s.write(ctx, "finish a delivery", func(ctx context.Context, tx *txPool) error {
		return fenced(tx.exec(ctx, `UPDATE webhook_deliveries SET state = ?, next_attempt_at = ?, status = ?, code = ?, took = ?, finished_at = ?,
			claim = '', claimed_until = NULL WHERE id = ? AND claim = ? AND state = 'queued'`,
			d.State, d.NextAttemptAt, d.Status, d.Code, d.Took, d.FinishedAt, d.ID, claim))
	})
}

// ReleaseDeliveries gives back those of a claim that were not tried: an attempt that was not made does not count.
func (s *Store) ReleaseDeliveries(ctx context.Context, claim string, untried []models.Delivery) error {
	ids := make([]int64, len(untried))
	for i, d := range untried {
		ids[i] = d.ID
	}
	return s.releaseClaimed(ctx, webhookQueue, claim, ids)
}

// ReplayDelivery has an event sent again at once, with all attempts anew; models.ErrConflict while it is being sent.
func (s *Store) ReplayDelivery(ctx context.Context, id int64, at time.Time) error {
	return s.write(ctx, "send an event again", func(ctx context.Context, tx *txPool) error {
		return changedOne(tx.exec(ctx, `UPDATE webhook_deliveries SET state = 'queued', attempts = 0, next_attempt_at = ?, finished_at = NULL
			WHERE id = ? AND claimed_until IS NULL`, at, id))
	})
}

// CancelDeliveries gives up what waits for a webhook.
func (s *Store) CancelDeliveries(ctx context.Context, webhook int64, at time.Time) error {
	return s.write(ctx, "give up deliveries", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, `UPDATE webhook_deliveries SET state = 'cancelled', next_attempt_at = NULL, finished_at = ?, claim = '', claimed_until = NULL
			WHERE webhook_id = ? AND state = 'queued'`, at, webhook)
		return err
	})
}

// PurgeDeliveries removes up to limit deliveries that ended before that moment, and those of webhooks that are gone.
func (s *Store) PurgeDeliveries(ctx context.Context, before time.Time, limit int) error {
	ids, err := s.ids(ctx, `SELECT id FROM webhook_deliveries d WHERE d.created_at < ? AND d.state <> 'queued'
		OR NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.id = d.webhook_id) ORDER BY id LIMIT ?`, before, limit)
	if err != nil || len(ids) == 0 {
		return wrap("find old deliveries", err)
	}
	return s.write(ctx, "remove old deliveries", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM webhook_deliveries WHERE id IN ("+marks(len(ids))+")", anys(ids)...)
		return err
	})
}
