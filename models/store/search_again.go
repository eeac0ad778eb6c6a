package store

import (
	"context"

	"letterbox/models"
)

// ReindexIssue puts all texts of an issue into the full-text index anew: its description, comments and file names.
func (s *Store) ReindexIssue(ctx context.Context, i models.Issue) error {
	files, err := s.Attachments(ctx, i.Number)
	if err != nil {
		return err
	}
	names := map[int64][]string{}
	for _, f := range files {
		names[deref(f.CommentID)] = append(names[deref(f.CommentID)], f.Name)
	}
	comments, err := s.Comments(ctx, i.Number)
	if err != nil {
		return err
	}
	if err := s.ReindexText(ctx, i.Number, 0, append([]string{i.Title, i.Description}, names[0]...)...); err != nil {
		return err
	}
	for _, c := range comments {
		if err := s.ReindexText(ctx, i.Number, c.ID, append([]string{c.Body}, names[c.ID]...)...); err != nil {
			return err
		}
	}
	return nil
}
