package tracker_test

import (
	"slices"
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

func stateDrafts() []tracker.ValueDraft {
	return []tracker.ValueDraft{
		{Name: "Reported", Base: "new"}, {Name: "In the workshop", Base: "open", Colour: "warn"}, {Name: "Parts ordered", Base: "open"}, {Name: "Done", Base: "closed"},
	}
}

func TestProjectNamesItsStates(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sup := w.sup.ID
		set := func(drafts []tracker.ValueDraft, moveTo string) error {
			return w.SetValues(t.Context(), &w.boss, sup, models.ValueState, drafts, moveTo)
		}
		old := w.open(t, &w.member, "Old")
		waiting := models.IssueWaiting
		if _, err := w.UpdateIssue(t.Context(), &w.member, old.Number, 0, tracker.IssuePatch{State: &waiting}); err != nil {
			t.Fatal(err)
		}
		if err := set(stateDrafts(), ""); err != nil {
			t.Fatal(err)
		}
		word := func(number int64) string {
			i, err := w.Issue(t.Context(), &w.member, number)
			if err != nil {
				t.Fatal(err)
			}
			return i.StateWord().Name + "/" + string(i.State)
		}
		if got, want := word(old.Number), "In the workshop/waiting"; got != want {
			t.Errorf("an issue of before is %s, want %s: the nearest", got, want)
		}
		ordered := models.IssueState("parts ORDERED")
		if _, err := w.UpdateIssue(t.Context(), &w.member, old.Number, 0, tracker.IssuePatch{State: &ordered}); err != nil {
			t.Fatal(err)
		}
		if got, want := word(old.Number), "Parts ordered/open"; got != want {
			t.Errorf("set by name it is %s, want %s", got, want)
		}
		fresh, err := w.OpenIssue(t.Context(), &w.member, tracker.IssueDraft{ProjectKey: "SUP", Title: "New", State: "In the workshop"})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := word(fresh.Number), "In the workshop/open"; got != want {
			t.Errorf("a new one is %s, want %s", got, want)
		}
		find := func(query, project string) []int64 {
			page, err := w.Issues(t.Context(), &w.member, tracker.IssueFilter{Query: query, ProjectKey: project})
			if err != nil {
				t.Errorf("%s: %v", query, err)
			}
			var got []int64
			for _, i := range page.Items {
				got = append(got, i.Number)
			}
			return got
		}
		for _, tc := range []struct {
			query string
			want  []int64
		}{
			{`state:"Parts ordered"`, []int64{old.Number}}, {`-state:"parts ordered"`, []int64{fresh.Number}},
			{`status:"in the workshop"`, []int64{fresh.Number}}, {"is:open", []int64{fresh.Number, old.Number}}, {"state:Done", nil},
		} {
			if got := find(tc.query, "SUP"); !slices.Equal(got, tc.want) {
				t.Errorf("%s finds %v, want %v", tc.query, got, tc.want)
			}
		}
		if _, err := w.Issues(t.Context(), &w.stranger, tracker.IssueFilter{Query: `state:"Parts ordered"`}); codes(t, err) != "q E-QUERY-01" {
			t.Errorf("somebody of another project: %v, want that there is no such state", err)
		}
		history, err := w.History(t.Context(), &w.member, old.Number)
		if last := history[len(history)-1]; err != nil || last.Was != "In the workshop" || last.Became != "Parts ordered" {
			t.Errorf("the history says %s -> %s (%v)", last.Was, last.Became, err)
		}

		values, err := w.Values(t.Context(), &w.member, sup)
		if err != nil {
			t.Fatal(err)
		}
		var drafts []tracker.ValueDraft
		for _, v := range values.States {
			drafts = append(drafts, tracker.ValueDraft{ID: v.ID, Name: v.Name, Base: v.Base, Colour: v.Colour})
		}
		drafts[1].Name = "On the bench" // Renamed: its issues follow.
		if err := set(slices.Delete(drafts, 2, 3), "Done"); err != nil {
			t.Fatal(err)
		}
		if got, want := word(fresh.Number)+" "+word(old.Number), "On the bench/open Done/closed"; got != want {
			t.Errorf("after renaming and removing they are %s, want %s", got, want)
		}
		if i, _ := w.Issue(t.Context(), &w.member, old.Number); i.ClosedAt == nil {
			t.Error("what was moved to a closed state is not closed")
		}
		if err := set(nil, ""); err != nil {
			t.Fatal(err)
		}
		if got, want := word(fresh.Number)+" "+word(old.Number), "/open /closed"; got != want {
			t.Errorf("with the usual ones again they are %s, want %s", got, want)
		}
	})
}

