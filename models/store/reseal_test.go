package store_test

import (
	"errors"
	"testing"

	"letterbox/internal/testdb"
	"letterbox/models/store"
)

func TestSealingAnewIsAllOrNothing(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		if err := s.SetSetting(ctx, "reply_keys", "old"); err != nil {
			t.Fatal(err)
		}
		if err := s.SetSetting(ctx, "else", "old"); err != nil {
			t.Fatal(err)
		}
		refuse := errors.New("refused")
		if _, err := s.Reseal(ctx, func(store.Sealed) (string, error) { return "new", refuse }); !errors.Is(err, refuse) {
			t.Errorf("Reseal = %v, want that it is refused", err)
		}
		if got, err := s.Setting(ctx, "reply_keys"); err != nil || got != "old" {
			t.Errorf("after a refusal: %q, %v, want old", got, err)
		}
		n, err := s.Reseal(ctx, func(one store.Sealed) (string, error) { return one.Text + " " + one.Row, nil })
		if err != nil || n != 1 {
			t.Errorf("Reseal = %d, %v, want 1", n, err)
		}
		for name, want := range map[string]string{"reply_keys": "old reply_keys", "else": "old"} {
			if got, err := s.Setting(ctx, name); err != nil || got != want {
				t.Errorf("%s = %q, %v, want %q", name, got, err, want)
			}
		}
	})
}
