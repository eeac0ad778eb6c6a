package store_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestTransactionHasAllOrNothing(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx, boom := t.Context(), errors.New("boom")
		if s.InTx(ctx) {
			t.Error("InTx outside: got true, want false")
		}
		err := s.WithTx(ctx, func(ctx context.Context) error {
			if !s.InTx(ctx) {
				t.Error("InTx inside: got false, want true")
			}
			must(t, s.SetSetting(ctx, "a", "1"))
			return s.WithTx(ctx, func(ctx context.Context) error { // Joins.
				must(t, s.SetSetting(ctx, "b", "1"))
				if got, err := s.Setting(ctx, "a"); got != "1" || err != nil {
					t.Errorf("own write: got %q, %v, want it visible", got, err)
				}
				return boom
			})
		})
		want(t, "WithTx", err, boom)
		for _, name := range []string{"a", "b"} {
			_, err := s.Setting(ctx, name)
			want(t, name, err, models.ErrNotFound)
		}
	})
}

func TestTransactionRollsBackOnPanic(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		func() {
			defer func() { _ = recover() }()
			_ = s.WithTx(t.Context(), func(ctx context.Context) error {
				must(t, s.SetSetting(ctx, "a", "1"))
				panic("boom")
			})
		}()
		_, err := s.Setting(t.Context(), "a")
		want(t, "after panic", err, models.ErrNotFound)
		must(t, s.SetSetting(t.Context(), "a", "2"))
	})
}

func TestTransactionEndsWithItsContext(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.WithTx(ctx, func(ctx context.Context) error {
			must(t, s.SetSetting(ctx, "a", "1"))
			cancel()
			return nil
		})
		want(t, "cancelled before commit", err, context.Canceled)
		_, err = s.Setting(t.Context(), "a")
		want(t, "read after it", err, models.ErrNotFound)
		must(t, s.SetSetting(t.Context(), "a", "2"))
	})
}

func TestContextOfAnEndedTransactionIsRefused(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		var leaked context.Context
		must(t, s.WithTx(t.Context(), func(ctx context.Context) error {
			leaked = ctx
			return nil
		}))
		if err := s.SetSetting(leaked, "a", "1"); err == nil {
			t.Error("write with the context of an ended transaction: got no error, want one")
		}
	})
}

func TestConflictInsideATransactionLeavesItUsable(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		base(t, s)
		must(t, s.WithTx(t.Context(), func(ctx context.Context) error {
			err := s.CreateProject(ctx, &models.Project{Key: "SUP", Name: "again"})
			want(t, "same key", err, models.ErrConflict)
			return s.CreateProject(ctx, &models.Project{Key: "DEV", Name: "other"})
		}))
		list, err := s.Projects(t.Context())
		must(t, err)
		if len(list) != 2 {
			t.Errorf("projects: got %d, want 2", len(list))
		}
	})
}

func TestWriterWaitsForItsTurnAndGivesUpWithItsContext(t *testing.T) {
	s := testdb.Open(t)
	must(t, s.WithTx(t.Context(), func(context.Context) error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		want(t, "write beside a transaction", s.SetSetting(ctx, "a", "1"), context.DeadlineExceeded)
		if _, err := s.Setting(t.Context(), "a"); !errors.Is(err, models.ErrNotFound) {
			t.Errorf("read beside a transaction: got %v, want ErrNotFound at once", err)
		}
		return nil
	}))
}

// Were the connection kept, the transaction that began without an answer would be in the way of all others for ever.
func TestTransactionThatBeganWithoutAnAnswerIsInNobodysWay(t *testing.T) {
	s, _ := testdb.OpenFaulty(t, testdb.Template(t))
	lost := errors.New("connection reset by peer")
	ctx := testdb.WithFault(t.Context(), func(query string) (before, after error) {
		if query == "BEGIN IMMEDIATE" {
			return nil, lost
		}
		return nil, nil
	})
	err := s.SetSetting(ctx, "a", "1")
	want(t, "without an answer", err, lost)
	if !store.Unavailable(err) {
		t.Errorf("%v counts against what was to be written, want it to concern the database", err)
	}
	must(t, s.SetSetting(t.Context(), "a", "2"))
}

