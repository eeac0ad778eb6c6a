package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"letterbox/models"
)

// IssueDraft is what a person says of a new issue.
type IssueDraft struct {
	ProjectKey  string
	Title       string
	Description string
	State       models.IssueState // "": new.
	Assignee    string            // Login; "" for nobody.
	Priority    string            // "": normal.
	Due         string            // 2006-01-02; "" for none.
	Labels      []string
	Reporter    string // Address of the customer in whose name it is opened; "": the person itself.
	Name        string // Of that customer, when it is new.
	Files       []Upload
}

// IssuePatch is what is to change of an issue; what is nil stays.
type IssuePatch struct {
	ProjectKey  *string
	Title       *string
	Description *string
	State       *models.IssueState
	Assignee    *string // Login; "" for nobody.
	Priority    *string
	Due         *string   // 2006-01-02; "" for none.
	Labels      *[]string // Exactly these.
	AddLabels   []string  // These besides.
}

// plain notes what only those who work on a project may say of a new issue.
func (d IssueDraft) plain(c *checks) error {
	for field, given := range map[string]bool{
		"state": d.State != "" && d.State != models.IssueNew, "assignee": d.Assignee != "", "due": d.Due != "",
		"priority": d.Priority != "" && d.Priority != models.PriorityNormal.String(), "reporter": d.Reporter != "",
		"labels": strings.TrimSpace(strings.Join(d.Labels, "")) != "",
	} {
		if given {
			c.add(field, "E-REPORTER-01")
		}
	}
	return nil
}

// OpenIssue makes an issue in the name of a person, who becomes its reporter, or of a customer with that address. Those
// who see the project may; what reporters say of it is title and text.
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
	if errors.Is(err, models.ErrForbidden) { // A reporter.
		err = d.plain(&c)
	}
	if err != nil {
		return IssueRow{}, err
	}
	if p.ArchivedAt != nil {
		c.add("project", "E-PROJECT-06", "key", p.Key)
	}
	title := line(d.Title)
	c.title(title)
	if len(d.Description) > maxDescription {
		c.add("description", "E-TEXT-01", "max", fmt.Sprint(maxDescription))
	}
	due, likely := c.due(d.Due), models.Issue{ProjectID: p.ID, State: models.IssueNew}
	if err := s.setValues(ctx, &likely, p.ID, given(string(d.State)), given(d.Priority), &c); err != nil {
		return IssueRow{}, err
	}
	labels := splitLabels(d.Labels, &c)
	if _, ok := address(d.Reporter); d.Reporter != "" && !ok {
		c.add("reporter", "E-USER-03", "address", line(d.Reporter))
	}
	if err := c.err(); err != nil {
		return IssueRow{}, err
	}
	assignee, err := s.assignee(ctx, d.Assignee, p.ID)
	if err != nil {
		return IssueRow{}, err
	}
	files, err := s.stage(ctx, d.Files)
	defer s.discard(ctx, files)
	if err != nil {
		return IssueRow{}, err
	}
	var issue models.Issue
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		attached, err := files.seal(ctx)
		if err != nil {
			return err
		}
		reporter := *by
		var participants []string
		if d.Reporter != "" {
			if reporter, err = s.EnsureCustomer(ctx, d.Name, d.Reporter); err != nil {
				return err
			}
			participants = reporter.Addresses
		}
		issue, err = s.CreateIssue(ctx, models.NewIssue{
			ProjectID: p.ID, Title: title, Description: d.Description, State: likely.State, ReporterID: reporter.ID, MadeBy: by.ID, WatcherIDs: []int64{by.ID},
			Attachments: attached, Participants: participants,
		})
		if err != nil {
			return err
		}
		if len(labels) > 0 {
			if err := s.setLabels(ctx, issue, labels); err != nil {
				return err
			}
		}
		if assignee == nil && due == nil && likely.Priority == models.PriorityNormal && likely.StateID == nil && likely.PriorityID == nil {
			return nil
		}
		before := models.Issue{AssigneeID: issue.AssigneeID}
		issue.StateID, issue.Priority, issue.PriorityID = likely.StateID, likely.Priority, likely.PriorityID
		if issue.DueOn = due; assignee != nil {
			issue.AssigneeID = assignee
		}
		if err := s.store.UpdateIssue(ctx, &issue, issue.Version); err != nil {
			return err
		}
		return s.notifyAssigned(ctx, by, before, issue)
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
		if issue.MergedInto != nil {
			return invalid("state", "E-MERGE-02", "key", fmt.Sprintf("#%d", *issue.MergedInto))
		}
		before := issue
		labels, err := s.patch(ctx, by, a, &issue, d)
		if err != nil {
			return err
		}
		if err := s.store.UpdateIssue(ctx, &issue, before.Version); err != nil {
			return err
		}
		if err := s.afterChange(ctx, by, before, issue, labels); err != nil {
			return err
		}
		return s.audit(ctx, by, "issue.update", object("issue", number), map[string]any{
			"state": []models.IssueState{before.State, issue.State}, "project": []int64{before.ProjectID, issue.ProjectID},
			"assignee": []*int64{before.AssigneeID, issue.AssigneeID},
			"priority": []models.Priority{before.Priority, issue.Priority}, "due": []string{dayOf(before.DueOn), dayOf(issue.DueOn)},
			"title": before.Title != issue.Title, "description": before.Description != issue.Description,
		})
	})
	if err != nil {
		return IssueRow{}, fmt.Errorf("update issue: %w", err)
	}
	s.tell(ctx, object("issue", number))
	return s.Issue(ctx, by, number)
}

