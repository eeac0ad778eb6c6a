package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// IndexText keeps the words of a new description (comment 0) or a new comment, with the names of its files, for the
// search. It belongs into the transaction that writes the text.
func (s *Store) IndexText(ctx context.Context, issue, comment int64, texts ...string) error {
	return s.write(ctx, "index text", func(ctx context.Context, tx *txPool) error {
		if s.dialect == "sqlite" {
			_, err := tx.exec(ctx, "INSERT INTO search_texts (rowid, words) VALUES (?, ?)", searchRow(issue, comment), indexWords(texts...))
			return err
		}
		return tx.later(ctx, "search_texts", "INSERT INTO search_texts (issue_number, comment_id, words)", "", 3, issue, comment, indexWords(texts...))
	})
}

// ReindexText is IndexText for a text that may be in the index already.
func (s *Store) ReindexText(ctx context.Context, issue, comment int64, texts ...string) error {
	if err := s.UnindexText(ctx, issue, comment); err != nil {
		return err
	}
	return s.IndexText(ctx, issue, comment, texts...)
}

// UnindexText forgets the words of a description (comment 0) or of a comment.
func (s *Store) UnindexText(ctx context.Context, issue, comment int64) error {
	return s.write(ctx, "forget text", func(ctx context.Context, tx *txPool) error {
		query, args := "DELETE FROM search_texts WHERE issue_number = ? AND comment_id = ?", []any{issue, comment}
		if s.dialect == "sqlite" {
			query, args = "DELETE FROM search_texts WHERE rowid = ?", []any{searchRow(issue, comment)}
		}
		_, err := tx.exec(ctx, query, args...)
		return err
	})
}

// searchRow is the row of a text in the full-text index of SQLite.
func searchRow(issue, comment int64) int64 { return issue<<32 | comment&0xffffffff }

