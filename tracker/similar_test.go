package tracker_test

import (
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

func TestTitleFindsSimilarOpenIssues(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		printer := w.open(t, &w.member, "Printer on floor three burns")
		w.open(t, &w.member, "Printer paper is empty")
		closed := w.open(t, &w.member, "Printer on floor three burned")
		setClosed(t, w, closed.Number)
		for title, want := range map[string][]int64{
			"the printer burns again on floor 3": {printer.Number}, "New coffee machine": nil, "": nil, "paper": {printer.Number + 1},
		} {
			got, err := w.Similar(t.Context(), &w.member, "SUP", title)
			if err != nil || len(got) != len(want) || len(want) > 0 && got[0].Number != want[0] {
				t.Errorf("%q: %d issues (%v), want %v", title, len(got), err, want)
			}
		}
		if _, err := w.Similar(t.Context(), &w.stranger, "SUP", "printer burns"); err == nil {
			t.Error("somebody of another project is shown issues of this one")
		}
	})
}

func TestIssuesAlikeOneAreOfAllProjectsAndOfTheSameCustomerFirst(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first := w.open(t, &w.member, "Printer on floor three burns")
		paper := w.open(t, &w.member, "Printer paper is empty")
		closed := w.open(t, &w.member, "Printer on floor three burned")
		setClosed(t, w, closed.Number)
		again := w.open(t, &w.member, "The printer burns")
		got, err := w.Alike(t.Context(), &w.member, again.Number)
		if err != nil || len(got) != 2 || got[0].Number != first.Number || got[1].Number != paper.Number {
			t.Errorf("%d issues alike (%v), want %d and, because the same person wrote it, %d", len(got), err, first.Number, paper.Number)
		}
		if _, err := w.Alike(t.Context(), &w.stranger, again.Number); err == nil {
			t.Error("somebody of another project is shown issues of this one")
		}
	})
}

func setClosed(t *testing.T, w *world, number int64) {
	t.Helper()
	state := models.IssueClosed
	if _, err := w.UpdateIssue(t.Context(), &w.member, number, 0, tracker.IssuePatch{State: &state}); err != nil {
		t.Fatal(err)
	}
}
