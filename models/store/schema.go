package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/pressly/goose/v3"

	"letterbox/migrations"
)

var (
	// ErrSchemaNewer says that a newer program has changed the database; this one must not touch it.
	ErrSchemaNewer = errors.New("the database was made by a newer version of this program")
	// ErrSchemaOlder says that migrations are missing.
	ErrSchemaOlder = errors.New("the database is from an older version of this program: run the migrations first")
)

// SchemaError is a database whose version does not fit. It is [ErrSchemaNewer] or [ErrSchemaOlder].
type SchemaError struct {
	Database int64 // The last migration that the database has; 0 when it is empty.
	Program  int64 // The last migration that this program knows.
}

// Error says what is wrong and both versions.
func (e *SchemaError) Error() string {
	return fmt.Sprintf("%v (database at %d, program at %d)", e.Unwrap(), e.Database, e.Program)
}

// Unwrap is ErrSchemaNewer or ErrSchemaOlder.
func (e *SchemaError) Unwrap() error {
	if e.Database > e.Program {
		return ErrSchemaNewer
	}
	return ErrSchemaOlder
}

// MigrationState is one numbered migration.
type MigrationState struct {
	Version   int64
	Name      string     // File name.
	AppliedAt *time.Time // Nil: not yet.
}

// Migrate brings the schema up to date. Any number of processes may call it at once: one does the work, the others wait
// for it. A newer schema is refused with [ErrSchemaNewer]. When ctx ends, the migration under way is given up; calling
// it again continues.
func (s *Store) Migrate(ctx context.Context) error {
	switch err := s.CheckSchema(ctx); {
	case err == nil:
		return s.startIndex(ctx)
	case errors.Is(err, ErrSchemaNewer):
		return err
	}
	err := s.withProvider(func(db *sql.DB, p *goose.Provider) error {
		return s.withSchemaLock(ctx, db, func(ctx context.Context) error {
			err := s.CheckSchema(ctx) // Somebody else may have been faster.
			if err == nil || !errors.Is(err, ErrSchemaOlder) {
				return err
			}
			if _, err := p.Up(ctx); err != nil {
				return fmt.Errorf("migrate: %w", err)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return s.startIndex(ctx)
}

// MigrationStatus lists all migrations that this program knows, in order.
func (s *Store) MigrationStatus(ctx context.Context) ([]MigrationState, error) {
	applied := map[int64]time.Time{}
	err := s.each(ctx, "SELECT version_id, tstamp FROM goose_db_version WHERE is_applied = 1 ORDER BY id", nil,
		func(r *sql.Rows) error {
			var v int64
			var t sql.NullTime
			if err := r.Scan(&v, &t); err != nil {
				return err
			}
			applied[v] = t.Time.UTC()
			return nil
		})
	if err != nil && !noTable(err) {
		return nil, fmt.Errorf("migration status: %w", err)
	}
	var out []MigrationState
	err = s.withProvider(func(_ *sql.DB, p *goose.Provider) error {
		for _, src := range p.ListSources() {
			m := MigrationState{Version: src.Version, Name: src.Path}
			if t, ok := applied[src.Version]; ok {
				m.AppliedAt = &t
			}
			out = append(out, m)
		}
		return nil
	})
	return out, err
}

// CheckSchema returns nil when the database has exactly the schema of this program, and a *[SchemaError] otherwise. It
// writes nothing.
func (s *Store) CheckSchema(ctx context.Context) error {
	var have sql.NullInt64
	err := s.queryRow(ctx, "SELECT MAX(version_id) FROM goose_db_version WHERE is_applied = 1", nil, &have)
	if err != nil && !noTable(err) {
		return fmt.Errorf("read schema version: %w", err)
	}
	e := &SchemaError{Database: have.Int64}
	err = s.withProvider(func(_ *sql.DB, p *goose.Provider) error {
		sources := p.ListSources()
		e.Program = sources[len(sources)-1].Version
		return nil
	})
	if err != nil || e.Database == e.Program {
		return err
	}
	return e
}

// withProvider opens a second handle on the database, because goose wants a *sql.DB of its own.
func (s *Store) withProvider(fn func(*sql.DB, *goose.Provider) error) error {
	var db *sql.DB
	var err error
	if s.dialect == "sqlite" {
		db, err = sql.Open("sqlite", sqliteDSN(s.dsn, false))
	} else {
		var cfg *mysql.Config
		if cfg, err = mysql.ParseDSN(s.dsn); err == nil {
			cfg.Logger = &mysql.NopLogger{}
			cfg.ReadTimeout = time.Hour // A change of a large table takes its time.
			db, err = openPool(cfg)
		}
	}
	if err != nil {
		return fmt.Errorf("open database for migration: %w", err)
	}
	defer db.Close()
	p, err := migrations.Provider(s.dialect, db)
	if err != nil {
		return err
	}
	return fn(db, p)
}
