package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"letterbox/models"
)

// IssueDraft is what a person says of a new issue.
type IssueDraft struct {
	ProjectKey  string
	Title       string
	Description string
	State       models.IssueState // "": new.
	Assignee    string            // Login; "" for nobody.
}

// IssuePatch is what is to change of an issue; what is nil stays.
type IssuePatch struct {
	ProjectKey  *string
	Title       *string
	Description *string
	State       *models.IssueState
	Assignee    *string // Login; "" for nobody.
}

// OpenIssue makes an issue in the name of a person, who becomes its reporter. Those who work on the project may.
func (s *Service) OpenIssue(ctx context.Context, by *models.User, d IssueDraft) (IssueRow, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return IssueRow{}, err
	}
	if by == nil || by.ID == 0 {
		return IssueRow{}, models.ErrForbidden
	}
	var c checks
	p, err := s.projectToWorkOn(ctx, by, a, d.ProjectKey, &c)
	if err != nil {
		return IssueRow{}, err
	}
	title := line(d.Title)
	c.title(title)
	c.state(d.State, true)
	if len(d.Description) > maxDescription {
		c.add("description", "E-TEXT-01", "max", fmt.Sprint(maxDescription))
	}
	if err := c.err(); err != nil {
		return IssueRow{}, err
	}
	assignee, err := s.assignee(ctx, d.Assignee, p.ID)
	if err != nil {
		return IssueRow{}, err
	}
	var issue models.Issue
	err = s.store.WithTx(ctx, func(ctx context.Context) (err error) {
		issue, err = s.CreateIssue(ctx, models.NewIssue{
			ProjectID: p.ID, Title: title, Description: d.Description, State: d.State, ReporterID: by.ID,
		})
		if err != nil || assignee == nil {
			return err
		}
		version := issue.Version
		issue.AssigneeID = assignee
		return s.store.UpdateIssue(ctx, &issue, version)
	})
	if err != nil {
		return IssueRow{}, err
	}
	s.tell(ctx, object("issue", issue.Number))
	return s.Issue(ctx, by, issue.Number)
}

// UpdateIssue changes an issue when its version is still version; models.ErrConflict otherwise. 0 skips that check.
// Those who work on its project may, and on the project it moves to.
func (s *Service) UpdateIssue(ctx context.Context, by *models.User, number, version int64, d IssuePatch) (IssueRow, error) {
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		issue, a, err := s.issue(ctx, by, number)
		if err != nil {
			return err
		}
		if err := a.mayWork(issue.ProjectID); err != nil {
			return err
		}
		if version == 0 {
			issue, err = s.latest(ctx, number)
		} else if issue.Version != version {
			err = models.ErrConflict
		}
		if err != nil {
			return err
		}
		before := issue
		if err := s.patch(ctx, by, a, &issue, d); err != nil {
			return err
		}
		if err := s.store.UpdateIssue(ctx, &issue, before.Version); err != nil {
			return err
		}
		return s.audit(ctx, by, "issue.update", object("issue", number), map[string]any{
			"state": []models.IssueState{before.State, issue.State}, "project": []int64{before.ProjectID, issue.ProjectID},
			"assignee": []*int64{before.AssigneeID, issue.AssigneeID},
			"title":    before.Title != issue.Title, "description": before.Description != issue.Description,
		})
	})
	if err != nil {
		return IssueRow{}, fmt.Errorf("update issue: %w", err)
	}
	s.tell(ctx, object("issue", number))
	return s.Issue(ctx, by, number)
}

// patch applies d to issue.
func (s *Service) patch(ctx context.Context, by *models.User, a Access, issue *models.Issue, d IssuePatch) error {
	var c checks
	if d.ProjectKey != nil {
		p, err := s.projectToWorkOn(ctx, by, a, *d.ProjectKey, &c)
		if err != nil {
			return err
		}
		issue.ProjectID = p.ID
	}
	if d.Title != nil {
		issue.Title = line(*d.Title)
		c.title(issue.Title)
	}
	if d.Description != nil {
		issue.Description = body(*d.Description)
		if len(issue.Description) > maxDescription {
			c.add("description", "E-TEXT-01", "max", fmt.Sprint(maxDescription))
		}
	}
	if d.State != nil {
		c.state(*d.State, false)
		setState(issue, *d.State)
	}
	if err := c.err(); err != nil {
		return err
	}
	if d.Assignee != nil {
		id, err := s.assignee(ctx, *d.Assignee, issue.ProjectID)
		if err != nil {
			return err
		}
		issue.AssigneeID = id
	}
	return nil
}

// setState sets the state and, with it, when the issue was done.
func setState(issue *models.Issue, state models.IssueState) {
	switch {
	case !state.Done():
		issue.ClosedAt = nil
	case !issue.State.Done():
		at := now()
		issue.ClosedAt = &at
	}
	issue.State = state
}

// projectToWorkOn returns the project with that key and notes a key that the person cannot use. A project that it does
// not see is the same as none.
func (s *Service) projectToWorkOn(ctx context.Context, by *models.User, a Access, key string, c *checks) (models.Project, error) {
	p, err := s.ProjectByKey(ctx, by, key)
	switch {
	case errors.Is(err, models.ErrNotFound):
		c.add("project", "E-PROJECT-04", "key", key)
		return models.Project{}, nil
	case err != nil:
		return models.Project{}, err
	}
	return p, a.mayWork(p.ID)
}

func (c *checks) title(title string) {
	if len([]rune(title)) > maxTitle {
		c.add("title", "E-TEXT-01", "max", fmt.Sprint(maxTitle))
	}
}

func (c *checks) state(state models.IssueState, empty bool) {
	if state == "" && empty || slices.Contains(models.IssueStates(), state) {
		return
	}
	c.add("state", "E-ISSUE-02", "state", string(state))
}
