package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"letterbox/models"
)

// KnownUIDs returns the UIDs of one folder that the ledger has. The work of a visit is the server's list minus these.
func (s *Store) KnownUIDs(ctx context.Context, inboxID int64, folder string, uidvalidity uint32) (map[string]struct{}, error) {
	known := map[string]struct{}{}
	var raw sql.RawBytes
	err := s.each(ctx, "SELECT uid FROM messages WHERE inbox_id = ? AND folder = ? AND uidvalidity = ?",
		[]any{inboxID, folder, uidvalidity}, func(r *sql.Rows) error {
			err := r.Scan(&raw)
			known[string(raw)] = struct{}{}
			return err
		})
	return known, wrap("list known messages", err)
}

// MessageByRef returns the message with this identity.
func (s *Store) MessageByRef(ctx context.Context, inboxID int64, folder string, uidvalidity uint32, uid string) (models.Message, error) {
	var m models.Message
	err := s.gorm(ctx).Where("inbox_id = ? AND folder = ? AND uidvalidity = ? AND uid = ?", inboxID, folder, uidvalidity, uid).
		Take(&m).Error
	return m, wrap("read message", err)
}

// MessageByID returns a message.
func (s *Store) MessageByID(ctx context.Context, id int64) (models.Message, error) {
	var m models.Message
	err := s.gorm(ctx).Where("id = ?", id).Take(&m).Error
	return m, wrap("read message", err)
}

// OpenMessages returns messages of an inbox that are not final and whose next attempt is due at now, oldest first.
func (s *Store) OpenMessages(ctx context.Context, inboxID int64, now time.Time, limit int) ([]models.Message, error) {
	var all []models.Message
	for _, state := range []models.MessageState{models.MessageKnown, models.MessageReceived} {
		var list []models.Message // One query for each state: both walk the index and stop at limit.
		err := s.gorm(ctx).Where("inbox_id = ? AND state = ? AND (next_attempt_at IS NULL OR next_attempt_at <= ? OR next_attempt_at > ?)",
			inboxID, state, now, now.Add(longestPause)).
			Order("id").Limit(limit).Find(&list).Error
		if err != nil {
			return nil, wrap("list open messages", err)
		}
		all = append(all, list...)
	}
	slices.SortFunc(all, byID)
	return all[:min(limit, len(all))], nil
}

func byID(a, b models.Message) int {
	switch {
	case a.ID < b.ID:
		return -1
	case a.ID > b.ID:
		return 1
	}
	return 0
}

// AnyFinal reports whether there is a final message with one of these hashes, in any inbox.
func (s *Store) AnyFinal(ctx context.Context, hashes [][]byte) (bool, error) {
	var found bool
	err := s.queryRow(ctx, "SELECT EXISTS (SELECT 1 FROM messages WHERE sha256 IN ("+marks(len(hashes))+") AND state NOT IN ('known', 'received'))",
		anys(hashes), &found)
	return found, wrap("find same messages", err)
}

// FinalBySHA returns the final messages with the same octets but exceptID, in any inbox, oldest first; at most 100. Only
// ID, InboxID, State, DuplicateOf, Size and ReceivedAt are filled in: it is asked for every message that comes in.
func (s *Store) FinalBySHA(ctx context.Context, sha []byte, exceptID int64) ([]models.Message, error) {
	var list []models.Message
	err := s.each(ctx, `SELECT id, inbox_id, state, duplicate_of, issue_number, size, received_at FROM messages
		WHERE sha256 = ? AND id <> ? AND state NOT IN ('known', 'received') ORDER BY id LIMIT 100`, []any{sha, exceptID},
		func(r *sql.Rows) error {
			var m models.Message
			if err := r.Scan(&m.ID, &m.InboxID, &m.State, &m.DuplicateOf, &m.IssueNumber, &m.Size, &m.ReceivedAt); err != nil {
				return err
			}
			list = append(list, m)
			return nil
		})
	return list, wrap("find same message", err)
}

// longestPause is more than any pause between two attempts. A next attempt that is further away was set by a clock that
// was wrong, and is due.
const longestPause = 24 * time.Hour

// UnsettledMessages returns final messages of an inbox that the server is to be told about at now, oldest first.
func (s *Store) UnsettledMessages(ctx context.Context, inboxID int64, now time.Time, limit int) ([]models.Message, error) {
	var list []models.Message
	err := s.gorm(ctx).Where(`inbox_id = ? AND settle_state IN ('pending', 'failed') AND state NOT IN ('known', 'received')
		AND (settle_after IS NULL OR settle_after <= ? OR settle_state = 'failed' AND settle_after > ?)`, inboxID, now, now.Add(longestPause)).Order("id").Limit(limit).Find(&list).Error
	return list, wrap("list unsettled messages", err)
}

