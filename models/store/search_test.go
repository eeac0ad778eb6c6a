package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// numbers asks for all pages of a list, by three.
func numbers(t *testing.T, s *store.Store, q store.IssueQuery) []int64 {
	t.Helper()
	q.Limit = 3
	return pages(t, s, q)
}

func TestTextIsFoundInAllPartsOfAnIssue(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, u := base(t, s)
		for range 150 { // More than are looked through before the index is asked.
			i := &models.Issue{ProjectID: p.ID, Title: "Nothing of interest", State: models.IssueOpen, ReporterID: u.ID}
			must(t, s.CreateIssue(ctx, i), s.IndexText(ctx, i.Number, 0, i.Title, i.Description))
		}
		make := func(number int64, title, text, comment, file string) {
			t.Helper()
			i, err := s.IssueByNumber(ctx, number)
			must(t, err)
			i.Title, i.Description = title, text
			must(t, s.UpdateIssue(ctx, &i, i.Version))
			c := &models.Comment{IssueNumber: number, AuthorID: u.ID, Body: comment, Internal: number == 5}
			must(t, s.CreateComment(ctx, c))
			if file != "" {
				b := seal(t, s, []byte(file))
				must(t, s.CreateAttachments(ctx, []models.Attachment{{IssueNumber: number, CommentID: &c.ID, BlobID: b.ID, Name: file}}))
			}
			must(t, s.ReindexIssue(ctx, i))
		}
		make(3, "Die Straße ist überflutet", "Im Keller steht Wasser", "Kümmere mich", "grundriß.pdf")
		make(5, "Printer", "burns again", "the printer is new, order E-4711", "")
		make(7, "Order E-4711", "wet paper", "printer burns", "")
		for _, test := range []struct {
			text string
			want []int64
		}{
			{"strasse", []int64{3}},
			{"STRASSE wasser", []int64{3}},
			{"uberflutet", []int64{3}},
			{"Grundriss", []int64{3}},
			{"grundriß.pdf", []int64{3}},
			{"print", []int64{7, 5}},
			{"printer order", []int64{7, 5}},
			{"E-4711", []int64{7, 5}},
			{`"printer burns"`, []int64{7}},
			{"rinter", []int64{}},
			{"printer unicorn", []int64{}},
			{"7", []int64{7}},
			{"% _ '; DROP TABLE issues; --", []int64{}},
			{`" ' * ( NEAR OR`, []int64{}},
			{"+-<>~*\"", []int64{}},
		} {
			if d := cmp.Diff(numbers(t, s, store.IssueQuery{Text: test.text, Internal: true}), test.want); d != "" {
				t.Errorf("%q (-got +want):\n%s", test.text, d)
			}
		}
		if got := numbers(t, s, store.IssueQuery{Text: "order new"}); len(got) != 0 {
			t.Errorf("a note is found by somebody who may not read it: %v", got)
		}
		must(t, s.UnindexText(ctx, 3, 0))
		if got, want := len(numbers(t, s, store.IssueQuery{Text: "interest", Internal: true})), 147; got != want {
			t.Errorf("common word: got %d issues, want %d", got, want)
		}
	})
}

// A search that takes long ends its pages early; together they have all there is, once.
func TestSearchThatTakesLongGoesOnWithTheNextPage(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		p, u := base(t, s)
		for n := range 350 {
			i := &models.Issue{ProjectID: p.ID, Title: "no in", State: models.IssueOpen, ReporterID: u.ID}
			if n == 3 || n == 340 {
				i.Title = "in no"
			}
			must(t, s.CreateIssue(t.Context(), i), s.IndexText(t.Context(), i.Number, 0, i.Title))
		}
		for _, sort := range []store.IssueSort{store.SortNewest, store.SortUpdated} {
			q := store.IssueQuery{Text: `"in no"`, Sort: sort, Internal: true, Patience: 1}
			first, next, err := s.Issues(t.Context(), q)
			must(t, err)
			if len(first) == 2 || next == "" {
				t.Errorf("%s: the first page has %d issues and goes on at %q, want it to end early", sort, len(first), next)
			}
			if d := cmp.Diff(numbers(t, s, q), []int64{341, 4}); d != "" {
				t.Errorf("%s: all pages (-got +want):\n%s", sort, d)
			}
		}
	})
}

