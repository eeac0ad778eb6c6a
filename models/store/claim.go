package store

import (
	"context"
	"time"
)

// queue is a table of what is to be sent: rows that are queued until their time has come, belong to one who takes them,
// and are claimed for one round of sending. Only the conditional write excludes others, so it works on every database: of
// two who find the same row, the second finds it claimed.
type queue struct {
	table string
	owner string // The column of who takes them: a sending account, a webhook.
	order string // Which come first.
	what  string // They are called so in errors.
}

var (
	outboxQueue  = queue{table: "outbox", owner: "account_id", order: "next_attempt_at, id", what: "mail"}
	webhookQueue = queue{table: "webhook_deliveries", owner: "webhook_id", order: "id", what: "deliveries"}
)

// dueOwners returns for whom something is to be sent at that moment, each once; those are left out whose row in owners is
// not to be tried yet.
func (s *Store) dueOwners(ctx context.Context, q queue, owners string, at time.Time) ([]int64, error) {
	ids, err := s.ids(ctx, `SELECT DISTINCT `+q.owner+` FROM `+q.table+` WHERE state = 'queued' AND next_attempt_at <= ?
		AND NOT EXISTS (SELECT 1 FROM `+owners+` o WHERE o.id = `+q.owner+` AND o.next_try_at > ?) LIMIT 1000`, at, at)
	return ids, wrap("find "+q.what+" to be sent", err)
}

// claimDue takes up to limit due rows of an owner and counts an attempt for each. Nobody else gets them before ttl is over.
// Where nothing is due, as at the last look of a round, it costs no transaction.
func claimDue[T any](ctx context.Context, s *Store, q queue, owner int64, claim string, at time.Time, ttl time.Duration, limit int) ([]T, error) {
	due := false
	err := s.queryRow(ctx, "SELECT EXISTS (SELECT 1 FROM "+q.table+" WHERE "+q.owner+" = ? AND state = 'queued' AND next_attempt_at <= ?)", []any{owner, at}, &due)
	if err != nil || !due {
		return nil, wrap("look for "+q.what+" to be sent", err)
	}
	var list []T
	err = s.write(ctx, "claim "+q.what, func(ctx context.Context, tx *txPool) error {
		list = nil
		t, err := s.Now(ctx)
		if err != nil {
			return err
		}
		ids, err := s.ids(ctx, `SELECT id FROM `+q.table+` WHERE `+q.owner+` = ? AND state = 'queued' AND next_attempt_at <= ?
			AND (claimed_until IS NULL OR claimed_until <= ? OR claimed_until > ?) ORDER BY `+q.order+` LIMIT ?`, owner, at, t, t.Add(longestHold), limit)
		if err != nil || len(ids) == 0 {
			return err
		}
		args := append([]any{claim, t.Add(ttl)}, anys(ids)...)
		_, err = tx.exec(ctx, `UPDATE `+q.table+` SET claim = ?, claimed_until = ?, attempts = attempts + 1
			WHERE id IN (`+marks(len(ids))+`) AND state = 'queued' AND (claimed_until IS NULL OR claimed_until <= ? OR claimed_until > ?)`,
			append(args, t, t.Add(longestHold))...)
		if err != nil {
			return err
		}
		return s.gorm(ctx).Where("claim = ?", claim).Order(q.order).Limit(limit).Find(&list).Error
	})
	return list, err
}

// releaseClaimed gives back those of a claim that were not tried: an attempt that was not made does not count.
func (s *Store) releaseClaimed(ctx context.Context, q queue, claim string, ids []int64) error {
	return s.write(ctx, "give "+q.what+" back", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, `UPDATE `+q.table+` SET attempts = attempts - 1, claim = '', claimed_until = NULL
			WHERE id IN (`+marks(len(ids))+`) AND claim = ? AND state = 'queued'`, append(anys(ids), claim)...)
		return err
	})
}
