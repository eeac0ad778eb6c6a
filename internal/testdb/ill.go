package testdb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// roomy is the bound of SQLite itself.
const roomy = 4294967294

type roomKey struct{}

// WithRoom bounds the file of a database that [OpenFaulty] opened: a transaction begun with ctx, or with a context made
// of it, finds room for no more pages than room says, and none to grow when that is less than there are; 0 is no bound.
// SQLite then behaves as on a full disk.
func WithRoom(ctx context.Context, room func() (pages int)) context.Context {
	return context.WithValue(ctx, roomKey{}, room)
}

// bound sets the bound of the context before a transaction begins.
func (c faultyConn) bound(ctx context.Context, query string) error {
	room, _ := ctx.Value(roomKey{}).(func() int)
	if room == nil || query != "BEGIN IMMEDIATE" {
		return nil
	}
	pages := room()
	if pages == 0 {
		pages = roomy
	}
	_, err := c.conn.ExecContext(ctx, fmt.Sprint("PRAGMA max_page_count = ", pages), nil)
	return err
}

// NoRoom returns what SQLite says when the disk is full.
func NoRoom(t testing.TB) error {
	t.Helper()
	return failing(t, "file:"+filepath.Join(t.TempDir(), "full.db"), "PRAGMA max_page_count = 2", "CREATE TABLE a (b)", "INSERT INTO a VALUES (zeroblob(100000))")
}

// ReadOnly returns what SQLite says when it may not write.
func ReadOnly(t testing.TB) error {
	t.Helper()
	return failing(t, "file:"+Template(t)+"?mode=ro", "DELETE FROM counters")
}

// NotADatabase returns what SQLite says when something else lies where the database was.
func NotADatabase(t testing.TB) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "noise.db")
	if err := os.WriteFile(path, []byte("This is a text and no database, whatever its name is. It goes on for a while, so that there is a header to read. It ends here."), 0o600); err != nil {
		t.Fatal(err)
	}
	return failing(t, "file:"+path, "CREATE TABLE a (b)")
}

// failing runs statements of which the last one must fail, and returns its error.
func failing(t testing.TB, dsn string, statements ...string) error {
	t.Helper()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for i, s := range statements {
		_, err = db.ExecContext(t.Context(), s)
		if last := i == len(statements)-1; last == (err == nil) {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return err
}
