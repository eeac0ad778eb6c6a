package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"letterbox/models"
)

// AddOutgoing puts mails into the outbox and sets their IDs. A mail that is there already, by its Message-ID, stays as it
// is and keeps ID 0: what calls a mail forth does so once.
func (s *Store) AddOutgoing(ctx context.Context, list []*models.Outgoing) error {
	return s.write(ctx, "add to the outbox", func(ctx context.Context, tx *txPool) error {
		for _, o := range list {
			content, err := json.Marshal(o.Content)
			if err != nil {
				return err
			}
			o.ID = 0
			r, err := tx.ExecContext(ctx, s.insertIgnore()+`outbox (kind, account_id, inbox_id, issue_number, comment_id, message_id,
				recipient, recipient_name, rfc_message_id, language, content, created_by, state, attempts, next_attempt_at, claim,
				claimed_until, code, answer, created_at, expires_at, accepted_at, bounced_at)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, '', NULL, ?, '', ?, ?, NULL, NULL)`,
				o.Kind, o.AccountID, o.InboxID, o.IssueNumber, o.CommentID, o.MessageID, models.FoldAddress(o.Recipient), cut(o.RecipientName, 400),
				o.RFCMessageID, o.Language, string(content), o.CreatedBy, o.State, o.NextAttemptAt, o.Code, o.CreatedAt, o.ExpiresAt)
			if err != nil {
				return err
			}
			if n, err := r.RowsAffected(); err != nil || n == 0 {
				continue
			}
			if o.ID, err = r.LastInsertId(); err != nil {
				return err
			}
		}
		return nil
	})
}

// OutgoingByID returns a mail of the outbox.
func (s *Store) OutgoingByID(ctx context.Context, id int64) (models.Outgoing, error) {
	var o models.Outgoing
	err := s.gorm(ctx).Where("id = ?", id).Take(&o).Error
	return o, wrap("read outgoing mail", err)
}

// OutgoingByMessageID returns the mail with a Message-ID of ours, without brackets, compared octet by octet.
func (s *Store) OutgoingByMessageID(ctx context.Context, id string) (models.Outgoing, error) {
	var o models.Outgoing
	err := s.gorm(ctx).Where("rfc_message_id = ?", id).Take(&o).Error
	return o, wrap("read outgoing mail", err)
}

// OutgoingOfIssue returns the mails of an issue, oldest first; at most 10,000.
func (s *Store) OutgoingOfIssue(ctx context.Context, issue int64) ([]models.Outgoing, error) {
	var list []models.Outgoing
	err := s.gorm(ctx).Where("issue_number = ?", issue).Order("id").Limit(10_000).Find(&list).Error
	return list, wrap("list outgoing mail", err)
}

// OutboxFilter says which mails of the outbox are asked for.
type OutboxFilter struct {
	State      models.OutgoingState // "": all.
	AccountIDs []int64              // Nil: all accounts.
	InboxIDs   []int64              // Nil: all mail; otherwise that of issues that came by one of them.
	Issue      int64                // 0: all issues.
	Recipient  string               // Exact address; "": all.
	Cursor     string
	Limit      int
}

// Outbox returns a page of the outbox, newest first, and the cursor of the next one.
func (s *Store) Outbox(ctx context.Context, f OutboxFilter) ([]models.Outgoing, string, error) {
	q, limit := s.gorm(ctx), pageSize(f.Limit)
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if f.AccountIDs != nil {
		q = q.Where("account_id IN ?", f.AccountIDs)
	}
	if f.InboxIDs != nil {
		q = q.Where("inbox_id IN ?", f.InboxIDs)
	}
	if f.Issue != 0 {
		q = q.Where("issue_number = ?", f.Issue)
	}
	if f.Recipient != "" {
		q = q.Where("recipient = ?", models.FoldAddress(f.Recipient))
	}
	if f.Cursor != "" {
		id, err := parseCursor(f.Cursor)
		if err != nil {
			return nil, "", err
		}
		q = q.Where("id < ?", id)
	}
	var list []models.Outgoing
	if err := q.Order("id DESC").Limit(limit + 1).Find(&list).Error; err != nil {
		return nil, "", wrap("list the outbox", err)
	}
	list, next := page(list, limit, func(o models.Outgoing) int64 { return o.ID })
	return list, next, nil
}

// OutboxCounts returns how many mails stand in each state.
func (s *Store) OutboxCounts(ctx context.Context) (map[models.OutgoingState]int, error) {
	out := map[models.OutgoingState]int{}
	err := s.each(ctx, "SELECT state, COUNT(*) FROM outbox GROUP BY state", nil, func(r *sql.Rows) error {
		var state models.OutgoingState
		var n int
		err := r.Scan(&state, &n)
		out[state] = n
		return err
	})
	return out, wrap("count the outbox", err)
}

// AutomaticSince counts the automatic mails to a recipient, and those called forth through an inbox (0: no inbox), that
// were put into the outbox since then.
func (s *Store) AutomaticSince(ctx context.Context, recipient string, inbox int64, since time.Time) (toRecipient, ofInbox int, err error) {
	err = s.queryRow(ctx, "SELECT COUNT(*) FROM outbox WHERE recipient = ? AND kind IN ('ack', 'refusal') AND created_at > ?",
		[]any{models.FoldAddress(recipient), since}, &toRecipient)
	if err == nil && inbox != 0 {
		err = s.queryRow(ctx, "SELECT COUNT(*) FROM outbox WHERE inbox_id = ? AND kind IN ('ack', 'refusal') AND created_at > ?", []any{inbox, since}, &ofInbox)
	}
	return toRecipient, ofInbox, wrap("count automatic mail", err)
}

// RefusalsSince counts the notices to a recipient that a mail was refused which were put into the outbox since then.
func (s *Store) RefusalsSince(ctx context.Context, recipient string, since time.Time) (n int, err error) {
	err = s.queryRow(ctx, "SELECT COUNT(*) FROM outbox WHERE recipient = ? AND kind = 'refusal' AND created_at > ?",
		[]any{models.FoldAddress(recipient), since}, &n)
	return n, wrap("count notices of refusals", err)
}

// ForwardsSince counts the mails of an inbox that flow rules sent on since then.
func (s *Store) ForwardsSince(ctx context.Context, inbox int64, since time.Time) (n int, err error) {
	err = s.queryRow(ctx, "SELECT COUNT(*) FROM outbox WHERE inbox_id = ? AND kind = 'forward' AND created_at > ?", []any{inbox, since}, &n)
	return n, wrap("count forwarded mail", err)
}

// AcceptedSince counts the mails of an account that its server took over since then.
func (s *Store) AcceptedSince(ctx context.Context, account int64, since time.Time) (n int, err error) {
	err = s.queryRow(ctx, "SELECT COUNT(*) FROM outbox WHERE account_id = ? AND accepted_at > ?", []any{account, since}, &n)
	return n, wrap("count accepted mail", err)
}

// BouncesSince counts the mails to a recipient that came back since then.
func (s *Store) BouncesSince(ctx context.Context, recipient string, since time.Time) (n int, err error) {
	err = s.queryRow(ctx, "SELECT COUNT(*) FROM outbox WHERE recipient = ? AND state = 'bounced' AND bounced_at > ?",
		[]any{models.FoldAddress(recipient), since}, &n)
	return n, wrap("count bounces", err)
}
