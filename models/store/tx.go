package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"gorm.io/gorm"
)

// maxTries is how often a transaction is run before its error is returned.
const maxTries = 5

// ErrCommitUnknown says that the connection broke while a transaction was being committed: it may have taken effect or
// not. The caller reads back what it wrote.
var ErrCommitUnknown = errors.New("commit: outcome unknown")

// txKey finds the transaction of one store in a context.
type txKey struct{ store *Store }

// txPool runs statements in a transaction.
type txPool struct {
	gorm.ConnPool
	failed    error // The first error after which the database may have undone the transaction by itself.
	done      bool
	distant   bool // Each statement costs a way to the server and back.
	postponed []*postponed
	known     map[string]any // What was read before, see [remembered].
	refs      messageIDs     // What was read ahead of Message-IDs.
	people    *people        // What is read ahead of users; nil: nothing.
	number    int64          // The last issue number of the transaction on a server; 0: none yet.
	counted   bool           // It is further than the server knows.
}

// WithTx runs fn in a transaction and commits it when fn returns nil. Calls nested in ctx join the outer transaction.
// fn may run up to five times (deadlock, certification conflict), so it does database work only and sets its results
// anew each time. When ctx ends, the transaction is rolled back. A failed commit whose outcome is not known is
// [ErrCommitUnknown]; after every other error nothing has changed.
func (s *Store) WithTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if s.InTx(ctx) {
		return fn(ctx)
	}
	for try := 1; ; try++ {
		err := s.tryTx(ctx, try > 1, fn)
		if err == nil || try == maxTries || ctx.Err() != nil || !retryable(err) {
			return err
		}
		s.log.LogAttrs(ctx, slog.LevelDebug, "transaction repeated", slog.Int("try", try), slog.Any("err", err))
		pause := time.NewTimer(time.Millisecond + rand.N(5*time.Millisecond<<try))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return err
		}
	}
}

// Exclusive reports whether a transaction shuts out all other writers until it ends (SQLite). What is read in one then
// stays true.
func (s *Store) Exclusive() bool { return s.writer != nil }

// Shareable reports whether several pieces of work can share a commit, see [Store.WithSavepoint]: a transaction shuts
// out all others, or each of its reads sees what they have committed by then.
func (s *Store) Shareable() bool { return s.writer != nil || s.current }

// ErrNoSavepoint says that there is no savepoint to go back to: end the transaction with it.
var ErrNoSavepoint = errors.New("no savepoint")

// WithSavepoint runs fn in the transaction of ctx. When fn returns an error, what it wrote is undone and the transaction
// goes on. After an error for which [Unavailable] is true, end the transaction with it: the database may have undone
// more by itself. On a server a savepoint would cost every piece a way there and back, so there is none: there every
// error of fn is [ErrNoSavepoint] too.
func (s *Store) WithSavepoint(ctx context.Context, fn func(ctx context.Context) error) error {
	tx := s.tx(ctx)
	if tx == nil {
		return errors.New("savepoint: no transaction")
	}
	if tx.distant {
		err := fn(ctx)
		if err == nil {
			return nil
		}
		err = fmt.Errorf("%w: %w", ErrNoSavepoint, err)
		tx.failed = cmp.Or(tx.failed, err)
		return err
	}
	if _, err := tx.ExecContext(ctx, "SAVEPOINT piece"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	err := fn(ctx)
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		clear(tx.known) // It may be what the piece wrote.
		tx.people.forget()
		if _, rerr := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT piece"); rerr != nil {
			tx.failed = errors.Join(tx.failed, rerr)
			return errors.Join(err, rerr)
		}
	}
	if _, rerr := tx.ExecContext(ctx, "RELEASE SAVEPOINT piece"); rerr != nil {
		tx.failed = errors.Join(tx.failed, rerr)
		return errors.Join(err, rerr)
	}
	return err
}

// InTx reports whether ctx carries a transaction of this store.
func (s *Store) InTx(ctx context.Context) bool { return s.tx(ctx) != nil }

func (s *Store) tx(ctx context.Context) *txPool {
	t, _ := ctx.Value(txKey{s}).(*txPool)
	return t
}

