package store

import "context"

// SettledCount returns how many messages of an inbox are final and need nothing more from the server.
func (s *Store) SettledCount(ctx context.Context, inboxID int64) (int, error) {
	var n int
	err := s.queryRow(ctx, `SELECT COUNT(*) FROM messages WHERE inbox_id = ? AND state NOT IN ('known', 'received')
		AND settle_state IN ('done', 'gone', 'none')`, []any{inboxID}, &n)
	return n, wrap("count settled messages", err)
}
