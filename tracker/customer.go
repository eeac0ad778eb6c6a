package tracker

import (
	"context"
	"fmt"

	"letterbox/models"
	"letterbox/models/store"
)

// Customer is what is known of the one who reported an issue: the other issues, as far as the person sees them.
type Customer struct {
	models.User
	Open, Done int            // Of all issues.
	Earlier    []models.Issue // The latest five others.
}

// Customer returns who reported an issue that the person sees.
func (s *Service) Customer(ctx context.Context, by *models.User, number int64) (Customer, error) {
	issue, a, err := s.issue(ctx, by, number)
	if err != nil {
		return Customer{}, err
	}
	u, err := s.people().get(ctx, issue.ReporterID)
	if err != nil {
		return Customer{}, err
	}
	c := Customer{User: u}
	if !a.WorksOn(issue.ProjectID) {
		return c, nil
	}
	ids, all := a.Projects()
	if all {
		ids = nil
	}
	counts, err := s.store.CountByState(ctx, issue.ReporterID, ids)
	if err != nil {
		return c, fmt.Errorf("count issues of the customer: %w", err)
	}
	for state, n := range counts {
		if state.Done() {
			c.Done += n
		} else {
			c.Open += n
		}
	}
	list, _, err := s.store.Issues(ctx, store.IssueQuery{
		ProjectIDs: ids, Sort: store.SortUpdated, Limit: 6, Where: []store.Condition{{Field: store.ByReporter, IDs: []int64{issue.ReporterID}}},
	})
	if err != nil {
		return c, fmt.Errorf("list issues of the customer: %w", err)
	}
	for _, i := range list {
		if i.Number != number && len(c.Earlier) < 5 {
			c.Earlier = append(c.Earlier, i)
		}
	}
	return c, nil
}
