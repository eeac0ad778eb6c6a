package tracker

import (
	"context"
	"fmt"
	"io"

	"letterbox/models"
)

// Attachments lists the files of an issue and of its comments, in their order.
func (s *Service) Attachments(ctx context.Context, by *models.User, number int64) ([]models.Attachment, error) {
	if _, _, err := s.issue(ctx, by, number); err != nil {
		return nil, err
	}
	return s.store.Attachments(ctx, number)
}

// Attachment returns what is known of a file; models.ErrNotFound when there is none or the person does not see its
// issue. The right to the issue is checked anew at each call (SEC-35).
func (s *Service) Attachment(ctx context.Context, by *models.User, id int64) (models.Attachment, error) {
	f, err := s.store.AttachmentByID(ctx, id)
	if err != nil {
		return models.Attachment{}, err
	}
	if _, _, err := s.issue(ctx, by, f.IssueNumber); err != nil {
		return models.Attachment{}, err
	}
	return f, nil
}

// OpenAttachment opens the octets of a file as a stream, which the caller closes. Errors as for [Service.Attachment].
func (s *Service) OpenAttachment(ctx context.Context, by *models.User, id int64) (models.Attachment, io.ReadCloser, error) {
	f, err := s.Attachment(ctx, by, id)
	if err != nil {
		return models.Attachment{}, nil, err
	}
	r, _, err := s.store.OpenBlob(ctx, f.BlobID)
	if err != nil {
		return models.Attachment{}, nil, fmt.Errorf("open attachment %d: %w", id, err)
	}
	return f, r, nil
}
