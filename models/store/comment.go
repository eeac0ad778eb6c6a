package store

import (
	"context"

	"letterbox/models"
)

// CreateComment adds a comment and sets ID, and CreatedAt when it is zero. A second comment of the same OriginMessageID
// is models.ErrConflict.
func (s *Store) CreateComment(ctx context.Context, c *models.Comment) error {
	return s.write(ctx, "create comment", func(ctx context.Context, tx *txPool) (err error) {
		if c.CreatedAt.IsZero() {
			c.CreatedAt = now()
		}
		c.ID, err = tx.insert(ctx, `INSERT INTO comments (issue_number, author_id, body, internal, origin_message_id, created_at)
			VALUES (?, ?, ?, ?, ?, ?)`, c.IssueNumber, c.AuthorID, clean(c.Body), c.Internal, c.OriginMessageID, c.CreatedAt)
		return err
	})
}

// Comments returns the comments of an issue, oldest first; at most 10,000.
func (s *Store) Comments(ctx context.Context, issue int64) ([]models.Comment, error) {
	var list []models.Comment
	err := s.gorm(ctx).Where("issue_number = ?", issue).Order("created_at, id").Limit(10_000).Find(&list).Error
	return list, wrap("list comments", err)
}

// CommentByID returns a comment.
func (s *Store) CommentByID(ctx context.Context, id int64) (models.Comment, error) {
	var c models.Comment
	err := s.gorm(ctx).Where("id = ?", id).Take(&c).Error
	return c, wrap("read comment", err)
}
