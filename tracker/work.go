package tracker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// Work is what a person has to do.
type Work struct {
	Waiting   []IssueRow // It has them, and the customer wrote last: longest waiting first.
	Assigned  []IssueRow // The others that it has, what changed last first.
	Mentioned []IssueRow // Somebody has named it there; it does not have them.
	Watched   []IssueRow // It watches them, and they are none of the above.
	Visited   []IssueRow // It looked at them, the last one first.

	WaitingMore, AssignedMore bool // There are more than these.
}

const (
	workShown  = 20
	workLast   = 10
	visitFresh = 10 * time.Minute
)

// Work returns what a person has to do, and what it looked at last. Closed issues are among the latter only.
func (s *Service) Work(ctx context.Context, by *models.User) (w Work, err error) {
	if by == nil || by.ID == 0 {
		return w, nil
	}
	if w.Waiting, w.WaitingMore, err = s.assigned(ctx, by, true); err != nil {
		return w, err
	}
	if w.Assigned, w.AssignedMore, err = s.assigned(ctx, by, false); err != nil {
		return w, err
	}
	named, err := s.Issues(ctx, by, IssueFilter{Query: "is:open mentions:me -assignee:me", Sort: SortUpdated, Limit: workShown})
	if err != nil {
		return w, err
	}
	w.Mentioned = named.Items
	watched, err := s.Issues(ctx, by, IssueFilter{Query: "is:open watcher:me -assignee:me -mentions:me", Sort: SortUpdated, Limit: workShown})
	if err != nil {
		return w, err
	}
	w.Watched = watched.Items
	w.Visited, err = s.visited(ctx, by)
	return w, err
}

// assigned lists open issues that the person has: those in which the customer wrote last, the longest waiting first, or the
// others, what changed last first. more tells that there are more than are listed.
func (s *Service) assigned(ctx context.Context, by *models.User, waiting bool) (list []IssueRow, more bool, err error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return nil, false, err
	}
	q, nothing, err := s.issueQuery(ctx, by, a, IssueFilter{Query: "is:open assignee:me", Sort: SortUpdated, Limit: workShown})
	if err != nil || nothing {
		return nil, false, err
	}
	if waiting {
		q.Sort = store.SortStale
	}
	q.Where = append(q.Where, store.Condition{Field: store.ByWaiting, Not: !waiting, IDs: []int64{by.ID}})
	found, next, err := s.store.Issues(ctx, q)
	if err != nil {
		return nil, false, fmt.Errorf("list what somebody has: %w", err)
	}
	list, err = s.rows(ctx, found, s.people())
	return list, next != "", err
}

// Visit notes that the person has looked at an issue, for its list of those; at most once in ten minutes. Whether it sees
// the issue is asked when the list is read.
func (s *Service) Visit(ctx context.Context, by *models.User, number int64) error {
	if by == nil || by.ID == 0 {
		return nil
	}
	return s.store.AddVisit(ctx, by.ID, number, now().Add(-visitFresh))
}

// visited lists the issues that the person looked at last, and still sees.
func (s *Service) visited(ctx context.Context, by *models.User) ([]IssueRow, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return nil, err
	}
	numbers, err := s.store.Visits(ctx, by.ID, workLast)
	if err != nil || len(numbers) == 0 {
		return nil, err
	}
	q, nothing, err := s.issueQuery(ctx, by, a, IssueFilter{Limit: workLast})
	if err != nil || nothing {
		return nil, err
	}
	q.Where = append(q.Where, store.Condition{Field: store.ByNumber, IDs: numbers})
	found, _, err := s.store.Issues(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list what was looked at: %w", err)
	}
	slices.SortFunc(found, func(a, b models.Issue) int { return slices.Index(numbers, a.Number) - slices.Index(numbers, b.Number) })
	return s.rows(ctx, found, s.people())
}
