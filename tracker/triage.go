package tracker

import (
	"context"
	"slices"

	"letterbox/models"
	"letterbox/models/store"
)

// triage narrows a query to what waits to be sorted: new issues that nobody has, in the projects where the inboxes for
// all projects put their mail. Where there is no such inbox, all projects count.
func (s *Service) triage(ctx context.Context, q *store.IssueQuery) error {
	catchAll, err := s.store.CatchAllProjects(ctx)
	if err != nil {
		return err
	}
	switch {
	case len(catchAll) == 0:
	case q.ProjectIDs == nil:
		q.ProjectIDs = catchAll
	default:
		q.ProjectIDs = slices.DeleteFunc(slices.Clone(q.ProjectIDs), func(id int64) bool { return !slices.Contains(catchAll, id) })
	}
	q.States = []models.IssueState{models.IssueNew}
	q.Where = append(q.Where, store.Condition{Field: store.ByAssignee, Not: true})
	return nil
}

// Waiting counts the issues that wait to be sorted by the person, up to most. It stands on every page, so it asks an index
// alone, and no further than to most.
func (s *Service) Waiting(ctx context.Context, by *models.User, most int) (int, error) {
	a, err := s.Access(ctx, by)
	if err != nil {
		return 0, err
	}
	q, nothing, err := s.issueQuery(ctx, by, a, IssueFilter{Triage: true})
	if err != nil || nothing {
		return 0, err
	}
	return s.store.CountUnassigned(ctx, q.ProjectIDs, q.States, most)
}
