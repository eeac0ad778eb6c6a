package store

import (
	"context"
	"strings"
)

// FindPeople returns at most limit users whom a text in small letters names: their address, the domain of it ("@x.org"),
// their login, or a part of their name.
func (s *Store) FindPeople(ctx context.Context, text string, limit int) ([]int64, error) {
	query, args := "SELECT id FROM users WHERE login = ? OR name LIKE ? ESCAPE '!' ORDER BY id LIMIT ?", []any{text, like(text), limit}
	switch at := strings.IndexByte(text, '@'); {
	case at == 0:
		query = "SELECT DISTINCT user_id FROM user_addresses WHERE address LIKE ? ESCAPE '!' ORDER BY user_id LIMIT ?"
		args = []any{like(text)[:len(like(text))-1], limit}
	case at > 0:
		query, args = "SELECT user_id FROM user_addresses WHERE address = ? LIMIT ?", []any{text, limit}
	}
	ids, err := s.ids(ctx, query, args...)
	return ids, wrap("find people", err)
}
