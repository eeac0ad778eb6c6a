package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// written is what stands in an issue: its texts, and those that only people who work on it may read.
type written struct{ public, internal []string }

// has looks for a term the slow way: words that follow each other, the last of which may go on.
func has(text, term string) bool {
	words, wanted := strings.Fields(text), strings.Fields(term)
	last := len(wanted) - 1
	for at := 0; at+last < len(words); at++ {
		if slices.Equal(words[at:at+last], wanted[:last]) && strings.HasPrefix(words[at+last], wanted[last]) {
			return true
		}
	}
	return false
}

func (w written) matches(terms []string, internal bool) bool {
	texts := w.public
	if internal {
		texts = slices.Concat(texts, w.internal)
	}
	for _, term := range terms {
		if !slices.ContainsFunc(texts, func(text string) bool { return has(text, term) }) {
			return false
		}
	}
	return true
}

// Whichever way a search goes, and wherever its words stand by then, it finds in each order what the texts have, and
// nothing else: compared with looking into every text.
func TestSearchFindsWhatTheTextsHave(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		s.SmallLimits()
		r := rand.New(rand.NewPCG(7, 11))
		words := []string{"the", "printer", "burns", "in", "print", "room", "printing", "burner", "roof", "paper", "pap", "order", "ordinary", "no", "rare", "unicorn", "to", "papers"}
		zipf := rand.NewZipf(r, 1.3, 2, uint64(len(words)-1))
		text := func(n int) string {
			var out []string
			for range 1 + r.IntN(n) {
				out = append(out, words[zipf.Uint64()])
			}
			return strings.Join(out, " ")
		}
		term := func() string {
			w := words[r.IntN(len(words))]
			switch r.IntN(4) {
			case 0:
				return w[:1+r.IntN(len(w))]
			case 1:
				return text(3)
			}
			return w
		}
		there := fill(t, s, r, text)
		compare(t, s, r, "all new", there, term)
		must(t, s.TidySearch(t.Context(), true))
		compare(t, s, r, "all in the index", there, term)
		s.RoomyIndex()
		compare(t, s, r, "the index decides", there, term)
		change(t, s, r, text, there)
		compare(t, s, r, "changed", there, term)
		must(t, s.MergeFresh(t.Context()))
		compare(t, s, r, "changed, with old words in the index", there, term)
		must(t, s.TidySearch(t.Context(), true))
		compare(t, s, r, "made anew", there, term)
		must(t, s.ForgetIndex(t.Context()), s.Migrate(t.Context()))
		compare(t, s, r, "no index", there, term)
		must(t, s.TidySearch(t.Context(), false))
		compare(t, s, r, "filled", there, term)
	})
}

// compare makes random searches.
func compare(t *testing.T, s *store.Store, r *rand.Rand, when string, there map[int64]written, term func() string) {
	t.Helper()
	sorts := store.IssueSorts()
	for n := range 8 {
		var terms, box []string
		for range 1 + r.IntN(3) {
			one := term()
			terms, box = append(terms, one), append(box, `"`+one+`"`)
		}
		q := store.IssueQuery{Sort: sorts[r.IntN(len(sorts))], Internal: r.IntN(3) > 0, Limit: 8 + r.IntN(60)}
		switch r.IntN(4) {
		case 0:
			q.States = []models.IssueState{models.IssueNew, models.IssueOpen}
		case 1:
			q.ProjectIDs = []int64{2}
		case 2:
			q.Where = []store.Condition{{Field: store.ByPriority, IDs: []int64{1, 2}}}
		}
		want := []int64{}
		for _, number := range pages(t, s, q) {
			if there[number].matches(terms, q.Internal) {
				want = append(want, number)
			}
		}
		q.Text = strings.Join(box, " ")
		if d := cmp.Diff(pages(t, s, q), want); d != "" {
			t.Errorf("%s: search %d for %s in %+v (-got +want):\n%s", when, n, q.Text, q, d)
		}
	}
}

// change writes new texts into a third of the issues, and takes the comments from another.
func change(t *testing.T, s *store.Store, r *rand.Rand, text func(int) string, there map[int64]written) {
	t.Helper()
	must(t, s.WithTx(t.Context(), func(ctx context.Context) error {
		for number := range int64(80) {
			i, err := s.IssueByNumber(ctx, numbered(number))
			must(t, err)
			one := there[i.Number]
			switch number % 3 {
			case 0:
				i.Title, i.Description = text(4), text(8)
				must(t, s.UpdateIssue(ctx, &i, i.Version), s.ReindexText(ctx, i.Number, 0, i.Title, i.Description))
				one.public = slices.Concat([]string{i.Title, i.Description}, one.public[2:])
			case 1:
				comments, err := s.Comments(ctx, i.Number)
				must(t, err)
				for _, c := range comments {
					must(t, s.DropComment(ctx, c.ID), s.UnindexText(ctx, i.Number, c.ID))
				}
				one = written{public: one.public[:3]}
			}
			there[i.Number] = one
		}
		return nil
	}))
}

// numbered is the number of the n-th issue: they are in four parts of the index, which are searched side by side.
func numbered(n int64) int64 { return 1 + n + n/20*600 }

// fill writes 80 issues in two projects.
func fill(t *testing.T, s *store.Store, r *rand.Rand, text func(int) string) map[int64]written {
	t.Helper()
	p, u := base(t, s)
	other := &models.Project{Key: "OTHER", Name: "Other"}
	must(t, s.CreateProject(t.Context(), other))
	there, at := map[int64]written{}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	must(t, s.WithTx(t.Context(), func(ctx context.Context) error {
		clear(there)
		for n := range 80 {
			when := at.Add(time.Duration(r.IntN(20)) * time.Hour)
			i := &models.Issue{
				Number: numbered(int64(n)), ProjectID: []int64{p.ID, other.ID}[n%2], Title: text(4), Description: text(8), ReporterID: u.ID,
				State: models.IssueStates()[r.IntN(5)], Priority: models.Priority(r.IntN(4) - 1), CreatedAt: when, UpdatedAt: when,
			}
			if r.IntN(2) == 0 {
				i.DueOn = &when
			}
			must(t, s.CreateIssue(ctx, i), s.IndexText(ctx, i.Number, 0, i.Title, i.Description))
			one := written{public: []string{i.Title, i.Description, fmt.Sprint(i.Number)}}
			for range r.IntN(4) {
				c := &models.Comment{IssueNumber: i.Number, AuthorID: u.ID, Body: text(8), Internal: r.IntN(4) == 0}
				must(t, s.CreateComment(ctx, c), s.IndexText(ctx, i.Number, c.ID, c.Body))
				if c.Internal {
					one.internal = append(one.internal, c.Body)
				} else {
					one.public = append(one.public, c.Body)
				}
			}
			there[i.Number] = one
		}
		return nil
	}))
	return there
}

// pages asks for all pages of a list.
func pages(t *testing.T, s *store.Store, q store.IssueQuery) []int64 {
	t.Helper()
	out := []int64{}
	for {
		list, next, err := s.Issues(t.Context(), q)
		must(t, err)
		for _, i := range list {
			out = append(out, i.Number)
		}
		if q.Cursor = next; next == "" {
			return out
		}
	}
}
