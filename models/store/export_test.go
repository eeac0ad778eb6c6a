package store

import "context"

// QueryText is for tests: it returns the one value that a query gives, as ctx sees it.
func (s *Store) QueryText(ctx context.Context, query string) (value string, err error) {
	return value, s.queryRow(ctx, query, nil, &value)
}

// OnServer reports whether the database is a server.
func (s *Store) OnServer() bool { return s.writer == nil }
