package store

import (
	"context"
	"database/sql"
	"errors"

	"github.com/go-sql-driver/mysql"
)

// guardKey finds the guard of a context.
type guardKey struct{}

// guard is what has to be true in the transaction that writes.
type guard struct {
	check func(ctx context.Context) error
	held  bool // A transaction that it was checked in has been committed.
}

// Guarded returns a context whose next transaction begins with check: it fails with the error of check when there is one,
// and what check has read stays as it was until the transaction has ended, in all processes. With it a change takes effect
// only as long as something is as it was read. check reads with the ctx that it is given and writes nothing; it may run
// several times. Transactions after the first that was committed are not guarded. TiDB has no such reads: there only the
// rows that the transaction writes itself are compared.
func (s *Store) Guarded(ctx context.Context, check func(ctx context.Context) error) context.Context {
	return context.WithValue(ctx, guardKey{}, &guard{check: check})
}

// guardOf returns the guard of the transaction that ctx begins, nil when there is none.
func guardOf(ctx context.Context) *guard {
	if g, _ := ctx.Value(guardKey{}).(*guard); g != nil && !g.held {
		return g
	}
	return nil
}

// with runs fn behind the check.
func (g *guard) with(fn func(ctx context.Context) error) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		if err := g.check(ctx); err != nil {
			return err
		}
		return fn(ctx)
	}
}

// beginGuarded begins a transaction that locks what it reads.
func (s *Store) beginGuarded(ctx context.Context, _ *sql.TxOptions) (*sql.Tx, error) {
	t, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok && e.Number == 8048 { // TiDB knows no such level.
		return s.db.BeginTx(ctx, nil)
	}
	return t, err
}
