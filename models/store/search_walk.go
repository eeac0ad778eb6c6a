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
	with  []int     // In how many of these each term stands.
	only  textSet   // The texts that are looked into; nil: all.
	until time.Time // When what was found has to do.
	found []position
	ended bool // Enough is found, or there are no more.
}

// late reports that the time is up and at least some issues were looked at, so that the next page begins further on.
func (w *walk) late() bool { return w.seen > 0 && time.Now().After(w.until) }

// step looks at the next issues of the list.
func (w *walk) step(ctx context.Context, size int) error {
	batch, err := w.store.issuePositions(ctx, w.q, nil, w.at, size)
	if err != nil {
		return err
	}
	if err := w.look(ctx, batch); err != nil {
		return err
	}
	w.ended = w.ended || len(batch) < size
	return nil
}

// likely is how many issues of the list probably have to be looked at next.
func (w *walk) likely() int {
	if w.seen == 0 {
		return min(w.limit+1, w.store.limits.walkFirst)
	}
	return min(1+w.seen*(w.limit-len(w.found))*5/(4*max(1, len(w.found))), w.store.limits.walkBatch)
}

// following is how many of the named issues are looked at after so many: twice as many, or what the page probably
// lacks when that is less.
func (w *walk) following(batch int) int {
	lacks := 1 + w.seen*(w.limit-len(w.found))*11/(10*(len(w.found)+1))
	return min(2*batch, lacks, 16*w.store.limits.walkBatch)
}

// look looks into the texts of some issues.
func (w *walk) look(ctx context.Context, batch []position) error {
	texts, err := w.store.searchedTexts(ctx, numbersOf(batch), w.only, w.q.Internal)
	if err != nil {
		return err
	}
	if w.with == nil {
		w.with = make([]int, len(w.terms))
	}
	for i, p := range batch {
		w.at, w.seen = &batch[i], w.seen+1
		if !w.terms.match(p.number, texts[p.number], w.with) {
			continue
		}
		if w.found = append(w.found, p); len(w.found) == w.limit {
			w.ended = true
			return nil
		}
	}
	return nil
}

// match reports whether all terms stand in the texts of an issue, and counts those that do. A number alone is also the
// issue of that number.
func (t searchTerms) match(number int64, texts []string, with []int) bool {
	if len(t) == 1 && t[0] == " "+strconv.FormatInt(number, 10) {
		return true
	}
	found, missing := [mostTerms]bool{}, len(t)
	for _, text := range texts {
		folded := foldText(text)
		for i, term := range t {
			if !found[i] && strings.Contains(folded, term) {
				found[i] = true
				with[i]++
				missing--
			}
		}
		if missing == 0 {
			return true
		}
	}
	return false
}

// searchedTexts returns what is searched of issues: title and description, comments, names of files; where only is not
// nil, only the texts in it, with the names of all files.
func (s *Store) searchedTexts(ctx context.Context, numbers []int64, only textSet, internal bool) (map[int64][]string, error) {
	public, publicFiles := "", ""
	if !internal {
		public = " AND internal = 0"
		publicFiles = " AND (comment_id IS NULL OR comment_id NOT IN (SELECT id FROM comments WHERE internal = 1))"
	}
	described, commented, partly := only.named(numbers)
	out := make(map[int64][]string, len(numbers))
	add := func(r *sql.Rows) error {
		var n int64
		var text string
		err := r.Scan(&n, &text)
		out[n] = append(out[n], text)
		return err
	}
	body, description := fmt.Sprintf("SUBSTR(body, 1, %d)", maxSearched), fmt.Sprintf("SUBSTR(description, 1, %d)", maxSearched)
	const comments = " FROM comments WHERE issue_number"
	for _, part := range []struct {
		query, rest string
		of          []int64
		keys        bool
	}{
		{"SELECT number, title FROM issues WHERE number", "", described, false},
		{"SELECT number, " + description + " FROM issues WHERE number", "", described, false},
		{"SELECT issue_number, " + body + comments, public, commented, false},
		{"SELECT issue_number, " + body + comments, public, partly, true},
		{"SELECT issue_number, name FROM attachments WHERE issue_number", publicFiles, numbers, false},
	} {
		for chunk := range slices.Chunk(part.of, 500) {
			args := anys(padded(chunk))
			query := part.query + " IN (" + marks(len(args)) + ")" + part.rest
			if part.keys { // The index of comments by issue has what this looks at: no other text is read.
				list, arg := s.numberList(only.keys(chunk))
				query += fmt.Sprintf(" AND issue_number * %d + (id & %d) IN (", 1<<textBits, 1<<textBits-1) + list + ")"
				args = append(args, arg...)
			}
			if err := s.each(ctx, query, args, add); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// positionsAmong is issuePositions for a set of numbers. A large set is not put in order: the order is read from its
// index until enough of the set has come by. set may be nil, or has the same issues and no others.
func (s *Store) positionsAmong(ctx context.Context, q IssueQuery, numbers []int64, set textSet, after *position, limit int) ([]position, error) {
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
	if set == nil {
		set = textSet{}
		for _, n := range numbers {
			set.add(n, allTexts)
		}
	}
	where, _ := conditions(q)
	plain := len(where) == 0 && q.ProjectIDs == nil && len(q.States) == 0
	var found []position
	at, size := after, s.limits.scanPart
	if !merged { // As many as it takes if the set is evenly spread.
		size = int(min(int64(limit)*numbers[len(numbers)-1]*5/4/int64(len(numbers))+1, int64(s.limits.scanBatch)))
	}
	for seen := 0; seen < s.limits.mostScanned; {
		var batch []position
		more := false
		if merged {
			batch, more, err = s.mergedScan(ctx, q, at, size)
		} else {
			batch, err = s.scanOrder(ctx, q.Sort, at, size)
			more = len(batch) == size
		}
		if err != nil {
			return nil, err
		}
		var members []position
		for i := range batch {
			if at = &batch[i]; set.texts(at.number) != 0 {
				members = append(members, *at)
			}
		}
		if !merged && !plain && len(members) > 0 {
			if members, err = s.issuePositions(ctx, q, numbersOf(members), nil, len(members)); err != nil {
				return nil, err
			}
		}
		found = append(found, members...)
		if len(found) >= limit || !more {
			return found[:min(limit, len(found))], nil
		}
		size = min(2*size, s.limits.scanBatch)
		seen += len(batch)
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
func (s *Store) scanOrder(ctx context.Context, sort IssueSort, at *position, size int) ([]position, error) {
	where, args := "1 = 1", []any(nil)
	if at != nil {
		where, args = at.condition(sort)
	}
	return s.positions(ctx, sort, "SELECT "+sort.columns(s.dialect)+" FROM issues i WHERE "+where+" ORDER BY "+sort.order()+fmt.Sprintf(" LIMIT %d", size), args)
}
