package tracker_test

import (
	"strings"
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

// A reporter has an account, but sees no more than a customer would be told: its own issues without internal notes.
func TestReporterSeesItsOwnIssuesWithoutNotes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rita := w.person(t, "rita", models.RoleMember)
		w.join(t, w.sup, "rita", models.ProjectReporter)
		w.join(t, w.dev, "rita", models.ProjectMember)
		foreign := w.open(t, &w.member, "Printer of another floor")
		own := w.open(t, &rita, "Printer on floor 3")
		secret := tracker.CommentDraft{Body: "The zebra did it.", Internal: true, Files: []tracker.Upload{{Name: "stripes.txt", Content: strings.NewReader("black and white")}}}
		note, err := w.Comment(t.Context(), &w.member, own.Number, secret)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Comment(t.Context(), &w.member, own.Number, tracker.CommentDraft{Body: "We are on our way."}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Comment(t.Context(), &rita, own.Number, tracker.CommentDraft{Body: "Thank you.", Reopen: true}); err != nil {
			t.Errorf("comment on the own issue: %v", err)
		}
		assignee := "member"
		if _, err := w.UpdateIssue(t.Context(), &w.boss, own.Number, 0, tracker.IssuePatch{Assignee: &assignee, State: ptr(models.IssueWaiting)}); err != nil {
			t.Fatal(err)
		}
		view, err := w.ShowIssue(t.Context(), &rita, own.Number)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := len(view.Comments), 2; got != want {
			t.Errorf("comments = %d, want %d: the note is not for reporters", got, want)
		}
		list, err := w.Comments(t.Context(), &rita, own.Number)
		if err != nil || len(list) != 2 {
			t.Errorf("comments = %d (%v), want 2", len(list), err)
		}
		files, err := w.Attachments(t.Context(), &rita, own.Number)
		if err != nil || len(files) != 0 {
			t.Errorf("files = %d (%v), want none: they belong to the note", len(files), err)
		}
		_, err = w.Attachment(t.Context(), &rita, note.Attachments[0].ID)
		if got, want := verdict(err), "hidden"; got != want {
			t.Errorf("file of a note: %s, want %s", got, want)
		}
		history, err := w.History(t.Context(), &rita, own.Number)
		if err != nil || len(history) != 1 || history[0].Kind != models.EventState {
			t.Errorf("history = %v (%v), want the change of the state only", history, err)
		}
		notices, _, err := w.Notices(t.Context(), &rita, false, 0, "")
		if err != nil || len(notices) != 2 {
			t.Errorf("told of %v (%v), want the answer and the state", notices, err)
		}
		for _, tc := range []struct {
			query string
			want  int
		}{
			{"", 1}, {"printer", 1}, {"floor", 1}, {"zebra", 0}, {"stripes", 0}, {"thank", 1}, {"from:member", 0},
			{"project:SUP", 1}, {"project:SUP sort:newest", 1}, {"is:waiting", 1}, {"involves:me", 1}, {"-project:DEV", 1},
		} {
			page, err := w.Issues(t.Context(), &rita, tracker.IssueFilter{Query: tc.query})
			if err != nil || len(page.Items) != tc.want {
				t.Errorf("search %q finds %d (%v), want %d", tc.query, len(page.Items), err, tc.want)
			}
		}
		if page, err := w.Issues(t.Context(), &rita, tracker.IssueFilter{Triage: true}); err != nil || len(page.Items) != 0 {
			t.Errorf("triage shows %d (%v), want nothing", len(page.Items), err)
		}
		if n, err := w.Waiting(t.Context(), &rita, 9); err != nil || n != 0 {
			t.Errorf("%d (%v) wait in triage, want none", n, err)
		}
		title := "Changed"
		for _, tc := range []struct {
			do   string
			act  func(number int64) error
			want [2]string // The own issue, a foreign one.
		}{
			{"see", func(n int64) error { _, err := w.Issue(t.Context(), &rita, n); return err }, [2]string{"yes", "hidden"}},
			{"see the thread", func(n int64) error { _, err := w.ShowIssue(t.Context(), &rita, n); return err }, [2]string{"yes", "hidden"}},
			{"comment", func(n int64) error {
				_, err := w.Comment(t.Context(), &rita, n, tracker.CommentDraft{Body: "x"})
				return err
			}, [2]string{"yes", "hidden"}},
			{"write a note", func(n int64) error {
				_, err := w.Comment(t.Context(), &rita, n, tracker.CommentDraft{Body: "x", Internal: true})
				return err
			}, [2]string{"no", "hidden"}},
			{"change", func(n int64) error {
				_, err := w.UpdateIssue(t.Context(), &rita, n, 0, tracker.IssuePatch{Title: &title})
				return err
			}, [2]string{"no", "hidden"}},
			{"merge", func(n int64) error { return w.Merge(t.Context(), &rita, n, foreign.Number) }, [2]string{"no", "no"}},
			{"link", func(n int64) error { return w.AddLink(t.Context(), &rita, n, 3, models.LinkRelates) }, [2]string{"no", "hidden"}},
			{"watch", func(n int64) error { return w.Watch(t.Context(), &rita, n) }, [2]string{"yes", "hidden"}},
			{"split", func(n int64) error { _, err := w.Split(t.Context(), &rita, n, note.ID, "x"); return err }, [2]string{"no", "hidden"}},
		} {
			for i, n := range []int64{own.Number, foreign.Number} {
				if got := verdict(tc.act(n)); got != tc.want[i] {
					t.Errorf("%s #%d: %s, want %s", tc.do, n, got, tc.want[i])
				}
			}
		}
		_, err = w.OpenIssue(t.Context(), &rita, tracker.IssueDraft{ProjectKey: "SUP", Title: "x", Assignee: "member"})
		if got, want := codes(t, err), "assignee E-REPORTER-01"; got != want {
			t.Errorf("open with an assignee: %s, want %s", got, want)
		}
		_, err = w.UpdateIssue(t.Context(), &w.boss, own.Number, 0, tracker.IssuePatch{Assignee: ptr("rita")})
		if got, want := codes(t, err), "assignee E-MEMBER-01"; got != want {
			t.Errorf("assign to a reporter: %s, want %s", got, want)
		}
	})
}

func ptr[T any](v T) *T { return &v }
