package store

import (
	"context"
	"database/sql"
	"strings"

	"letterbox/models"
)

// mostAssignees is how many people a list is grouped by.
const mostAssignees = 500

// Assignees returns who has issues of some projects (nil: of all) in some states (none: all), in no order; at most 500. It
// reads an index alone.
func (s *Store) Assignees(ctx context.Context, projects []int64, states []models.IssueState) ([]int64, error) {
	if projects != nil && len(projects) == 0 {
		return nil, nil
	}
	where, args := byAssignee("IS NOT NULL", projects, states)
	ids, err := s.int64s(ctx, "SELECT DISTINCT assignee_id FROM issues WHERE "+where+" LIMIT ?", append(args, mostAssignees)...)
	return ids, wrap("list assignees", err)
}

// byAssignee selects issues by the columns of the index issues_assignee_id_state_project_id.
func byAssignee(assignee string, projects []int64, states []models.IssueState) (where string, args []any) {
	parts := []string{"assignee_id " + assignee}
	if len(states) > 0 {
		parts, args = append(parts, "state IN ("+marks(len(states))+")"), anys(states)
	}
	if projects != nil {
		parts, args = append(parts, "project_id IN ("+marks(len(projects))+")"), append(args, anys(projects)...)
	}
	return strings.Join(parts, " AND "), args
}

// CountUnassigned counts the issues that nobody has, of some projects (nil: of all) and in some states, up to most. It
// reads at most so many entries of an index and nothing else, however many issues there are.
func (s *Store) CountUnassigned(ctx context.Context, projects []int64, states []models.IssueState, most int) (n int, err error) {
	if projects != nil && len(projects) == 0 {
		return 0, nil
	}
	query, args := countUnassigned(projects, states, most)
	err = s.each(ctx, query, args, func(*sql.Rows) error { n++; return nil })
	return n, wrap("count issues of nobody", err)
}

// CatchAllProjects are the projects where the inboxes for all projects put their mail.
func (s *Store) CatchAllProjects(ctx context.Context) ([]int64, error) {
	ids, err := s.int64s(ctx, "SELECT DISTINCT project_id FROM inboxes WHERE global = ?", true)
	return ids, wrap("list projects of all inboxes", err)
}

func countUnassigned(projects []int64, states []models.IssueState, most int) (query string, args []any) {
	where, args := byAssignee("IS NULL", projects, states)
	return "SELECT 1 FROM issues WHERE " + where + " LIMIT ?", append(args, most)
}
