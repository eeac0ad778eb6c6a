package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/go-sql-driver/mysql"
	"modernc.org/sqlite"
)

// Ailment is why a database cannot work now, in kinds that call for different help.
type Ailment string

// The kinds of ailments.
const (
	Well     Ailment = ""          // The error, if there is one, lies in what was asked.
	NoRoom   Ailment = "no room"   // The disk or the quota is full.
	ReadOnly Ailment = "read-only" // It is there and takes no changes.
	Damaged  Ailment = "damaged"   // Its storage reports errors, or what lies there is no database any more.
	Away     Ailment = "away"      // It cannot be reached, or is too busy.
)

// AilmentOf returns what is wrong with the database according to an error of this package. It is [Well] for errors that
// lie in what was asked.
func AilmentOf(err error) Ailment {
	if err == nil {
		return Well
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		if a := sqliteAilment(e.Code() & 0xff); a != Well {
			return a
		}
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		if a := mysqlAilment(e.Number); a != Well {
			return a
		}
	}
	if retryable(err) || errors.Is(err, ErrCommitUnknown) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
		return Away
	}
	if _, ok := errors.AsType[notBegun](err); ok {
		return Away
	}
	return Well
}

// sqliteAilment reads a primary result code.
func sqliteAilment(code int) Ailment {
	switch code {
	case 13: // FULL.
		return NoRoom
	case 3, 8: // PERM, READONLY.
		return ReadOnly
	case 10, 11, 26: // IOERR, CORRUPT, NOTADB.
		return Damaged
	case 5, 6, 14, 15: // BUSY, LOCKED, CANTOPEN, PROTOCOL.
		return Away
	}
	return Well
}

func mysqlAilment(number uint16) Ailment {
	switch number {
	case 1021, 1114, 28: // Disk full, table full.
		return NoRoom
	case 1290, 1836, 1792: // Read-only server or transaction.
		return ReadOnly
	case 1028, 1030, 3, 1034, 1194, 1712: // Errors of storage, crashed tables and indexes.
		return Damaged
	case 1041, 1037, 1038, // Out of memory.
		1040, 1203, 1226, // Too many connections.
		1053, 1077, 1079, // Shutting down.
		1044, 1045, 1142, 1049: // Access denied, no such database.
		return Away
	}
	return Well
}
