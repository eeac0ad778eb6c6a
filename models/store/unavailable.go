package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
)

// notBegun is why a transaction could not even begin, which has nothing to do with what was to be done in it.
type notBegun struct{ cause error }

func (e notBegun) Error() string { return "begin: " + e.cause.Error() }
func (e notBegun) Unwrap() error { return e.cause }

// Unavailable reports whether err says that the database cannot work now, whatever it is asked: it cannot be reached,
// takes no writes, has no room or is too busy. The same call may succeed later. It is false for errors that lie in what
// was asked.
func Unavailable(err error) bool {
	if err == nil {
		return false
	}
	if retryable(err) || errors.Is(err, ErrCommitUnknown) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return true
	}
	if _, ok := errors.AsType[notBegun](err); ok {
		return true
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		switch e.Number {
		case 1021, 1114, 1041, 1037, 1038, // Disk full, table full, out of memory.
			1040, 1203, 1226, // Too many connections.
			1053, 1077, 1079, // Shutting down.
			1044, 1045, 1142, 1049, // Access denied, no such database.
			1028, 1030, 3, 28: // Errors of storage.
			return true
		}
		return false
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case 3, 8, 10, 11, 13, 14, 15, 26: // PERM, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB.
			return true
		}
		return false
	}
	return false
}
