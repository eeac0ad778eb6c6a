package store_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"letterbox/internal/testdb"
	"letterbox/models/store"
)

// eachEmpty runs a test on an empty database of each dialect.
func eachEmpty(t *testing.T, run func(t *testing.T, dsn string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db")) })
	t.Run("mysql", func(t *testing.T) { run(t, testdb.StartMariaDB(t)) })
}

func open(t *testing.T, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, nil)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

// raw opens the database beside the store.
func raw(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	driver, source, _ := strings.Cut(dsn, ":")
	db, err := sql.Open(driver, source)
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestMigrateBringsAnEmptyDatabaseUpToDate(t *testing.T) {
	eachEmpty(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		want(t, "empty", s.CheckSchema(t.Context()), store.ErrSchemaOlder)
		before, err := s.MigrationStatus(t.Context())
		must(t, err, s.Migrate(t.Context()), s.CheckSchema(t.Context()), s.Migrate(t.Context()))
		after, err := s.MigrationStatus(t.Context())
		must(t, err)
		if len(before) == 0 || len(before) != len(after) {
			t.Fatalf("status: got %d, then %d migrations", len(before), len(after))
		}
		for i := range after {
			if before[i].AppliedAt != nil || after[i].AppliedAt == nil || after[i].Name == "" {
				t.Errorf("migration %d: got %+v, then %+v", i+1, before[i], after[i])
			}
		}
	})
}

func TestNewerSchemaIsRefusedWithAClearText(t *testing.T) {
	eachEmpty(t, func(t *testing.T, dsn string) {
		s := open(t, dsn)
		must(t, s.Migrate(t.Context()))
		_, err := raw(t, dsn).Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
		must(t, err)
		err = s.CheckSchema(t.Context())
		want(t, "check", err, store.ErrSchemaNewer)
		want(t, "migrate", s.Migrate(t.Context()), store.ErrSchemaNewer)
		e, ok := errors.AsType[*store.SchemaError](err)
		if !ok || e.Database != 9999 || !strings.Contains(err.Error(), "newer version") {
			t.Errorf("got %v, want a SchemaError that names both versions", err)
		}
	})
}

func TestRacingReplicasMigrateOnce(t *testing.T) {
	eachEmpty(t, func(t *testing.T, dsn string) {
		var wg sync.WaitGroup
		for range 5 {
			s := open(t, dsn)
			wg.Go(func() {
				if err := s.Migrate(t.Context()); err != nil {
					t.Error(err)
				}
				if err := s.CheckSchema(t.Context()); err != nil {
					t.Errorf("after Migrate: %v", err)
				}
			})
		}
		wg.Wait()
		var n, versions int
		must(t, raw(t, dsn).QueryRow("SELECT COUNT(*), COUNT(DISTINCT version_id) FROM goose_db_version").Scan(&n, &versions))
		if n != versions {
			t.Errorf("version table: got %d rows for %d versions", n, versions)
		}
	})
}

func TestInterruptedMySQLMigrationIsRunAgain(t *testing.T) {
	dsn := testdb.StartMariaDB(t)
	s := open(t, dsn)
	must(t, s.Migrate(t.Context()))
	_, err := raw(t, dsn).Exec("DELETE FROM goose_db_version WHERE version_id > 0") // As if killed before the last line.
	must(t, err, s.Migrate(t.Context()), s.CheckSchema(t.Context()))
}
