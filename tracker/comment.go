package tracker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"letterbox/models"
)

// CommentDraft is what a person says of a new comment.
type CommentDraft struct {
	Body     string
	Internal bool
	Reopen   bool // Set a resolved or closed issue back to open.
	Files    []Upload
}

// Comment adds a comment in the name of a person. Those who see the issue may; an internal one those who work on its
// project. One without text and without files is a models.InvalidList. A draft that the person had is forgotten with it.
func (s *Service) Comment(ctx context.Context, by *models.User, number int64, d CommentDraft) (CommentView, error) {
	issue, a, err := s.issue(ctx, by, number)
	if err != nil {
		return CommentView{}, err
	}
	if by == nil || by.ID == 0 || d.Internal && !a.WorksOn(issue.ProjectID) {
		return CommentView{}, models.ErrForbidden
	}
	switch text := strings.TrimSpace(body(d.Body)); {
	case text == "" && len(d.Files) == 0:
		return CommentView{}, invalid("body", "E-COMMENT-01")
	case len(text) > maxDescription:
		return CommentView{}, invalid("body", "E-TEXT-01", "max", fmt.Sprint(maxDescription))
	}
	files, err := s.stage(ctx, d.Files)
	defer s.discard(ctx, files)
	if err != nil {
		return CommentView{}, err
	}
	var comment models.Comment
	var attached []models.Attachment
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		if attached, err = files.seal(ctx); err != nil {
			return err
		}
		comment, err = s.AddComment(ctx, models.NewComment{
			IssueNumber: number, AuthorID: by.ID, Body: d.Body, Internal: d.Internal, Reopen: d.Reopen, Attachments: attached,
			WatcherIDs: a.watching(issue.ProjectID),
		})
		if err != nil {
			return err
		}
		return s.store.SaveDraft(ctx, models.Draft{UserID: by.ID, IssueNumber: number})
	})
	if err != nil {
		return CommentView{}, err
	}
	s.tell(ctx, object("issue", comment.IssueNumber))
	if len(attached) > 0 { // With their IDs.
		if attached, err = s.store.Attachments(ctx, comment.IssueNumber); err != nil {
			return CommentView{}, err
		}
		attached = slices.DeleteFunc(attached, func(f models.Attachment) bool { return f.CommentID == nil || *f.CommentID != comment.ID })
	}
	author, err := s.people().get(ctx, by.ID)
	return CommentView{Comment: comment, Author: author, Attachments: attached}, err
}

// Comments lists the comments of an issue, oldest first, with authors and files.
func (s *Service) Comments(ctx context.Context, by *models.User, number int64) ([]CommentView, error) {
	i, a, err := s.issue(ctx, by, number)
	if err != nil {
		return nil, err
	}
	views, _, err := s.thread(ctx, number, a.WorksOn(i.ProjectID), s.people())
	return views, err
}
