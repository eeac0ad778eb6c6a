package store

import (
	"context"
	"crypto/sha256"
	"database/sql"

	"letterbox/models"
)

// ResolveIssue returns the issue with that number, or the one that it was merged into.
func (s *Store) ResolveIssue(ctx context.Context, number int64) (models.Issue, error) {
	i, err := s.IssueByNumber(ctx, number)
	if err != nil || i.MergedInto == nil {
		return i, err
	}
	return s.IssueByNumber(ctx, *i.MergedInto)
}

// MergeThread gives all that belongs to the issue from to the issue to: comments, files of comments, Message-IDs,
// messages, watchers, participants, external numbers and notifications. The files of its description go to the comment description of to.
// Issues that were merged into from are merged into to now. It does not touch the rows of the two issues.
func (s *Store) MergeThread(ctx context.Context, from, to, description int64) error {
	return s.write(ctx, "merge issues", func(ctx context.Context, tx *txPool) error {
		hold, holdArgs := s.copyHold(from, to)
		for _, q := range []struct {
			query string
			args  []any
		}{
			{hold, holdArgs},
			{"UPDATE comments SET issue_number = ? WHERE issue_number = ?", []any{to, from}},
			{"UPDATE attachments SET issue_number = ?, comment_id = ? WHERE issue_number = ? AND comment_id IS NULL", []any{to, description, from}},
			{"UPDATE attachments SET issue_number = ? WHERE issue_number = ?", []any{to, from}},
			{"UPDATE outbox SET comment_id = ? WHERE issue_number = ? AND comment_id IS NULL", []any{description, from}},
			{"UPDATE outbox SET issue_number = ? WHERE issue_number = ?", []any{to, from}},
			{"UPDATE messages SET comment_id = ? WHERE issue_number = ? AND comment_id IS NULL", []any{description, from}},
			{"UPDATE messages SET issue_number = ? WHERE issue_number = ?", []any{to, from}},
			{s.insertIgnore() + `message_ids (hash, issue_number, rfc_message_id, outgoing, created_at)
				SELECT hash, ?, rfc_message_id, outgoing, created_at FROM message_ids WHERE issue_number = ?`, []any{to, from}},
			{"DELETE FROM message_ids WHERE issue_number = ?", []any{from}},
			{s.insertIgnore() + "watchers (issue_number, user_id) SELECT ?, user_id FROM watchers WHERE issue_number = ?", []any{to, from}},
			{s.insertIgnore() + "participants (issue_number, address) SELECT ?, address FROM participants WHERE issue_number = ?", []any{to, from}},
			{"UPDATE notifications SET issue_number = ? WHERE issue_number = ?", []any{to, from}},
			{"UPDATE issues SET merged_into = ? WHERE merged_into = ?", []any{to, from}},
			{"UPDATE intakes SET comment_id = ? WHERE issue_number = ? AND comment_id IS NULL", []any{description, from}},
			{"UPDATE intakes SET issue_number = ? WHERE issue_number = ?", []any{to, from}},
			{"UPDATE merge_keys SET issue_number = ? WHERE issue_number = ?", []any{to, from}},
			{"UPDATE external_numbers SET issue_number = ? WHERE issue_number = ?", []any{to, from}},
		} {
			if _, err := tx.exec(ctx, q.query, q.args...); err != nil {
				return err
			}
		}
		return nil
	})
}

// MoveComment gives a comment with its files, its message and the Message-ID of it to another issue. asDescription: the
// comment becomes the description of that issue, and its own row goes.
func (s *Store) MoveComment(ctx context.Context, c models.Comment, to int64, asDescription bool) error {
	comment := any(c.ID)
	if asDescription {
		comment = nil
	}
	return s.write(ctx, "move comment", func(ctx context.Context, tx *txPool) error {
		hold, holdArgs := s.copyHold(c.IssueNumber, to)
		steps := []struct {
			query string
			args  []any
		}{
			{hold, holdArgs},
			{"UPDATE attachments SET issue_number = ?, comment_id = ? WHERE comment_id = ?", []any{to, comment, c.ID}},
			{"UPDATE notifications SET issue_number = ?, comment_id = ? WHERE comment_id = ?", []any{to, comment, c.ID}},
			{"UPDATE outbox SET issue_number = ?, comment_id = ? WHERE comment_id = ?", []any{to, comment, c.ID}},
			{"UPDATE intakes SET issue_number = ?, comment_id = ? WHERE comment_id = ?", []any{to, comment, c.ID}},
		}
		if c.OriginMessageID != nil {
			m, err := s.MessageByID(ctx, *c.OriginMessageID)
			if err != nil {
				return err
			}
			steps = append(steps, struct {
				query string
				args  []any
			}{"UPDATE messages SET issue_number = ?, comment_id = ? WHERE id = ?", []any{to, comment, m.ID}})
			if m.RFCMessageID != "" {
				if err := s.AddMessageIDs(ctx, to, []string{m.RFCMessageID}, false); err != nil {
					return err
				}
				steps = append(steps, struct {
					query string
					args  []any
				}{"DELETE FROM message_ids WHERE issue_number = ? AND hash = ?", []any{c.IssueNumber, hashOf(m.RFCMessageID)}})
			}
		}
		for _, q := range steps {
			if _, err := tx.exec(ctx, q.query, q.args...); err != nil {
				return err
			}
		}
		if asDescription {
			return foundOne(tx.exec(ctx, "DELETE FROM comments WHERE id = ?", c.ID))
		}
		return foundOne(tx.exec(ctx, "UPDATE comments SET issue_number = ? WHERE id = ?", to, c.ID))
	})
}

// CountByState returns how many issues a person has reported in these projects (nil: in all), by state.
func (s *Store) CountByState(ctx context.Context, reporter int64, projects []int64) (map[models.IssueState]int, error) {
	query, args := "SELECT state, COUNT(*) FROM issues WHERE reporter_id = ?", []any{reporter}
	if projects != nil {
		if len(projects) == 0 {
			return nil, nil
		}
		query, args = query+" AND project_id IN ("+marks(len(projects))+")", append(args, anys(projects)...)
	}
	out := map[models.IssueState]int{}
	err := s.once(ctx, query+" GROUP BY state", args, func(r *sql.Rows) error {
		var st models.IssueState
		var n int
		err := r.Scan(&st, &n)
		out[st] = n
		return err
	})
	return out, wrap("count issues", err)
}

func hashOf(messageID string) []byte {
	h := sha256.Sum256([]byte(messageID))
	return h[:]
}
