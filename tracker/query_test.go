package tracker_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/models"
	"letterbox/tracker"
)

func TestQueryIsReadInBothLanguages(t *testing.T) {
	got := tracker.ParseQuery(`ist:offen drucker -label:"zwei Wörter" "genau so" foo:bar https://x.example/a:b Re:no`)
	want := tracker.Query{
		Terms: []tracker.Term{
			{Raw: "ist:offen", Field: "is", Value: "offen"},
			{Raw: `-label:"zwei Wörter"`, Field: "label", Value: "zwei Wörter", Not: true},
		},
		Text:    `drucker "genau so" foo:bar https://x.example/a:b Re:no`,
		Unknown: []string{"foo:", "Re:"},
	}
	if d := cmp.Diff(got, want); d != "" {
		t.Errorf("-got +want:\n%s", d)
	}
	if got, want := got.Without(0), `-label:"zwei Wörter" drucker "genau so" foo:bar https://x.example/a:b Re:no`; got != want {
		t.Errorf("without the first: got %q, want %q", got, want)
	}
}

func TestFiltersSelectIssues(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		yesterday, nextWeek := time.Now().UTC().AddDate(0, 0, -2).Format(time.DateOnly), time.Now().UTC().AddDate(0, 0, 5).Format(time.DateOnly)
		open := func(d tracker.IssueDraft) {
			t.Helper()
			d.ProjectKey = "SUP"
			if _, err := w.OpenIssue(ctx, &w.member, d); err != nil {
				t.Fatal(err)
			}
		}
		open(tracker.IssueDraft{Title: "Printer burns", Assignee: "member", Priority: "urgent", Labels: []string{"Hardware", "fire"}, Due: yesterday})
		open(tracker.IssueDraft{Title: "Paper order", State: models.IssueClosed, Labels: []string{"hardware"}, Due: nextWeek})
		open(tracker.IssueDraft{Title: "Question", Reporter: "anna@customer.example", Name: "Anna Berg", State: models.IssueWaiting})
		if _, err := w.OpenIssue(ctx, &w.stranger, tracker.IssueDraft{ProjectKey: "DEV", Title: "Hidden"}); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string][]int64{
			"":                                    {3, 2, 1},
			"is:open":                             {3, 1},
			"ist:geschlossen":                     {2},
			"is:all":                              {3, 2, 1},
			"-is:open":                            {2},
			"status:wartet":                       {3},
			"assignee:me":                         {1},
			"bearbeiter:ich ist:offen":            {1},
			"assignee:member":                     {1},
			"assignee:none":                       {3, 2},
			"assignee:boss":                       {}, // Who has none.
			"watcher:stranger":                    {},
			"ohne:bearbeiter":                     {3, 2},
			"is:unassigned is:open":               {3},
			"from:anna@customer.example":          {3},
			"von:@customer.example":               {3},
			"from:berg":                           {3},
			"-from:berg":                          {2, 1},
			"label:HARDWARE":                      {2, 1},
			"label:hardware label:fire":           {1},
			"etikett:hardware -etikett:fire":      {2},
			"no:label":                            {3},
			"label:unknown":                       {},
			"-label:unknown":                      {3, 2, 1},
			"project:sup":                         {3, 2, 1},
			"project:DEV":                         {},
			"-project:sup":                        {},
			"priority:urgent":                     {1},
			"priorität:dringend":                  {1},
			"updated:<7d":                         {3, 2, 1},
			"updated:>7d":                         {},
			"created:2020-01-01..2020-02-01":      {},
			"angelegt:heute":                      {3, 2, 1},
			"due:<7d":                             {2},
			"due:overdue":                         {1},
			"is:overdue":                          {1},
			"due:" + yesterday:                    {1},
			"has:due":                             {2, 1},
			"has:attachment":                      {},
			"watcher:me":                          {3, 2, 1},
			"involves:anna@customer.example":      {3},
			"inbox:support":                       {},
			"sort:oldest":                         {1, 2, 3},
			"sortierung:priorität":                {1, 3, 2},
			"print":                               {1},
			"print is:closed":                     {},
			"#2":                                  {2},
			"question from:anna@customer.example": {3},
		} {
			page, err := w.Issues(ctx, &w.member, tracker.IssueFilter{Query: query})
			if err != nil {
				t.Errorf("%q: %v", query, err)
				continue
			}
			got := []int64{}
			for _, row := range page.Items {
				got = append(got, row.Number)
			}
			if !slices.Equal(got, want) && !(query == "sortierung:priorität" && len(got) == 3 && got[0] == 1) {
				t.Errorf("%q: got %v, want %v", query, got, want)
			}
		}
		for _, query := range []string{"is:burning", "priority:12", "updated:soon", "due:2026-13-01", "has:cheese", "sort:random", "status:x"} {
			_, err := w.Issues(ctx, &w.member, tracker.IssueFilter{Query: query})
			if got := codes(t, err); got != "q E-QUERY-01" {
				t.Errorf("%q: got %s, want q E-QUERY-01", query, got)
			}
		}
	})
}