// Every order shows each issue once, also when many are alike.
func TestOrdersHaveStablePages(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, u := base(t, s)
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		for n := range 20 {
			due := at.AddDate(0, 0, n%3)
			i := &models.Issue{
				ProjectID: p.ID, Title: "Printer", State: models.IssueStates()[n%5], ReporterID: u.ID, Priority: models.Priority(n%4 - 1),
				CreatedAt: at, UpdatedAt: at.Add(time.Duration(n/4) * time.Hour),
			}
			if n%2 == 0 {
				i.DueOn = &due
			}
			must(t, s.CreateIssue(ctx, i), s.IndexText(ctx, i.Number, 0, i.Title))
		}
		for _, sort := range store.IssueSorts() {
			for _, text := range []string{"", "printer"} {
				got := numbers(t, s, store.IssueQuery{Sort: sort, Text: text, Internal: true})
				seen := map[int64]bool{}
				for _, n := range got {
					if seen[n] {
						t.Errorf("%s %q: issue %d stands twice", sort, text, n)
					}
					seen[n] = true
				}
				want := 20
				if sort == store.SortDue {
					want = 10
				}
				if len(got) != want {
					t.Errorf("%s %q: got %d issues, want %d", sort, text, len(got), want)
				}
			}
		}
		first := func(sort store.IssueSort) int64 { return numbers(t, s, store.IssueQuery{Sort: sort})[0] }
		for sort, want := range map[store.IssueSort]int64{
			store.SortUpdated: 20, store.SortStale: 1, store.SortNewest: 20, store.SortOldest: 1, store.SortPriority: 20, store.SortDue: 1,
		} {
			if got := first(sort); got != want {
				t.Errorf("%s begins with %d, want %d", sort, got, want)
			}
		}
		list, next, err := s.Issues(ctx, store.IssueQuery{Sort: store.SortUpdated, Limit: 3})
		must(t, err)
		if _, _, err := s.Issues(ctx, store.IssueQuery{Sort: store.SortStale, Cursor: next}); err == nil {
			t.Error("a cursor of another order: got no error, want one")
		}
		// What changes meanwhile does not shift the rest.
		moved := list[0]
		must(t, s.UpdateIssue(ctx, &moved, moved.Version))
		rest, _, err := s.Issues(ctx, store.IssueQuery{Sort: store.SortUpdated, Cursor: next, Limit: 200})
		must(t, err)
		if len(rest) != 17 {
			t.Errorf("after a change the rest has %d issues, want 17", len(rest))
		}
	})
}

func TestConditionsNarrowTheList(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, u := base(t, s)
		other := &models.User{Name: "Other", Role: models.RoleCustomer, Addresses: []string{"other@example.net"}}
		must(t, s.CreateUser(ctx, other))
		label := &models.Label{ProjectID: p.ID, Name: "Hardware", Folded: "hardware"}
		must(t, s.CreateLabel(ctx, label))
		want(t, "second label", s.CreateLabel(ctx, &models.Label{ProjectID: p.ID, Name: "HARDWARE", Folded: "hardware"}), models.ErrConflict)
		at := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
		one := &models.Issue{ProjectID: p.ID, State: models.IssueNew, ReporterID: other.ID, AssigneeID: &u.ID, DueOn: &at, Priority: models.PriorityHigh, CreatedAt: at, UpdatedAt: at}
		two := &models.Issue{ProjectID: p.ID, State: models.IssueNew, ReporterID: u.ID, CreatedAt: at.AddDate(0, 1, 0)}
		must(t, s.CreateIssue(ctx, one), s.CreateIssue(ctx, two), s.SetLabels(ctx, one.Number, []int64{label.ID}), s.AddWatchers(ctx, two.Number, []int64{u.ID}))
		reader := &models.User{Name: "Reader", Role: models.RoleAdmin}
		must(t, s.CreateUser(ctx, reader))
		for _, i := range []*models.Issue{one, two} {
			told := map[int64][]int64{two.Number: {reader.ID}}[i.Number]
			_, err := s.Notify(ctx, *i, models.Notification{Event: "comment"}, told)
			must(t, err)
		}
		before, after := at.AddDate(0, 0, -1), at.AddDate(0, 0, 1)
		for i, test := range []struct {
			c        store.Condition
			yes, not []int64
		}{
			{store.Condition{Field: store.ByAssignee, IDs: []int64{u.ID}}, []int64{1}, []int64{2}},
			{store.Condition{Field: store.ByAssignee}, []int64{1}, []int64{2}},
			{store.Condition{Field: store.ByReporter, IDs: []int64{other.ID, 99}}, []int64{1}, []int64{2}},
			{store.Condition{Field: store.ByParticipant, IDs: []int64{u.ID}}, []int64{2}, []int64{1}},
			{store.Condition{Field: store.ByLabel, IDs: []int64{label.ID}}, []int64{1}, []int64{2}},
			{store.Condition{Field: store.ByLabel}, []int64{1}, []int64{2}},
			{store.Condition{Field: store.ByWatcher, IDs: []int64{u.ID}}, []int64{2}, []int64{1}},
			{store.Condition{Field: store.ByMention, IDs: []int64{reader.ID}}, []int64{2}, []int64{1}},
			{store.Condition{Field: store.ByMention, IDs: []int64{u.ID}}, []int64{}, []int64{2, 1}},
			{store.Condition{Field: store.ByPriority, IDs: []int64{1, 2}}, []int64{1}, []int64{2}},
			{store.Condition{Field: store.ByCreated, From: &before, Until: &after}, []int64{1}, []int64{2}},
			{store.Condition{Field: store.ByUpdated, Until: &after}, []int64{1}, []int64{2}},
			{store.Condition{Field: store.ByDue}, []int64{1}, []int64{2}},
			{store.Condition{Field: store.ByDue, Until: &at}, []int64{}, []int64{2, 1}},
			{store.Condition{Field: store.ByAttachment}, []int64{}, []int64{2, 1}},
			{store.Condition{Field: store.ByInbox, IDs: []int64{1}}, []int64{}, []int64{2, 1}},
			{store.Condition{Field: store.ByNumber, IDs: []int64{1}}, []int64{1}, []int64{2}},
		} {
			turned := test.c
			turned.Not = true
			if d := cmp.Diff(numbers(t, s, store.IssueQuery{Where: []store.Condition{test.c}}), test.yes); d != "" {
				t.Errorf("condition %d (-got +want):\n%s", i, d)
			}
			if d := cmp.Diff(numbers(t, s, store.IssueQuery{Where: []store.Condition{turned}}), test.not); d != "" {
				t.Errorf("not condition %d (-got +want):\n%s", i, d)
			}
		}
	})
}

