package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
)

const (
	schemaLockTTL  = 30 * time.Second // After this long without a sign, a migrating process counts as dead.
	schemaLockBeat = 5 * time.Second
	schemaLockPoll = 100 * time.Millisecond
)

// withSchemaLock runs fn while no other process migrates. The lock is a row that is taken by a conditional UPDATE:
// GET_LOCK and SELECT ... FOR UPDATE exclude nobody on Galera.
func (s *Store) withSchemaLock(ctx context.Context, db *sql.DB, fn func(ctx context.Context) error) error {
	holder := rand.Text()
	if err := s.makeSchemaLock(ctx, db); err != nil {
		return fmt.Errorf("schema lock: %w", err)
	}
	take := func(until time.Duration, where string, args ...any) (bool, error) {
		t, err := s.Now(ctx)
		if err != nil {
			return false, err
		}
		args = append([]any{holder, t.Add(until)}, args...)
		if where == "" {
			where, args = "expires_at < ?", append(args, t)
		}
		r, err := db.ExecContext(ctx, "UPDATE schema_lock SET holder = ?, expires_at = ? WHERE id = 1 AND "+where, args...)
		if err != nil {
			if retryable(err) {
				return false, nil
			}
			return false, err
		}
		n, err := r.RowsAffected()
		return n == 1, err
	}
	for {
		ok, err := take(schemaLockTTL, "")
		if err != nil {
			return fmt.Errorf("schema lock: %w", err)
		}
		if ok {
			break
		}
		select {
		case <-time.After(schemaLockPoll):
		case <-ctx.Done():
			return fmt.Errorf("wait for another process that migrates: %w", ctx.Err())
		}
	}
	work, stop := context.WithCancel(ctx)
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		for {
			select {
			case <-work.Done():
				return
			case <-time.After(schemaLockBeat):
				_, _ = take(schemaLockTTL, "holder = ?", holder) // A missed beat is made up for by the next.
			}
		}
	}()
	err := fn(work)
	stop()
	<-beating
	ctx = context.WithoutCancel(ctx)
	_, relErr := db.ExecContext(ctx, "UPDATE schema_lock SET expires_at = ? WHERE id = 1 AND holder = ?",
		time.Unix(0, 0).UTC(), holder)
	return errors.Join(err, relErr)
}

func (s *Store) makeSchemaLock(ctx context.Context, db *sql.DB) error {
	create := `CREATE TABLE IF NOT EXISTS schema_lock (id INTEGER NOT NULL PRIMARY KEY, holder VARCHAR(64) NOT NULL, expires_at DATETIME NOT NULL)`
	insert := "INSERT OR IGNORE INTO schema_lock (id, holder, expires_at) VALUES (1, '', ?)"
	if s.dialect == "mysql" {
		create = strings.Replace(create, "DATETIME", "DATETIME(6)", 1) + " ENGINE=InnoDB"
		insert = strings.Replace(insert, "OR IGNORE", "IGNORE", 1)
	}
	var err error
	for range maxTries {
		_, err = db.ExecContext(ctx, create)
		if err == nil {
			_, err = db.ExecContext(ctx, insert, time.Unix(0, 0).UTC())
		}
		if err == nil || !retryable(err) {
			return err
		}
	}
	return err
}

// noTable reports whether err says that a table does not exist.
func noTable(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return e.Number == 1146
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == 1 && strings.Contains(e.Error(), "no such table")
	}
	return false
}
