package store

import (
	"bytes"
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
	store  *Store
	q      IssueQuery
	terms  searchTerms
	at     *position // The last one that was looked at.
	limit  int
	seen   int
	with   []int     // In how many of these each term stands.
	only   textSet   // The texts that are looked into; nil: all.
	until  time.Time // When what was found has to do.
	found  []position
	folded []byte // The text that was looked into last.
	ended  bool   // Enough is found, or there are no more.
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

// common reports whether so many of the first issues have the terms that the page is soon full.
func (w *walk) common() bool {
	first := w.store.limits.walkFirst
	return len(w.found)*first >= w.store.limits.walkCommon*min(w.seen, first)
}

// likely is how many issues of the list probably have to be looked at next. Words that follow each other are rarely
// common, which a few issues tell.
func (w *walk) likely() int {
	if w.seen == 0 {
		first := w.store.limits.walkFirst
		if len(w.terms) == 1 && strings.Count(w.terms[0], " ") > 1 {
			first = (first + 3) / 4
		}
		return min(w.limit+1, first)
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
		if !w.terms.match(p.number, texts[p.number], w.with, &w.folded) {
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
// issue of that number. folded is the memory for a text that is looked into.
func (t searchTerms) match(number int64, texts []string, with []int, folded *[]byte) bool {
	if len(t) == 1 && t[0] == " "+strconv.FormatInt(number, 10) {
		return true
	}
	found, missing := [mostTerms]bool{}, len(t)
	for _, text := range texts {
		*folded = appendFolded((*folded)[:0], text)
		for i, term := range t {
			if !found[i] && bytes.Contains(*folded, []byte(term)) {
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
	}{
		{"SELECT number, title FROM issues WHERE number", "", described},
		{"SELECT number, " + description + " FROM issues WHERE number", "", described},
		{"SELECT issue_number, " + body + comments, public, commented},
		{"SELECT issue_number, name FROM attachments WHERE issue_number", publicFiles, numbers},
	} {
		for chunk := range slices.Chunk(part.of, 500) {
			args := anys(padded(chunk))
			if err := s.each(ctx, part.query+" IN ("+marks(len(args))+")"+part.rest, args, add); err != nil {
				return nil, err
			}
		}
	}
	for chunk := range slices.Chunk(only.keys(partly), 500) {
		query, args := s.commentsByKey(body, chunk)
		if err := s.each(ctx, query+public, args, add); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// commentsByKey is the query for the comments with some keys. The index of comments by issue has what it looks at: no
// other text is read.
func (s *Store) commentsByKey(body string, keys []int64) (query string, args []any) {
	key := fmt.Sprintf("issue_number * %d + (id & %d)", 1<<textBits, 1<<textBits-1)
	if s.dialect != "sqlite" {
		numbers := make([]int64, len(keys))
		for i, k := range keys {
			numbers[i] = k >> textBits
		}
		list, _ := s.numberList(keys)
		return "SELECT issue_number, " + body + " FROM comments WHERE issue_number IN (" + marks(len(numbers)) + ") AND " + key + " IN (" + list + ")", anys(numbers)
	}
	args = anys(padded(keys))
	for i := range args[len(keys):] {
		args[len(keys)+i] = 0 // Nobody's, as it would be read once more.
	}
	values := strings.TrimSuffix(strings.Repeat("(?),", len(args)), ",")
	return "WITH keys (k) AS (VALUES " + values + ") SELECT issue_number, " + body + " FROM keys CROSS JOIN comments" +
		fmt.Sprintf(" WHERE issue_number = CAST(k >> %d AS INTEGER) AND id & %d = k & %d", textBits, 1<<textBits-1, 1<<textBits-1), args
}

func numbersOf(list []position) []int64 {
	out := make([]int64, len(list))
	for i, p := range list {
		out[i] = p.number
	}
	return out
}
