package store

import "context"

// CountIssues counts the issues that q selects, up to most. Words, the order and the page of q do not matter.
func (s *Store) CountIssues(ctx context.Context, q IssueQuery, most int) (int, error) {
	if q.ProjectIDs != nil && len(q.ProjectIDs) == 0 {
		return 0, nil
	}
	q.Sort = SortOldest
	found, err := s.issuePositions(ctx, q, nil, nil, most)
	return len(found), wrap("count issues", err)
}
