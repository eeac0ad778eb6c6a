package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strconv"

	"gorm.io/gorm"
	"gorm.io/gorm/callbacks"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/migrator"
	"gorm.io/gorm/schema"
	_ "modernc.org/sqlite" // The driver "sqlite", without cgo.
)

// openSQLite opens the file with one connection that writes and several that only read. In WAL mode readers see the last
// commit and never wait for the writer.
func (s *Store) openSQLite(ctx context.Context) (gorm.Dialector, error) {
	f, err := os.OpenFile(s.dsn, os.O_CREATE|os.O_RDWR, 0o600) // Holds mail: nobody else reads it.
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	s.db, err = sql.Open(s.driver, sqliteDSN(s.dsn, true))
	if err != nil {
		return nil, err
	}
	s.writer, err = newSQLiteWriter(ctx, s.driver, sqliteDSN(s.dsn, false), newCheckpoints(s.db, s.log))
	if err != nil {
		return nil, err
	}
	n := max(4, runtime.NumCPU())
	s.db.SetMaxOpenConns(n)
	s.db.SetMaxIdleConns(n)
	s.readers = &readPool{db: s.db, prepare: true}
	return sqliteDialect{pool: s.readers}, nil
}

// sqliteDSN is the address of the file with what each connection needs. Without _txlock=immediate transactions that
// read first fail when another one has written meanwhile; without _timezone times of different zones compare wrongly.
func sqliteDSN(path string, readOnly bool) string {
	q := url.Values{
		"_txlock":      {"immediate"},
		"_time_format": {"sqlite"},
		"_timezone":    {"UTC"},
		"_pragma": {
			"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
			fmt.Sprintf("wal_autocheckpoint(%d)", logToEnd/4096), "journal_size_limit(67108864)", "temp_store(MEMORY)",
		},
	}
	if readOnly {
		q.Add("_pragma", "query_only(1)")
		q.Add("_pragma", "cache_size(-1000)") // 1 MB each: what they read together stays with the system.
	} else {
		q.Add("_pragma", "cache_size(-2000)") // 2 MB.
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// sqliteDialect teaches gorm the SQL of SQLite. gorm's own driver would link the C library whenever cgo is on. It only
// has what queries need: the schema is made by numbered migrations.
type sqliteDialect struct{ pool gorm.ConnPool }

var _ gorm.Dialector = sqliteDialect{}

func (sqliteDialect) Name() string { return "sqlite" }

func (d sqliteDialect) Initialize(db *gorm.DB) error {
	db.ConnPool = d.pool
	callbacks.RegisterDefaultCallbacks(db, &callbacks.Config{
		CreateClauses: []string{"INSERT", "VALUES", "ON CONFLICT"},
		UpdateClauses: []string{"UPDATE", "SET", "FROM", "WHERE"},
		DeleteClauses: []string{"DELETE", "FROM", "WHERE"},
	})
	db.ClauseBuilders["LIMIT"] = func(c clause.Clause, b clause.Builder) {
		limit, ok := c.Expression.(clause.Limit)
		if !ok {
			return
		}
		n := -1 // SQLite takes OFFSET only after LIMIT; a negative one means no limit.
		if limit.Limit != nil {
			n = *limit.Limit
		}
		_, _ = b.WriteString("LIMIT " + strconv.Itoa(n))
		if limit.Offset > 0 {
			_, _ = b.WriteString(" OFFSET " + strconv.Itoa(limit.Offset))
		}
	}
	return nil
}

func (sqliteDialect) DefaultValueOf(*schema.Field) clause.Expression { return clause.Expr{SQL: "NULL"} }

func (d sqliteDialect) Migrator(db *gorm.DB) gorm.Migrator {
	return migrator.Migrator{Config: migrator.Config{DB: db, Dialector: d}}
}

func (sqliteDialect) BindVarTo(w clause.Writer, _ *gorm.Statement, _ any) { _ = w.WriteByte('?') }

func (sqliteDialect) QuoteTo(w clause.Writer, name string) { quoteTo(w, name) }

func (sqliteDialect) Explain(query string, vars ...any) string {
	return logger.ExplainSQL(query, nil, `"`, vars...)
}

func (sqliteDialect) DataTypeOf(f *schema.Field) string { return fmt.Sprint(f.DataType) }

// quoteTo writes "table.column" as `table`.`column`. Names come from the program, never from users.
func quoteTo(w clause.Writer, name string) {
	_ = w.WriteByte('`')
	for i := range len(name) {
		switch name[i] {
		case '.':
			_, _ = w.WriteString("`.`")
		case '`':
		default:
			_ = w.WriteByte(name[i])
		}
	}
	_ = w.WriteByte('`')
}
