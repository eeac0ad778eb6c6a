package tracker_test

import (
	"errors"
	"testing"
	"time"

	"letterbox/models"
	"letterbox/tracker"
)

func TestLastChangeNamesWhoAndWhen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		i := w.open(t, &w.member, "Printer")
		who, at, err := w.LastChange(t.Context(), &w.member, i.Number)
		if err != nil || who.ID != 0 || at.IsZero() {
			t.Errorf("before any change: %q at %v, %v; want nobody", who.Name, at, err)
		}
		closed := models.IssueClosed
		if _, err := w.UpdateIssue(t.Context(), &w.boss, i.Number, 0, tracker.IssuePatch{State: &closed}); err != nil {
			t.Fatal(err)
		}
		who, at, err = w.LastChange(t.Context(), &w.member, i.Number)
		if err != nil || who.ID != w.boss.ID || time.Since(at) > time.Minute {
			t.Errorf("after a change: %q at %v, %v; want %q now", who.Name, at, err, w.boss.Name)
		}
		// A comment that reopens the issue is a change of its author.
		if _, err := w.Comment(t.Context(), &w.member, i.Number, tracker.CommentDraft{Body: "Again", Reopen: true}); err != nil {
			t.Fatal(err)
		}
		if who, _, err = w.LastChange(t.Context(), &w.boss, i.Number); err != nil || who.ID != w.member.ID {
			t.Errorf("after reopening: %q, %v; want %q", who.Name, err, w.member.Name)
		}
		if _, _, err = w.LastChange(t.Context(), &w.stranger, i.Number); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("a stranger gets %v, want ErrNotFound", err)
		}
		if _, _, err = w.InboxChange(t.Context(), &w.member, models.Inbox{ID: 1, ProjectID: w.sup.ID}); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("a member asks for an inbox and gets %v, want ErrNotFound", err)
		}
	})
}
