package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
	"modernc.org/sqlite"

	"letterbox/models"
)

// errRace says that another transaction was faster; the whole one is run again and then sees what the other did.
var errRace = errors.New("another transaction was faster")

// wrap adds what was being done and turns the databases' answers into the errors of package models. The text of a
// broken unique key is left out: it holds the value.
func wrap(what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows), errors.Is(err, gorm.ErrRecordNotFound):
		return fmt.Errorf("%s: %w", what, models.ErrNotFound)
	case duplicate(err):
		return fmt.Errorf("%s: %w", what, models.ErrConflict)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// duplicate reports whether err is a broken unique key.
func duplicate(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return e.Number == 1062
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code() == 1555 || e.Code() == 2067 // SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE.
	}
	return false
}

// retryable reports whether the same transaction may succeed when it is run again.
func retryable(err error) bool {
	if errors.Is(err, ErrCommitUnknown) {
		return false
	}
	if undone(err) || errors.Is(err, errRace) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) {
		return true
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		switch e.Number {
		case 1205, // Lock wait timeout.
			1047,       // WSREP has not yet prepared the node.
			1180,       // Error during commit of a statement.
			1290, 1836, // Read-only, while failing over.
			2006, 2013: // Server has gone away, lost connection.
			return true
		}
	}
	return false
}

// undone reports whether err says for certain that the transaction had no effect, even when it came from COMMIT.
func undone(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		switch e.Number {
		case 1213, // Deadlock; on Galera also a certification conflict, which shows at COMMIT.
			1020,                               // MariaDB: the record has changed since the snapshot.
			8002, 8022, 8028, 9001, 9002, 9003, // TiDB: write conflict, schema changed, region unavailable.
			9004, 9005, 9007:
			return true
		}
		return false
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return e.Code()&0xff == 5 || e.Code()&0xff == 6 // SQLITE_BUSY, SQLITE_LOCKED.
	}
	return false
}

// changedOne turns "no row found" of a conditional write into models.ErrConflict.
func changedOne(n int64, err error) error {
	if err == nil && n == 0 {
		return models.ErrConflict
	}
	return err
}

// foundOne turns "no row found" of a write by key into models.ErrNotFound.
func foundOne(n int64, err error) error {
	if err == nil && n == 0 {
		return models.ErrNotFound
	}
	return err
}

// fenced is models.ErrFenced when the row of a claim was not changed: somebody else has it by now.
func fenced(n int64, err error) error {
	if err == nil && n == 0 {
		return models.ErrFenced
	}
	return err
}
