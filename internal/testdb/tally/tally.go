// Package tally counts, past the program, what became of mails: it reads the database of a Letterbox as it lies there. It
// is used by tests of the whole program only.
package tally

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "modernc.org/sqlite" // The driver "sqlite".
)

// Books is what a database says about mails.
type Books struct {
	Effects   map[string]int  // Issues and comments, by the SHA-256 of the octets in hex.
	Seen      map[string]bool // Octets that the ledger knows.
	Aside     []int64         // Messages that wait for a person.
	Open      int             // Messages without result.
	Unsettled int             // Messages that the server must still be told about.
	Issues    int
	Wrong     []string // What must never be, in words.
}

// Clerk reads a database.
type Clerk struct{ db *sql.DB }

// Open returns a Clerk for a DSN as store.Open takes it.
func Open(dsn string) (*Clerk, error) {
	driver, rest, _ := strings.Cut(dsn, ":")
	if driver == "sqlite" {
		db, err := sql.Open(driver, "file:"+rest+"?_pragma=busy_timeout(20000)")
		if err != nil {
			return nil, fmt.Errorf("open the books: %w", err)
		}
		return &Clerk{db}, nil
	}
	cfg, err := mysql.ParseDSN(rest)
	if err != nil {
		return nil, fmt.Errorf("open the books: %w", err)
	}
	cfg.Timeout, cfg.ReadTimeout, cfg.Logger = 2*time.Second, 20*time.Second, &mysql.NopLogger{} // The server is down now and then.
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("open the books: %w", err)
	}
	return &Clerk{sql.OpenDB(c)}, nil
}

// Close closes the database.
func (c *Clerk) Close() error { return c.db.Close() }

// Poll asks for a visit to every inbox now, as people do.
func (c *Clerk) Poll(ctx context.Context) error {
	_, err := c.db.ExecContext(ctx, "UPDATE inboxes SET polls_asked = polls_asked + 1")
	return err
}

// EndLeases lets all leases run out, so that every process may take every inbox.
func (c *Clerk) EndLeases(ctx context.Context) error {
	_, err := c.db.ExecContext(ctx, "UPDATE leases SET expires_at = '2001-01-01 00:00:00'")
	return err
}

const effects = "(SELECT origin_message_id o FROM issues UNION ALL SELECT origin_message_id FROM comments)"

// Read sums up.
func (c *Clerk) Read(ctx context.Context) (b Books, err error) {
	b = Books{Effects: map[string]int{}, Seen: map[string]bool{}}
	add := func(query string, row func(key string, n int)) {
		if err == nil {
			err = c.each(ctx, query, row)
		}
	}
	add("SELECT sha256, count(*) FROM messages m JOIN "+effects+" e ON e.o = m.id GROUP BY sha256", func(k string, n int) { b.Effects[k] = n })
	add("SELECT sha256, count(*) FROM messages WHERE sha256 IS NOT NULL GROUP BY sha256", func(k string, _ int) { b.Seen[k] = true })
	add("SELECT NULL, id FROM messages WHERE state = 'quarantined'", func(_ string, id int) { b.Aside = append(b.Aside, int64(id)) })
	add("SELECT NULL, count(*) FROM messages WHERE state IN ('known', 'received')", func(_ string, n int) { b.Open = n })
	add("SELECT NULL, count(*) FROM messages WHERE settle_state IN ('pending', 'failed')", func(_ string, n int) { b.Unsettled = n })
	add("SELECT NULL, count(*) FROM issues", func(_ string, n int) { b.Issues = n })
	wrong := func(what, query string) {
		add(query, func(_ string, n int) {
			if n != 0 {
				b.Wrong = append(b.Wrong, fmt.Sprintf("%s: %d", what, n))
			}
		})
	}
	wrong("messages with two effects", "SELECT NULL, count(*) FROM (SELECT o FROM "+effects+" e WHERE o IS NOT NULL GROUP BY o HAVING count(*) > 1) x")
	wrong("messages twice in the ledger", "SELECT NULL, count(*) FROM (SELECT 1 FROM messages GROUP BY inbox_id, folder, uidvalidity, uid HAVING count(*) > 1) x")
	wrong("issue numbers left out or twice", "SELECT NULL, coalesce(max(number), 0) - count(DISTINCT number) FROM issues")
	wrong("results without their effect or effects without result", `SELECT NULL, count(*) FROM messages m LEFT JOIN `+effects+` e ON e.o = m.id
		WHERE (e.o IS NOT NULL) <> (m.state IN ('created', 'commented', 'oversize'))`)
	return b, err
}

func (c *Clerk) each(ctx context.Context, query string, row func(key string, n int)) error {
	rows, err := c.db.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("read the books: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key []byte
		var n int
		if err := rows.Scan(&key, &n); err != nil {
			return fmt.Errorf("read the books: %w", err)
		}
		row(hex.EncodeToString(key), n)
	}
	return rows.Err()
}
