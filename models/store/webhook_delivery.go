package store

import (
	"context"
	"database/sql"
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
	var ids []int64
	err := s.each(ctx, `SELECT DISTINCT webhook_id FROM webhook_deliveries WHERE state = 'queued' AND next_attempt_at <= ?
		AND NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.id = webhook_id AND w.next_try_at > ?) LIMIT 1000`, []any{at, at},
		func(r *sql.Rows) error {
			var id int64
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, wrap("find what is to be sent", err)
}

// ClaimDeliveries takes up to limit due events of a webhook and counts an attempt for each. Nobody else gets them before
// ttl is over, as with [Store.ClaimOutgoing].
func (s *Store) ClaimDeliveries(ctx context.Context, webhook int64, claim string, at time.Time, ttl time.Duration, limit int) ([]models.Delivery, error) {
	var list []models.Delivery
	err := s.write(ctx, "claim deliveries", func(ctx context.Context, tx *txPool) error {
		list = nil
		t, err := s.Now(ctx)
		if err != nil {
			return err
		}
		var ids []int64
		err = s.each(ctx, `SELECT id FROM webhook_deliveries WHERE webhook_id = ? AND state = 'queued' AND next_attempt_at <= ?
			AND (claimed_until IS NULL OR claimed_until <= ? OR claimed_until > ?) ORDER BY id LIMIT ?`,
			[]any{webhook, at, t, t.Add(longestHold), limit}, func(r *sql.Rows) error {
				var id int64
				err := r.Scan(&id)
				ids = append(ids, id)
				return err
			})
		if err != nil || len(ids) == 0 {
			return err
		}
		args := append([]any{claim, t.Add(ttl)}, anys(ids)...)
		_, err = tx.exec(ctx, `UPDATE webhook_deliveries SET claim = ?, claimed_until = ?, attempts = attempts + 1
			WHERE id IN (`+marks(len(ids))+`) AND state = 'queued' AND (claimed_until IS NULL OR claimed_until <= ? OR claimed_until > ?)`,
			append(args, t, t.Add(longestHold))...)
		if err != nil {
			return err
		}
		return s.gorm(ctx).Where("claim = ?", claim).Order("id").Limit(limit).Find(&list).Error
	})
	return list, err
}

// FinishDelivery ends the attempt claim with what came of it. models.ErrFenced when somebody else has the event by now.
func (s *Store) FinishDelivery(ctx context.Context, d models.Delivery, claim string) error {
	return s.write(ctx, "finish a delivery", func(ctx context.Context, tx *txPool) error {
		n, err := tx.exec(ctx, `UPDATE webhook_deliveries SET state = ?, next_attempt_at = ?, status = ?, code = ?, took = ?, finished_at = ?,
			claim = '', claimed_until = NULL WHERE id = ? AND claim = ? AND state = 'queued'`,
			d.State, d.NextAttemptAt, d.Status, d.Code, d.Took, d.FinishedAt, d.ID, claim)
		if err == nil && n == 0 {
			err = models.ErrFenced
		}
		return err
	})
}

// ReleaseDeliveries gives back those of a claim that were not tried: an attempt that was not made does not count.
func (s *Store) ReleaseDeliveries(ctx context.Context, claim string, untried []models.Delivery) error {
	ids := make([]int64, len(untried))
	for i, d := range untried {
		ids[i] = d.ID
	}
	return s.write(ctx, "give deliveries back", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, `UPDATE webhook_deliveries SET attempts = attempts - 1, claim = '', claimed_until = NULL
			WHERE id IN (`+marks(len(ids))+`) AND claim = ? AND state = 'queued'`, append(anys(ids), claim)...)
		return err
	})
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
	var ids []int64
	err := s.each(ctx, `SELECT id FROM webhook_deliveries d WHERE d.created_at < ? AND d.state <> 'queued'
		OR NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.id = d.webhook_id) ORDER BY id LIMIT ?`, []any{before, limit}, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil || len(ids) == 0 {
		return wrap("find old deliveries", err)
	}
	return s.write(ctx, "remove old deliveries", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM webhook_deliveries WHERE id IN ("+marks(len(ids))+")", anys(ids)...)
		return err
	})
}
