// Package store keeps the nouns of package models in SQLite or MySQL (MariaDB, Galera, TiDB). It is the only package
// with gorm and with SQL.
//
// What it guarantees:
//   - A nil error from a write, or from [Store.WithTx] around it, means that it is durable.
//   - Identities and tokens are compared octet by octet in both dialects.
//   - Times are UTC and cut to microseconds, on their way in and out.
//   - "Not there" is models.ErrNotFound; "there already" and "changed meanwhile" are models.ErrConflict.
//
// Transactions travel in ctx: what is called with the ctx of a transaction belongs to it. Outside of one, reads see what
// was last committed and each write is its own transaction. Inside a transaction on SQLite never start a write with a
// ctx from outside of it: it would wait for the one writer, which is its own caller.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect string // "sqlite" or "mysql".
	driver  string // The database/sql driver for SQLite.
	dsn     string // For a second handle while migrating.
	log     *slog.Logger
	orm     *gorm.DB
	readers *readPool
	writer  *sqliteWriter // SQLite only.
	current bool          // MySQL: each read sees what is committed by then, also in a transaction.
	buffers buffers
	limits  searchLimits
	db      *sql.DB // SQLite: the readers; MySQL: everything.
}

// Open opens the database that dsn names: "sqlite:PATH" or "mysql:USER:PASSWORD@tcp(HOST:PORT)/DATABASE". It does not
// look at the schema; see [Store.CheckSchema]. ctx limits the opening only.
func Open(ctx context.Context, dsn string, log *slog.Logger) (*Store, error) {
	return OpenThrough(ctx, "sqlite", dsn, log)
}

// OpenThrough is [Open] with another database/sql driver for SQLite than the embedded one. Tests name one that stands in
// front of it and makes statements fail.
func OpenThrough(ctx context.Context, driver, dsn string, log *slog.Logger) (*Store, error) {
	dialect, rest, ok := strings.Cut(dsn, ":")
	if !ok || rest == "" {
		return nil, errors.New("database: want sqlite:PATH or mysql:USER:PASSWORD@tcp(HOST:PORT)/DATABASE")
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Store{dialect: dialect, driver: driver, dsn: rest, log: log, limits: usualLimits()}
	var dial gorm.Dialector
	var err error
	switch dialect {
	case "sqlite":
		dial, err = s.openSQLite(ctx)
	case "mysql":
		dial, err = s.openMySQL(ctx)
	default:
		err = fmt.Errorf("unknown kind %q: want sqlite or mysql", dialect)
	}
	if err == nil {
		s.orm, err = gorm.Open(dial, &gorm.Config{
			SkipDefaultTransaction: true,
			DisableAutomaticPing:   true,
			Logger:                 logger.Discard, // Its lines would hold mail text.
			NowFunc:                now,
		})
	}
	if err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return s, nil
}

// Close closes the database. Nothing may be under way any more.
func (s *Store) Close() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.readers != nil {
		s.readers.closeStatements()
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	return errors.Join(errs...)
}

// Dialect is "sqlite" or "mysql".
func (s *Store) Dialect() string { return s.dialect }

// Now returns the time of the database: the one clock that all replicas share. SQLite runs in this process, so there it
// is this machine's.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	if s.dialect == "sqlite" {
		return now(), ctx.Err()
	}
	var t time.Time
	err := s.queryRow(ctx, "SELECT UTC_TIMESTAMP(6)", nil, &t)
	return t.UTC(), wrap("database time", err)
}

// Ping writes a row: it fails when the database cannot be reached and also when it takes no writes.
func (s *Store) Ping(ctx context.Context) error {
	return s.write(ctx, "write probe", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "UPDATE counters SET value = value + 1 WHERE name = 'probe'")
		return err
	})
}

// now is the time as the database keeps it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
