package store

import (
	"context"
	"slices"
	"strings"
)

// The bounds of what one INSERT takes along.
const (
	laterRows   = 200
	laterOctets = 1 << 20
)

// postponed are rows of one table that are inserted together: on a server each statement costs a way there and back,
// which takes longer than the row.
type postponed struct {
	table      string
	head, tail string // Around the rows of the INSERT.
	width      int
	args       []any
	octets     int
}

// later inserts rows of width columns into a table, at the latest before the transaction reads or writes that table or
// commits. head and tail are what the INSERT has before and behind the rows. An error may show at a later statement; the
// transaction cannot be committed then.
func (t *txPool) later(ctx context.Context, table, head, tail string, width int, args ...any) error {
	if !t.distant {
		_, err := t.ExecContext(ctx, insertOf(head, tail, width, len(args)), args...)
		return err
	}
	if err := t.usable(); err != nil {
		return err
	}
	t.forget(table)
	i := slices.IndexFunc(t.postponed, func(p *postponed) bool { return p.head == head && p.tail == tail })
	if i < 0 {
		if err := t.flush(ctx, table); err != nil { // Rows of another form go first.
			return err
		}
		i = len(t.postponed)
		t.postponed = append(t.postponed, &postponed{table: table, head: head, tail: tail, width: width})
	}
	p := t.postponed[i]
	p.args = append(p.args, args...)
	for _, a := range args {
		switch v := a.(type) {
		case string:
			p.octets += len(v)
		case []byte:
			p.octets += len(v)
		}
	}
	if len(p.args) >= laterRows*width || p.octets >= laterOctets {
		return t.flush(ctx, table)
	}
	return nil
}

// flush inserts what is postponed for the tables that a statement names.
func (t *txPool) flush(ctx context.Context, statement string) error {
	for i := 0; i < len(t.postponed); i++ {
		p := t.postponed[i]
		if !strings.Contains(statement, p.table) {
			continue
		}
		t.postponed = slices.Delete(t.postponed, i, i+1)
		i--
		if err := t.usable(); err != nil {
			return err
		}
		// Not by its own ExecContext: nothing else that is postponed has to go first, and what was read is forgotten already.
		if _, err := t.ConnPool.ExecContext(ctx, insertOf(p.head, p.tail, p.width, len(p.args)), normal(p.args)...); err != nil {
			if t.failed == nil { // Whoever made the next statement is not to blame.
				t.failed = err
			}
			return t.failed
		}
	}
	return nil
}

// flushAll inserts everything that is postponed.
func (t *txPool) flushAll(ctx context.Context) error {
	for len(t.postponed) > 0 {
		if err := t.flush(ctx, t.postponed[0].table); err != nil {
			return err
		}
	}
	return nil
}

// insertOf is an INSERT of n arguments in rows of width.
func insertOf(head, tail string, width, n int) string {
	return head + " VALUES " + strings.TrimSuffix(strings.Repeat("("+marks(width)+"),", n/width), ",") + tail
}

// remembered reads rows of a table that seldom changes, once in a transaction: until it ends or writes to that table. The
// value is shared, so nobody changes it.
func remembered[T any](ctx context.Context, s *Store, table, key string, read func() (T, error)) (T, error) {
	tx := s.tx(ctx)
	if tx == nil {
		return read()
	}
	key = table + " " + key
	if v, ok := tx.known[key].(T); ok {
		return v, nil
	}
	v, err := read()
	if err == nil {
		if tx.known == nil {
			tx.known = map[string]any{}
		}
		tx.known[key] = v
	}
	return v, err
}

// forget drops what was read of the tables that a statement writes to.
func (t *txPool) forget(statement string) {
	for key := range t.known {
		if table, _, _ := strings.Cut(key, " "); strings.Contains(statement, table) {
			delete(t.known, key)
		}
	}
	if strings.Contains(statement, "message_ids") {
		t.refs = nil
	}
	if strings.Contains(statement, "users") || strings.Contains(statement, "user_addresses") {
		t.people.forget()
	}
}
