package store

import (
	"context"
	"time"

	"letterbox/models"
)

// AccountsWithDue returns the accounts that have mail to be sent at now and may be tried, each once.
func (s *Store) AccountsWithDue(ctx context.Context, now time.Time) ([]int64, error) {
	return s.dueOwners(ctx, outboxQueue, "sending_accounts", now)
}

// ClaimOutgoing takes up to limit due mails of an account, the oldest first, for one round of sending, and counts an
// attempt for each. Nobody else gets them before ttl is over.
func (s *Store) ClaimOutgoing(ctx context.Context, account int64, claim string, at time.Time, ttl time.Duration, limit int) ([]models.Outgoing, error) {
	return claimDue[models.Outgoing](ctx, s, outboxQueue, account, claim, at, ttl, limit)
}

// FinishOutgoing ends the attempt claim with what came of it: State, NextAttemptAt, Code, Answer and AcceptedAt of o.
// models.ErrFenced when somebody else has the mail by now.
func (s *Store) FinishOutgoing(ctx context.Context, o models.Outgoing, claim string) error {
	return s.write(ctx, "finish an attempt", func(ctx context.Context, tx *txPool) error {
		return fenced(tx.exec(ctx, `UPDATE outbox SET state = ?, next_attempt_at = ?, code = ?, answer = ?, accepted_at = ?, claim = '', claimed_until = NULL
			WHERE id = ? AND claim = ? AND state = 'queued'`, o.State, o.NextAttemptAt, o.Code, cut(clean(o.Answer), 1000), o.AcceptedAt, o.ID, claim))
	})
}

// ReleaseOutgoing gives back those of a claim that were not tried: an attempt that was not made does not count.
func (s *Store) ReleaseOutgoing(ctx context.Context, claim string, untried []models.Outgoing) error {
	ids := make([]int64, len(untried))
	for i, o := range untried {
		ids[i] = o.ID
	}
	return s.releaseClaimed(ctx, outboxQueue, claim, ids)
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
