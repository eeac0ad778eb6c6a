package store_test

import (
	"slices"
	"testing"
	"time"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestVisitsAreKeptForTheLastIssues(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		p, u := base(t, s)
		for range 52 {
			must(t, s.CreateIssue(t.Context(), &models.Issue{ProjectID: p.ID, State: models.IssueNew, ReporterID: u.ID}))
		}
		long := time.Now().Add(-time.Hour)
		for n := int64(1); n <= 52; n++ {
			must(t, s.AddVisit(t.Context(), u.ID, n, long))
		}
		must(t, s.AddVisit(t.Context(), u.ID, 10, long)) // It stands there.
		got, err := s.Visits(t.Context(), u.ID, 100)
		must(t, err)
		if len(got) != 50 || got[0] != 52 || slices.Contains(got, 1) {
			t.Errorf("visits are %v, want the last 50", got)
		}
		must(t, s.AddVisit(t.Context(), u.ID, 10, time.Now().Add(time.Hour)))
		if got, err = s.Visits(t.Context(), u.ID, 2); err != nil || !slices.Equal(got, []int64{10, 52}) {
			t.Errorf("after another visit of 10 the last are %v, %v", got, err)
		}
	})
}
