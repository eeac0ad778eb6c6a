package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// ErrNoBackup says that this kind of database is copied with its own tools (mariadb-dump --single-transaction).
var ErrNoBackup = errors.New("only the embedded database is copied by this program")

// Backup writes the state of the embedded database at one moment to a new file, while others go on reading and writing.
// The file holds mail: nobody else may read it. When it returns nil the file is whole and on the disk; otherwise there is
// none.
func (s *Store) Backup(ctx context.Context, path string) error {
	if s.dialect != "sqlite" {
		return ErrNoBackup
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("backup: %s is there already", path)
	}
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := errors.Join(s.copyInto(ctx, part), f.Sync(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("backup: %w", err), os.Remove(part))
	}
	if err := os.Rename(part, path); err != nil {
		return errors.Join(fmt.Errorf("backup: %w", err), os.Remove(part))
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return errors.Join(folder.Sync(), folder.Close()) // The new name lasts too.
}

// copyInto has a connection of its own: the others only read, and the writer must not wait for it.
func (s *Store) copyInto(ctx context.Context, path string) error {
	db, err := sql.Open(s.driver, sqliteDSN(s.dsn, false))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", path)
	return errors.Join(err, db.Close())
}

// skippedAfterRestore is how many issue numbers are left out after a restore. Customers may know numbers that were given
// after the backup; an answer that names one must not land in somebody else's issue.
const skippedAfterRestore = 1000

// Restored is what was done to a database that came from a backup.
type Restored struct {
	Held      int64 // Outgoing mails that wait for a person now: they may have been sent after the backup.
	NextIssue int64 // The lowest number that a new issue can have.
}

// AfterRestore prepares a database that came from a backup for work, in one transaction: outgoing mail that was queued is
// held with code, issue numbers go on well above those that were given, and no process holds a lease.
func (s *Store) AfterRestore(ctx context.Context, code string) (r Restored, err error) {
	err = s.write(ctx, "prepare a restored database", func(ctx context.Context, tx *txPool) error {
		if r.Held, err = tx.exec(ctx, "UPDATE outbox SET state = 'draft', code = ?, answer = '', claim = '', claimed_until = NULL WHERE state = 'queued'", code); err != nil {
			return err
		}
		if _, err = tx.exec(ctx, "UPDATE counters SET value = value + ? WHERE name = 'issue'", skippedAfterRestore); err != nil {
			return err
		}
		if _, err = tx.exec(ctx, "UPDATE leases SET expires_at = ?", now()); err != nil {
			return err
		}
		return s.queryRow(ctx, "SELECT value + 1 FROM counters WHERE name = 'issue'", nil, &r.NextIssue)
	})
	return r, err
}