func TestIssueKeepsWhatItsStateCountsAsInAnotherProject(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if err := w.SetValues(t.Context(), &w.admin, w.sup.ID, models.ValueState, stateDrafts(), ""); err != nil {
			t.Fatal(err)
		}
		i, err := w.OpenIssue(t.Context(), &w.admin, tracker.IssueDraft{ProjectKey: "SUP", Title: "Moves", State: "Parts ordered"})
		if err != nil {
			t.Fatal(err)
		}
		key := w.dev.Key
		moved, err := w.UpdateIssue(t.Context(), &w.admin, i.Number, 0, tracker.IssuePatch{ProjectKey: &key})
		if err != nil || moved.StateID != nil || moved.State != models.IssueOpen {
			t.Errorf("moved it is %v %s (%v), want open", moved.StateID, moved.State, err)
		}
	})
}

func TestProjectNamesItsPriorities(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		drafts := []tracker.ValueDraft{{Name: "Red", Base: "urgent", Colour: "bad"}, {Name: "Amber", Base: "high"}, {Name: "Green", Base: "normal"}}
		if err := w.SetValues(t.Context(), &w.boss, w.sup.ID, models.ValuePriority, drafts, ""); err != nil {
			t.Fatal(err)
		}
		i, err := w.OpenIssue(t.Context(), &w.member, tracker.IssueDraft{ProjectKey: "SUP", Title: "Fire", Priority: "red"})
		if err != nil || i.PriorityWord().Name != "Red" || i.Priority != models.PriorityUrgent {
			t.Fatalf("it is %+v (%v), want Red, which is urgent", i.PriorityWord(), err)
		}
		calm := w.open(t, &w.member, "Calm")
		for query, want := range map[string]int64{"priority:Red": i.Number, "prio:urgent": i.Number, "priority:Green": calm.Number} {
			if page, err := w.Issues(t.Context(), &w.member, tracker.IssueFilter{Query: query}); err != nil || len(page.Items) != 1 || page.Items[0].Number != want {
				t.Errorf("%s finds %d issues (%v), want #%d", query, len(page.Items), err, want)
			}
		}
	})
}

func TestStatesThatCannotBeAreRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) { refusedStates(t, w) })
}

func refusedStates(t *testing.T, w *world) {
	t.Helper()
	for want, drafts := range map[string][]tracker.ValueDraft{
		"base E-VALUE-08":   {{Name: "Only", Base: "open"}},
		"name E-VALUE-03":   {{Name: "closed", Base: "open"}, {Name: "Ende", Base: "closed"}},
		"name E-VALUE-04":   {{Name: "A", Base: "open"}, {Name: "a", Base: "closed"}},
		"name E-VALUE-01":   {{Name: `a"b`, Base: "open"}, {Name: "b", Base: "closed"}},
		"base E-VALUE-02":   {{Name: "a", Base: "urgent"}, {Name: "b", Base: "closed"}},
		"colour E-VALUE-07": {{Name: "a", Base: "open", Colour: "#f00"}, {Name: "b", Base: "closed"}},
	} {
		if got := codes(t, w.SetValues(t.Context(), &w.boss, w.sup.ID, models.ValueState, drafts, "")); got != want {
			t.Errorf("%+v: %s, want %s", drafts, got, want)
		}
	}
	if err := w.SetValues(t.Context(), &w.member, w.sup.ID, models.ValueState, stateDrafts(), ""); err == nil {
		t.Error("a member who does not configure the project may change its states")
	}
}
