package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestLeaseHasOneHolderAndGrowingEpochs(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		acquire := func(holder string, ttl time.Duration, wantEpoch int64, wantOK bool) {
			t.Helper()
			epoch, ok, err := s.AcquireLease(ctx, "inbox:1", holder, ttl)
			must(t, err)
			if epoch != wantEpoch || ok != wantOK {
				t.Errorf("acquire for %s: got epoch %d, %v, want %d, %v", holder, epoch, ok, wantEpoch, wantOK)
			}
		}
		acquire("a", time.Minute, 1, true)
		acquire("b", time.Minute, 0, false)
		acquire("a", time.Minute, 2, true)
		if ok, err := s.RenewLease(ctx, "inbox:1", "a", 1, time.Minute); ok || err != nil {
			t.Errorf("renew an old epoch: got %v, %v, want false", ok, err)
		}
		if ok, err := s.RenewLease(ctx, "inbox:1", "a", 2, -time.Second); !ok || err != nil {
			t.Errorf("renew: got %v, %v, want true", ok, err)
		}
		acquire("b", time.Minute, 3, true) // It had run out.
		must(t, s.ReleaseLease(ctx, "inbox:1", "a", 2))
		acquire("c", time.Minute, 0, false)
		must(t, s.ReleaseLease(ctx, "inbox:1", "b", 3))
		acquire("c", time.Minute, 4, true)
		must(t, s.EndLeasesOf(ctx, "b")) // It has none any more.
		acquire("d", time.Minute, 0, false)
		must(t, s.EndLeasesOf(ctx, "c"))
		acquire("d", time.Minute, 5, true)
	})
}

func TestFencedTransactionHasNoEffect(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		epoch, _, err := s.AcquireLease(ctx, "inbox:1", "a", -time.Second)
		must(t, err)
		effect := func(name string) error {
			return s.WithTx(ctx, func(ctx context.Context) error {
				if err := s.SetSetting(ctx, name, "x"); err != nil {
					return err
				}
				return s.HoldLease(ctx, "inbox:1", epoch)
			})
		}
		must(t, effect("held"))
		_, _, err = s.AcquireLease(ctx, "inbox:1", "b", time.Minute)
		must(t, err)
		want(t, "after somebody else took it", effect("lost"), models.ErrFenced)
		_, err = s.Setting(ctx, "lost")
		want(t, "its effect", err, models.ErrNotFound)
		want(t, "a lease that never was", s.HoldLease(ctx, "inbox:2", 0), models.ErrFenced)
	})
}

func TestManyWantTheSameLeaseAndOneGetsIt(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		var got atomic.Int32
		var wg sync.WaitGroup
		for n := range 8 {
			wg.Go(func() {
				_, ok, err := s.AcquireLease(t.Context(), "inbox:1", string(rune('a'+n)), time.Minute)
				if err != nil {
					t.Error(err)
				}
				if ok {
					got.Add(1)
				}
			})
		}
		wg.Wait()
		if got.Load() != 1 {
			t.Errorf("holders: got %d, want 1", got.Load())
		}
	})
}

func TestLeasesOfAHolderAreRenewedTogether(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		for _, l := range []struct {
			name, holder string
			ttl          time.Duration
		}{{"one", "a", time.Minute}, {"two", "a", time.Minute}, {"three", "b", time.Minute}, {"four", "a", time.Minute}} {
			if _, ok, err := s.AcquireLease(t.Context(), l.name, l.holder, l.ttl); !ok || err != nil {
				t.Fatal(l.name, ok, err)
			}
		}
		must(t, s.ReleaseLease(t.Context(), "four", "a", 1))
		got, err := s.RenewLeases(t.Context(), "a", []string{"one", "two", "three"}, time.Hour)
		if diff := cmp.Diff(map[string]int64{"one": 1, "two": 1}, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		if _, ok, err := s.AcquireLease(t.Context(), "four", "b", time.Minute); !ok || err != nil {
			t.Errorf("a lease that was given back is free: %t, %v, want true", ok, err)
		}
		if _, ok, err := s.AcquireLease(t.Context(), "one", "b", time.Minute); ok || err != nil {
			t.Errorf("a lease that was renewed is free: %t, %v, want false", ok, err)
		}
	})
}

func TestLeasesOfOthersAreThoseThatHaveNotRunOut(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		for _, l := range []struct {
			name, holder string
			ttl          time.Duration
		}{
			{"process:a", "a", time.Minute}, {"process:b", "b", time.Minute}, {"process:old", "c", -time.Hour}, {"process:just", "d", -time.Second},
			{"inbox:1", "a", time.Minute}, {"inbox:2", "b", time.Minute}, {"inbox:3", "b", -time.Hour},
		} {
			_, _, err := s.AcquireLease(ctx, l.name, l.holder, l.ttl)
			must(t, err)
		}
		got, err := s.LeasesOfOthers(ctx, "a")
		must(t, err)
		if diff := cmp.Diff(map[string]bool{"process:b": true, "inbox:2": true}, got); diff != "" {
			t.Error(diff)
		}
		must(t, s.DeleteLeases(ctx, "process:", 30*time.Minute))
		for name, want := range map[string]int64{"process:old": 1, "process:just": 2, "inbox:3": 2} { // What is gone begins anew.
			if epoch, _, err := s.AcquireLease(ctx, name, "e", time.Minute); epoch != want || err != nil {
				t.Errorf("%s: got epoch %d, %v, want %d", name, epoch, err, want)
			}
		}
	})
}
