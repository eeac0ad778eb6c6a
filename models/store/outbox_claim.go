package store

import (
	"context"
	"database/sql"
	"time"

	"letterbox/models"
)

// AccountsWithDue returns the accounts that have mail to be sent at now and may be tried, each once.
func (s *Store) AccountsWithDue(ctx context.Context, now time.Time) ([]int64, error) {
	var ids []int64
	err := s.each(ctx, `SELECT DISTINCT account_id FROM outbox WHERE state = 'queued' AND next_attempt_at <= ?
		AND NOT EXISTS (SELECT 1 FROM sending_accounts a WHERE a.id = account_id AND a.next_try_at > ?) LIMIT 1000`,
		[]any{now, now}, func(r *sql.Rows) error {
			var id int64
			err := r.Scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, wrap("find mail to be sent", err)
}

// ClaimOutgoing takes up to limit due mails of an account, the oldest first, for one round of sending, and counts an
// attempt for each. Nobody else gets them before ttl is over. Only the conditional write excludes others, so it works on
// every database: of two who find the same row, the second finds it claimed.
func (s *Store) ClaimOutgoing(ctx context.Context, account int64, claim string, at time.Time, ttl time.Duration, limit int) ([]models.Outgoing, error) {
	var list []models.Outgoing
	due := false // The last look of a round finds nothing: that is worth no transaction.
	err := s.queryRow(ctx, "SELECT EXISTS (SELECT 1 FROM outbox WHERE account_id = ? AND state = 'queued' AND next_attempt_at <= ?)", []any{account, at}, &due)
	if err != nil || !due {
		return nil, wrap("look for mail to be sent", err)
	}
	err = s.write(ctx, "claim mail", func(ctx context.Context, tx *txPool) error {
		list = nil
		t, err := s.Now(ctx)
		if err != nil {
			return err
		}
		var ids []int64
		err = s.each(ctx, `SELECT id FROM outbox WHERE account_id = ? AND state = 'queued' AND next_attempt_at <= ?
			AND (claimed_until IS NULL OR claimed_until <= ? OR claimed_until > ?) ORDER BY next_attempt_at, id LIMIT ?`, []any{account, at, t, t.Add(longestHold), limit},
			func(r *sql.Rows) error {
				var id int64
				err := r.Scan(&id)
				ids = append(ids, id)
				return err
			})
		if err != nil || len(ids) == 0 {
			return err
		}
		args := append([]any{claim, t.Add(ttl)}, anys(ids)...)
		_, err = tx.exec(ctx, `UPDATE outbox SET claim = ?, claimed_until = ?, attempts = attempts + 1
			WHERE id IN (`+marks(len(ids))+`) AND state = 'queued' AND (claimed_until IS NULL OR claimed_until <= ? OR claimed_until > ?)`,
			append(args, t, t.Add(longestHold))...)
		if err != nil {
			return err
		}
		return s.gorm(ctx).Where("claim = ?", claim).Order("next_attempt_at, id").Limit(limit).Find(&list).Error
	})
	return list, err
}

// FinishOutgoing ends the attempt claim with what came of it: State, NextAttemptAt, Code, Answer and AcceptedAt of o.
// models.ErrFenced when somebody else has the mail by now.
func (s *Store) FinishOutgoing(ctx context.Context, o models.Outgoing, claim string) error {
	return s.write(ctx, "finish an attempt", func(ctx context.Context, tx *txPool) error {
		n, err := tx.exec(ctx, `UPDATE outbox SET state = ?, next_attempt_at = ?, code = ?, answer = ?, accepted_at = ?, claim = '', claimed_until = NULL
			WHERE id = ? AND claim = ? AND state = 'queued'`, o.State, o.NextAttemptAt, o.Code, cut(clean(o.Answer), 1000), o.AcceptedAt, o.ID, claim)
		if err == nil && n == 0 {
			err = models.ErrFenced
		}
		return err
	})
}

// ReleaseOutgoing gives back those of a claim that were not tried: an attempt that was not made does not count.
func (s *Store) ReleaseOutgoing(ctx context.Context, claim string, untried []models.Outgoing) error {
	ids := make([]int64, len(untried))
	for i, o := range untried {
		ids[i] = o.ID
	}
	return s.write(ctx, "give mail back", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, `UPDATE outbox SET attempts = attempts - 1, claim = '', claimed_until = NULL
			WHERE id IN (`+marks(len(ids))+`) AND claim = ? AND state = 'queued'`, append(anys(ids), claim)...)
		return err
	})
}

// FailExpired gives up the mails whose time is over and that nobody is sending, and returns how many.
func (s *Store) FailExpired(ctx context.Context, at time.Time, code string) (n int64, err error) {
	var due bool
	err = s.queryRow(ctx, "SELECT EXISTS (SELECT 1 FROM outbox WHERE state = 'queued' AND expires_at <= ? AND claimed_until IS NULL)", []any{at}, &due)
	if err != nil || !due {
		return 0, wrap("find expired mail", err)
	}
	err = s.write(ctx, "give up expired mail", func(ctx context.Context, tx *txPool) (err error) {
		n, err = tx.exec(ctx, `UPDATE outbox SET state = 'failed', next_attempt_at = NULL, code = CASE WHEN code = '' THEN ? ELSE code END
			WHERE state = 'queued' AND expires_at <= ? AND claimed_until IS NULL`, code, at)
		return err
	})
	return n, err
}

// ChangeOutgoing sets a mail that nobody is sending at this moment from one of the states to another, to be sent at next
// (nil: not at all). models.ErrConflict when it is not in such a state or is just being sent.
func (s *Store) ChangeOutgoing(ctx context.Context, id int64, to models.OutgoingState, next *time.Time, from ...models.OutgoingState) error {
	return s.write(ctx, "change outgoing mail", func(ctx context.Context, tx *txPool) error {
		t, err := s.Now(ctx)
		if err != nil {
			return err
		}
		args := append([]any{to, next, id, t}, anys(from)...)
		return changedOne(tx.exec(ctx, `UPDATE outbox SET state = ?, next_attempt_at = ?, claim = '', claimed_until = NULL
			WHERE id = ? AND (claimed_until IS NULL OR claimed_until <= ?) AND state IN (`+marks(len(from))+`)`, args...))
	})
}

// RestartOutgoing has a mail sent at next, with a new time until which it is tried. models.ErrConflict when it is not in
// one of the states.
func (s *Store) RestartOutgoing(ctx context.Context, id int64, next, expires time.Time, from ...models.OutgoingState) error {
	return s.write(ctx, "send outgoing mail again", func(ctx context.Context, tx *txPool) error {
		args := append([]any{next, expires, id}, anys(from)...)
		return changedOne(tx.exec(ctx, `UPDATE outbox SET state = 'queued', next_attempt_at = ?, expires_at = ?, attempts = 0
			WHERE id = ? AND claimed_until IS NULL AND state IN (`+marks(len(from))+`)`, args...))
	})
}

// BounceOutgoing notes that a mail has come back, or that a server reported a delay (State stays).
func (s *Store) BounceOutgoing(ctx context.Context, o models.Outgoing) error {
	return s.write(ctx, "save a bounce", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE outbox SET state = ?, code = ?, answer = ?, bounced_at = ?, next_attempt_at = NULL WHERE id = ?",
			o.State, o.Code, cut(clean(o.Answer), 1000), o.BouncedAt, o.ID)
		return err
	})
}
