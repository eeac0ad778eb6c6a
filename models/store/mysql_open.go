package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/go-sql-driver/mysql"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"
)

// openMySQL opens the server. On a Galera cluster each statement first waits until its node has caught up
// (wsrep_sync_wait): otherwise a read on another node may miss what was just committed.
func (s *Store) openMySQL(ctx context.Context) (gorm.Dialector, error) {
	cfg, err := mysqlConfig(s.dsn)
	if err != nil {
		return nil, err
	}
	has, err := variables(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if has["wsrep_on"] == "ON" {
		cfg.Params["wsrep_sync_wait"] = "1"
	}
	s.current = readCommitted(cfg, has)
	s.dsn = cfg.FormatDSN()
	s.db, err = openPool(cfg)
	if err != nil {
		return nil, err
	}
	s.readers = &readPool{db: s.db}
	return gormmysql.New(gormmysql.Config{
		Conn:                      s.readers,
		DSNConfig:                 cfg,
		SkipInitializeWithVersion: true, // RETURNING is a syntax error on MySQL, and on MariaDB in UPDATE.
	}), nil
}

// mysqlCollation is how a server compares what it is given with each other; columns have their own.
const mysqlCollation = "utf8mb4_unicode_ci"

// mysqlConfig adds to dsn what the program relies on. Times of the connection that dsn sets itself stay.
func mysqlConfig(dsn string) (*mysql.Config, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, err
	}
	if cfg.DBName == "" {
		return nil, fmt.Errorf("mysql: the name of the database is missing")
	}
	cfg.ParseTime, cfg.Loc = true, time.UTC
	cfg.Collation = mysqlCollation
	cfg.ClientFoundRows = true   // Rows found, not rows changed: conditional writes count them.
	cfg.InterpolateParams = true // One round trip for each statement.
	cfg.Logger = &mysql.NopLogger{}
	for _, d := range []struct {
		have *time.Duration
		want time.Duration
	}{{&cfg.Timeout, 5 * time.Second}, {&cfg.ReadTimeout, 30 * time.Second}, {&cfg.WriteTimeout, 30 * time.Second}} {
		if *d.have == 0 {
			*d.have = d.want
		}
	}
	if cfg.Params == nil {
		cfg.Params = map[string]string{}
	}
	cfg.Params["time_zone"] = "'+00:00'"
	cfg.Params["sql_mode"] = "'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
	cfg.Params["innodb_lock_wait_timeout"] = "10" // Below ReadTimeout, so that the transaction is repeated.
	return cfg, nil
}

func openPool(cfg *mysql.Config) (*sql.DB, error) {
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(20)
	db.SetMaxIdleConns(20)
	db.SetConnMaxIdleTime(3 * time.Minute)
	db.SetConnMaxLifetime(30 * time.Minute)
	return db, nil
}

// variables asks the server; it is also the first connection, which shows whether the address and the password are right.
func variables(ctx context.Context, cfg *mysql.Config) (map[string]string, error) {
	db, err := openPool(cfg)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, `SHOW VARIABLES WHERE Variable_name IN
		('wsrep_on', 'tx_isolation', 'transaction_isolation', 'log_bin', 'binlog_format')`)
	if err != nil {
		return nil, err
	}
	has := map[string]string{}
	err = scanAll(rows, func(r *sql.Rows) error {
		var name, value string
		err := r.Scan(&name, &value)
		has[name] = value
		return err
	})
	return has, err
}

// readCommitted has the connections of cfg read what is committed at each statement, and reports whether they do. Two
// transactions that look for octets which are not there yet do not lock the gap against each other then, and a message
// sees what others did since the transaction began. A server that logs statements instead of rows refuses to write so.
func readCommitted(cfg *mysql.Config, has map[string]string) bool {
	if has["log_bin"] == "ON" && has["binlog_format"] == "STATEMENT" {
		return false
	}
	name := "tx_isolation" // Of MariaDB, up to 11.0 the only one.
	if _, ok := has["transaction_isolation"]; ok {
		name = "transaction_isolation"
	}
	cfg.Params[name] = "'READ-COMMITTED'"
	return true
}
