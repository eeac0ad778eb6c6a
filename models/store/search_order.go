package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// members reads issues of a set in the order of a list, page by page. A large set is not put in order: the order is read
// from its index until enough of the set has come by.
type members struct {
	store   *Store
	q       IssueQuery
	numbers []int64   // The set, in ascending order.
	set     textSet   // The same issues; nil when they are looked up and the order is not read.
	merged  bool      // The order is merged of those of projects and states.
	at      *position // What was read last.
	ready   []position
	ended   bool
}

// membersOf begins after a position. set may be nil, or has the same issues as numbers and no others.
func (s *Store) membersOf(ctx context.Context, q IssueQuery, numbers []int64, set textSet, after *position) (*members, error) {
	m := &members{store: s, q: q, numbers: numbers, at: after}
	if len(numbers) < s.limits.manyIssues || q.Sort == SortDue {
		return m, nil
	}
	_, _, merged, err := s.listParts(ctx, q)
	if err != nil {
		return nil, err
	}
	// All issues are in one index by time and number; a part of them, and by priority, in several.
	m.merged = merged && (q.ProjectIDs != nil || len(q.States) > 0 || q.Sort == SortPriority)
	if !m.merged && q.Sort == SortPriority {
		return m, nil
	}
	if m.set = set; set == nil {
		m.set = textSet{}
		for _, n := range numbers {
			m.set.add(n, allTexts)
		}
	}
	return m, nil
}

// next returns at most limit of them; fewer only when there are no more.
func (m *members) next(ctx context.Context, limit int) ([]position, error) {
	most, size := m.store.limits.scanBatch, m.store.limits.scanPart
	if !m.merged && m.set != nil { // As many as it takes if the set is evenly spread.
		last, all := m.numbers[len(m.numbers)-1], int64(len(m.numbers))
		size = int(min(int64(limit-min(limit, len(m.ready)))*last*5/4/all+1, int64(most)))
	}
	for seen := 0; len(m.ready) < limit && !m.ended; size = min(2*size, most) {
		if m.set == nil || seen >= m.store.limits.mostScanned {
			if err := m.lookUp(ctx, limit-len(m.ready)); err != nil {
				return nil, err
			}
			break
		}
		read, err := m.scan(ctx, size)
		if err != nil {
			return nil, err
		}
		seen += read
	}
	n := min(limit, len(m.ready))
	found := m.ready[:n:n]
	m.ready = m.ready[n:]
	return found, nil
}

// lookUp has the database put the rest of the set in order.
func (m *members) lookUp(ctx context.Context, limit int) error {
	rest, err := m.store.issuePositions(ctx, m.q, m.numbers, m.at, limit)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		m.at = &rest[len(rest)-1]
	}
	m.ended = len(rest) < limit
	m.ready = append(m.ready, rest...)
	return nil
}

// scan reads the next entries of the order, size of them or of each project and state, and keeps those of the set. It
// returns how many it read.
func (m *members) scan(ctx context.Context, size int) (read int, err error) {
	var among []position
	if m.merged {
		batch, more, err := m.store.mergedScan(ctx, m.q, m.at, size)
		if err != nil {
			return 0, err
		}
		m.ended = !more
		for i, p := range batch {
			if m.at = &batch[i]; m.set.texts(p.number) != 0 {
				among = append(among, p)
			}
		}
		m.ready = append(m.ready, among...)
		return len(batch), nil
	}
	if among, read, err = m.scanOrder(ctx, size); err != nil {
		return 0, err
	}
	m.ended = read < size
	where, _ := conditions(m.q)
	if len(among) > 0 && (len(where) > 0 || m.q.ProjectIDs != nil || len(m.q.States) > 0) {
		among, err = m.store.issuePositions(ctx, m.q, numbersOf(among), nil, len(among))
	}
	m.ready = append(m.ready, among...)
	return read, err
}

// scanOrder reads the next entries of the index of an order, of all issues, and returns those of the set.
func (m *members) scanOrder(ctx context.Context, size int) (among []position, read int, err error) {
	where, args := "1 = 1", []any(nil)
	if m.at != nil {
		where, args = m.at.condition(m.q.Sort)
	}
	rest := " FROM issues i WHERE " + where + " ORDER BY " + m.q.Sort.order() + fmt.Sprintf(" LIMIT %d", size)
	if m.store.dialect == "sqlite" {
		return m.scanText(ctx, rest, args)
	}
	batch, err := m.store.positions(ctx, m.q.Sort, "SELECT "+m.q.Sort.columns(m.store.dialect)+rest, args)
	for i, p := range batch {
		if m.at = &batch[i]; m.set.texts(p.number) != 0 {
			among = append(among, p)
		}
	}
	return among, len(batch), err
}

// scanText is scanOrder by one row that has all entries as a text: to hand over each as a row costs the driver of SQLite
// more than to find it. SQLite goes through a query with a LIMIT in its order.
func (m *members) scanText(ctx context.Context, rest string, args []any) (among []position, read int, err error) {
	entry := "i.number"
	if m.q.Sort == SortUpdated || m.q.Sort == SortStale {
		entry = "i.number || ' ' || i.updated_at"
	}
	text := ""
	err = m.store.once(ctx, "SELECT COALESCE(GROUP_CONCAT(entry, ','), '') FROM (SELECT "+entry+" AS entry"+rest+")", args, func(r *sql.Rows) error {
		return r.Scan(&text)
	})
	for text != "" && err == nil {
		var one string
		one, text, _ = strings.Cut(text, ",")
		read++
		number, updated, timed := strings.Cut(one, " ")
		var p position
		if p.number, err = strconv.ParseInt(number, 10, 64); err != nil {
			break
		}
		in := m.set.texts(p.number) != 0
		if (in || text == "") && timed {
			err = (*instant)(&p.updated).Scan(updated)
		}
		if in {
			among = append(among, p)
		}
		if text == "" {
			last := p
			m.at = &last
		}
	}
	return among, read, err
}
