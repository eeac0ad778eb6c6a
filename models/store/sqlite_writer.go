package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"modernc.org/sqlite"
)

// sqliteWriter is the one connection that writes. It begins and ends transactions itself instead of through sql.Tx, so
// that compiled statements live as long as the connection.
type sqliteWriter struct {
	db    *sql.DB
	turn  chan struct{} // Holds one token; who has it may use the connection.
	conn  *sql.Conn
	mu    sync.Mutex
	stmts map[string]*sql.Stmt
	moved *checkpoints // Told of what is written and committed.
}

func newSQLiteWriter(ctx context.Context, driver, dsn string, moved *checkpoints) (*sqliteWriter, error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	w := &sqliteWriter{db: db, turn: make(chan struct{}, 1), stmts: map[string]*sql.Stmt{}, moved: moved}
	w.turn <- struct{}{}
	if err := w.connect(ctx); err != nil {
		_ = db.Close()
		return nil, err
	}
	return w, nil
}

func (w *sqliteWriter) connect(ctx context.Context) (err error) {
	if w.conn == nil {
		w.conn, err = w.db.Conn(ctx)
	}
	return err
}

// begin waits for the turn and starts a transaction.
func (w *sqliteWriter) begin(ctx context.Context) error {
	select {
	case <-w.turn:
	case <-ctx.Done():
		return fmt.Errorf("wait for the writer: %w", ctx.Err())
	}
	err := w.connect(ctx)
	if err == nil {
		_, err = w.ExecContext(ctx, "BEGIN IMMEDIATE")
	}
	if err != nil {
		if w.conn != nil && !undone(err) { // Should it have begun all the same, no other could begin ever again.
			w.undo(ctx)
		}
		w.turn <- struct{}{}
		return notBegun{err}
	}
	return nil
}

// commit ends the transaction and gives the turn back. When it fails, the transaction is rolled back.
func (w *sqliteWriter) commit(ctx context.Context) error {
	_, err := w.ExecContext(context.WithoutCancel(ctx), "COMMIT")
	if err != nil {
		w.rollback(ctx)
		return err
	}
	w.moved.committed()
	w.turn <- struct{}{}
	return nil
}

// rollback ends the transaction without effect and gives the turn back.
func (w *sqliteWriter) rollback(ctx context.Context) {
	w.undo(ctx)
	w.turn <- struct{}{}
}

// undo makes sure that no transaction is open. SQLite may have rolled back by itself.
func (w *sqliteWriter) undo(ctx context.Context) {
	_, err := w.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	if e, ok := errors.AsType[*sqlite.Error](err); err != nil && !(ok && strings.Contains(e.Error(), "no transaction is active")) {
		w.disconnect()
	}
}

func (w *sqliteWriter) disconnect() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.stmts {
		_ = s.Close()
	}
	clear(w.stmts)
	if w.conn != nil {
		_ = w.conn.Close()
	}
	w.conn = nil
	w.db.SetMaxIdleConns(-1) // Drops the connection instead of keeping it.
	w.db.SetMaxIdleConns(1)
}

func (w *sqliteWriter) close() error {
	w.moved.close()
	w.disconnect()
	return w.db.Close()
}

func (w *sqliteWriter) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.stmts[query]; s != nil {
		return s, nil
	}
	if len(w.stmts) >= maxStatements {
		for _, s := range w.stmts {
			_ = s.Close()
		}
		clear(w.stmts)
	}
	s, err := w.conn.PrepareContext(ctx, query)
	if err == nil {
		w.stmts[query] = s
	}
	return s, err
}

// The methods of gorm.ConnPool. A statement that has begun is not interrupted: it takes milliseconds, and an interrupted
// one would cost the connection. The transaction ends at the next statement instead.

func (w *sqliteWriter) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return w.conn.PrepareContext(ctx, query)
}

func (w *sqliteWriter) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w.moved.add(args)
	ctx = context.WithoutCancel(ctx)
	s, err := w.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (w *sqliteWriter) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	s, err := w.prepared(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (w *sqliteWriter) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return w.conn.QueryRowContext(ctx, query, args...)
}
