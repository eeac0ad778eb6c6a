package tracker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// Groups follow each other in their own order; within each, issues stand as the list is sorted. Pages of any size have the
// same issues, and what changes between two pages shifts none.
func TestListsInGroupsArePagedWithoutGaps(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		w := newWorld(t, s)
		for _, one := range []struct{ project, title, state, priority, assignee string }{
			{"SUP", "a", "new", "low", ""}, {"DEV", "b", "open", "urgent", ""}, {"SUP", "c", "waiting", "normal", "boss"},
			{"SUP", "d", "open", "normal", "admin"}, {"DEV", "e", "new", "urgent", "stranger"}, {"SUP", "f", "closed", "high", "boss"},
			{"SUP", "g", "open", "low", "boss"},
		} {
			i, err := w.OpenIssue(t.Context(), &w.admin, tracker.IssueDraft{ProjectKey: one.project, Title: one.title, Priority: one.priority})
			if err != nil {
				t.Fatal(err)
			}
			st := models.IssueState(one.state)
			if _, err := w.UpdateIssue(t.Context(), &w.admin, i.Number, 0, tracker.IssuePatch{State: &st, Assignee: &one.assignee}); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range []struct {
			group models.ListGroup
			query string
			want  string
		}{
			{"", "", "gfedcba"},
			{models.GroupState, "", "ea gdb c f"},
			{models.GroupState, "is:open", "ea gdb c"},
			{models.GroupPriority, "", "eb f dc ga"},
			{models.GroupProject, "", "eb gfdca"},
			{models.GroupAssignee, "", "d gfc e ba"},
			{models.GroupAssignee, "is:open project:SUP", "d gc a"},
			{models.GroupState, "b", "b"},
		} {
			want := strings.ReplaceAll(c.want, " ", "")
			for limit := 1; limit <= 8; limit++ {
				f := tracker.IssueFilter{Query: c.query, Group: c.group, Limit: limit}
				got, pages := "", 0
				for {
					page, err := w.Issues(t.Context(), &w.admin, f)
					if err != nil {
						t.Fatal(err)
					}
					for _, i := range page.Items {
						got += i.Title
					}
					pages++
					if f.Cursor = page.Next; f.Cursor == "" || pages > 10 {
						break
					}
				}
				if got != want || pages != (len(want)+limit-1)/limit {
					t.Errorf("%q by %q, %d a page: got %q on %d pages, want %q on %d", c.query, c.group, limit, got, pages, want, (len(want)+limit-1)/limit)
				}
			}
		}

		f := tracker.IssueFilter{Group: models.GroupAssignee, Limit: 2}
		page, err := w.Issues(t.Context(), &w.admin, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int64{3, 6, 7} { // The group that the page has ended in has gone.
			nobody := ""
			if _, err := w.UpdateIssue(t.Context(), &w.admin, n, 0, tracker.IssuePatch{Assignee: &nobody}); err != nil {
				t.Fatal(err)
			}
		}
		f.Cursor, f.Limit = page.Next, 20
		page, err = w.Issues(t.Context(), &w.admin, f)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff("egfcba", titles(page.Items)); diff != "" {
			t.Errorf("the next page (-want +got):\n%s", diff)
		}
		f.Group = models.GroupState
		if _, err := w.Issues(t.Context(), &w.admin, f); err == nil || !strings.Contains(fmt.Sprint(err), "cursor") {
			t.Errorf("the cursor of another group gives %v, want that it is none", err)
		}
	})
}

func titles(rows []tracker.IssueRow) (all string) {
	for _, r := range rows {
		all += r.Title
	}
	return all
}
