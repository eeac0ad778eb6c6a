package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// benchIssues is how many issues the lists are measured with; each has ten comments. LETTERBOX_BENCH_ISSUES sets it.
func benchIssues(b *testing.B) int {
	b.Helper()
	n, err := strconv.Atoi(os.Getenv("LETTERBOX_BENCH_ISSUES"))
	if err != nil || n < 100 {
		return 10_000
	}
	return n
}

// prose makes text whose words are as unevenly spread as in a language: "word0" is in most texts, "word49000" in few.
type prose struct {
	rnd  *rand.Rand
	zipf *rand.Zipf
}

func newProse() prose {
	r := rand.New(rand.NewPCG(1, 2))
	return prose{r, rand.NewZipf(r, 1.1, 8, 49_999)}
}

func (p prose) text(n int) string {
	var out strings.Builder
	for range n {
		fmt.Fprintf(&out, "word%d ", p.zipf.Uint64())
	}
	return out.String()
}

// fillIssues makes n issues with ten comments of 60 words each, in five projects and all states.
func fillIssues(b *testing.B, s *store.Store, n int) (perIssue time.Duration) {
	b.Helper()
	ctx, p := b.Context(), newProse()
	_, u := base(b, s)
	projects := []int64{}
	for i := range 5 {
		x := &models.Project{Key: fmt.Sprint("P", i), Name: "x"}
		must(b, s.CreateProject(ctx, x))
		projects = append(projects, x.ID)
	}
	label := &models.Label{ProjectID: projects[0], Name: "hardware", Folded: "hardware"}
	must(b, s.CreateLabel(ctx, label))
	start := time.Now()
	at := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for done := 0; done < n; done += 200 {
		must(b, s.WithTx(ctx, func(ctx context.Context) error {
			for k := range 200 {
				number := done + k
				state := models.IssueClosed
				if number%10 == 0 || number > n-1000 {
					state = models.IssueStates()[number%4]
				}
				when := at.Add(time.Duration(p.rnd.IntN(n)) * time.Minute)
				i := &models.Issue{
					ProjectID: projects[number%5], Title: p.text(6), Description: p.text(60), State: state, ReporterID: u.ID,
					Priority: models.Priority(number%4 - 1), CreatedAt: when, UpdatedAt: when,
				}
				if number%50 == 0 {
					i.AssigneeID = &u.ID
				}
				must(b, s.CreateIssue(ctx, i), s.IndexText(ctx, i.Number, 0, i.Title, i.Description))
				if number%20 == 0 {
					must(b, s.SetLabels(ctx, i.Number, []int64{label.ID}))
				}
				for range 10 {
					c := &models.Comment{IssueNumber: i.Number, AuthorID: u.ID, Body: p.text(60)}
					must(b, s.CreateComment(ctx, c), s.IndexText(ctx, i.Number, c.ID, c.Body))
				}
			}
			return nil
		}))
	}
	return time.Since(start) / time.Duration(n)
}

// BenchmarkIssueList measures one page of 50 issues, as the list of issues asks for it.
func BenchmarkIssueList(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkIssueList(b, kept(b, "LETTERBOX_BENCH_SQLITE", testdb.Open)) })
	b.Run("mysql", func(b *testing.B) { benchmarkIssueList(b, kept(b, "LETTERBOX_BENCH_MYSQL", testdb.OpenMariaDB)) })
}

// kept opens the database whose DSN stands in a variable of the environment: it is filled once and then measured again and
// again. Without the variable it is a fresh one.
func kept(b *testing.B, variable string, fresh func(testing.TB) *store.Store) *store.Store {
	b.Helper()
	dsn := os.Getenv(variable)
	if dsn == "" {
		return fresh(b)
	}
	s, err := store.Open(b.Context(), dsn, nil)
	must(b, err)
	b.Cleanup(func() { must(b, s.Close()) })
	must(b, s.Migrate(b.Context()))
	return s
}

