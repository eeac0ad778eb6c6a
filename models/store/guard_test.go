package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"letterbox/internal/testdb"
	"letterbox/models/store"
)

// Of those who have read the same and write at once, one writes; the others are told by their check.
func TestGuardedTransactionsSeeEachOther(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		errChanged := errors.New("changed")
		must(t, s.SetSetting(t.Context(), "guarded", "0"))
		const many = 4
		var together, done sync.WaitGroup
		together.Add(many)
		errs := make([]error, many)
		for i := range many {
			done.Go(func() {
				var first sync.Once
				ctx := s.Guarded(t.Context(), func(ctx context.Context) error {
					got, err := s.Setting(ctx, "guarded")
					if err != nil {
						return err
					}
					if !s.Exclusive() { // All have read before one writes.
						first.Do(func() { together.Done(); together.Wait() })
					}
					if got != "0" {
						return errChanged
					}
					return nil
				})
				errs[i] = s.SetSetting(ctx, "guarded", string(rune('1'+i)))
			})
		}
		done.Wait()
		wrote := 0
		for _, err := range errs {
			if err == nil {
				wrote++
			} else if !errors.Is(err, errChanged) {
				t.Errorf("a guarded write = %v, want none or that it has changed", err)
			}
		}
		if wrote != 1 {
			t.Errorf("%d of %d have written, want 1: %v", wrote, many, errs)
		}
	})
}

func TestGuardHoldsForOneTransaction(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		checks, errNo := 0, errors.New("no")
		ctx := s.Guarded(t.Context(), func(context.Context) error {
			if checks++; checks == 1 {
				return errNo
			}
			return nil
		})
		want(t, "a check that fails", s.SetSetting(ctx, "a", "1"), errNo)
		must(t, s.SetSetting(ctx, "a", "2"), s.SetSetting(ctx, "a", "3"))
		if checks != 2 {
			t.Errorf("checked %d times, want twice", checks)
		}
	})
}
