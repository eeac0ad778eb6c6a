package tracker_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

func TestTwoWhoEditAnIssueAtOnceAreTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		issue := w.open(t, &w.member, "Printer")
		one, two := "One", "Two"
		if _, err := w.UpdateIssue(t.Context(), &w.boss, issue.Number, issue.Version, tracker.IssuePatch{Title: &one}); err != nil {
			t.Fatal(err)
		}
		_, err := w.UpdateIssue(t.Context(), &w.member, issue.Number, issue.Version, tracker.IssuePatch{Title: &two})
		if !errors.Is(err, models.ErrConflict) {
			t.Errorf("UpdateIssue of an old version = %v, want ErrConflict", err)
		}
		if got, err := w.Issue(t.Context(), &w.member, issue.Number); err != nil || got.Title != one {
			t.Errorf("title = %q, %v, want %q", got.Title, err, one)
		}
	})
}

func TestACommentIsNoConflictWithAnEdit(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	issue := w.open(t, &w.member, "Printer")
	if _, err := w.Comment(t.Context(), &w.boss, issue.Number, tracker.CommentDraft{Body: "Looking at it."}); err != nil {
		t.Fatal(err)
	}
	title := "Printer, 2nd floor"
	if _, err := w.UpdateIssue(t.Context(), &w.member, issue.Number, issue.Version, tracker.IssuePatch{Title: &title}); err != nil {
		t.Errorf("UpdateIssue after a comment: %v", err)
	}
}

func TestStateSaysWhenAnIssueWasDone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		issue := w.open(t, &w.member, "Printer")
		for _, tc := range []struct {
			state models.IssueState
			done  bool
		}{{models.IssueOpen, false}, {models.IssueResolved, true}, {models.IssueClosed, true}, {models.IssueWaiting, false}, {models.IssueClosed, true}} {
			got, err := w.UpdateIssue(t.Context(), &w.member, issue.Number, 0, tracker.IssuePatch{State: &tc.state})
			if err != nil || got.State != tc.state || (got.ClosedAt != nil) != tc.done {
				t.Errorf("state %s: got %s, closed at %v, %v", tc.state, got.State, got.ClosedAt, err)
			}
		}
		if _, err := w.Comment(t.Context(), &w.member, issue.Number, tracker.CommentDraft{Body: "Again.", Reopen: true}); err != nil {
			t.Fatal(err)
		}
		if got, err := w.Issue(t.Context(), &w.member, issue.Number); err != nil || got.State != models.IssueOpen || got.ClosedAt != nil {
			t.Errorf("after a comment that reopens: %s, closed at %v, %v", got.State, got.ClosedAt, err)
		}
	})
}

func TestIssuesThatCannotBeMadeOrChanged(t *testing.T) {
	w := newWorld(t, testdb.Open(t))
	issue := w.open(t, &w.member, "Printer")
	long, state, dev, who := strings.Repeat("ä", 501), models.IssueState("done"), "DEV", "stranger"
	for _, tc := range []struct {
		name, want string
		patch      tracker.IssuePatch
	}{
		{"title too long", "title E-TEXT-01", tracker.IssuePatch{Title: &long}},
		{"no such state", "state E-ISSUE-02", tracker.IssuePatch{State: &state}},
		{"project that is not seen", "project E-PROJECT-04", tracker.IssuePatch{ProjectKey: &dev}},
		{"assignee who does not see it", "assignee E-MEMBER-01", tracker.IssuePatch{Assignee: &who}},
	} {
		_, err := w.UpdateIssue(t.Context(), &w.member, issue.Number, 0, tc.patch)
		if got := codes(t, err); got != tc.want {
			t.Errorf("%s = %s, want %s", tc.name, got, tc.want)
		}
	}
	_, err := w.Comment(t.Context(), &w.member, issue.Number, tracker.CommentDraft{Body: " \n"})
	if got, want := codes(t, err), "body E-COMMENT-01"; got != want {
		t.Errorf("empty comment = %s, want %s", got, want)
	}
}

func TestIssueListIsFilteredAndHasPages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i := range 5 {
			w.open(t, &w.member, fmt.Sprintf("Printer %d", i+1))
		}
		closed := models.IssueClosed
		if _, err := w.UpdateIssue(t.Context(), &w.member, 2, 0, tracker.IssuePatch{State: &closed}); err != nil {
			t.Fatal(err)
		}
		for _, tc := range []struct {
			name   string
			filter tracker.IssueFilter
			want   []int64
		}{
			{"all, by twos", tracker.IssueFilter{Limit: 2}, []int64{5, 4, 3, 2, 1}},
			{"closed", tracker.IssueFilter{States: []models.IssueState{closed}}, []int64{2}},
			{"text", tracker.IssueFilter{Text: "PRINTER 3"}, []int64{3}},
			{"per cent is a sign like any other", tracker.IssueFilter{Text: "%"}, nil},
			{"project in small letters", tracker.IssueFilter{ProjectKey: "sup", Limit: 200}, []int64{5, 4, 3, 2, 1}},
		} {
			var got []int64
			for f := tc.filter; ; {
				page, err := w.Issues(t.Context(), &w.member, f)
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range page.Items {
					got = append(got, row.Number)
					if row.Project.Key != "SUP" || row.Reporter.ID != w.member.ID || row.Reporter.PasswordHash != "" {
						t.Errorf("row %d: project %q, reporter %d", row.Number, row.Project.Key, row.Reporter.ID)
					}
				}
				if f.Cursor = page.Next; f.Cursor == "" {
					break
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.name, diff)
			}
		}
	})
}
