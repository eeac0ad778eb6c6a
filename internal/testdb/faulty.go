package testdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"letterbox/models/store"
)

// Fault decides what happens to a statement of SQLite: when before is not nil, the statement fails with it and has no
// effect; when after is not nil, it has its effect and fails with it all the same, as when a connection breaks before the
// answer has come.
type Fault func(query string) (before, after error)

type faultKey struct{}

// WithFault makes the statements that are run with ctx, or with a context made of it, subject to f. f is called from any
// goroutine.
func WithFault(ctx context.Context, f Fault) context.Context {
	return context.WithValue(ctx, faultKey{}, f)
}

// faulty is the name of a driver that stands in front of SQLite, once it is registered.
var faulty = sync.OnceValue(func() string {
	const name = "sqlite-with-faults"
	db, _ := sql.Open("sqlite", "") // Opens nothing yet.
	sql.Register(name, faultyDriver{db.Driver()})
	_ = db.Close()
	return name
})

// Template makes an empty, migrated SQLite database in a file that [OpenFaulty] copies.
func Template(t testing.TB) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "template.db")
	copyTo(t, path)
	return path
}

// OpenFaulty opens a copy of a template, whose statements fail as [WithFault] says. The file lies in memory where the
// system has a place for that: what is tested is not the disk. It is closed and removed when the test ends.
func OpenFaulty(t testing.TB, template string) (s *store.Store, path string) {
	t.Helper()
	dir, err := os.MkdirTemp(memory(), "letterbox-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path = filepath.Join(dir, "letterbox.db")
	content, err := os.ReadFile(template)
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err == nil {
		s, err = store.OpenThrough(t.Context(), faulty(), "sqlite:"+path, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	return s, path
}

// memory is a folder that is kept in memory, or "" for the usual one.
func memory() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// faultyDriver passes everything on to SQLite but what is to fail.
type faultyDriver struct{ driver.Driver }

// Open is part of driver.Driver.
func (d faultyDriver) Open(name string) (driver.Conn, error) {
	c, err := d.Driver.Open(name)
	if err != nil {
		return nil, err
	}
	return faultyConn{c.(conn)}, nil
}

// conn is what a connection of SQLite can do.
type conn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

type faultyConn struct{ conn }

// try runs a statement the way the fault of its context says.
func try[T any](ctx context.Context, query string, run func() (T, error)) (result T, err error) {
	f, _ := ctx.Value(faultKey{}).(Fault)
	if f == nil {
		return run()
	}
	before, after := f(query)
	if before != nil {
		return result, before
	}
	if result, err = run(); err == nil && after != nil {
		if rows, ok := any(result).(driver.Rows); ok {
			_ = rows.Close()
		}
		var none T
		return none, after
	}
	return result, err
}

// PrepareContext is part of driver.ConnPrepareContext.
func (c faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := c.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return faultyStmt{s.(stmt), query, c}, nil
}

// ExecContext is part of driver.ExecerContext.
func (c faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return try(ctx, query, func() (driver.Result, error) { return c.conn.ExecContext(ctx, query, args) })
}

// QueryContext is part of driver.QueryerContext.
func (c faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return try(ctx, query, func() (driver.Rows, error) { return c.conn.QueryContext(ctx, query, args) })
}

// stmt is what a compiled statement of SQLite can do.
type stmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

type faultyStmt struct {
	stmt
	query string
	conn  faultyConn
}

// ExecContext is part of driver.StmtExecContext.
func (s faultyStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.conn.bound(ctx, s.query); err != nil {
		return nil, err
	}
	return try(ctx, s.query, func() (driver.Result, error) { return s.stmt.ExecContext(ctx, args) })
}

// QueryContext is part of driver.StmtQueryContext.
func (s faultyStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return try(ctx, s.query, func() (driver.Rows, error) { return s.stmt.QueryContext(ctx, args) })
}
