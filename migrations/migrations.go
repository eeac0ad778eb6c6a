// Package migrations holds the numbered SQL files that make and change the schema, one folder per dialect with the same
// numbers in both, embedded in the program.
//
// On SQLite each file runs in a transaction. MySQL commits each DDL statement by itself, so there every statement is
// written so that it may run again (IF NOT EXISTS), and a file that was interrupted is simply run once more. The caller
// makes sure that only one process migrates at a time.
package migrations

import (
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed sqlite/*.sql mysql/*.sql
var files embed.FS

// Provider returns what applies the migrations of dialect ("sqlite" or "mysql") to db. Closing it closes db.
func Provider(dialect string, db *sql.DB) (*goose.Provider, error) {
	dir, err := fs.Sub(files, dialect)
	if err != nil {
		return nil, fmt.Errorf("migrations of %q: %w", dialect, err)
	}
	d := goose.DialectSQLite3
	if dialect == "mysql" {
		d = goose.DialectMySQL
	}
	p, err := goose.NewProvider(d, db, dir, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("migrations of %q: %w", dialect, err)
	}
	return p, nil
}
