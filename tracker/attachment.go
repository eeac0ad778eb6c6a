package tracker

import (
	"context"
	"fmt"
	"io"
	"slices"

	"letterbox/models"
)

// Attachments lists the files of an issue and of its comments, in their order.
func (s *Service) Attachments(ctx context.Context, by *models.User, number int64) ([]models.Attachment, error) {
	i, a, err := s.issue(ctx, by, number)
	if err != nil {
		return nil, err
	}
	files, err := s.store.Attachments(ctx, number)
	if err != nil || a.WorksOn(i.ProjectID) {
		return files, err
	}
	notes, err := s.notes(ctx, number)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(files, func(f models.Attachment) bool { return f.CommentID != nil && notes[*f.CommentID] }), nil
}

// Attachment returns what is known of a file; models.ErrNotFound when there is none or the person does not see its
// issue. The right to the issue is checked anew at each call (SEC-35).
func (s *Service) Attachment(ctx context.Context, by *models.User, id int64) (models.Attachment, error) {
	f, err := s.store.AttachmentByID(ctx, id)
	if err != nil {
		return models.Attachment{}, err
	}
	i, a, err := s.issue(ctx, by, f.IssueNumber)
	if err != nil {
		return models.Attachment{}, err
	}
	if f.CommentID != nil && !a.WorksOn(i.ProjectID) {
		notes, err := s.notes(ctx, f.IssueNumber)
		if err != nil {
			return models.Attachment{}, err
		}
		if notes[*f.CommentID] {
			return models.Attachment{}, models.ErrNotFound
		}
	}
	return f, nil
}

// notes are the internal comments of an issue.
func (s *Service) notes(ctx context.Context, number int64) (map[int64]bool, error) {
	comments, err := s.store.Comments(ctx, number)
	if err != nil {
		return nil, fmt.Errorf("list comments: %w", err)
	}
	out := map[int64]bool{}
	for _, c := range comments {
		if c.Internal {
			out[c.ID] = true
		}
	}
	return out, nil
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