func benchmarkIssueList(b *testing.B, s *store.Store) {
	n := benchIssues(b)
	if list, _, err := s.Issues(b.Context(), store.IssueQuery{Limit: 1}); err != nil || len(list) == 0 {
		must(b, err)
		b.Logf("%d issues, %v each with ten comments", n, fillIssues(b, s, n))
	}
	start := time.Now()
	must(b, s.TidySearch(b.Context(), true))
	b.Logf("index filled in %v", time.Since(start))
	active := []models.IssueState{models.IssueNew, models.IssueOpen, models.IssueWaiting}
	for _, c := range []struct {
		name string
		q    store.IssueQuery
	}{
		{"open", store.IssueQuery{States: active, Sort: store.SortUpdated}},
		{"all", store.IssueQuery{Sort: store.SortUpdated}},
		{"priority", store.IssueQuery{Sort: store.SortPriority}},
		{"stale", store.IssueQuery{Sort: store.SortStale}},
		{"project", store.IssueQuery{ProjectIDs: []int64{2}, Sort: store.SortUpdated}},
		{"assignee", store.IssueQuery{Sort: store.SortUpdated, Where: []store.Condition{{Field: store.ByAssignee, IDs: []int64{1}}}}},
		{"unassigned", store.IssueQuery{Sort: store.SortUpdated, Where: []store.Condition{{Field: store.ByAssignee, Not: true}}}},
		{"label", store.IssueQuery{Sort: store.SortUpdated, Where: []store.Condition{{Field: store.ByLabel, IDs: []int64{1}}}}},
		{"word0", store.IssueQuery{Text: "word0", Sort: store.SortUpdated, Internal: true}},
		{"word100", store.IssueQuery{Text: "word100", Sort: store.SortUpdated, Internal: true}},
		{"word999", store.IssueQuery{Text: "word999", Sort: store.SortUpdated, Internal: true}},
		{"word5000", store.IssueQuery{Text: "word5000", Sort: store.SortUpdated, Internal: true}},
		{"word49000", store.IssueQuery{Text: "word49000", Sort: store.SortUpdated, Internal: true}},
		{"nothing", store.IssueQuery{Text: "unicorn", Sort: store.SortUpdated, Internal: true}},
		{"two", store.IssueQuery{Text: "word40 word4000", Sort: store.SortUpdated, Internal: true}},
		{"phrase", store.IssueQuery{Text: `"word400 word3"`, Sort: store.SortUpdated, Internal: true}},
		{"three", store.IssueQuery{Text: "word20 word300 word4000", Sort: store.SortUpdated, Internal: true}},
		{"common", store.IssueQuery{Text: "word2 word7 word11", Sort: store.SortUpdated, Internal: true}},
		{"phrase3", store.IssueQuery{Text: `"word4 word3 word11"`, Sort: store.SortUpdated, Internal: true}},
		{"phraserare", store.IssueQuery{Text: `"word4 word3 word999"`, Sort: store.SortUpdated, Internal: true}},
		{"openword", store.IssueQuery{Text: "word1000", States: active, Sort: store.SortUpdated, Internal: true}},
		{"openmiddle", store.IssueQuery{Text: "word999", States: active, Sort: store.SortUpdated, Internal: true}},
		{"opentwo", store.IssueQuery{Text: "word40 word4000", States: active, Sort: store.SortUpdated, Internal: true}},
		{"prioritymiddle", store.IssueQuery{Text: "word999", Sort: store.SortPriority, Internal: true}},
		{"prioritytwo", store.IssueQuery{Text: "word40 word4000", Sort: store.SortPriority, Internal: true}},
	} {
		b.Run(c.name, func(b *testing.B) {
			got, least, used := 0, time.Hour, cpu(b)
			for b.Loop() {
				start := time.Now()
				list, _, err := s.Issues(b.Context(), c.q)
				must(b, err)
				got, least = len(list), min(least, time.Since(start))
			}
			b.ReportMetric(float64(got), "issues")
			b.ReportMetric(float64(least.Microseconds())/1000, "least-ms")
			b.ReportMetric(float64((cpu(b)-used).Microseconds())/1000/float64(b.N), "cpu-ms/page")
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/page")
		})
	}
}

// BenchmarkIndexText measures what the search adds to a message of 100 words, in groups of 50: in its transaction, and
// afterwards when its words are put into the index. The processor time is that of this program; MariaDB's own is not in it.
func BenchmarkIndexText(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkIndexText(b, testdb.Open(b)) })
	b.Run("mysql", func(b *testing.B) { benchmarkIndexText(b, testdb.OpenMariaDB(b)) })
}

func benchmarkIndexText(b *testing.B, s *store.Store) {
	ctx, p := b.Context(), newProse()
	texts := make([]string, 500)
	for i := range texts {
		texts[i] = p.text(100)
	}
	number, tidied, longest, before := int64(0), time.Duration(0), time.Duration(0), cpu(b)
	for b.Loop() {
		must(b, s.WithTx(ctx, func(ctx context.Context) error {
			for range 50 {
				number++
				must(b, s.IndexText(ctx, number/10, number, texts[number%500]))
			}
			return nil
		}))
		if number%1000 == 0 {
			start, from := cpu(b), time.Now()
			must(b, s.TidySearch(ctx, false))
			tidied, longest = tidied+cpu(b)-start, max(longest, time.Since(from))
		}
	}
	n := float64(50 * b.N)
	b.ReportMetric(float64((cpu(b)-before-tidied).Microseconds())/n, "cpu-µs/text")
	b.ReportMetric(float64(tidied.Microseconds())/n, "cpu-µs/text-later")
	b.ReportMetric(float64(longest.Milliseconds()), "longest-ms")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/n, "µs/text")
}
