package store

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// LedgerLine is what a reset of the ledger has to know of a message.
type LedgerLine struct {
	ID          int64
	ReceivedAt  time.Time
	Effect      bool // It belongs to an issue.
	BeforeStart bool // It was there before the inbox began.
	Again       bool // It was refused, ignored or set aside, and can be fetched again.
}

// again is the condition under which a message may be fetched again: it has come to a result without an effect. Octets that
// are too large, or a duplicate, come to the same result again.
const again = `issue_number IS NULL AND comment_id IS NULL AND door IN ('imap', 'pop3') AND state IN ('rejected', 'ignored', 'quarantined') AND reason <> 'too_large'`

// LedgerLines returns the messages of a folder by UID.
func (s *Store) LedgerLines(ctx context.Context, inbox int64, folder string, uidvalidity uint32) (map[string]LedgerLine, error) {
	lines := map[string]LedgerLine{}
	err := s.each(ctx, `SELECT id, uid, received_at, issue_number IS NOT NULL, reason = 'before_start', CASE WHEN `+again+` THEN 1 ELSE 0 END
		FROM messages WHERE inbox_id = ? AND folder = ? AND uidvalidity = ?`, []any{inbox, folder, uidvalidity}, func(r *sql.Rows) error {
		var l LedgerLine
		var uid string
		err := r.Scan(&l.ID, &uid, &l.ReceivedAt, &l.Effect, &l.BeforeStart, &l.Again)
		lines[uid] = l
		return err
	})
	return lines, wrap("read the ledger", err)
}

// FetchAgain puts messages back to known, as far as they have come to a result without an effect: the next visit fetches
// them, and they are decided on under the same identity.
func (s *Store) FetchAgain(ctx context.Context, ids []int64) error {
	return s.write(ctx, "put messages back", func(ctx context.Context, tx *txPool) error {
		for part := range slices.Chunk(ids, 500) {
			_, err := tx.exec(ctx, `UPDATE messages SET state = 'known', step = 'fetch', attempts = 0, next_attempt_at = NULL, error_code = '', error_detail = '',
				reason = '', finished_at = NULL, reprocessed = reprocessed + 1 WHERE id IN (`+marks(len(part))+") AND "+again, anys(part)...)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
