package testdb

import "testing"

// StartMariaDB returns the DSN of a fresh database.
func StartMariaDB(t testing.TB) (dsn string) {
	t.Helper()
	t.Skip("being written")
	return ""
}
