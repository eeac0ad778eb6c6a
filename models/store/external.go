package store

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"letterbox/models"
)

// AddExternalNumber ties the number of an older system to an issue and sets CreatedAt when it is zero; models.ErrConflict
// when it belongs to an issue already.
func (s *Store) AddExternalNumber(ctx context.Context, n *models.ExternalNumber) error {
	return s.write(ctx, "add external number", func(ctx context.Context, tx *txPool) error {
		if n.CreatedAt.IsZero() {
			n.CreatedAt = now()
		}
		_, err := tx.exec(ctx, `INSERT INTO external_numbers (system_key, number_key, system_name, number_text, issue_number, created_at)
			VALUES (?, ?, ?, ?, ?, ?)`, n.SystemKey, n.NumberKey, n.SystemName, n.NumberText, n.IssueNumber, n.CreatedAt)
		return err
	})
}

// ExternalNumbers returns those of the numbers, by their keys, that belong to issues.
func (s *Store) ExternalNumbers(ctx context.Context, list []models.ExternalNumber) ([]models.ExternalNumber, error) {
	var out []models.ExternalNumber
	for part := range slices.Chunk(list, 100) {
		args := make([]any, 0, 2*len(part))
		for _, n := range part {
			args = append(args, n.SystemKey, n.NumberKey)
		}
		pairs := strings.TrimSuffix(strings.Repeat("(system_key = ? AND number_key = ?) OR ", len(part)), " OR ")
		found, err := s.externalNumbers(ctx, pairs+" ORDER BY system_key, number_key", args)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// ExternalNumbersOf returns the numbers that issues had elsewhere, by issue.
func (s *Store) ExternalNumbersOf(ctx context.Context, issues []int64) (map[int64][]models.ExternalNumber, error) {
	out := map[int64][]models.ExternalNumber{}
	for part := range slices.Chunk(issues, 500) {
		found, err := s.externalNumbers(ctx, "issue_number IN ("+marks(len(padded(part)))+") ORDER BY system_key, number_key", anys(padded(part)))
		if err != nil {
			return nil, err
		}
		for _, n := range found {
			out[n.IssueNumber] = append(out[n.IssueNumber], n)
		}
	}
	return out, nil
}

// IssuesByExternalNumber returns the issues that had a number in any older system, or in that of the name when it is not
// ""; at most 1,000.
func (s *Store) IssuesByExternalNumber(ctx context.Context, system, number string) ([]int64, error) {
	where, args := "number_key = ?", []any{strings.ToLower(number)}
	if system != "" {
		where, args = where+" AND system_key = ?", append(args, strings.ToLower(system))
	}
	found, err := s.externalNumbers(ctx, where+" ORDER BY issue_number LIMIT 1000", args)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(found))
	for i, n := range found {
		ids[i] = n.IssueNumber
	}
	return slices.Compact(ids), nil
}

func (s *Store) externalNumbers(ctx context.Context, rest string, args []any) ([]models.ExternalNumber, error) {
	var list []models.ExternalNumber
	err := s.once(ctx, "SELECT system_key, number_key, system_name, number_text, issue_number, created_at FROM external_numbers WHERE "+rest, args,
		func(r *sql.Rows) error {
			var n models.ExternalNumber
			err := r.Scan(&n.SystemKey, &n.NumberKey, &n.SystemName, &n.NumberText, &n.IssueNumber, &n.CreatedAt)
			list = append(list, n)
			return err
		})
	return list, wrap("find external numbers", err)
}
