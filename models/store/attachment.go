package store

import (
	"context"
	"slices"

	"letterbox/models"
)

// CreateAttachments adds attachments, and sets CreatedAt where it is zero.
func (s *Store) CreateAttachments(ctx context.Context, list []models.Attachment) error {
	return s.write(ctx, "create attachments", func(ctx context.Context, tx *txPool) (err error) {
		for i := range list {
			a := &list[i]
			if a.CreatedAt.IsZero() {
				a.CreatedAt = now()
			}
			err = tx.later(ctx, inserted("attachments", `INSERT INTO attachments (issue_number, comment_id, place, blob_id, name,
				content_type, size, sha256, content_id, inline, created_at)`, "", 11),
				a.IssueNumber, a.CommentID, a.Place, a.BlobID, cut(a.Name, 1000), cut(a.ContentType, 1000), a.Size,
				a.SHA256, cut(a.ContentID, 1000), a.Inline, a.CreatedAt)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// Attachments returns the attachments of an issue and of its comments, in the order in which they came; at most 10,000.
func (s *Store) Attachments(ctx context.Context, issue int64) ([]models.Attachment, error) {
	var list []models.Attachment
	err := s.gorm(ctx).Where("issue_number = ?", issue).Order("id").Limit(10_000).Find(&list).Error
	slices.SortStableFunc(list, func(a, b models.Attachment) int { // By description, then comment, then place.
		switch x, y := deref(a.CommentID), deref(b.CommentID); {
		case x != y && x < y:
			return -1
		case x != y:
			return 1
		}
		return a.Place - b.Place
	})
	return list, wrap("list attachments", err)
}

func deref(p *int64) int64 {
	if p == nil {
		return 0
	}
	return *p
}

// AttachmentByID returns an attachment.
func (s *Store) AttachmentByID(ctx context.Context, id int64) (models.Attachment, error) {
	var a models.Attachment
	err := s.gorm(ctx).Where("id = ?", id).Take(&a).Error
	return a, wrap("read attachment", err)
}
