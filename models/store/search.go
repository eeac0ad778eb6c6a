package store

import (
	"context"
	"time"
)

// searchIssues finds issues by text. Common words are looked for in the texts of the issues themselves, in the order of
// the list: the page is soon full. Rare ones are asked of the index of words, and what it names is put in order. Which
// of the two it is, the first issues of the list tell. reached is not nil when the time was up: so far was looked.
func (s *Store) searchIssues(ctx context.Context, q IssueQuery, after *position, limit int) (found []position, reached *position, err error) {
	terms := parseTerms(q.Text)
	if len(terms) == 0 {
		return nil, nil, nil
	}
	w := &walk{store: s, q: q, terms: terms, at: after, limit: limit, until: time.Now().Add(q.patience())}
	for w.seen < s.limits.walkMost {
		if err := w.step(ctx, w.likely()); err != nil || w.ended {
			return w.found, nil, err
		}
		if !w.common() {
			break
		}
	}
	texts, err := s.candidates(ctx, terms, w.with, w.seen)
	if err != nil {
		return nil, nil, err
	}
	if texts != nil {
		return s.searchAmong(ctx, q, terms, texts.issues(), texts, after, limit)
	}
	for !w.ended { // Each word is common; that they come together is rare.
		if w.late() {
			return w.found, w.at, nil
		}
		if err := w.step(ctx, s.limits.walkBatch); err != nil {
			return nil, nil, err
		}
	}
	return w.found, nil, nil
}

// searchAmong puts what the index names in order, and looks into the texts: the index may have words of a text that was
// changed, and does not know who may read it. only are the texts that may have it, nil: all of them. reached is as in
// [Store.searchIssues].
func (s *Store) searchAmong(
	ctx context.Context, q IssueQuery, terms searchTerms, numbers []int64, only textSet, after *position, limit int,
) (found []position, reached *position, err error) {
	if len(numbers) == 0 || len(terms) == 0 {
		return nil, nil, nil
	}
	w := &walk{store: s, q: q, terms: terms, at: after, limit: limit, only: only, until: time.Now().Add(q.patience())}
	list, err := s.membersOf(ctx, q, numbers, only, after)
	if err != nil {
		return nil, nil, err
	}
	batch := limit
	for !w.ended {
		if w.late() {
			return w.found, w.at, nil
		}
		part, err := list.next(ctx, batch)
		if err != nil {
			return nil, nil, err
		}
		if err := w.look(ctx, part); err != nil {
			return nil, nil, err
		}
		w.ended = w.ended || len(part) < batch
		batch = w.following(batch)
	}
	return w.found, nil, nil
}
