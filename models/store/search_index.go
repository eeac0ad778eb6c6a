package store

import "context"

// IndexText keeps the words of a new description (comment 0) or a new comment, with the names of its files, for the
// search. It belongs into the transaction that writes the text. [Store.TidySearch] puts them into the index.
func (s *Store) IndexText(ctx context.Context, issue, comment int64, texts ...string) error {
	return s.indexLater(ctx, issue, comment, false, texts)
}

// ReindexText is IndexText for a text that may be in the index already.
func (s *Store) ReindexText(ctx context.Context, issue, comment int64, texts ...string) error {
	return s.indexLater(ctx, issue, comment, true, texts)
}

// UnindexText forgets the words of a description (comment 0) or of a comment. It is not found any more at once, since
// what the index names is looked at; the words themselves are gone when [Store.TidySearch] has made the index
// anew.
func (s *Store) UnindexText(ctx context.Context, issue, comment int64) error {
	return s.indexLater(ctx, issue, comment, true, nil)
}

func (s *Store) indexLater(ctx context.Context, issue, comment int64, again bool, texts []string) error {
	folded := foldTexts(texts)
	return s.write(ctx, "index text", func(ctx context.Context, tx *txPool) error {
		return tx.later(ctx, inserted("search_fresh", "INSERT INTO search_fresh (issue_number, comment_id, again, octets, words)", "", 5),
			issue, comment, again, len(folded), folded)
	})
}
