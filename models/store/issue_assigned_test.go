package store_test

import (
	"slices"
	"strings"
	"testing"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// The number of what waits to be sorted stands on every page: it is read from one index alone, without the issues.
func TestIssuesOfNobodyAreCountedFromAnIndex(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		p, u := base(t, s)
		for n := range 12 {
			i := &models.Issue{ProjectID: p.ID, Title: "x", State: models.IssueNew, ReporterID: u.ID}
			if n >= 3 && n < 8 {
				i.AssigneeID = &u.ID
			}
			if n >= 10 {
				i.State = models.IssueOpen
			}
			must(t, s.CreateIssue(t.Context(), i))
		}
		fresh := []models.IssueState{models.IssueNew}
		for _, c := range []struct {
			projects []int64
			states   []models.IssueState
			most     int
			want     int
		}{
			{nil, fresh, 100, 5}, {[]int64{p.ID}, fresh, 100, 5}, {[]int64{p.ID}, fresh, 2, 2}, {nil, nil, 100, 7}, {[]int64{p.ID + 1}, fresh, 100, 0}, {[]int64{}, fresh, 100, 0},
		} {
			got, err := s.CountUnassigned(t.Context(), c.projects, c.states, c.most)
			must(t, err)
			if got != c.want {
				t.Errorf("of %v in %v, up to %d: got %d, want %d", c.projects, c.states, c.most, got, c.want)
			}
		}
		ids, err := s.Assignees(t.Context(), []int64{p.ID}, fresh)
		must(t, err)
		if !slices.Equal(ids, []int64{u.ID}) {
			t.Errorf("assignees = %v, want %d alone", ids, u.ID)
		}
		for _, projects := range [][]int64{nil, {p.ID}, {p.ID, p.ID + 1}} {
			plan, err := s.PlanOfCountUnassigned(t.Context(), projects, fresh, 100)
			must(t, err)
			if !strings.Contains(plan, "issues_assignee_id_state_project_id") || !strings.Contains(strings.ToLower(plan), "covering") && !strings.Contains(plan, "Using index") {
				t.Errorf("in %v it is counted by %q, want by the index alone", projects, plan)
			}
		}
	})
}
