package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"letterbox/models"
)

// ContactFilter selects contacts: customers that have a name or an address.
type ContactFilter struct {
	Text       string   // A part of the name or of an address, in small letters.
	Entries    []string // With one of these addresses, or at one of these domains ("@x.org"); nil: all.
	ProjectIDs []int64  // Who reported an issue of one of these; nil: all.
	Limit      int      // At most 200; 50 when 0.
	Cursor     string
}

// Contacts returns a page of contacts, the latest first, and the cursor of the next page.
func (s *Store) Contacts(ctx context.Context, f ContactFilter) ([]models.User, string, error) {
	limit := pageSize(f.Limit)
	db := s.gorm(ctx).Where("role = 'customer' AND (name <> '' OR EXISTS (SELECT 1 FROM user_addresses x WHERE x.user_id = users.id))").
		Order("id DESC").Limit(limit + 1)
	if f.Text != "" {
		text := like(f.Text)
		db = db.Where("(name LIKE ? ESCAPE '!' OR EXISTS (SELECT 1 FROM user_addresses a WHERE a.user_id = users.id AND a.address LIKE ? ESCAPE '!'))", text, text)
	}
	if f.Entries != nil {
		where, args := []string{"1 = 0"}, []any{}
		for _, e := range f.Entries {
			if strings.HasPrefix(e, "@") {
				where, args = append(where, "a.address LIKE ? ESCAPE '!'"), append(args, strings.TrimSuffix(like(e), "%"))
			} else {
				where, args = append(where, "a.address = ?"), append(args, e)
			}
		}
		db = db.Where("EXISTS (SELECT 1 FROM user_addresses a WHERE a.user_id = users.id AND ("+strings.Join(where, " OR ")+"))", args...)
	}
	if f.ProjectIDs != nil {
		db = db.Where("EXISTS (SELECT 1 FROM issues i WHERE i.reporter_id = users.id AND i.project_id IN ?)", f.ProjectIDs)
	}
	if f.Cursor != "" {
		last, err := parseCursor(f.Cursor)
		if err != nil {
			return nil, "", err
		}
		db = db.Where("id < ?", last)
	}
	var list []models.User
	if err := db.Find(&list).Error; err != nil {
		return nil, "", wrap("list contacts", err)
	}
	list, next := page(list, limit, func(u models.User) int64 { return u.ID })
	return list, next, s.fillAddresses(ctx, list)
}

