// Package testdb gives tests real databases: a fresh SQLite file, and a private MariaDB on loopback. It is used by tests
// only.
package testdb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"letterbox/models/store"
)

// Open returns an empty, migrated SQLite database in a file of its own. It is closed when the test ends.
func Open(t testing.TB) *store.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "letterbox.db")
	copyTo(t, path)
	return open(t, "sqlite:"+path)
}

// migrated is an empty, migrated SQLite database, made once in a test program: copying is much faster than migrating.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "letterbox-template-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "template.db")
	s, err := store.Open(context.Background(), "sqlite:"+path, nil)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.Migrate(context.Background()), s.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// copyTo writes an empty, migrated database into a file.
func copyTo(t testing.TB, path string) {
	t.Helper()
	content, err := migrated()
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		t.Fatalf("copy a migrated database: %v", err)
	}
}

func open(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), dsn, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close database: %v", err)
		}
	})
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// OpenMariaDB returns an empty, migrated database on MariaDB; see [StartMariaDB].
func OpenMariaDB(t testing.TB) *store.Store {
	t.Helper()
	return open(t, StartMariaDB(t))
}

// EachDialect runs a test once on SQLite and once on MariaDB, each time on an empty, migrated database.
func EachDialect(t *testing.T, run func(t *testing.T, s *store.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, Open(t)) })
	t.Run("mysql", func(t *testing.T) { run(t, OpenMariaDB(t)) })
}
