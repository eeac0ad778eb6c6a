package tracker

import (
	"context"
	"fmt"

	"letterbox/models"
)

// IntakeView is the record of a mail with what its form shows.
type IntakeView struct {
	models.Intake
	Issue    IssueRow
	Text     string        // What the mail says.
	Watchers []models.User // Who has it besides the assignee: those who work on the issue's project.
	Files    []models.Attachment
}

// Intakes returns the records of the mails of an issue that the person works on, oldest first.
func (s *Service) Intakes(ctx context.Context, by *models.User, number int64) ([]models.Intake, error) {
	issue, a, err := s.issue(ctx, by, number)
	if err != nil {
		return nil, err
	}
	if err := a.mayWork(issue.ProjectID); err != nil {
		return nil, err
	}
	return s.store.Intakes(ctx, number)
}

// Intake returns one record with what its form shows; models.ErrNotFound when there is none that the person works on.
func (s *Service) Intake(ctx context.Context, by *models.User, id int64) (IntakeView, error) {
	i, err := s.store.IntakeByID(ctx, id)
	if err != nil {
		return IntakeView{}, err
	}
	view, err := s.ShowIssue(ctx, by, i.IssueNumber)
	if err != nil {
		return IntakeView{}, err
	}
	a, err := s.Access(ctx, by)
	if err != nil {
		return IntakeView{}, err
	}
	if !a.WorksOn(view.ProjectID) {
		return IntakeView{}, models.ErrNotFound
	}
	out := IntakeView{Intake: i, Issue: view.IssueRow, Text: view.Description, Files: view.Attachments}
	for _, c := range view.Comments {
		if i.CommentID != nil && c.ID == *i.CommentID {
			out.Text, out.Files = c.Body, c.Attachments
		}
	}
	for _, u := range view.Watchers {
		w, err := s.Access(ctx, &u)
		if err != nil {
			return IntakeView{}, fmt.Errorf("look up who has the issue: %w", err)
		}
		if w.WorksOn(view.ProjectID) && (view.Assignee == nil || u.ID != view.Assignee.ID) {
			out.Watchers = append(out.Watchers, u)
		}
	}
	return out, nil
}