// MergeUsers gives all that belongs to the contact from to the contact to: addresses, issues, comments, what it watches,
// what it changed. What is left of from is an empty row that is shut out.
func (s *Store) MergeUsers(ctx context.Context, from, to int64) error {
	return s.write(ctx, "merge contacts", func(ctx context.Context, tx *txPool) error {
		var place int
		if err := s.queryRow(ctx, "SELECT COUNT(*) FROM user_addresses WHERE user_id = ?", []any{to}, &place); err != nil {
			return err
		}
		for _, q := range []struct {
			query string
			args  []any
		}{
			{"UPDATE user_addresses SET user_id = ?, place = place + ? WHERE user_id = ?", []any{to, place, from}},
			{"UPDATE issues SET reporter_id = ? WHERE reporter_id = ?", []any{to, from}},
			{"UPDATE comments SET author_id = ? WHERE author_id = ?", []any{to, from}},
			{s.insertIgnore() + "watchers (issue_number, user_id) SELECT issue_number, ? FROM watchers WHERE user_id = ?", []any{to, from}},
			{"DELETE FROM watchers WHERE user_id = ?", []any{from}},
			{"UPDATE issue_events SET user_id = ? WHERE user_id = ?", []any{to, from}},
			{"UPDATE notifications SET actor_id = ? WHERE actor_id = ?", []any{to, from}},
			{s.insertIgnore() + "holds (kind, object_id, reason, user_id, created_at) SELECT kind, ?, reason, user_id, created_at FROM holds WHERE kind = 'contact' AND object_id = ?", []any{to, from}},
			{"DELETE FROM holds WHERE kind = 'contact' AND object_id = ?", []any{from}},
			{"UPDATE users SET name = '', disabled_at = ? WHERE id = ?", []any{now(), from}},
		} {
			if _, err := tx.exec(ctx, q.query, q.args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// MessagesFrom returns the messages that came from these addresses, oldest first, at most limit with an ID above after.
func (s *Store) MessagesFrom(ctx context.Context, addresses []string, after int64, limit int) ([]models.Message, error) {
	var list []models.Message
	if len(addresses) == 0 {
		return nil, nil
	}
	err := s.gorm(ctx).Where("from_address IN ? AND id > ?", addresses, after).Order("id").Limit(limit).Find(&list).Error
	return list, wrap("list messages of a contact", err)
}

// OutgoingTo returns the mails that went out to these addresses, oldest first; at most 10,000.
func (s *Store) OutgoingTo(ctx context.Context, addresses []string) ([]models.Outgoing, error) {
	var list []models.Outgoing
	if len(addresses) == 0 {
		return nil, nil
	}
	err := s.gorm(ctx).Where("recipient IN ?", addresses).Order("id").Limit(10_000).Find(&list).Error
	return list, wrap("list mails to a contact", err)
}

// EraseUser removes who a contact is: name, addresses, and these addresses wherever they stand by themselves. Its
// messages lose octets, header fields and traces but keep their results; a message that is still on its way keeps all.
// Mails to it lose recipient and text. With texts, what it wrote in issues and comments goes as well, files included. Rows
// stay, so that counts and numbers stay right. The words of the search are left to the caller; issues are those to index
// anew.
func (s *Store) EraseUser(ctx context.Context, u models.User, texts bool) (e models.Erasure, issues []int64, err error) {
	err = s.write(ctx, "erase contact", func(ctx context.Context, tx *txPool) error {
		e, issues = models.Erasure{Addresses: len(u.Addresses)}, nil
		addresses := anys(u.Addresses)
		in := "(" + marks(len(addresses)) + ")"
		if len(addresses) == 0 {
			in = "(NULL)"
		}
		const settled = " AND state NOT IN ('known', 'received')"
		err := s.each(ctx, `SELECT number FROM issues WHERE reporter_id = ? UNION SELECT issue_number FROM comments WHERE author_id = ?`,
			[]any{u.ID, u.ID}, func(r *sql.Rows) error {
				var n int64
				err := r.Scan(&n)
				issues = append(issues, n)
				return err
			})
		if err != nil {
			return err
		}
		slices.Sort(issues)
		steps := []struct {
			count *int
			query string
			args  []any
		}{
			{nil, "DELETE FROM traces WHERE message_id IN (SELECT id FROM messages WHERE from_address IN " + in + settled + ")", addresses},
			{&e.Messages, "UPDATE messages SET blob_id = NULL, subject = '', from_address = '', from_name = '', rfc_message_id = '', error_detail = '' WHERE from_address IN " + in + settled, addresses},
			{nil, "UPDATE outbox SET state = 'cancelled', next_attempt_at = NULL WHERE state = 'queued' AND recipient IN " + in, addresses},
			{&e.Outgoing, "UPDATE outbox SET recipient = '', recipient_name = '', content = '', answer = '' WHERE recipient IN " + in, addresses},
			{nil, "DELETE FROM suppressions WHERE address IN " + in, addresses},
			{nil, "DELETE FROM picture_senders WHERE address IN " + in, addresses},
			{nil, "DELETE FROM participants WHERE address IN " + in, addresses},
			{nil, "DELETE FROM organisation_entries WHERE entry IN " + in, addresses},
			{nil, "DELETE FROM user_addresses WHERE user_id = ?", []any{u.ID}},
			{nil, "DELETE FROM watchers WHERE user_id = ?", []any{u.ID}},
			{nil, "UPDATE users SET name = '', disabled_at = ? WHERE id = ?", []any{now(), u.ID}},
		}
		if texts {
			steps = append(steps, []struct {
				count *int
				query string
				args  []any
			}{
				{&e.Attachments, `DELETE FROM attachments WHERE comment_id IN (SELECT id FROM comments WHERE author_id = ?)
					OR comment_id IS NULL AND issue_number IN (SELECT number FROM issues WHERE reporter_id = ?)`, []any{u.ID, u.ID}},
				{&e.Comments, "UPDATE comments SET body = '' WHERE author_id = ?", []any{u.ID}},
				{nil, "UPDATE issue_events SET was = '', became = '' WHERE kind = 'title' AND issue_number IN (SELECT number FROM issues WHERE reporter_id = ?)", []any{u.ID}},
				{&e.Issues, "UPDATE issues SET title = '', description = '', version = version + 1 WHERE reporter_id = ?", []any{u.ID}},
			}...)
		}
		for _, step := range steps {
			n, err := tx.exec(ctx, step.query, step.args...)
			if err != nil {
				return err
			}
			if step.count != nil {
				*step.count = int(n)
			}
		}
		return nil
	})
	return e, issues, err
}
