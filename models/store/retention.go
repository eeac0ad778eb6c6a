package store

import (
	"context"
	"database/sql"
	"time"

	"letterbox/models"
)

// What retention looks at. A message whose octets may go has come to its result, the server has been told, and nobody
// has to decide on it.
const (
	messageOver    = `state NOT IN ('known', 'received', 'quarantined') AND settle_state NOT IN ('pending', 'failed')`
	messageExpired = `inbox_id = ? AND received_at < ? AND blob_id IS NOT NULL`
)

// RetentionPart counts the messages of an inbox that came before a moment: those whose octets may go, and those that are
// held or wait.
func (s *Store) RetentionPart(ctx context.Context, inbox int64, before time.Time) (p models.RetentionPart, err error) {
	p.InboxID = inbox
	var oldest sql.NullTime
	err = s.queryRow(ctx, `SELECT COUNT(*), COALESCE(SUM(size), 0) FROM messages WHERE `+messageExpired+" AND "+messageOver+" AND NOT "+messageHeld,
		[]any{inbox, before}, &p.Messages, &p.Octets)
	if err == nil && p.Messages > 0 {
		err = s.queryRow(ctx, `SELECT received_at FROM messages WHERE `+messageExpired+" AND "+messageOver+" AND NOT "+messageHeld+" ORDER BY received_at LIMIT 1",
			[]any{inbox, before}, &oldest)
		p.Oldest = &oldest.Time
	}
	if err == nil {
		err = s.queryRow(ctx, "SELECT COUNT(*) FROM messages WHERE "+messageExpired+" AND "+messageHeld, []any{inbox, before}, &p.Held)
	}
	if err == nil {
		err = s.queryRow(ctx, "SELECT COUNT(*) FROM messages WHERE "+messageExpired+" AND NOT ("+messageOver+") AND NOT "+messageHeld, []any{inbox, before}, &p.Waiting)
	}
	return p, wrap("count expired messages", err)
}

// RetentionCursor is how far a run has come among the messages of an inbox, which go by their arrival.
type RetentionCursor struct {
	At time.Time
	ID int64
}

// PurgeRaw takes the octets from at most limit messages of an inbox that came before a moment, and moves the cursor on; it
// reports false at the end. The rows stay: they are what the server's list is compared with. Messages under a hold, and
// those that are not over, keep theirs. The octets themselves go with [Store.DeleteUnreferencedBlobs].
func (s *Store) PurgeRaw(ctx context.Context, inbox int64, before time.Time, c *RetentionCursor, limit int) (n int, octets int64, more bool, err error) {
	var ids []int64
	var sizes int64
	next := *c
	err = s.each(ctx, "SELECT id, received_at, size FROM messages WHERE "+messageExpired+" AND received_at >= ? AND (received_at > ? OR id > ?) AND "+
		messageOver+" AND NOT "+messageHeld+" ORDER BY received_at, id LIMIT ?", []any{inbox, before, c.At, c.At, c.ID, limit}, func(r *sql.Rows) error {
		var id, size int64
		err := r.Scan(&id, &next.At, &size)
		next.ID, ids, sizes = id, append(ids, id), sizes+size
		return err
	})
	if err != nil || len(ids) == 0 {
		return 0, 0, false, wrap("find expired messages", err)
	}
	err = s.write(ctx, "remove octets of expired messages", func(ctx context.Context, tx *txPool) error {
		gone, err := tx.exec(ctx, "UPDATE messages SET blob_id = NULL WHERE id IN ("+marks(len(ids))+") AND "+messageOver+" AND NOT "+messageHeld, anys(ids)...)
		n = int(gone)
		return err
	})
	if err != nil {
		return 0, 0, false, err
	}
	*c = next
	return n, sizes, len(ids) == limit, nil
}

// ExpiredTraces counts the traces that were written before a moment and may go.
func (s *Store) ExpiredTraces(ctx context.Context, before time.Time) (n int, err error) {
	err = s.queryRow(ctx, `SELECT COUNT(*) FROM traces JOIN messages ON messages.id = traces.message_id
		WHERE traces.created_at < ? AND `+messageOver+" AND NOT "+messageHeld, []any{before}, &n)
	return n, wrap("count expired traces", err)
}

