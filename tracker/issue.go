package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"letterbox/models"
	"letterbox/models/store"
)

// IssueFilter selects issues of the projects that a person sees.
type IssueFilter struct {
	ProjectKey string              // "": all that are seen.
	States     []models.IssueState // None: all.
	Text       string              // Words only.
	Query      string              // Words and filters, see [ParseQuery].
	Default    []models.IssueState // When neither States nor Query say which.
	Sort       string              // One of [Sorts]; "": by number, the highest first. A sort in Query wins.
	ValueID    int64               // Not 0: of the project only what is in this state of its own.
	Triage     bool                // What waits to be sorted, see Service.triage.
	Group      models.ListGroup    // Group after group, each in that order; "": no groups.
	Limit      int                 // At most 200; 50 when 0.
	Cursor     string
}

// IssueRow is an issue in a list.
type IssueRow struct {
	models.Issue
	Project  models.Project
	Reporter models.User
	Assignee *models.User
	Labels   []models.Label
	Values   *ProjectValues // Of its project.
	External []models.ExternalNumber
}

// IssuePage is one page of a list of issues.
type IssuePage struct {
	Items []IssueRow
	Next  string // Cursor of the next page, "" at the end.
}

// IssueView is an issue with all that belongs to it.
type IssueView struct {
	IssueRow
	Attachments []models.Attachment // Of the description.
	Comments    []CommentView
	Watchers    []models.User
}

// CommentView is a comment with its author and files.
type CommentView struct {
	models.Comment
	Author      models.User
	Attachments []models.Attachment
}

// Issues lists the issues that the person sees and that the filter selects. A project that it does not see selects
// nothing: models.ErrNotFound. A state that there is not is a models.InvalidList.
func (s *Service) Issues(ctx context.Context, by *models.User, f IssueFilter) (IssuePage, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return IssuePage{}, err
	}
	for _, st := range f.States {
		if !slices.Contains(models.IssueStates(), st) {
			return IssuePage{}, invalid("state", "E-ISSUE-02", "state", string(st))
		}
	}
	q, nothing, err := s.issueQuery(ctx, by, a, f)
	if err != nil || nothing {
		return IssuePage{}, err
	}
	list := s.store.Issues
	if f.Group != "" {
		list = func(ctx context.Context, q store.IssueQuery) ([]models.Issue, string, error) {
			return s.inGroups(ctx, by, q, f.Group)
		}
	}
	found, next, err := list(ctx, q)
	if err != nil {
		return IssuePage{}, fmt.Errorf("list issues: %w", err)
	}
	rows, err := s.rows(ctx, found, s.people())
	return IssuePage{Items: rows, Next: next}, err
}

// issueQuery is a filter as the database understands it; nothing reports that no issue can fit.
func (s *Service) issueQuery(ctx context.Context, by *models.User, a Access, f IssueFilter) (q store.IssueQuery, nothing bool, err error) {
	typed := ParseQuery(line(f.Query))
	n := narrowing{by: by, q: store.IssueQuery{
		States: f.States, Limit: pageSize(f.Limit), Cursor: f.Cursor, Sort: store.IssueSort(f.Sort), Internal: true,
	}}
	rest, err := s.externalWords(ctx, &n, typed.Text)
	if err != nil {
		return n.q, false, err
	}
	n.q.Text = strings.TrimSpace(line(f.Text) + " " + rest)
	ids, all := a.Projects()
	switch {
	case f.ProjectKey != "":
		p, err := s.ProjectByKey(ctx, by, f.ProjectKey)
		if err != nil {
			return n.q, false, err
		}
		n.q.ProjectIDs = []int64{p.ID}
		if err := s.byValueID(ctx, &n, p.ID, f.ValueID); err != nil {
			return n.q, false, err
		}
	case !all && len(ids) == 0:
		return n.q, true, nil
	case !all:
		n.q.ProjectIDs = ids
	}
	a.restrict(&n.q, f.Triage)
	if f.Triage {
		if err := s.triage(ctx, &n.q); err != nil {
			return n.q, false, err
		}
	}
	if err := s.apply(ctx, &n, typed); err != nil {
		return n.q, false, err
	}
	if len(n.q.States) == 0 && !n.all {
		n.q.States = f.Default
	}
	return n.q, n.nothing, nil
}