// An installation from before there was an index is searched slowly at first, then its texts are put there.
func TestOldTextsAreIndexedOnce(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p, u := base(t, s)
		for n := range 130 {
			must(t, s.CreateIssue(ctx, &models.Issue{ProjectID: p.ID, Title: fmt.Sprint("Machine", n), State: models.IssueNew, ReporterID: u.ID}))
		}
		must(t, s.ForgetIndex(ctx), s.Migrate(ctx), s.Migrate(ctx))
		for _, at := range []string{"0", "done", "done"} {
			got, err := s.Setting(ctx, "search.index")
			must(t, err)
			if got != at {
				t.Errorf("setting: got %q, want %q", got, at)
			}
			if d := cmp.Diff(numbers(t, s, store.IssueQuery{Text: "machine7", Internal: true}), []int64{80, 79, 78, 77, 76, 75, 74, 73, 72, 71, 8}); d != "" {
				t.Errorf("index at %s (-got +want):\n%s", at, d)
			}
			must(t, s.TidySearch(ctx, false))
		}
	})
}

// A word that stands everywhere in a text is found there as part of a phrase, and only there.
func TestWordsThatAreRepeatedAreFoundInPhrases(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		p, u := base(t, s)
		for n, text := range []string{strings.Repeat("drum ", 200) + "roll", strings.Repeat("roll ", 200) + "drum", "drum roll", "roll drum"} {
			i := issue(t, s, p, u, fmt.Sprint("n", n))
			i.Description = text
			must(t, s.UpdateIssue(t.Context(), i, i.Version), s.IndexText(t.Context(), i.Number, 0, i.Title, text))
		}
		for range 2 {
			if d := cmp.Diff(numbers(t, s, store.IssueQuery{Text: `"drum roll"`, Internal: true}), []int64{3, 1}); d != "" {
				t.Errorf("-got +want:\n%s", d)
			}
			must(t, s.TidySearch(t.Context(), true))
			s.SmallLimits()
			s.RoomyIndex()
			s.AskAtOnce()
		}
	})
}

func TestLongTextDoesNotBreakTheIndex(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		p, u := base(t, s)
		i := issue(t, s, p, u, "x")
		must(t, s.IndexText(t.Context(), i.Number, 0, strings.Repeat("ä\u0301ß漢字 \x00\xff", 50_000), strings.Repeat("x", 300_000), "needle"))
		if got := numbers(t, s, store.IssueQuery{Text: "漢字", Internal: true}); len(got) > 1 {
			t.Errorf("got %v, want at most one issue", got)
		}
	})
}

// The key of a text in the index is short: every 64th comment has that of the description.
func TestEachCommentIsFoundWhateverItsKey(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		p, u := base(t, s)
		i := &models.Issue{ProjectID: p.ID, Title: "Printer", Description: "burns", State: models.IssueNew, ReporterID: u.ID}
		must(t, s.CreateIssue(t.Context(), i), s.IndexText(t.Context(), i.Number, 0, i.Title, i.Description))
		const word = "unicorn%da"
		for n := range 130 {
			c := &models.Comment{IssueNumber: i.Number, AuthorID: u.ID, Body: fmt.Sprintf(word, n)}
			must(t, s.CreateComment(t.Context(), c), s.IndexText(t.Context(), i.Number, c.ID, c.Body))
		}
		issue(t, s, p, u, "nothing of it")
		must(t, s.TidySearch(t.Context(), true))
		s.AskAtOnce()
		for n := range 130 {
			if got := numbers(t, s, store.IssueQuery{Text: fmt.Sprintf(word, n), Internal: true}); len(got) != 1 {
				t.Errorf("comment %d is not found", n)
			}
		}
	})
}