// tryTx runs fn in a transaction once. What is run again on a server waits first for the row that nearly all of them want
// sooner or later: those that met in a deadlock follow one another then, and do not meet in the next one.
func (s *Store) tryTx(ctx context.Context, again bool, fn func(ctx context.Context) error) (err error) {
	var commit func() error
	var rollback func()
	tx, begin := &txPool{distant: s.writer == nil}, s.db.BeginTx
	if g := guardOf(ctx); g != nil {
		fn, begin = g.with(fn), s.beginGuarded
		defer func() { g.held = g.held || err == nil }()
	}
	if s.writer != nil {
		if err := s.writer.begin(ctx); err != nil {
			return err
		}
		tx.ConnPool = s.writer
		commit = func() error { return s.writer.commit(ctx) }
		rollback = func() { s.writer.rollback(ctx) }
	} else {
		t, err := begin(ctx, nil)
		if err != nil {
			return notBegun{err}
		}
		tx.ConnPool, commit, rollback = t, t.Commit, func() { _ = t.Rollback() }
	}
	ended := false
	defer func() {
		tx.done = true
		if !ended { // fn failed or panicked.
			rollback()
		}
	}()
	if again && tx.distant {
		if _, err := tx.ExecContext(ctx, "UPDATE counters SET value = value WHERE name = 'issue'"); err != nil {
			return err
		}
	}
	if err := fn(context.WithValue(ctx, txKey{s}, tx)); err != nil {
		return err
	}
	if err := tx.flushAll(ctx); err != nil {
		return fmt.Errorf("postponed rows: %w", err)
	}
	if err := tx.keepNumber(ctx); err != nil {
		return fmt.Errorf("keep the issue number: %w", err)
	}
	if tx.failed != nil { // fn overlooked it; what came after may be outside of the transaction.
		return tx.failed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	ended = true
	if err := commit(); err != nil {
		if undone(err) {
			return fmt.Errorf("commit: %w", err)
		}
		return fmt.Errorf("%w: %w", ErrCommitUnknown, err)
	}
	return nil
}

// write runs fn in the transaction of ctx or in one of its own, and wraps its error with what was being done.
func (s *Store) write(ctx context.Context, what string, fn func(ctx context.Context, tx *txPool) error) error {
	if tx := s.tx(ctx); tx != nil {
		return wrap(what, fn(ctx, tx))
	}
	return wrap(what, s.WithTx(ctx, func(ctx context.Context) error { return fn(ctx, s.tx(ctx)) }))
}

// pool is where ctx reads: its transaction, or the readers.
func (s *Store) pool(ctx context.Context) gorm.ConnPool {
	if tx := s.tx(ctx); tx != nil {
		return tx
	}
	return s.readers
}

// gorm returns gorm on the transaction of ctx, or on the readers.
func (s *Store) gorm(ctx context.Context) *gorm.DB {
	db := s.orm.Session(&gorm.Session{NewDB: true, Context: ctx})
	db.Statement.ConnPool = s.pool(ctx)
	return db
}

var errEnded = errors.New("transaction has ended")

func (t *txPool) check(err error) error {
	if err != nil && t.failed == nil && retryable(err) {
		t.failed = err
	}
	return err
}

// usable is an error once the transaction has ended or the database may have undone it: what came after would stand
// alone, outside of it.
func (t *txPool) usable() error {
	if t.done {
		return errEnded
	}
	return t.failed
}

// ready prepares for a statement: the rows that it may read are there.
func (t *txPool) ready(ctx context.Context, statement string) error {
	if err := t.usable(); err != nil || len(t.postponed) == 0 {
		return err
	}
	return t.flush(ctx, statement)
}

// exec runs a statement and returns how many rows it found.
func (t *txPool) exec(ctx context.Context, query string, args ...any) (int64, error) {
	r, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// insert runs an INSERT of one row and returns its new id.
func (t *txPool) insert(ctx context.Context, query string, args ...any) (int64, error) {
	r, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.LastInsertId()
}

// ExecContext is part of gorm.ConnPool.
func (t *txPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := t.ready(ctx, query); err != nil {
		return nil, err
	}
	t.forget(query)
	r, err := t.ConnPool.ExecContext(ctx, query, normal(args)...)
	return r, t.check(err)
}

// QueryContext is part of gorm.ConnPool.
func (t *txPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := t.ready(ctx, query); err != nil {
		return nil, err
	}
	r, err := t.ConnPool.QueryContext(ctx, query, normal(args)...)
	return r, t.check(err)
}

// QueryRowContext is part of gorm.ConnPool.
func (t *txPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	_ = t.ready(ctx, query) // A failure stays in t and ends the transaction.
	return t.ConnPool.QueryRowContext(ctx, query, normal(args)...)
}
