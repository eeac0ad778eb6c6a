package store

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// ReleaseAttempts takes back attempts that were begun and not made, because something else than the message ended them.
func (s *Store) ReleaseAttempts(ctx context.Context, ids []int64) error {
	return s.write(ctx, "release attempts", func(ctx context.Context, tx *txPool) error {
		for part := range slices.Chunk(ids, 500) {
			_, err := tx.exec(ctx, "UPDATE messages SET attempts = attempts - 1 WHERE attempts > 0 AND id IN ("+marks(len(part))+")", anys(part)...)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// NextDue returns when the next attempt or settlement of an inbox is due; nil when there is none. A time in the past
// says that it is due now.
func (s *Store) NextDue(ctx context.Context, inboxID int64) (*time.Time, error) {
	var first *time.Time
	err := s.each(ctx, nextDue, []any{inboxID, inboxID, inboxID, inboxID}, func(r *sql.Rows) error {
		var at sql.NullTime
		if err := r.Scan(&at); err != nil {
			return err
		}
		if first == nil || at.Time.Before(*first) {
			t := at.Time.UTC() // NULL, the zero time, is due now.
			first = &t
		}
		return nil
	})
	if err != nil {
		return nil, wrap("read what is due", err)
	}
	return first, nil
}

// ResetToFetch sets a final message that was never downloaded whole back to known, to be fetched whatever its size.
// What it became stays. models.ErrConflict when it is not final.
func (s *Store) ResetToFetch(ctx context.Context, id int64) error {
	return s.write(ctx, "reset message", func(ctx context.Context, tx *txPool) error {
		return changedOne(tx.exec(ctx, `UPDATE messages SET state = 'known', step = 'fetch', attempts = 0, next_attempt_at = NULL,
			error_code = '', error_detail = '', reason = '', finished_at = NULL, fetch_anyway = ?, reprocessed = reprocessed + 1
			WHERE id = ? AND state NOT IN ('known', 'received')`, true, id))
	})
}

// AddReprocessed counts one more run that a person asked for.
func (s *Store) AddReprocessed(ctx context.Context, id int64) error {
	return s.write(ctx, "count a run", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE messages SET reprocessed = reprocessed + 1 WHERE id = ?", id)
		return err
	})
}

// nextDue finds the first of each kind of what is due, each by its index.
const nextDue = `
SELECT at FROM (SELECT next_attempt_at AS at FROM messages WHERE inbox_id = ? AND state = 'known' ORDER BY next_attempt_at LIMIT 1) a
UNION ALL SELECT at FROM (SELECT next_attempt_at AS at FROM messages WHERE inbox_id = ? AND state = 'received' ORDER BY next_attempt_at LIMIT 1) b
UNION ALL SELECT at FROM (SELECT settle_after AS at FROM messages WHERE inbox_id = ? AND settle_state = 'pending' AND state NOT IN ('known', 'received') ORDER BY settle_after LIMIT 1) c
UNION ALL SELECT at FROM (SELECT settle_after AS at FROM messages WHERE inbox_id = ? AND settle_state = 'failed' ORDER BY settle_after LIMIT 1) d`
