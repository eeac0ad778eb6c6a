package store

import (
	"context"
	"database/sql"
	"fmt"

	"letterbox/models"
)

// PlanOfCountUnassigned is how the database goes about [Store.CountUnassigned].
func (s *Store) PlanOfCountUnassigned(ctx context.Context, projects []int64, states []models.IssueState, most int) (plan string, err error) {
	query, args := countUnassigned(projects, states, most)
	explain := "EXPLAIN "
	if s.dialect == "sqlite" {
		explain = "EXPLAIN QUERY PLAN "
	}
	err = s.once(ctx, explain+query, args, func(r *sql.Rows) error {
		columns, err := r.Columns()
		if err != nil {
			return err
		}
		row, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		err = r.Scan(into...)
		for _, one := range row {
			plan += fmt.Sprint(one.String, " ")
		}
		return err
	})
	return plan, err
}