// afterChange keeps what follows from a change of an issue: labels, history, words for the search, notifications.
// labels is nil when they stay.
func (s *Service) afterChange(ctx context.Context, by *models.User, before, after models.Issue, labels *[]string) error {
	of, err := s.store.LabelsOf(ctx, []int64{after.Number})
	if err != nil {
		return err
	}
	was := labelNames(of[after.Number])
	if labels == nil && before.ProjectID != after.ProjectID && len(was) > 0 {
		labels = &was // Labels belong to a project: the new one gets those of the same name.
	}
	var more []models.IssueEvent
	if labels != nil {
		if err := s.setLabels(ctx, after, *labels); err != nil {
			return err
		}
		more = labelEvent(was, *labels)
	}
	if err := s.record(ctx, by, before, after, more...); err != nil {
		return err
	}
	if before.Title != after.Title || before.Description != after.Description {
		if err := s.reindex(ctx, after); err != nil {
			return err
		}
	}
	return s.notifyAssigned(ctx, by, before, after)
}

// reindex keeps the words of a description that was changed.
func (s *Service) reindex(ctx context.Context, i models.Issue) error {
	files, err := s.store.Attachments(ctx, i.Number)
	if err != nil {
		return fmt.Errorf("list attachments: %w", err)
	}
	texts := []string{i.Title, i.Description}
	for _, f := range files {
		if f.CommentID == nil {
			texts = append(texts, f.Name)
		}
	}
	if err := s.store.ReindexText(ctx, i.Number, 0, texts...); err != nil {
		return fmt.Errorf("keep words for the search: %w", err)
	}
	return nil
}

// patch applies d to issue. labels is nil when they stay.
func (s *Service) patch(ctx context.Context, by *models.User, a Access, issue *models.Issue, d IssuePatch) (labels *[]string, err error) {
	var c checks
	from := issue.ProjectID
	if d.ProjectKey != nil {
		p, err := s.projectToWorkOn(ctx, by, a, *d.ProjectKey, &c)
		if err != nil {
			return nil, err
		}
		if p.ArchivedAt != nil && p.ID != issue.ProjectID {
			c.add("project", "E-PROJECT-06", "key", p.Key)
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
	if err := s.setValues(ctx, issue, from, (*string)(d.State), d.Priority, &c); err != nil {
		return nil, err
	}
	if d.Due != nil {
		issue.DueOn = c.due(*d.Due)
	}
	if labels, err = s.patchLabels(ctx, issue.Number, d, &c); err != nil {
		return nil, err
	}
	if err := c.err(); err != nil {
		return nil, err
	}
	if d.Assignee != nil {
		id, err := s.assignee(ctx, *d.Assignee, issue.ProjectID)
		if err != nil {
			return nil, err
		}
		issue.AssigneeID = id
	}
	return labels, nil
}

// patchLabels returns the labels that an issue is to have, nil when they stay.
func (s *Service) patchLabels(ctx context.Context, number int64, d IssuePatch, c *checks) (*[]string, error) {
	var want []string
	switch {
	case d.Labels != nil:
		want = *d.Labels
	case len(d.AddLabels) > 0:
		of, err := s.store.LabelsOf(ctx, []int64{number})
		if err != nil {
			return nil, fmt.Errorf("list labels: %w", err)
		}
		want = labelNames(of[number])
	default:
		return nil, nil
	}
	want = splitLabels(slices.Concat(want, d.AddLabels), c)
	return &want, nil
}

// given is nil for "".
func given(value string) *string {
	if value == "" {
		return nil
	}
	return &value
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
	issue.State, issue.StateID = state, nil
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

func (c *checks) state(state models.IssueState) {
	if slices.Contains(models.IssueStates(), state) {
		return
	}
	c.add("state", "E-ISSUE-02", "state", string(state))
}

func (c *checks) priority(name string) models.Priority {
	if name == "" {
		return models.PriorityNormal
	}
	p, ok := models.ParsePriority(name)
	if !ok {
		c.add("priority", "E-ISSUE-03", "priority", name)
	}
	return p
}

func (c *checks) due(day string) *time.Time {
	if day == "" {
		return nil
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil || t.Year() < 1970 || t.Year() > 9000 {
		c.add("due", "E-ISSUE-04", "date", day)
		return nil
	}
	return &t
}
