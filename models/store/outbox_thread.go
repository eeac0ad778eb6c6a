package store

import (
	"context"
	"database/sql"

	"letterbox/models"
)

// MessageIDsOf returns the Message-IDs of an issue, in and out, oldest first; at most 1,000.
func (s *Store) MessageIDsOf(ctx context.Context, issue int64) ([]models.MessageIDRef, error) {
	var list []models.MessageIDRef
	err := s.gorm(ctx).Where("issue_number = ?", issue).Order("created_at, hash").Limit(1000).Find(&list).Error
	return list, wrap("list message ids", err)
}

// Participants returns the addresses that take part in an issue, in order; at most 200.
func (s *Store) Participants(ctx context.Context, issue int64) ([]string, error) {
	var list []string
	err := s.each(ctx, "SELECT address FROM participants WHERE issue_number = ? ORDER BY address LIMIT 200", []any{issue},
		func(r *sql.Rows) error {
			var a string
			err := r.Scan(&a)
			list = append(list, a)
			return err
		})
	return list, wrap("list participants", err)
}

// LastMailedComment returns the newest comment that came by mail, is not internal and is older than the comment before;
// models.ErrNotFound when there is none.
func (s *Store) LastMailedComment(ctx context.Context, issue, before int64) (models.Comment, error) {
	var c models.Comment
	err := s.gorm(ctx).Where("issue_number = ? AND id < ? AND origin_message_id IS NOT NULL AND internal = ?", issue, before, false).
		Order("id DESC").Take(&c).Error
	return c, wrap("read comment", err)
}

// DeleteAnswer removes a comment that a person wrote and whose mails nobody has begun to send, with its mails and files.
// models.ErrConflict when it is too late.
func (s *Store) DeleteAnswer(ctx context.Context, comment int64) error {
	return s.write(ctx, "take an answer back", func(ctx context.Context, tx *txPool) error {
		t, err := s.Now(ctx)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `DELETE FROM outbox WHERE comment_id = ? AND attempts = 0 AND state IN ('draft', 'queued', 'cancelled')
			AND (claimed_until IS NULL OR claimed_until <= ?)`, comment, t)
		if err != nil {
			return err
		}
		var begun bool
		if err := s.queryRow(ctx, "SELECT EXISTS (SELECT 1 FROM outbox WHERE comment_id = ?)", []any{comment}, &begun); err != nil {
			return err
		}
		if begun {
			return models.ErrConflict
		}
		c, err := s.CommentByID(ctx, comment)
		if err != nil {
			return err
		}
		if err := s.UnindexText(ctx, c.IssueNumber, comment); err != nil {
			return err
		}
		for _, query := range []string{"DELETE FROM attachments WHERE comment_id = ?", "DELETE FROM notifications WHERE comment_id = ?"} {
			if _, err := tx.exec(ctx, query, comment); err != nil {
				return err
			}
		}
		return changedOne(tx.exec(ctx, "DELETE FROM comments WHERE id = ? AND origin_message_id IS NULL", comment))
	})
}
