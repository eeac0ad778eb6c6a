package store

import (
	"context"
	"time"
)

// SettledCount returns how many messages of an inbox are final and need nothing more from the server.
func (s *Store) SettledCount(ctx context.Context, inboxID int64) (int, error) {
	var n int
	err := s.queryRow(ctx, `SELECT COUNT(*) FROM messages WHERE inbox_id = ? AND state NOT IN ('known', 'received')
		AND settle_state IN ('done', 'gone', 'none')`, []any{inboxID}, &n)
	return n, wrap("count settled messages", err)
}

// LetInFrom counts the messages of a sender that became an issue or a comment through an inbox, among those that came to
// the server from since to until, both included; not counting the message except, and at most to most.
func (s *Store) LetInFrom(ctx context.Context, inboxID int64, address string, since, until time.Time, except int64, most int) (int, error) {
	var n int
	err := s.queryRow(ctx, `SELECT COUNT(*) FROM (SELECT 1 AS one FROM messages WHERE inbox_id = ? AND received_at >= ?
		AND from_address = ? AND id <> ? AND state IN ('created', 'commented')
		AND COALESCE(internal_at, received_at) >= ? AND COALESCE(internal_at, received_at) <= ? LIMIT ?) AS counted`,
		[]any{inboxID, since, address, except, since, until, most}, &n)
	return n, wrap("count the messages of a sender", err)
}
