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
		n, err := tx.insert(ctx, "UPDATE counters SET value = LAST_INSERT_ID(value + 1) WHERE name = 'issue'")
		return n, wrap("next issue number", err)
	}
	var n int64
	err := s.queryRow(ctx, "UPDATE counters SET value = value + 1 WHERE name = 'issue' RETURNING value", nil, &n)
	if err != nil {
		return 0, fmt.Errorf("next issue number: %w", err)
	}
	return n, nil
}