func TestChangesStandInTheHistory(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		i := w.open(t, &w.member, "Printer")
		state, who, level, due, labels := models.IssueWaiting, "boss", "high", "2026-12-24", []string{"b", "A", "a"}
		_, err := w.UpdateIssue(ctx, &w.member, i.Number, i.Version, tracker.IssuePatch{State: &state, Assignee: &who, Priority: &level, Due: &due, Labels: &labels})
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.History(ctx, &w.boss, i.Number)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, c := range got {
			lines = append(lines, string(c.Kind)+": "+c.WasName+" > "+c.BecameName+" by "+c.User.Name)
		}
		want := []string{
			"state: new > waiting by MEMBER", "priority: normal > high by MEMBER", "assignee:  > BOSS by MEMBER",
			"due:  > 2026-12-24 by MEMBER", "labels:  > A, b by MEMBER",
		}
		if d := cmp.Diff(lines, want); d != "" {
			t.Errorf("-got +want:\n%s", d)
		}
		if _, err := w.History(ctx, &w.stranger, i.Number); err == nil {
			t.Error("a stranger reads the history")
		}
		bad := []string{"x,y", ""}
		_, err = w.UpdateIssue(ctx, &w.member, i.Number, 0, tracker.IssuePatch{Labels: &bad, Priority: &who, Due: &who})
		if got, want := codes(t, err), "priority E-ISSUE-03, due E-ISSUE-04, labels E-LABEL-01"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestThoseConcernedAreToldOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		i := w.open(t, &w.member, "Printer")
		if err := w.Watch(ctx, &w.boss, i.Number); err != nil {
			t.Fatal(err)
		}
		say := func(text string, internal bool) {
			t.Helper()
			if _, err := w.Comment(ctx, &w.member, i.Number, tracker.CommentDraft{Body: text, Internal: internal}); err != nil {
				t.Fatal(err)
			}
		}
		say("Look, @admin and @stranger and @boss.", true)
		told := func(u *models.User) []string {
			t.Helper()
			list, _, err := w.Notices(ctx, u, false, 0, "")
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, n := range list {
				out = append(out, n.Event+" "+n.Reason)
			}
			return out
		}
		for _, c := range []struct {
			u    *models.User
			want []string
		}{{&w.boss, []string{"note mentioned"}}, {&w.admin, []string{"note mentioned"}}, {&w.stranger, nil}, {&w.member, nil}} {
			if d := cmp.Diff(told(c.u), c.want); d != "" {
				t.Errorf("%s (-got +want):\n%s", c.u.Name, d)
			}
		}
		if err := w.Mute(ctx, &w.boss, i.Number, true); err != nil {
			t.Fatal(err)
		}
		say("Again", false)
		who := "boss"
		if _, err := w.UpdateIssue(ctx, &w.member, i.Number, 0, tracker.IssuePatch{Assignee: &who}); err != nil {
			t.Fatal(err)
		}
		if n, err := w.Unread(ctx, &w.boss); err != nil || n != 1 {
			t.Errorf("unread: got %d (%v), want 1: the issue is muted", n, err)
		}
		if err := w.MarkRead(ctx, &w.boss, i.Number, 0); err != nil {
			t.Fatal(err)
		}
		if n, err := w.Unread(ctx, &w.boss); err != nil || n != 0 {
			t.Errorf("unread: got %d (%v), want 0", n, err)
		}
	})
}
