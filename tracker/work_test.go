package tracker_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/models"
	"letterbox/tracker"
)

func TestWorkTellsWhatWaitsAndWhatWasLookedAt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, d := range []tracker.IssueDraft{
			{Title: "asked", Reporter: "anna@customer.example", Assignee: "member"}, {Title: "answered", Reporter: "anna@customer.example", Assignee: "member"},
			{Title: "noted", Reporter: "bert@customer.example", Assignee: "member"}, {Title: "own", Assignee: "member"},
			{Title: "closed", Reporter: "anna@customer.example", Assignee: "member", State: models.IssueClosed}, {Title: "watched"}, {Title: "named"},
		} {
			d.ProjectKey = "SUP"
			_, err := w.OpenIssue(ctx, &w.member, d)
			ok(err)
		}
		_, err := w.Comment(ctx, &w.member, 2, tracker.CommentDraft{Body: "An answer"})
		ok(err)
		_, err = w.Comment(ctx, &w.member, 3, tracker.CommentDraft{Body: "A note", Internal: true})
		ok(err)
		ok(w.Watch(ctx, &w.member, 7))
		_, err = w.Comment(ctx, &w.boss, 7, tracker.CommentDraft{Body: "What does @member say?"})
		ok(err)
		_, err = w.Comment(ctx, &w.boss, 2, tracker.CommentDraft{Body: "And here, @member?", Internal: true})
		ok(err)
		ok(w.MarkRead(ctx, &w.member, 7, 0))
		for _, n := range []int64{3, 5, 1, 3, 99} {
			if err := w.Visit(ctx, &w.member, n); (err == nil) != (n != 99) {
				t.Errorf("visit of %d: %v", n, err)
			}
		}
		got, err := w.Work(ctx, &w.member)
		ok(err)
		want := []string{"askednoted", "answeredown", "named", "watched", "asked closed noted "}
		visited := ""
		for _, i := range got.Visited {
			visited += i.Title + " "
		}
		if diff := cmp.Diff(want, []string{titles(got.Waiting), titles(got.Assigned), titles(got.Mentioned), titles(got.Watched), visited}); diff != "" {
			t.Errorf("work (-want +got):\n%s", diff)
		}
		ok(w.RemoveMember(ctx, &w.admin, w.sup.ID, w.member.ID))
		if got, err = w.Work(ctx, &w.member); err != nil || len(got.Visited)+len(got.Waiting) != 0 {
			t.Errorf("after leaving the project: %d were looked at, %v; want none", len(got.Visited), err)
		}
	})
}

// However many issues somebody has, the one that has waited longest is shown, and that there are more is said.
func TestWorkShowsWhatHasWaitedLongestOfMany(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		const all = 130
		for n := range all {
			_, err := w.OpenIssue(ctx, &w.member, tracker.IssueDraft{ProjectKey: "SUP", Title: fmt.Sprint("t", n, " "), Reporter: "anna@customer.example", Assignee: "member"})
			ok(err)
		}
		got, err := w.Work(ctx, &w.member)
		ok(err)
		if len(got.Waiting) != 20 || got.Waiting[0].Title != "t0" || !got.WaitingMore || len(got.Assigned) != 0 || got.AssignedMore {
			t.Errorf("%d wait, %q first, more %v; %d others, more %v; want 20, t0 first, and more", len(got.Waiting), titles(got.Waiting), got.WaitingMore, len(got.Assigned), got.AssignedMore)
		}
		for n := range int64(all - 20) { // All but the last 20 are answered.
			_, err := w.Comment(ctx, &w.member, n+1, tracker.CommentDraft{Body: "An answer"})
			ok(err)
		}
		got, err = w.Work(ctx, &w.member)
		ok(err)
		if len(got.Waiting) != 20 || got.Waiting[0].Number != all-19 || got.WaitingMore || len(got.Assigned) != 20 || !got.AssignedMore {
			t.Errorf("%d wait, %d first, more %v; %d others, more %v; want the last 20, and 20 of more", len(got.Waiting), got.Waiting[0].Number, got.WaitingMore, len(got.Assigned), got.AssignedMore)
		}
	})
}
