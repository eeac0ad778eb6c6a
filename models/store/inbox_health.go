package store

import (
	"context"
	"database/sql"
	"time"

	"gorm.io/gorm/clause"

	"letterbox/models"
)

// mostEvents is how many events of an inbox are kept.
const mostEvents = 100

// SaveInboxAccount sets what the last full listing of an inbox found.
func (s *Store) SaveInboxAccount(ctx context.Context, a *models.InboxAccount) error {
	return s.write(ctx, "save inbox account", func(ctx context.Context, _ *txPool) error {
		return s.gorm(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "inbox_id"}}, UpdateAll: true}).Create(a).Error
	})
}

// InboxAccounts returns what the last full listings found, by inbox.
func (s *Store) InboxAccounts(ctx context.Context) (map[int64]models.InboxAccount, error) {
	var list []models.InboxAccount
	if err := s.gorm(ctx).Order("inbox_id").Limit(20_000).Find(&list).Error; err != nil {
		return nil, wrap("list inbox accounts", err)
	}
	out := make(map[int64]models.InboxAccount, len(list))
	for _, a := range list {
		out[a.InboxID] = a
	}
	return out, nil
}

// AddInboxEvent keeps an event of an inbox and forgets those before the last hundred.
func (s *Store) AddInboxEvent(ctx context.Context, e *models.InboxEvent) error {
	return s.WithTx(ctx, func(ctx context.Context) error {
		if err := s.create(ctx, "add inbox event", e, func() { e.ID = 0 }); err != nil {
			return err
		}
		return s.write(ctx, "forget old inbox events", func(ctx context.Context, tx *txPool) error {
			var oldest sql.NullInt64
			err := s.queryRow(ctx, `SELECT MIN(id) FROM (SELECT id FROM inbox_events WHERE inbox_id = ? ORDER BY id DESC LIMIT ?) AS latest`,
				[]any{e.InboxID, mostEvents}, &oldest)
			if err != nil {
				return err
			}
			_, err = tx.exec(ctx, "DELETE FROM inbox_events WHERE inbox_id = ? AND id < ?", e.InboxID, oldest.Int64)
			return err
		})
	})
}

// InboxEvents returns the events of an inbox, newest first; at most 100.
func (s *Store) InboxEvents(ctx context.Context, inboxID int64, limit int) ([]models.InboxEvent, error) {
	var list []models.InboxEvent
	err := s.gorm(ctx).Where("inbox_id = ?", inboxID).Order("id DESC").Limit(min(limit, mostEvents)).Find(&list).Error
	return list, wrap("list inbox events", err)
}

// Backlog is what an inbox has still to do.
type Backlog struct {
	Open      int // Messages that have no result yet.
	Unsettled int // Messages with a result of which the server is still to be told.
}

// Backlogs returns what each inbox has still to do; inboxes that have nothing to do are left out.
func (s *Store) Backlogs(ctx context.Context) (map[int64]Backlog, error) {
	out := map[int64]Backlog{}
	for _, q := range []struct {
		where string
		set   func(*Backlog, int)
	}{
		{"state IN ('known', 'received')", func(b *Backlog, n int) { b.Open = n }},
		{"settle_state IN ('pending', 'failed') AND state NOT IN ('known', 'received')", func(b *Backlog, n int) { b.Unsettled = n }},
	} {
		err := s.each(ctx, "SELECT inbox_id, COUNT(*) FROM messages WHERE "+q.where+" GROUP BY inbox_id", nil, func(r *sql.Rows) error {
			var id int64
			var n int
			err := r.Scan(&id, &n)
			b := out[id]
			q.set(&b, n)
			out[id] = b
			return err
		})
		if err != nil {
			return nil, wrap("count the backlog", err)
		}
	}
	return out, nil
}

// Waits returns how long the latest n finished messages of an inbox took from being known to their result, in no order.
func (s *Store) Waits(ctx context.Context, inboxID int64, n int) ([]time.Duration, error) {
	var out []time.Duration
	err := s.each(ctx, `SELECT received_at, finished_at FROM messages WHERE inbox_id = ? AND finished_at IS NOT NULL AND reprocessed = 0
		ORDER BY received_at DESC LIMIT ?`, []any{inboxID, n}, func(r *sql.Rows) error {
		var from, to time.Time
		err := r.Scan(&from, &to)
		out = append(out, to.Sub(from))
		return err
	})
	return out, wrap("read how long messages took", err)
}