func longestFirst(words []string) []string {
	slices.SortFunc(words, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return slices.Compact(words)
}

const (
	mostWhole  = 40_000                 // Texts that the index of SQLite gives for a whole word; one with more is common.
	shortStar  = 7                      // Octets of the beginning of a word that fits too many words to be asked of the index as a second one.
	mostWait   = 200 * time.Millisecond // For SQLite to list the texts of one word; a word that takes longer is common.
	mostWaitMy = time.Second            // The same for MariaDB, which is asked only for words that few texts have.
)

// searchIssues finds issues by text. Common words are looked for in the texts of the issues themselves, in the order of
// the list: the page is soon full. Rare ones are asked of the full-text index, and what it names is put in order. Which
// of the two it is, the first issues of the list tell. reached is not nil when the time was up: so far was looked.
func (s *Store) searchIssues(ctx context.Context, q IssueQuery, after *position, limit int) (found []position, reached *position, err error) {
	terms := parseTerms(q.Text)
	if len(terms) == 0 {
		return nil, nil, nil
	}
	w := &walk{store: s, q: q, terms: terms, at: after, limit: limit, until: time.Now().Add(q.patience())}
	for w.seen < s.limits.walkMost {
		if err := w.step(ctx); err != nil || w.ended {
			return w.found, nil, err
		}
		if len(w.found) < s.limits.walkCommon {
			break
		}
	}
	c, err := s.candidates(ctx, terms)
	if err != nil {
		return nil, nil, err
	}
	if c.known {
		return s.searchAmong(ctx, q, terms, c, after, limit)
	}
	for !w.ended { // Each word is common; that they come together is rare.
		if w.late() {
			return w.found, w.at, nil
		}
		if err := w.step(ctx); err != nil {
			return nil, nil, err
		}
	}
	return w.found, nil, nil
}

// searchAmong puts what the index names in order, and looks into the texts where the index cannot decide alone. reached
// is as in [Store.searchIssues].
func (s *Store) searchAmong(
	ctx context.Context, q IssueQuery, terms searchTerms, c candidates, after *position, limit int,
) (found []position, reached *position, err error) {
	if len(c.numbers) == 0 || len(terms) == 0 {
		return nil, nil, nil
	}
	if c.sure && q.Internal {
		found, err = s.positionsAmong(ctx, q, c.numbers, after, limit)
		return found, nil, err
	}
	w := &walk{store: s, q: q, terms: terms, at: after, limit: limit, only: c.texts, until: time.Now().Add(q.patience())}
	for !w.ended {
		if w.late() {
			return w.found, w.at, nil
		}
		part, err := s.positionsAmong(ctx, q, c.numbers, w.at, s.limits.walkBatch)
		if err != nil {
			return nil, nil, err
		}
		if err := w.look(ctx, part); err != nil {
			return nil, nil, err
		}
		w.ended = w.ended || len(part) < s.limits.walkBatch
	}
	return w.found, nil, nil
}

// candidates are the issues that the index names.
type candidates struct {
	numbers []int64
	texts   map[int64][]int64 // Which of their texts: 0 is the description, else a comment. Nil: each may be it.
	known   bool              // False: the index cannot say. It knows none of the words, or each is in too many texts.
	sure    bool              // All of them fit; otherwise their texts have to be looked at.
}

// textRef is a text in the index: the description of an issue (comment 0) or a comment.
type textRef struct{ issue, comment int64 }

// candidates asks the index for the words of the terms. The words of one term stand in one text; those of several may
// stand in different texts of an issue, so only the issue counts.
func (s *Store) candidates(ctx context.Context, terms searchTerms) (candidates, error) {
	var have map[textRef]bool
	out := candidates{sure: terms.plain()}
	for _, word := range terms.words() {
		if have != nil && (len(have) <= s.limits.fewIssues || len(word) <= shortStar && strings.HasSuffix(word, "*")) {
			out.sure = false
			break
		}
		hits, common, err := s.hits(ctx, word, len(terms) > 1)
		if err != nil {
			return out, err
		}
		switch {
		case common:
			out.sure = false
		case have == nil:
			have = hits
		default:
			for ref := range have {
				if !hits[ref] {
					delete(have, ref)
				}
			}
		}
	}
	if have == nil {
		return out, nil
	}
	out.known = true
	numbers := map[int64]bool{}
	if len(terms) == 1 {
		out.texts = map[int64][]int64{}
	}
	for ref := range have {
		numbers[ref.issue] = true
		if out.texts != nil {
			out.texts[ref.issue] = append(out.texts[ref.issue], ref.comment)
		}
	}
	if len(terms) == 1 { // A number alone is also the issue of that number.
		n, err := strconv.ParseInt(terms[0][1:], 10, 64)
		if err == nil {
			numbers[n] = true
		}
	}
	out.numbers = slices.Sorted(maps.Keys(numbers))
	return out, nil
}

// hits returns the texts with a word, or with words that begin like it when it ends with a star; whole leaves out which
// text of the issue it is.
func (s *Store) hits(ctx context.Context, word string, whole bool) (texts map[textRef]bool, common bool, err error) {
	query, arg, patience := "SELECT issue_number, comment_id FROM search_texts WHERE MATCH (words) AGAINST (? IN BOOLEAN MODE)", "+"+word, mostWaitMy
	if s.dialect != "sqlite" {
		if n, err := s.listed(ctx, word); err != nil || n > s.limits.mostListed {
			return nil, true, err
		}
	} else {
		patience = mostWait
		exact, star := strings.CutSuffix(word, "*")
		query, arg = "SELECT rowid >> 32, rowid & 0xffffffff FROM search_texts WHERE search_texts MATCH ?", `"`+exact+`"`
		if star {
			arg += "*"
		}
	}
	wait, stop := context.WithTimeout(ctx, patience)
	defer stop()
	texts = map[textRef]bool{}
	rows, most := 0, mostWhole
	if strings.HasSuffix(word, "*") {
		most = s.limits.mostHits
	}
	err = s.each(wait, query+fmt.Sprintf(" LIMIT %d", most+1), []any{arg}, func(r *sql.Rows) error {
		var ref textRef
		err := r.Scan(&ref.issue, &ref.comment)
		if whole {
			ref.comment = 0
		}
		texts[ref] = true
		rows++
		return err
	})
	if err != nil && wait.Err() != nil && ctx.Err() == nil {
		return nil, true, nil
	}
	return texts, rows > most, err
}
