package tracker_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"letterbox/models"
	"letterbox/tracker"
)

// Both databases know a label that is there already, in any case, and a token that has ended.
func TestLabelsAreRenamedAndTokensEnd(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		project := w.sup.ID
		for _, name := range []string{"Roof", "Door"} {
			if err := w.store.CreateLabel(ctx, &models.Label{ProjectID: project, Name: name, Folded: strings.ToLower(name)}); err != nil {
				t.Fatal(err)
			}
		}
		all, err := w.Labels(ctx, &w.admin, project)
		if err != nil || len(all) != 2 {
			t.Fatalf("labels = %v, %v", all, err)
		}
		door := all[0].ID
		for name, want := range map[string]string{"ROOF": "labels E-LABEL-04", "": "labels E-LABEL-03", "a,b": "labels E-LABEL-01"} {
			if _, err := w.RenameLabel(ctx, &w.admin, project, door, name); codes(t, err) != want {
				t.Errorf("%q is refused with %v, want %s", name, err, want)
			}
		}
		if _, err := w.RenameLabel(ctx, &w.member, project, door, "Gate"); !errors.Is(err, models.ErrForbidden) {
			t.Errorf("a member renames: %v", err)
		}
		for _, name := range []string{"DOOR", "DOOR", "Gate"} {
			if l, err := w.RenameLabel(ctx, &w.admin, project, door, name); err != nil || l.Name != name || l.Folded != strings.ToLower(name) {
				t.Errorf("%q = %+v, %v", name, l, err)
			}
		}

		token, row, err := w.AddToken(ctx, &w.member, w.member.ID, tracker.TokenDraft{Name: "report", Days: 1, ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, held, err := w.TokenUser(ctx, token); err != nil || !held.ReadOnly || held.ExpiresAt == nil || !held.ExpiresAt.Equal(*row.ExpiresAt) {
			t.Errorf("the token is %+v, %v", held, err)
		}
		if err := w.store.DeleteToken(ctx, w.member.ID, row.ID); err != nil {
			t.Fatal(err)
		}
		past := time.Now().Add(-time.Second)
		row.ExpiresAt = &past
		if err := w.store.CreateToken(ctx, &row); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.TokenUser(ctx, token); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("a token that has ended: %v", err)
		}
	})
}
