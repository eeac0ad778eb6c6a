package store

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"
)

// maxStatements limits how many compiled statements a pool keeps.
const maxStatements = 300

// normal turns arguments into what both databases keep alike: times in UTC and microseconds, and a nil slice of octets
// as NULL. It changes args in place.
func normal(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case time.Time:
			args[i] = v.UTC().Truncate(time.Microsecond)
		case *time.Time:
			if v == nil {
				args[i] = nil
			} else {
				args[i] = v.UTC().Truncate(time.Microsecond)
			}
		case []byte:
			if v == nil {
				args[i] = nil
			}
		}
	}
	return args
}

// readPool reads outside of transactions. On SQLite it keeps compiled statements.
type readPool struct {
	db      *sql.DB
	prepare bool
	mu      sync.Mutex
	stmts   map[string]*sql.Stmt
}

var _ gorm.ConnPool = (*readPool)(nil)

// prepared returns the compiled query, or nil when it is to be run as it is. Compiling waits for a connection, so it holds
// no lock: who has all of them may want another statement.
func (p *readPool) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	if !p.prepare {
		return nil, nil
	}
	if s, full := p.known(query); s != nil || full {
		return s, nil
	}
	s, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return p.keep(query, s)
}

func (p *readPool) known(query string) (s *sql.Stmt, full bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s = p.stmts[query]
	return s, len(p.stmts) >= maxStatements
}

// keep keeps a compiled query and returns it, or what was kept meanwhile.
func (p *readPool) keep(query string, s *sql.Stmt) (*sql.Stmt, error) {
	p.mu.Lock()
	kept := p.stmts[query]
	if kept == nil {
		if p.stmts == nil {
			p.stmts = map[string]*sql.Stmt{}
		}
		p.stmts[query] = s
	}
	p.mu.Unlock()
	if kept != nil {
		return kept, s.Close()
	}
	return s, nil
}

func (p *readPool) closeStatements() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.stmts {
		_ = s.Close()
	}
	clear(p.stmts)
}

// PrepareContext is part of gorm.ConnPool.
func (p *readPool) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return p.db.PrepareContext(ctx, query)
}

// ExecContext is part of gorm.ConnPool. Writes never come here: SQLite's readers refuse them.
func (p *readPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return p.db.ExecContext(ctx, query, normal(args)...)
}

// QueryContext is part of gorm.ConnPool.
func (p *readPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	s, err := p.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return p.db.QueryContext(ctx, query, normal(args)...)
	}
	return s.QueryContext(ctx, normal(args)...)
}

// QueryRowContext is part of gorm.ConnPool.
func (p *readPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return p.db.QueryRowContext(ctx, query, normal(args)...)
}

// queryRow reads one row into dest; sql.ErrNoRows when there is none.
func (s *Store) queryRow(ctx context.Context, query string, args []any, dest ...any) error {
	rows, err := s.pool(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	return rows.Close()
}

// each calls scan for each row.
func (s *Store) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := s.pool(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	return scanAll(rows, scan)
}

// scanAll calls scan for each row and closes rows.
func scanAll(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// ids returns the numbers that a query selects.
func (s *Store) ids(ctx context.Context, query string, args ...any) ([]int64, error) {
	var out []int64
	err := s.each(ctx, query, args, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		out = append(out, id)
		return err
	})
	return out, err
}

// marks returns n placeholders: "?,?,?".
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// anys makes arguments of values.
func anys[T any](values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}

// cut makes text fit a column: valid UTF-8 and at most n octets. It is for copies that are shown in lists.
func cut(text string, n int) string {
	if len(text) > n {
		text = text[:n]
		for len(text) > 0 && !utf8.ValidString(text[max(0, len(text)-utf8.UTFMax):]) && !utf8.RuneStart(text[len(text)-1]) {
			text = text[:len(text)-1]
		}
	}
	if text = clean(text); len(text) > n {
		return strings.ToValidUTF8(text[:n], "")
	}
	return text
}

// clean makes text valid UTF-8: MySQL refuses anything else, and a message must not fail for ever because of one octet.
func clean(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
