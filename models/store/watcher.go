package store

import (
	"context"
	"slices"

	"letterbox/models"
)

// AddWatchers has users follow an issue. Those who do already stay.
func (s *Store) AddWatchers(ctx context.Context, issue int64, userIDs []int64) error {
	rows := make([]any, 0, 2*len(userIDs))
	for _, id := range userIDs {
		rows = append(rows, issue, id)
	}
	return s.addPairs(ctx, "add watchers", "watchers", "(issue_number, user_id)", rows)
}

// RemoveWatcher has a user not follow an issue any more. It is no error when it did not.
func (s *Store) RemoveWatcher(ctx context.Context, issue, userID int64) error {
	return s.write(ctx, "remove watcher", func(ctx context.Context, tx *txPool) error {
		_, err := tx.exec(ctx, "DELETE FROM watchers WHERE issue_number = ? AND user_id = ?", issue, userID)
		return err
	})
}

// Watchers returns the users who follow an issue, by ID; at most 10,000.
func (s *Store) Watchers(ctx context.Context, issue int64) ([]int64, error) {
	ids, err := s.ids(ctx, "SELECT user_id FROM watchers WHERE issue_number = ? ORDER BY user_id LIMIT 10000", issue)
	return ids, wrap("list watchers", err)
}

// Involved reports whether a user reported an issue, wrote in it or watches it.
func (s *Store) Involved(ctx context.Context, issue, userID int64) (bool, error) {
	var yes bool
	err := s.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM issues WHERE number = ? AND reporter_id = ?)
		OR EXISTS (SELECT 1 FROM watchers WHERE issue_number = ? AND user_id = ?)
		OR EXISTS (SELECT 1 FROM comments WHERE issue_number = ? AND author_id = ?)`,
		[]any{issue, userID, issue, userID, issue, userID}, &yes)
	return yes, wrap("find who has to do with an issue", err)
}

// AddParticipants adds addresses, in lower case, to those that take part in an issue. What is longer than an address
// can be is left out.
func (s *Store) AddParticipants(ctx context.Context, issue int64, addresses []string) error {
	rows := make([]any, 0, 2*len(addresses))
	for _, a := range addresses {
		if a != "" && len(a) <= maxAddress {
			rows = append(rows, issue, models.FoldAddress(a))
		}
	}
	return s.addPairs(ctx, "add participants", "participants", "(issue_number, address)", rows)
}

// IsParticipant reports whether an address takes part in an issue: it stood in one of its mails, or it belongs to the
// reporter or to a watcher. A watcher who signs in counts only while the person is a member of the project.
func (s *Store) IsParticipant(ctx context.Context, issue int64, address string) (bool, error) {
	a := models.FoldAddress(address)
	var yes bool
	err := s.queryRow(ctx, `SELECT EXISTS (SELECT 1 FROM participants WHERE issue_number = ? AND address = ?)
		OR EXISTS (SELECT 1 FROM user_addresses u WHERE u.address = ?
			AND (EXISTS (SELECT 1 FROM issues i WHERE i.number = ? AND i.reporter_id = u.user_id)
				OR EXISTS (SELECT 1 FROM watchers w JOIN users p ON p.id = w.user_id JOIN issues j ON j.number = w.issue_number
					WHERE w.issue_number = ? AND w.user_id = u.user_id AND (p.role <> 'member'
						OR EXISTS (SELECT 1 FROM members m WHERE m.user_id = p.id AND m.project_id = j.project_id)))))`,
		[]any{issue, a, a, issue, issue}, &yes)
	return yes, wrap("find participant", err)
}

// addPairs inserts rows of two columns and skips those that are there.
func (s *Store) addPairs(ctx context.Context, what, table, columns string, rows []any) error {
	return s.write(ctx, what, func(ctx context.Context, tx *txPool) error {
		for part := range slices.Chunk(rows, 2*laterRows) {
			if err := tx.later(ctx, inserted(table, s.insertIgnore()+table+" "+columns, "", 2), part...); err != nil {
				return err
			}
		}
		return nil
	})
}
