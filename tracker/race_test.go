package tracker_test

import (
	"fmt"
	"sync"
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

func TestMailThatReopensAndPeopleWhoEditNeverCollide(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		closed := models.IssueClosed
		issue, err := w.CreateIssue(t.Context(), models.NewIssue{ProjectID: w.sup.ID, ReporterID: w.customer.ID, State: closed})
		if err != nil {
			t.Fatal(err)
		}
		const each = 5
		var wg sync.WaitGroup
		for i := range each {
			wg.Go(func() {
				_, err := w.AddComment(t.Context(), models.NewComment{
					IssueNumber: issue.Number, AuthorID: w.customer.ID, Body: fmt.Sprint("mail ", i), Reopen: true,
				})
				if err != nil {
					t.Errorf("comment by mail: %v", err)
				}
			})
			wg.Go(func() {
				if _, err := w.UpdateIssue(t.Context(), &w.member, issue.Number, 0, tracker.IssuePatch{State: &closed}); err != nil {
					t.Errorf("edit without a version: %v", err)
				}
			})
		}
		wg.Wait()
		comments, err := w.Comments(t.Context(), &w.member, issue.Number)
		if err != nil || len(comments) != each {
			t.Errorf("%d comments, %v, want %d", len(comments), err, each)
		}
	})
}

func TestIssuesMadeAtOnceGetNumbersWithoutGaps(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 12
		var mu sync.Mutex
		seen := map[int64]bool{}
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				i, err := w.CreateIssue(t.Context(), models.NewIssue{ProjectID: w.sup.ID, ReporterID: w.customer.ID})
				if err != nil {
					t.Errorf("create issue: %v", err)
				}
				mu.Lock()
				defer mu.Unlock()
				seen[i.Number] = true
			})
		}
		wg.Wait()
		for number := int64(1); number <= n; number++ {
			if !seen[number] {
				t.Errorf("no issue #%d among %d made at once", number, n)
			}
		}
	})
}