// MessageCounts returns how many messages of an inbox that became known since then are in which state.
func (s *Store) MessageCounts(ctx context.Context, inboxID int64, since time.Time) (map[models.MessageState]int, error) {
	out := map[models.MessageState]int{}
	err := s.each(ctx, "SELECT state, COUNT(*) FROM messages WHERE inbox_id = ? AND received_at >= ? GROUP BY state",
		[]any{inboxID, since}, func(r *sql.Rows) error {
			var state models.MessageState
			var n int
			err := r.Scan(&state, &n)
			out[state] = n
			return err
		})
	return out, wrap("count messages", err)
}

// MessageFilter selects messages of the ledger.
type MessageFilter struct {
	InboxIDs    []int64 // Nil: of all inboxes; empty: none.
	State       models.MessageState
	States      []models.MessageState // One of them; nil: any.
	Reason      string
	Text        string    // Part of sender, subject or Message-ID.
	Sender      string    // Part of the address.
	Subject     string    // Part of it.
	RFCID       string    // Part of the Message-ID.
	Since       time.Time // Known since then; zero: any time.
	Until       time.Time // Known before; zero: any time.
	Kept        bool      // Only those whose octets are kept.
	IssueNumber int64     // 0: any.
	Limit       int       // At most 200; 50 when 0.
	Cursor      string
}

// Messages returns a page of the ledger, newest first, and the cursor of the next page.
func (s *Store) Messages(ctx context.Context, f MessageFilter) ([]models.Message, string, error) {
	if f.InboxIDs != nil && len(f.InboxIDs) == 0 {
		return nil, "", nil
	}
	limit := pageSize(f.Limit)
	db := s.gorm(ctx).Order("id DESC").Limit(limit + 1)
	if f.InboxIDs != nil {
		db = db.Where("inbox_id IN ?", f.InboxIDs)
	}
	if f.State != "" {
		db = db.Where("state = ?", f.State)
	}
	if f.Reason != "" {
		db = db.Where("reason = ?", f.Reason)
	}
	if f.IssueNumber != 0 {
		db = db.Where("issue_number = ?", f.IssueNumber)
	}
	if len(f.States) > 0 {
		db = db.Where("state IN ?", f.States)
	}
	if f.Kept {
		db = db.Where("blob_id IS NOT NULL")
	}
	if !f.Since.IsZero() {
		db = db.Where("received_at >= ?", f.Since)
	}
	if !f.Until.IsZero() {
		db = db.Where("received_at < ?", f.Until)
	}
	for _, c := range []struct{ column, part string }{{"from_address", f.Sender}, {"subject", f.Subject}, {"rfc_message_id", f.RFCID}} {
		if c.part != "" {
			db = db.Where(c.column+" LIKE ? ESCAPE '!'", like(c.part))
		}
	}
	if f.Text != "" {
		t := like(f.Text)
		db = db.Where(`(subject LIKE ? ESCAPE '!' OR from_address LIKE ? ESCAPE '!' OR from_name LIKE ? ESCAPE '!'
			OR rfc_message_id LIKE ? ESCAPE '!')`, t, t, t, t)
	}
	if f.Cursor != "" {
		last, err := parseCursor(f.Cursor)
		if err != nil {
			return nil, "", err
		}
		db = db.Where("id < ?", last)
	}
	var list []models.Message
	if err := db.Find(&list).Error; err != nil {
		return nil, "", wrap("list messages", err)
	}
	list, next := page(list, limit, func(m models.Message) int64 { return m.ID })
	return list, next, nil
}

// RecentSenders returns up to n different sender addresses of an inbox, the latest first.
func (s *Store) RecentSenders(ctx context.Context, inboxID int64, n int) ([]string, error) {
	var out []string
	err := s.each(ctx, `SELECT from_address FROM messages WHERE inbox_id = ? AND from_address <> '' ORDER BY received_at DESC LIMIT ?`,
		[]any{inboxID, 20 * n}, func(r *sql.Rows) error {
			var a string
			err := r.Scan(&a)
			if len(out) < n && !slices.Contains(out, a) {
				out = append(out, a)
			}
			return err
		})
	return out, wrap("list recent senders", err)
}
