package tracker

import (
	"context"
	"fmt"
	"strings"

	"letterbox/models"
)

// CommentDraft is what a person says of a new comment.
type CommentDraft struct {
	Body     string
	Internal bool
	Reopen   bool // Set a resolved or closed issue back to open.
}

// Comment adds a comment in the name of a person. Those who work on the issue's project may. An empty body is a
// models.InvalidList.
func (s *Service) Comment(ctx context.Context, by *models.User, number int64, d CommentDraft) (CommentView, error) {
	issue, a, err := s.issue(ctx, by, number)
	if err != nil {
		return CommentView{}, err
	}
	if err := a.mayWork(issue.ProjectID); err != nil {
		return CommentView{}, err
	}
	if by == nil || by.ID == 0 {
		return CommentView{}, models.ErrForbidden
	}
	switch text := strings.TrimSpace(body(d.Body)); {
	case text == "":
		return CommentView{}, invalid("body", "E-COMMENT-01")
	case len(text) > maxDescription:
		return CommentView{}, invalid("body", "E-TEXT-01", "max", fmt.Sprint(maxDescription))
	}
	comment, err := s.AddComment(ctx, models.NewComment{
		IssueNumber: number, AuthorID: by.ID, Body: d.Body, Internal: d.Internal, Reopen: d.Reopen,
	})
	if err != nil {
		return CommentView{}, err
	}
	author, err := s.people().get(ctx, by.ID)
	return CommentView{Comment: comment, Author: author}, err
}

// Comments lists the comments of an issue, oldest first, with authors and files.
func (s *Service) Comments(ctx context.Context, by *models.User, number int64) ([]CommentView, error) {
	if _, _, err := s.issue(ctx, by, number); err != nil {
		return nil, err
	}
	views, _, err := s.thread(ctx, number, s.people())
	return views, err
}
