package tracker

import (
	"context"
	"fmt"

	"letterbox/models"
)

// ActiveCase reports whether the issue is the active case of its project, to which inboxes add files of their mail.
func (r IssueRow) ActiveCase() bool {
	return r.Project.ActiveIssue != nil && *r.Project.ActiveIssue == r.Number
}

// SetActiveCase makes an issue the active case of its project, in place of the one before, or takes that back. Those who
// work on the project may. An issue that is done or merged collects nothing and cannot be one.
func (s *Service) SetActiveCase(ctx context.Context, by *models.User, number int64, on bool) (IssueRow, error) {
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		issue, a, err := s.issue(ctx, by, number)
		if err != nil {
			return err
		}
		if err := a.mayWork(issue.ProjectID); err != nil {
			return err
		}
		if on && (issue.State.Done() || issue.MergedInto != nil) {
			return invalid("active", "E-ACTIVE-01", "key", fmt.Sprintf("#%d", number))
		}
		if err := s.store.HoldProject(ctx, issue.ProjectID); err != nil {
			return err
		}
		p, err := s.store.ProjectByID(ctx, issue.ProjectID)
		if err != nil {
			return err
		}
		return s.changeActive(ctx, by, p, issue, on)
	})
	if err != nil {
		return IssueRow{}, fmt.Errorf("set active case: %w", err)
	}
	s.tell(ctx, object("issue", number))
	return s.Issue(ctx, by, number)
}

func (s *Service) changeActive(ctx context.Context, by *models.User, p models.Project, issue models.Issue, on bool) error {
	is := p.ActiveIssue != nil && *p.ActiveIssue == issue.Number
	if is == on {
		return nil
	}
	next := &issue.Number
	if !on {
		next = nil
	}
	if err := s.store.SetActiveIssue(ctx, p.ID, next); err != nil {
		return err
	}
	if before := p.ActiveIssue; on && before != nil {
		if old, err := s.store.IssueByNumber(ctx, *before); err == nil {
			if err := s.record(ctx, by, old, old, models.IssueEvent{Kind: models.EventInactive}); err != nil {
				return err
			}
			s.tell(ctx, object("issue", old.Number))
		}
	}
	kind := models.EventActive
	if !on {
		kind = models.EventInactive
	}
	if err := s.record(ctx, by, issue, issue, models.IssueEvent{Kind: kind}); err != nil {
		return err
	}
	return s.audit(ctx, by, "project.active", object("project", p.ID), map[string]string{"was": idOf(p.ActiveIssue), "became": idOf(next)})
}
