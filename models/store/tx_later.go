package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"letterbox/models"
)

// The bounds of what one statement takes along.
const (
	laterRows   = 200
	laterOctets = 1 << 20
)

// batch is a statement that takes any number of rows.
type batch struct {
	// What this is in the text of may read the rows, or refers to them by a foreign key: it comes after them.
	needed string
	text   func(rows int) string
	width  int  // Values of a row.
	found  bool // Every row has to be there already; models.ErrConflict otherwise.
}

// inserted is a batch of an INSERT: head and tail are what it has before and behind its rows.
func inserted(table, head, tail string, width int) batch {
	return batch{needed: table, width: width, text: func(rows int) string { return insertOf(head, tail, width, width*rows) }}
}

// postponed are rows that are written together: on a server each statement costs a way there and back, which takes longer
// than the row.
type postponed struct {
	batch
	one    string // The statement for one row.
	args   []any
	octets int
}

// later writes rows, at the latest before the transaction reads or writes what they are needed for, or commits. An error
// may show at a later statement; the transaction cannot be committed then.
func (t *txPool) later(ctx context.Context, b batch, args ...any) error {
	if !t.distant {
		n, err := t.exec(ctx, b.text(len(args)/b.width), args...)
		if b.found {
			return changedOne(n, err)
		}
		return err
	}
	if err := t.usable(); err != nil {
		return err
	}
	one := b.text(1)
	t.forget(one)
	i := slices.IndexFunc(t.postponed, func(p *postponed) bool { return p.one == one })
	if i < 0 {
		if err := t.flush(ctx, b.needed); err != nil { // Rows of another form go first.
			return err
		}
		i = len(t.postponed)
		t.postponed = append(t.postponed, &postponed{batch: b, one: one})
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
	if len(p.args) >= laterRows*p.width || p.octets >= laterOctets {
		return t.flush(ctx, p.needed)
	}
	return nil
}

// flush writes what is postponed and needed for a statement.
func (t *txPool) flush(ctx context.Context, statement string) error {
	for {
		i := slices.IndexFunc(t.postponed, func(p *postponed) bool { return strings.Contains(statement, p.needed) })
		if i < 0 {
			return nil
		}
		p := t.postponed[i]
		t.postponed = slices.Delete(t.postponed, i, i+1)
		if err := t.flush(ctx, p.one); err != nil { // What its rows refer to.
			return err
		}
		if err := t.usable(); err != nil {
			return err
		}
		if err := p.write(ctx, t.ConnPool); err != nil {
			if t.failed == nil { // Whoever made the next statement is not to blame.
				t.failed = err
			}
			return t.failed
		}
	}
}

// write runs the statement of all rows. It goes past the transaction's own ExecContext: what was read is forgotten already.
func (p *postponed) write(ctx context.Context, to gorm.ConnPool) error {
	rows := len(p.args) / p.width
	r, err := to.ExecContext(ctx, p.text(rows), normal(p.args)...)
	if err != nil || !p.found {
		return wrap("write what was postponed", err)
	}
	switch n, err := r.RowsAffected(); {
	case err != nil:
		return err
	case n != int64(rows):
		return fmt.Errorf("write what was postponed: %d of %d rows are as they were: %w", n, rows, models.ErrConflict)
	}
	return nil
}

// flushAll writes everything that is postponed.
func (t *txPool) flushAll(ctx context.Context) error {
	for len(t.postponed) > 0 {
		if err := t.flush(ctx, t.postponed[0].needed); err != nil {
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
