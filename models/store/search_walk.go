package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// walk looks into the texts of issues, in the order of a list.
type walk struct {
	store *Store
	q     IssueQuery
	terms searchTerms
	at    *position // The last one that was looked at.
	limit int
	seen  int
	only  map[int64][]int64 // The texts of an issue that are looked into, as in [candidates]; nil: all.
	until time.Time         // When what was found has to do.
	found []position
	ended bool // Enough is found, or there are no more.
}

// late reports that the time is up and at least some issues were looked at, so that the next page begins further on.
func (w *walk) late() bool { return w.seen > 0 && time.Now().After(w.until) }

// step looks at the next issues of the list.
func (w *walk) step(ctx context.Context) error {
	batch, err := w.store.issuePositions(ctx, w.q, nil, w.at, w.store.limits.walkBatch)
	if err != nil {
		return err
	}
	if err := w.look(ctx, batch); err != nil {
		return err
	}
	w.ended = w.ended || len(batch) < w.store.limits.walkBatch
	return nil
}

// look looks into the texts of at most walkBatch issues.
func (w *walk) look(ctx context.Context, batch []position) error {
	texts, err := w.store.searchedTexts(ctx, numbersOf(batch), w.only, w.q.Internal)
	if err != nil {
		return err
	}
	for i, p := range batch {
		w.at, w.seen = &batch[i], w.seen+1
		if !w.terms.match(p.number, texts[p.number]) {
			continue
		}
		if w.found = append(w.found, p); len(w.found) == w.limit {
			w.ended = true
			return nil
		}
	}
	return nil
}

// match reports whether all terms stand in the texts of an issue. A number alone is also the issue of that number.
func (t searchTerms) match(number int64, texts []string) bool {
	if len(t) == 1 && t[0] == " "+strconv.FormatInt(number, 10) {
		return true
	}
	missing := append(searchTerms{}, t...)
	for _, text := range texts {
		folded := foldText(text)
		for i := 0; i < len(missing); {
			if strings.Contains(folded, missing[i]) {
				missing = append(missing[:i], missing[i+1:]...)
			} else {
				i++
			}
		}
		if len(missing) == 0 {
			return true
		}
	}
	return false
}

// searchedTexts returns what is searched of issues: title and description, comments, names of files; where only is not
// nil, only the texts that it names, with the names of all files.
func (s *Store) searchedTexts(ctx context.Context, numbers []int64, only map[int64][]int64, internal bool) (map[int64][]string, error) {
	out := make(map[int64][]string, len(numbers))
	described, comments, of := numbers, numbers, "issue_number"
	if only != nil {
		described, comments, of = nil, nil, "id"
		for _, n := range numbers {
			for _, text := range only[n] {
				if text == 0 {
					described = append(described, n)
				} else {
					comments = append(comments, text)
				}
			}
		}
	}
	public, publicFiles := "", ""
	if !internal {
		public = " AND internal = 0"
		publicFiles = " AND (comment_id IS NULL OR comment_id NOT IN (SELECT id FROM comments WHERE internal = 1))"
	}
	body, description := fmt.Sprintf("SUBSTR(body, 1, %d)", maxSearched), fmt.Sprintf("SUBSTR(description, 1, %d)", maxSearched)
	for _, part := range []struct {
		query, rest string
		of          []int64
	}{
		{"SELECT number, title FROM issues WHERE number", "", described},
		{"SELECT number, " + description + " FROM issues WHERE number", "", described},
		{"SELECT issue_number, " + body + " FROM comments WHERE " + of, public, comments},
		{"SELECT issue_number, name FROM attachments WHERE issue_number", publicFiles, numbers},
	} {
		for chunk := range slices.Chunk(part.of, 500) {
			args := anys(padded(chunk))
			err := s.each(ctx, part.query+" IN ("+marks(len(args))+")"+part.rest, args, func(r *sql.Rows) error {
				var n int64
				var text string
				err := r.Scan(&n, &text)
				out[n] = append(out[n], text)
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// positionsAmong is issuePositions for a set of numbers. A large set is not put in order: the order is read from its
// index until enough of the set has come by.
func (s *Store) positionsAmong(ctx context.Context, q IssueQuery, numbers []int64, after *position, limit int) ([]position, error) {
	if len(numbers) < s.limits.manyIssues || q.Sort == SortDue {
		return s.issuePositions(ctx, q, numbers, after, limit)
	}
	_, _, merged, err := s.listParts(ctx, q)
	if err != nil {
		return nil, err
	}
	// All issues are in one index by time and number; a part of them, and by priority, in several.
	merged = merged && (q.ProjectIDs != nil || len(q.States) > 0 || q.Sort == SortPriority)
	if !merged && q.Sort == SortPriority {
		return s.issuePositions(ctx, q, numbers, after, limit)
	}
	set := make(map[int64]bool, len(numbers))
	for _, n := range numbers {
		set[n] = true
	}
	var found []position
	at, size := after, s.limits.scanBatch
	if merged {
		size = s.limits.scanPart
	}
	for seen := 0; seen < s.limits.mostScanned; seen += s.limits.scanBatch {
		var batch []position
		if merged {
			batch, err = s.issuePositions(ctx, q, nil, at, size)
		} else {
			batch, err = s.scanOrder(ctx, q.Sort, at)
		}
		if err != nil {
			return nil, err
		}
		var members []position
		for i := range batch {
			if at = &batch[i]; set[at.number] {
				members = append(members, *at)
			}
		}
		if !merged && len(members) > 0 {
			if members, err = s.issuePositions(ctx, q, numbersOf(members), nil, len(members)); err != nil {
				return nil, err
			}
		}
		found = append(found, members...)
		if len(found) >= limit || len(batch) < size {
			return found[:min(limit, len(found))], nil
		}
		size = min(2*size, s.limits.scanBatch)
	}
	rest, err := s.issuePositions(ctx, q, numbers, at, limit-len(found))
	return append(found, rest...), err
}

func numbersOf(list []position) []int64 {
	out := make([]int64, len(list))
	for i, p := range list {
		out[i] = p.number
	}
	return out
}

// scanOrder reads the next entries of the index of an order, of all issues.
func (s *Store) scanOrder(ctx context.Context, sort IssueSort, at *position) ([]position, error) {
	where, args := "1 = 1", []any(nil)
	if at != nil {
		where, args = at.condition(sort)
	}
	return s.positions(ctx, sort, "SELECT "+sort.columns()+" FROM issues i WHERE "+where+" ORDER BY "+sort.order()+fmt.Sprintf(" LIMIT %d", s.limits.scanBatch), args)
}