// PurgeTraces deletes the traces of the next limit messages after the ID, as far as they were written before a moment and
// may go; it reports false once there is none left that old. Messages have their IDs in the order of their arrival.
func (s *Store) PurgeTraces(ctx context.Context, before time.Time, after *int64, limit int) (n int, more bool, err error) {
	var old []int64
	last, seen := *after, 0
	err = s.each(ctx, "SELECT message_id, created_at FROM traces WHERE message_id > ? ORDER BY message_id, run LIMIT ?", []any{*after, limit}, func(r *sql.Rows) error {
		var at time.Time
		var id int64
		if err := r.Scan(&id, &at); err != nil {
			return err
		}
		seen++
		if at.Before(before) && (len(old) == 0 || old[len(old)-1] != id) {
			old = append(old, id)
		}
		last = id
		return nil
	})
	if err != nil || len(old) == 0 {
		return 0, false, wrap("find expired traces", err)
	}
	err = s.write(ctx, "delete expired traces", func(ctx context.Context, tx *txPool) error {
		gone, err := tx.exec(ctx, "DELETE FROM traces WHERE created_at < ? AND message_id IN (SELECT id FROM messages WHERE id IN ("+marks(len(old))+") AND "+
			messageOver+" AND NOT "+messageHeld+")", append([]any{before}, anys(old)...)...)
		n = int(gone)
		return err
	})
	*after = last
	return n, seen == limit, err
}

// messageNamed is a line of the inbound log that says who wrote, after its octets have gone.
const messageNamed = `inbox_id = ? AND received_at < ? AND blob_id IS NULL AND (from_address <> '' OR from_name <> '' OR subject <> '' OR error_detail <> '')`

// ExpiredLines counts the lines of the inbound log of an inbox that came before a moment and may lose sender and subject.
func (s *Store) ExpiredLines(ctx context.Context, inbox int64, before time.Time) (n int, err error) {
	err = s.queryRow(ctx, "SELECT COUNT(*) FROM messages WHERE "+messageNamed+" AND "+messageOver+" AND NOT "+messageHeld, []any{inbox, before}, &n)
	return n, wrap("count expired lines", err)
}

// PurgeLines takes sender and subject from at most limit lines of the inbound log of an inbox that came before a moment and
// whose octets have gone. What the message became stays, and so does what it is recognised by.
func (s *Store) PurgeLines(ctx context.Context, inbox int64, before time.Time, c *RetentionCursor, limit int) (n int, more bool, err error) {
	var ids []int64
	next := *c
	err = s.each(ctx, "SELECT id, received_at FROM messages WHERE "+messageNamed+" AND received_at >= ? AND (received_at > ? OR id > ?) AND "+
		messageOver+" AND NOT "+messageHeld+" ORDER BY received_at, id LIMIT ?", []any{inbox, before, c.At, c.At, c.ID, limit}, func(r *sql.Rows) error {
		err := r.Scan(&next.ID, &next.At)
		ids = append(ids, next.ID)
		return err
	})
	if err != nil || len(ids) == 0 {
		return 0, false, wrap("find expired lines", err)
	}
	err = s.write(ctx, "clear expired lines", func(ctx context.Context, tx *txPool) error {
		gone, err := tx.exec(ctx, `UPDATE messages SET from_address = '', from_name = '', subject = '', error_detail = ''
			WHERE id IN (`+marks(len(ids))+") AND "+messageOver+" AND NOT "+messageHeld, anys(ids)...)
		n = int(gone)
		return err
	})
	*c = next
	return n, len(ids) == limit, err
}

// ExpiredEvents counts what was noted of the health of inboxes before a moment; with purge it is deleted.
func (s *Store) ExpiredEvents(ctx context.Context, before time.Time, purge bool) (n int, err error) {
	if !purge {
		err = s.queryRow(ctx, "SELECT COUNT(*) FROM inbox_events WHERE at < ?", []any{before}, &n)
		return n, wrap("count events of inboxes", err)
	}
	err = s.write(ctx, "delete events of inboxes", func(ctx context.Context, tx *txPool) error {
		gone, err := tx.exec(ctx, "DELETE FROM inbox_events WHERE at < ?", before)
		n = int(gone)
		return err
	})
	return n, err
}

// DeletedInboxes returns the inboxes that were deleted and have messages with octets.
func (s *Store) DeletedInboxes(ctx context.Context) ([]int64, error) {
	ids, err := s.ids(ctx, `SELECT DISTINCT inbox_id FROM messages WHERE blob_id IS NOT NULL AND inbox_id NOT IN (SELECT id FROM inboxes) ORDER BY inbox_id`)
	return ids, wrap("find deleted inboxes", err)
}
