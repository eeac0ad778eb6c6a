package store

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"letterbox/models"
)

// position is where an issue stands in each order.
type position struct {
	number   int64
	updated  time.Time
	priority int64
	due      *time.Time
}

// order is the ORDER BY of a sort.
func (o IssueSort) order() string {
	switch o {
	case SortUpdated:
		return "i.updated_at DESC, i.number DESC"
	case SortStale:
		return "i.updated_at, i.number"
	case SortOldest:
		return "i.number"
	case SortPriority:
		return "i.priority DESC, i.updated_at DESC, i.number DESC"
	case SortDue:
		return "i.due_on, i.number"
	default:
		return "i.number DESC"
	}
}

// columns are what a position needs of an issue in this order, and no more: its index has all of it. On SQLite times
// come as text: its driver tries several layouts on each, which takes longer than finding the row.
func (o IssueSort) columns(dialect string) string {
	updated := "i.updated_at"
	if dialect == "sqlite" {
		updated += " || ''"
	}
	switch o {
	case SortUpdated, SortStale:
		return "i.number, " + updated
	case SortPriority:
		return "i.number, " + updated + ", i.priority"
	case SortDue:
		return "i.number, i.due_on"
	default:
		return "i.number"
	}
}

// fields are where these columns go.
func (o IssueSort) fields(p *position) []any {
	switch o {
	case SortUpdated, SortStale:
		return []any{&p.number, (*instant)(&p.updated)}
	case SortPriority:
		return []any{&p.number, (*instant)(&p.updated), &p.priority}
	case SortDue:
		return []any{&p.number, &p.due}
	default:
		return []any{&p.number}
	}
}

// compare is the same order for positions.
func (o IssueSort) compare(a, b position) int {
	switch o {
	case SortUpdated:
		return cmp.Or(b.updated.Compare(a.updated), cmp.Compare(b.number, a.number))
	case SortStale:
		return cmp.Or(a.updated.Compare(b.updated), cmp.Compare(a.number, b.number))
	case SortOldest:
		return cmp.Compare(a.number, b.number)
	case SortPriority:
		return cmp.Or(cmp.Compare(b.priority, a.priority), b.updated.Compare(a.updated), cmp.Compare(b.number, a.number))
	case SortDue:
		return cmp.Or(dueOf(a).Compare(dueOf(b)), cmp.Compare(a.number, b.number))
	default:
		return cmp.Compare(b.number, a.number)
	}
}

func dueOf(p position) time.Time {
	if p.due == nil {
		return time.Time{}
	}
	return *p.due
}

// condition selects what comes after p. The first comparison is for the index, the rest for issues that are equal.
func (p position) condition(o IssueSort) (string, []any) {
	switch o {
	case SortUpdated:
		return "i.updated_at <= ? AND (i.updated_at < ? OR i.number < ?)", []any{p.updated, p.updated, p.number}
	case SortStale:
		return "i.updated_at >= ? AND (i.updated_at > ? OR i.number > ?)", []any{p.updated, p.updated, p.number}
	case SortOldest:
		return "i.number > ?", []any{p.number}
	case SortPriority:
		return "i.priority <= ? AND (i.priority < ? OR i.updated_at < ? OR i.updated_at = ? AND i.number < ?)",
			[]any{p.priority, p.priority, p.updated, p.updated, p.number}
	case SortDue:
		return "i.due_on >= ? AND (i.due_on > ? OR i.number > ?)", []any{p.due, p.due, p.number}
	default:
		return "i.number < ?", []any{p.number}
	}
}

// cursor is a position as text: the order and what it goes by.
func (p position) cursor(o IssueSort) string {
	due := int64(0)
	if p.due != nil {
		due = p.due.Unix()
	}
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s %d %d %d %d", o, p.number, p.updated.UnixMicro(), p.priority, due))
}

// parseIssueCursor returns the position in a cursor, nil when there is none.
func parseIssueCursor(cursor string, o IssueSort) (*position, error) {
	if cursor == "" {
		return nil, nil
	}
	bad := &models.Invalid{Field: "cursor", Code: "invalid_cursor"}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return nil, bad
	}
	name, rest, _ := strings.Cut(string(raw), " ")
	var p position
	var updated, due int64
	if n, err := fmt.Sscanf(rest, "%d %d %d %d", &p.number, &updated, &p.priority, &due); err != nil || n != 4 || IssueSort(name) != o {
		return nil, bad
	}
	p.updated = time.UnixMicro(updated).UTC()
	day := time.Unix(due, 0).UTC()
	p.due = &day
	return &p, nil
}