func TestIssueNumbersHaveNoGapsAndNoDoubles(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		if _, err := s.NextIssueNumber(t.Context()); err == nil {
			t.Error("outside of a transaction: got no error, want one")
		}
		const workers, each = 8, 10
		var mu sync.Mutex
		seen := map[int64]int{}
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for i := range each {
					var n int64
					err := s.WithTx(t.Context(), func(ctx context.Context) (err error) {
						n, err = s.NextIssueNumber(ctx)
						return err
					})
					if err != nil {
						t.Error(err)
					}
					if i == 0 { // A number whose transaction fails comes again.
						_ = s.WithTx(t.Context(), func(ctx context.Context) error {
							_, _ = s.NextIssueNumber(ctx)
							return errors.New("undo")
						})
					}
					mu.Lock()
					seen[n]++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for n := int64(1); n <= workers*each; n++ {
			if seen[n] != 1 {
				t.Errorf("number %d: given %d times, want once", n, seen[n])
			}
		}
	})
}

func TestDeadlockedTransactionIsRepeated(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.SetSetting(ctx, "a", ""), s.SetSetting(ctx, "b", ""))
		var wg sync.WaitGroup
		for _, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
			wg.Go(func() {
				for range 20 {
					err := s.WithTx(ctx, func(ctx context.Context) error {
						if err := s.SetSetting(ctx, order[0], "x"); err != nil {
							return err
						}
						return s.SetSetting(ctx, order[1], "x")
					})
					if err != nil {
						t.Errorf("crossing writers: got %v, want the loser to be repeated", err)
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestSavepointUndoesOnePieceAndTheTransactionGoesOn(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		failed := errors.New("failed")
		err := s.WithTx(t.Context(), func(ctx context.Context) error {
			for i, key := range []string{"A", "B", "C"} {
				err := s.WithSavepoint(ctx, func(ctx context.Context) error {
					if err := s.CreateProject(ctx, &models.Project{Key: key, Name: key}); err != nil || i != 1 {
						return err
					}
					return failed
				})
				if want := i == 1; errors.Is(err, failed) != want {
					t.Errorf("piece %s: got %v, want its own error: %t", key, err, want)
				}
				if errors.Is(err, store.ErrNoSavepoint) == s.Exclusive() && i == 1 {
					t.Errorf("piece %s: got %v; a server has no savepoint, and SQLite has one", key, err)
				}
				if errors.Is(err, store.ErrNoSavepoint) {
					if err := s.CreateProject(ctx, &models.Project{Key: "D", Name: "D"}); err == nil {
						t.Error("a statement after the end of the transaction succeeds, want an error")
					}
					return nil // The transaction must not be committed all the same.
				}
			}
			return nil
		})
		want := []string{"A", "C"}
		if !s.Exclusive() {
			want = nil
		}
		if (err == nil) != s.Exclusive() {
			t.Errorf("transaction: got %v", err)
		}
		var got []string
		for _, key := range []string{"A", "B", "C", "D"} {
			if _, err := s.ProjectByKey(t.Context(), key); err == nil {
				got = append(got, key)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if err := s.WithSavepoint(t.Context(), func(context.Context) error { return nil }); err == nil {
			t.Error("a savepoint outside of a transaction is made, want an error")
		}
	})
}

// What a transaction has read once it need not read again, unless it has written there, or undone what it wrote.
func TestTransactionRemembersWhatIsTrue(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		if err := s.SetSetting(t.Context(), "colour", "red"); err != nil {
			t.Fatal(err)
		}
		var got []string
		look := func(ctx context.Context) {
			v, err := s.Setting(ctx, "colour")
			if err != nil {
				t.Error(err)
			}
			got = append(got, v)
		}
		want, failed := []string{"red", "red", "green"}, errors.New("failed")
		err := s.WithTx(t.Context(), func(ctx context.Context) error {
			look(ctx)
			look(ctx)
			return s.WithSavepoint(ctx, func(ctx context.Context) error {
				err := s.SetSetting(ctx, "colour", "green")
				look(ctx)
				return err
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if s.Exclusive() { // A server has no savepoint to go back to.
			want = append(want, "blue", "green")
			err := s.WithTx(t.Context(), func(ctx context.Context) error {
				_ = s.WithSavepoint(ctx, func(ctx context.Context) error {
					err := s.SetSetting(ctx, "colour", "blue")
					look(ctx)
					return errors.Join(failed, err)
				})
				look(ctx)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}
