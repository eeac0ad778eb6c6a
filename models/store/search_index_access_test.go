package store

import "context"

// MergeFresh puts new texts into the index and leaves the old words of changed ones there.
func (s *Store) MergeFresh(ctx context.Context) error { return s.WithTx(ctx, s.mergeFresh) }

// ForgetIndex makes the database one from before there was an index.
func (s *Store) ForgetIndex(ctx context.Context) error {
	return s.write(ctx, "forget the index", func(ctx context.Context, tx *txPool) error {
		for _, statement := range []string{
			"DELETE FROM search_words", "DELETE FROM search_buckets", "DELETE FROM search_fresh",
			"DELETE FROM settings WHERE name = '" + indexSetting + "'",
		} {
			if _, err := tx.exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// DropComment deletes the row of a comment.
func (s *Store) DropComment(ctx context.Context, id int64) error {
	return s.write(ctx, "drop comment", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM comments WHERE id = ?", id)
		return err
	})
}

// IndexRows counts the rows of a table of the index.
func (s *Store) IndexRows(ctx context.Context, table string) (n int64, err error) {
	err = s.queryRow(ctx, "SELECT COUNT(*) FROM "+table, nil, &n)
	return n, err
}
