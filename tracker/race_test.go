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

func TestLabelThatTwoPeopleMakeAtOnceIsOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const n = 8
		numbers := make([]int64, n)
		for i := range numbers {
			issue, err := w.CreateIssue(t.Context(), models.NewIssue{ProjectID: w.sup.ID, ReporterID: w.customer.ID})
			if err != nil {
				t.Fatal(err)
			}
			numbers[i] = issue.Number
		}
		var wg sync.WaitGroup
		for i, number := range numbers {
			wg.Go(func() {
				labels := []string{"Urgent", "urgent too", fmt.Sprint("own ", i)}
				if _, err := w.UpdateIssue(t.Context(), &w.member, number, 0, tracker.IssuePatch{Labels: &labels}); err != nil {
					t.Errorf("label issue %d: %v", number, err)
				}
			})
		}
		wg.Wait()
		labels, err := w.Labels(t.Context(), &w.member, w.sup.ID)
		if err != nil || len(labels) != n+2 {
			t.Errorf("%d labels, %v, want %d", len(labels), err, n+2)
		}
		for _, number := range numbers {
			issue, err := w.Issue(t.Context(), &w.member, number)
			if err != nil || len(issue.Labels) != 3 {
				t.Errorf("issue %d has %d labels, %v, want 3", number, len(issue.Labels), err)
			}
		}
	})
}
