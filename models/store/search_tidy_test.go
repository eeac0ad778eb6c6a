package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// Words of texts that are gone leave the index with the next whole run.
func TestIndexForgetsWhatWasDeleted(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, u := base(t, s)
		i := &models.Issue{ProjectID: p.ID, Title: "Printer", State: models.IssueOpen, ReporterID: u.ID}
		must(t, s.CreateIssue(ctx, i), s.IndexText(ctx, i.Number, 0, i.Title))
		c := &models.Comment{IssueNumber: i.Number, AuthorID: u.ID, Body: "secret unicorn"}
		must(t, s.CreateComment(ctx, c), s.IndexText(ctx, i.Number, c.ID, c.Body), s.TidySearch(ctx, true))
		for _, step := range []struct {
			do   func() error
			rows int64
			want []int64
		}{
			{func() error { return nil }, 3, []int64{1}},
			{func() error {
				return s.WithTx(ctx, func(ctx context.Context) error {
					must(t, s.DropComment(ctx, c.ID), s.UnindexText(ctx, i.Number, c.ID))
					return nil
				})
			}, 3, []int64{}},
			{func() error { return s.TidySearch(ctx, false) }, 3, []int64{}},
			{func() error { return s.TidySearch(ctx, true) }, 1, []int64{}},
		} {
			must(t, step.do())
			rows, err := s.IndexRows(ctx, "search_words")
			must(t, err)
			if d := cmp.Diff(numbers(t, s, store.IssueQuery{Text: "unicorn", Internal: true}), step.want); d != "" || rows != step.rows {
				t.Errorf("got %d words in the index, want %d; found (-got +want):\n%s", rows, step.rows, d)
			}
		}
		fresh, err := s.IndexRows(ctx, "search_fresh")
		must(t, err)
		if fresh != 0 {
			t.Errorf("got %d new texts, want none", fresh)
		}
	})
}

// A database from before the index is filled part by part, by several processes at once, while others write; whoever is
// interrupted leaves what it has done. Searches are right all the time.
func TestIndexIsFilledWhileOthersWrite(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		s.SmallLimits()
		s.RoomyIndex()
		p, u := base(t, s)
		add := func(ctx context.Context, n int64, indexed bool) {
			i := &models.Issue{ProjectID: p.ID, Title: fmt.Sprintf("printer w%03d", n%30), State: models.IssueOpen, ReporterID: u.ID}
			must(t, s.CreateIssue(ctx, i))
			if indexed {
				must(t, s.IndexText(ctx, i.Number, 0, i.Title))
			}
		}
		must(t, s.WithTx(t.Context(), func(ctx context.Context) error {
			for n := range int64(600) {
				add(ctx, n, false)
			}
			return nil
		}))
		must(t, s.ForgetIndex(t.Context()), s.Migrate(t.Context()))
		interrupted, stop := context.WithCancel(t.Context())
		stop()
		if err := s.TidySearch(interrupted, true); err == nil {
			t.Error("an interrupted run says that it came to its end")
		}
		var g sync.WaitGroup
		for range 3 {
			g.Go(func() {
				if err := s.TidySearch(t.Context(), true); err != nil {
					t.Errorf("tidy: %v", err)
				}
			})
		}
		g.Go(func() {
			for n := range int64(30) {
				must(t, s.WithTx(t.Context(), func(ctx context.Context) error {
					add(ctx, n, true)
					return nil
				}))
			}
		})
		for _, text := range []string{"w003", "printer w017"} {
			if got := len(pages(t, s, store.IssueQuery{Text: text, Internal: true, Limit: 200})); got < 20 {
				t.Errorf("%s: got %d issues while the index is filled, want 20 at least", text, got)
			}
		}
		g.Wait()
		for _, whole := range []bool{false, true} {
			if got := len(pages(t, s, store.IssueQuery{Text: "printer w017", Internal: true, Limit: 200})); got != 21 {
				t.Errorf("got %d issues, want 21", got)
			}
			must(t, s.TidySearch(t.Context(), whole))
		}
		if got, err := s.Setting(t.Context(), "search.index"); err != nil || got != "done" {
			t.Errorf("got the index at %q, %v, want it done", got, err)
		}
	})
}
