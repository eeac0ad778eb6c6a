package store

import (
	"context"
	"errors"
	"fmt"
)

// NextIssueNumber returns the next running number of the installation. It must be called in the transaction that uses
// the number, so that none is lost and none is given twice.
func (s *Store) NextIssueNumber(ctx context.Context) (int64, error) {
	tx := s.tx(ctx)
	if tx == nil {
		return 0, errors.New("next issue number: outside of a transaction")
	}
	if s.dialect == "mysql" {
		return tx.nextNumber(ctx)
	}
	var n int64
	err := s.queryRow(ctx, "UPDATE counters SET value = value + 1 WHERE name = 'issue' RETURNING value", nil, &n)
	if err != nil {
		return 0, fmt.Errorf("next issue number: %w", err)
	}
	return n, nil
}

// nextNumber asks the server for the first number of a transaction. It holds the row until it ends, so it counts on by
// itself, and writes down how far it came before it commits.
func (t *txPool) nextNumber(ctx context.Context) (int64, error) {
	if t.number > 0 {
		if err := t.usable(); err != nil {
			return 0, err
		}
		t.number++
		t.counted = true
		return t.number, nil
	}
	n, err := t.insert(ctx, "UPDATE counters SET value = LAST_INSERT_ID(value + 1) WHERE name = 'issue'")
	if err != nil {
		return 0, wrap("next issue number", err)
	}
	t.number = n
	return n, nil
}

func (t *txPool) keepNumber(ctx context.Context) error {
	if !t.counted {
		return nil
	}
	t.counted = false
	return foundOne(t.exec(ctx, "UPDATE counters SET value = ? WHERE name = 'issue'", t.number))
}
