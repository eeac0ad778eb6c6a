package store

import (
	"context"
	"database/sql"
	"log/slog"
	"sync"
	"sync/atomic"
)

// How far the write-ahead log of SQLite grows, in octets: from the first on its pages are moved into the file beside the
// writer. At the second the writer moves what is left itself, and the log begins anew: only it can bring that to an end
// while it goes on to write. SQLite before 3.51.3 could lose pages when two connections did so at once (the "WAL-reset
// bug" of its wal.html).
const (
	logToMove = 8 << 20
	logToEnd  = 32 << 20

	logOfCommit = 32 << 10 // What a commit is taken to add besides the values of its statements: pages of the indexes.
)

// checkpoints moves pages of the write-ahead log into the file while the writer writes, so that it need not stop for it:
// that was a seventh of the time in which a mailbox is taken in.
type checkpoints struct {
	db      *sql.DB // Of readers, which may do this.
	log     *slog.Logger
	grown   int64 // Octets since the last time, roughly. Belongs to who has the turn of the writer.
	running atomic.Bool
	done    sync.WaitGroup
	ctx     context.Context //nolint:containedctx // Ends what runs when the store is closed.
	cancel  context.CancelFunc
}

func newCheckpoints(db *sql.DB, log *slog.Logger) *checkpoints {
	ctx, cancel := context.WithCancel(context.Background())
	return &checkpoints{db: db, log: log, ctx: ctx, cancel: cancel}
}

// add counts the values of a statement.
func (c *checkpoints) add(args []any) {
	for _, a := range args {
		switch v := a.(type) {
		case string:
			c.grown += int64(len(v))
		case []byte:
			c.grown += int64(len(v))
		}
	}
}

// committed starts moving when there is enough to move; one that still runs will be followed by another.
func (c *checkpoints) committed() {
	c.grown += logOfCommit
	if c.grown < logToMove || !c.running.CompareAndSwap(false, true) {
		return
	}
	c.grown = 0
	c.done.Go(func() {
		defer c.running.Store(false)
		// It takes what no reader and writer is in the way of, and waits for nobody. After an error the log is as it was,
		// and the writer comes to the same pages.
		if _, err := c.db.ExecContext(c.ctx, "PRAGMA wal_checkpoint(PASSIVE)"); err != nil && c.ctx.Err() == nil {
			c.log.Warn("pages of the write-ahead log were not moved", "err", err)
		}
	})
}

// close ends what runs and waits for it. Nobody may commit any more.
func (c *checkpoints) close() {
	c.cancel()
	c.done.Wait()
}
