package store

import (
	"context"
	"database/sql"
)

// Tally is how many rows of something have a value in common.
type Tally struct {
	Of    string // "messages.state", "outbox.code", ...
	Owner int64  // Inbox, sending account or webhook.
	Value string // "" for none.
	Count int
}

// tallied are the columns that are counted, with whose rows they are. None of them holds anything of a mail.
var tallied = []struct{ table, owner, column string }{
	{"messages", "inbox_id", "state"}, {"messages", "inbox_id", "settle_state"}, {"messages", "inbox_id", "reason"}, {"messages", "inbox_id", "error_code"},
	{"outbox", "account_id", "state"}, {"outbox", "account_id", "code"},
	{"webhook_deliveries", "webhook_id", "state"}, {"webhook_deliveries", "webhook_id", "code"},
}

// Tallies counts messages, outgoing mails and events for webhooks by their states, reasons and codes. It reads whole
// tables, so it is for a person who asks, not for a page.
func (s *Store) Tallies(ctx context.Context) ([]Tally, error) {
	var all []Tally
	for _, t := range tallied {
		query := "SELECT " + t.owner + ", " + t.column + ", COUNT(*) FROM " + t.table + " GROUP BY " + t.owner + ", " + t.column + " ORDER BY " + t.owner + ", " + t.column + " LIMIT 10000"
		err := s.each(ctx, query, nil, func(r *sql.Rows) error {
			one := Tally{Of: t.table + "." + t.column}
			err := r.Scan(&one.Owner, &one.Value, &one.Count)
			all = append(all, one)
			return err
		})
		if err != nil {
			return nil, wrap("count "+t.table, err)
		}
	}
	return all, nil
}
