package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestSharedScriptsAreVersioned(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx, at := t.Context(), time.Now().UTC().Truncate(time.Millisecond)
		one := models.SharedScript{Name: "Störung", Folded: "störung", Source: "1", Everyone: true, Action: "shared_script.create", CreatedAt: at}
		must(t, s.CreateSharedScript(ctx, &one))
		again := one
		if err := s.CreateSharedScript(ctx, &again); !errors.Is(err, models.ErrConflict) {
			t.Errorf("a second script of that name = %v, want a conflict", err)
		}
		other := models.SharedScript{Name: "Alarm", Folded: "alarm", Source: "a", CreatedAt: at}
		must(t, s.CreateSharedScript(ctx, &other))
		next := one
		next.Version, next.Source, next.OnFailure, next.Everyone, next.Action = 2, "2", "go_on", false, "shared_script.import"
		must(t, s.ChangeSharedScript(ctx, next))
		if err := s.ChangeSharedScript(ctx, next); !errors.Is(err, models.ErrConflict) {
			t.Errorf("a change of what is not in force any more = %v, want a conflict", err)
		}
		list, err := s.SharedScripts(ctx)
		must(t, err)
		if diff := cmp.Diff(list, []models.SharedScript{other, next}); diff != "" {
			t.Errorf("in force (-got +want):\n%s", diff)
		}
		list, err = s.SharedScriptsNamed(ctx, []string{"störung", "gone"})
		must(t, err)
		if diff := cmp.Diff(list, []models.SharedScript{next}); diff != "" {
			t.Errorf("by name (-got +want):\n%s", diff)
		}
		list, err = s.SharedScriptVersions(ctx, one.ID)
		must(t, err)
		if diff := cmp.Diff(list, []models.SharedScript{next, one}); diff != "" {
			t.Errorf("versions (-got +want):\n%s", diff)
		}
		if got, err := s.SharedScriptVersion(ctx, one.ID, 1); err != nil || got.Source != "1" {
			t.Errorf("version 1 = %+v, %v", got, err)
		}
		must(t, s.DeleteSharedScript(ctx, one.ID))
		if _, err := s.SharedScript(ctx, one.ID); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("a script that was removed: %v", err)
		}
		if err := s.DeleteSharedScript(ctx, one.ID); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("removed twice: %v", err)
		}
	})
}