// rows adds projects, people and labels to issues.
func (s *Service) rows(ctx context.Context, issues []models.Issue, who *people) ([]IssueRow, error) {
	var ids []int64
	for _, i := range issues {
		ids = append(ids, i.ReporterID)
		if i.AssigneeID != nil {
			ids = append(ids, *i.AssigneeID)
		}
	}
	if err := who.load(ctx, ids); err != nil {
		return nil, err
	}
	numbers := make([]int64, len(issues))
	for i := range issues {
		numbers[i] = issues[i].Number
	}
	labels, err := s.store.LabelsOf(ctx, numbers)
	if err != nil {
		return nil, fmt.Errorf("load labels: %w", err)
	}
	values, err := s.valuesOf(ctx, issues)
	if err != nil {
		return nil, err
	}
	external, err := s.externalOf(ctx, numbers)
	if err != nil {
		return nil, err
	}
	projects := map[int64]models.Project{}
	rows := make([]IssueRow, 0, len(issues))
	for _, i := range issues {
		p, ok := projects[i.ProjectID]
		if !ok {
			var err error
			if p, err = s.store.ProjectByID(ctx, i.ProjectID); err != nil {
				return nil, fmt.Errorf("load project of issue: %w", err)
			}
			projects[p.ID] = p
		}
		row := IssueRow{Issue: i, Project: p, Labels: labels[i.Number], Values: values[p.ID], External: external[i.Number]}
		var err error
		if row.Reporter, err = who.get(ctx, i.ReporterID); err != nil {
			return nil, err
		}
		if i.AssigneeID != nil {
			u, err := who.get(ctx, *i.AssigneeID)
			if err != nil {
				return nil, err
			}
			row.Assignee = &u
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// issue returns an issue that the person sees.
func (s *Service) issue(ctx context.Context, by *models.User, number int64) (models.Issue, Access, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return models.Issue{}, a, err
	}
	i, err := s.store.IssueByNumber(ctx, number)
	if err != nil {
		return models.Issue{}, a, err
	}
	yes, err := s.sees(ctx, a, i)
	if err == nil && !yes {
		err = models.ErrNotFound
	}
	if err != nil {
		return models.Issue{}, a, err
	}
	return i, a, nil
}

// Issue returns one issue with project and people, without comments; models.ErrNotFound when there is none or the
// person does not see it.
func (s *Service) Issue(ctx context.Context, by *models.User, number int64) (IssueRow, error) {
	i, _, err := s.issue(ctx, by, number)
	if err != nil {
		return IssueRow{}, err
	}
	rows, err := s.rows(ctx, []models.Issue{i}, s.people())
	if err != nil {
		return IssueRow{}, err
	}
	return rows[0], nil
}

// ShowIssue returns one issue with all that belongs to it.
func (s *Service) ShowIssue(ctx context.Context, by *models.User, number int64) (IssueView, error) {
	i, a, err := s.issue(ctx, by, number)
	if err != nil {
		return IssueView{}, err
	}
	who := s.people()
	rows, err := s.rows(ctx, []models.Issue{i}, who)
	if err != nil {
		return IssueView{}, err
	}
	view := IssueView{IssueRow: rows[0]}
	if view.Comments, view.Attachments, err = s.thread(ctx, number, a.WorksOn(i.ProjectID), who); err != nil {
		return IssueView{}, err
	}
	ids, err := s.store.Watchers(ctx, number)
	if err != nil {
		return IssueView{}, fmt.Errorf("list watchers: %w", err)
	}
	for _, id := range ids {
		u, err := who.get(ctx, id)
		if err != nil {
			return IssueView{}, err
		}
		view.Watchers = append(view.Watchers, u)
	}
	return view, nil
}

// thread returns the comments of an issue, oldest first, and the files of its description. Without notes the internal
// ones are left out.
func (s *Service) thread(ctx context.Context, number int64, notes bool, who *people) ([]CommentView, []models.Attachment, error) {
	comments, err := s.store.Comments(ctx, number)
	if err != nil {
		return nil, nil, fmt.Errorf("list comments: %w", err)
	}
	if !notes {
		comments = slices.DeleteFunc(comments, func(c models.Comment) bool { return c.Internal })
	}
	files, err := s.store.Attachments(ctx, number)
	if err != nil {
		return nil, nil, fmt.Errorf("list attachments: %w", err)
	}
	var own []models.Attachment
	of := map[int64][]models.Attachment{}
	for _, f := range files {
		if f.CommentID == nil {
			own = append(own, f)
		} else {
			of[*f.CommentID] = append(of[*f.CommentID], f)
		}
	}
	authors := make([]int64, 0, len(comments))
	for _, c := range comments {
		authors = append(authors, c.AuthorID)
	}
	if err := who.load(ctx, authors); err != nil {
		return nil, nil, err
	}
	views := make([]CommentView, 0, len(comments))
	for _, c := range comments {
		author, err := who.get(ctx, c.AuthorID)
		if err != nil {
			return nil, nil, err
		}
		views = append(views, CommentView{Comment: c, Author: author, Attachments: of[c.ID]})
	}
	return views, own, nil
}

// assignee returns the person an issue is given to, nil for nobody. Who may not work on the project cannot have it.
func (s *Service) assignee(ctx context.Context, name string, projectID int64) (*int64, error) {
	if name == "" {
		return nil, nil
	}
	u, err := s.userByLogin(ctx, name)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return nil, err
	}
	a, aerr := s.Access(ctx, &u)
	if aerr != nil {
		return nil, aerr
	}
	if err != nil || !maySignIn(u) || !a.WorksOn(projectID) {
		return nil, invalid("assignee", "E-MEMBER-01", "login", name)
	}
	return &u.ID, nil
}
