package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"letterbox/models"
)

// conditions makes SQL of what issues have in common.
func conditions(q IssueQuery) (where []string, args []any) {
	for _, c := range q.Where {
		sql, more := c.sql()
		if c.Not {
			sql = "NOT (" + sql + ")"
		}
		where, args = append(where, sql), append(args, more...)
	}
	if in := q.Involved; in != nil {
		mine, of := Condition{Field: ByParticipant, IDs: []int64{in.UserID}}.sql()
		where = append(where, "(i.project_id NOT IN ("+marks(len(in.ProjectIDs))+") OR "+mine+")")
		args = append(append(args, anys(in.ProjectIDs)...), of...)
	}
	return where, args
}

// mostNarrow is how many issues a condition may leave to be looked up by number.
const mostNarrow = 20_000

// narrowed looks up the issues that narrow conditions leave, by their own indexes, and returns their numbers and the
// other conditions. some is false when no condition is narrow.
func (s *Store) narrowed(ctx context.Context, q IssueQuery) (numbers []int64, rest []Condition, some bool, err error) {
	var have map[int64]bool
	for _, c := range q.Where {
		query := c.own()
		if query == "" || c.Not || len(c.IDs) == 0 {
			rest = append(rest, c)
			continue
		}
		found := map[int64]bool{}
		err := s.once(ctx, fmt.Sprintf(query, marks(len(c.IDs)))+fmt.Sprintf(" LIMIT %d", mostNarrow+1), anys(c.IDs), func(r *sql.Rows) error {
			var n int64
			err := r.Scan(&n)
			if have == nil || have[n] {
				found[n] = true
			}
			return err
		})
		if err != nil {
			return nil, nil, false, err
		}
		if len(found) > mostNarrow {
			rest = append(rest, c)
			continue
		}
		have = found
	}
	numbers = make([]int64, 0, len(have)) // Not nil, even when it is empty: nil stands for all issues.
	for n := range have {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers, rest, have != nil, nil
}

// own is the query for the issues of a condition that reads nothing but an index, "" when there is none.
func (c Condition) own() string {
	switch c.Field {
	case ByAssignee:
		return "SELECT number FROM issues WHERE assignee_id IN (%s)"
	case ByReporter:
		return "SELECT number FROM issues WHERE reporter_id IN (%s)"
	case ByLabel:
		return "SELECT issue_number FROM issue_labels WHERE label_id IN (%s)"
	case ByWatcher:
		return "SELECT issue_number FROM watchers WHERE user_id IN (%s)"
	case ByMention:
		return "SELECT DISTINCT issue_number FROM notifications WHERE reason = 'mentioned' AND user_id IN (%s)"
	default:
		return ""
	}
}

// narrow reports whether one of the conditions leaves few issues, found by an index of its own.
func narrow(list []Condition) bool {
	return slices.ContainsFunc(list, func(c Condition) bool {
		return !c.Not && (c.Field == ByNumber || c.Field == ByParticipant || c.Field == ByDue)
	})
}

func (c Condition) sql() (string, []any) {
	in := "IN (" + marks(len(c.IDs)) + ")"
	if len(c.IDs) == 0 {
		in = "IN (NULL)" // Nothing.
	}
	ids := anys(c.IDs)
	switch c.Field {
	case ByAssignee:
		if len(c.IDs) == 0 {
			return "i.assignee_id IS NOT NULL", nil
		}
		return "(i.assignee_id IS NOT NULL AND i.assignee_id " + in + ")", ids
	case ByReporter:
		return "i.reporter_id " + in, ids
	case ByParticipant:
		return "i.number IN (SELECT number FROM issues WHERE reporter_id " + in + " UNION SELECT issue_number FROM comments WHERE author_id " + in +
			" UNION SELECT issue_number FROM watchers WHERE user_id " + in + ")", slices.Concat(ids, ids, ids)
	case ByLabel:
		if len(c.IDs) == 0 {
			return "EXISTS (SELECT 1 FROM issue_labels l WHERE l.issue_number = i.number)", nil
		}
		return "i.number IN (SELECT issue_number FROM issue_labels WHERE label_id " + in + ")", ids
	case ByInbox:
		return "EXISTS (SELECT 1 FROM messages m WHERE m.issue_number = i.number AND m.inbox_id " + in + ")", ids
	case ByWatcher:
		return "i.number IN (SELECT issue_number FROM watchers WHERE user_id " + in + ")", ids
	case ByMention:
		return "i.number IN (SELECT issue_number FROM notifications WHERE reason = 'mentioned' AND user_id " + in + ")", ids
	case ByPriority:
		return "i.priority " + in, ids
	case ByAttachment:
		return "EXISTS (SELECT 1 FROM attachments a WHERE a.issue_number = i.number)", nil
	case ByValue:
		return c.Value.sql()
	case ByWaiting:
		return "(i.reporter_id NOT " + in + " AND i.reporter_id = COALESCE((SELECT c.author_id FROM comments c" +
			" WHERE c.issue_number = i.number AND c.internal = 0 ORDER BY c.id DESC LIMIT 1), i.reporter_id))", ids
	case ByNumber:
		return "i.number " + in, ids
	case ByCreated:
		return c.between("i.created_at")
	case ByDue:
		if c.From == nil && c.Until == nil {
			return "i.due_on IS NOT NULL", nil
		}
		return c.between("i.due_on")
	default:
		return c.between("i.updated_at")
	}
}

func (c Condition) between(column string) (string, []any) {
	parts, args := []string{column + " IS NOT NULL"}, []any{}
	if c.From != nil {
		parts, args = append(parts, column+" >= ?"), append(args, *c.From)
	}
	if c.Until != nil {
		parts, args = append(parts, column+" < ?"), append(args, *c.Until)
	}
	return "(" + strings.Join(parts, " AND ") + ")", args
}

// numberList returns what stands in an IN of many thousands of numbers, which has no room for placeholders.
func (s *Store) numberList(numbers []int64) (list string, args []any) {
	if len(numbers) == 0 {
		return "NULL", nil
	}
	raw := make([]byte, 0, 8*len(numbers))
	for i, n := range numbers {
		if i > 0 {
			raw = append(raw, ',')
		}
		raw = strconv.AppendInt(raw, n, 10)
	}
	if s.dialect == "sqlite" {
		return "SELECT value FROM json_each(?)", []any{"[" + string(raw) + "]"}
	}
	return string(raw), nil
}

func (c ValueCondition) sql() (string, []any) {
	parts, args := []string{"1 = 0"}, []any{}
	for _, v := range c {
		column, base := "i.state_id", "i.state"
		var stands []any
		for _, s := range v.Stands {
			stands = append(stands, s)
		}
		if v.Kind == models.ValuePriority {
			column, base = "i.priority_id", "i.priority"
			for k, s := range v.Stands {
				level, _ := models.ParsePriority(s)
				stands[k] = int64(level)
			}
		}
		parts, args = append(parts, column+" IS NOT NULL AND "+column+" = ?"), append(args, v.ID)
		if len(stands) > 0 {
			parts = append(parts, "i.project_id = ? AND "+column+" IS NULL AND "+base+" IN ("+marks(len(stands))+")")
			args = append(append(args, v.ProjectID), stands...)
		}
	}
	return "(" + strings.Join(parts, " OR ") + ")", args
}
