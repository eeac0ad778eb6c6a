package testdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"

	"letterbox/internal/testdb/mariadbd"
)

// server is the one server of this test binary, started by the first test that wants it. It ends with the process.
var server = sync.OnceValues(func() (*mariadbd.Server, error) { return mariadbd.Start(context.Background()) })

// StartMariaDB returns the DSN, as store.Open takes it, of a fresh, empty database. The server is a private MariaDB that
// all tests of the binary share, or the one whose DSN stands in LETTERBOX_TEST_MYSQL. The database is dropped when the
// test ends. The test is skipped when MariaDB is not installed, and fails when CI or LETTERBOX_TEST_REQUIRE_ALL is set.
func StartMariaDB(t testing.TB) (dsn string) {
	t.Helper()
	base := os.Getenv("LETTERBOX_TEST_MYSQL")
	if base == "" {
		s, err := server()
		if errors.Is(err, mariadbd.ErrMissing) && os.Getenv("CI") == "" && os.Getenv("LETTERBOX_TEST_REQUIRE_ALL") == "" {
			t.Skip(err)
		}
		if err != nil {
			t.Fatalf("start MariaDB: %v", err)
		}
		base = "mysql:root@tcp(" + s.Address + ")/"
	}
	base, _, _ = strings.Cut(base, "?")
	base = base[:strings.LastIndexByte(base, '/')+1]
	name := "letterbox_" + strings.ToLower(rand.Text()[:12])
	db, err := sql.Open("mysql", strings.TrimPrefix(base, "mysql:"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("create test database: %v", err)
	}
	t.Cleanup(func() {
		if _, err := db.ExecContext(context.Background(), "DROP DATABASE "+name); err != nil {
			t.Errorf("drop test database: %v", err)
		}
		_ = db.Close()
	})
	return base + name
}
