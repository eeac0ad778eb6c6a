package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"letterbox/models"
)

// IssueSort is the order of a list of issues. Issues that are equal in it stand by number, the highest first.
type IssueSort string

// The orders.
const (
	SortUpdated  IssueSort = "updated"  // What changed last comes first.
	SortStale    IssueSort = "stale"    // What changed last comes last.
	SortNewest   IssueSort = "newest"   // By number, the highest first.
	SortOldest   IssueSort = "oldest"   // By number, the lowest first.
	SortPriority IssueSort = "priority" // The most urgent first, then as updated.
	SortDue      IssueSort = "due"      // Only issues with a due date, the earliest first.
)

// IssueSorts lists the orders.
func IssueSorts() []IssueSort {
	return []IssueSort{SortUpdated, SortStale, SortNewest, SortOldest, SortPriority, SortDue}
}

// Condition is one thing that issues in a list have in common.
type Condition struct {
	Field ConditionField
	Not   bool    // The opposite.
	IDs   []int64 // One of these; none: of assignee, label, attachment and due that there is one.
	From  *time.Time
	Until *time.Time // Not included.
	Value ValueCondition
}

// ValueCondition selects the issues that have a state or priority of a project, also those that have it because they have
// none of their own and count as what it stands for.
type ValueCondition []ValueStands

// ValueStands is a value with the bases that it stands for.
type ValueStands struct {
	models.ProjectValue
	Stands []string
}

// ConditionField is what a condition is about.
type ConditionField int

// The fields.
const (
	ByAssignee ConditionField = iota
	ByReporter
	ByParticipant // IDs are users: who reported, wrote a comment or watches.
	ByLabel
	ByInbox // A mail of the issue came by one of them.
	ByWatcher
	ByMention // Who was told of the issue by name.
	ByPriority
	ByUpdated
	ByCreated
	ByDue
	ByAttachment
	ByNumber
	ByValue   // A state or priority of a project: Value, and Stands.
	ByWaiting // Who reported it wrote its last public comment, or there is none; and is none of IDs.
)

// IssueQuery selects issues.
type IssueQuery struct {
	ProjectIDs []int64 // Nil: of all projects; empty: none.
	States     []models.IssueState
	Where      []Condition // All of them hold.
	Text       string      // Beginnings of words, or words in quotation marks, in title, description, comments and file names.
	Sort       IssueSort   // "": by number, the highest first.
	Limit      int         // At most 200; 50 when 0.
	Cursor     string      // Of the page before; "" for the first.
	Internal   bool        // Look for Text in internal notes too.
	Involved   *Involvement

	Patience time.Duration // For looking into texts before a page ends early; one second when 0.
}

// Involvement narrows the issues of some projects to those that a user has to do with: reported, wrote in or watches.
type Involvement struct {
	UserID     int64
	ProjectIDs []int64
}

func (q IssueQuery) patience() time.Duration { return cmp.Or(q.Patience, time.Second) }

// Issues returns a page of issues and the cursor of the next page ("" at the end). Pages are stable: what comes or
// changes meanwhile does not shift the rest. A cursor that did not come from here, or from another order, is
// models.Invalid. A search that takes long ends a page early, even an empty one: its cursor leads on.
func (s *Store) Issues(ctx context.Context, q IssueQuery) ([]models.Issue, string, error) {
	if q.ProjectIDs != nil && len(q.ProjectIDs) == 0 {
		return nil, "", nil
	}
	if q.Sort == "" {
		q.Sort = SortNewest
	}
	after, err := parseIssueCursor(q.Cursor, q.Sort)
	if err != nil {
		return nil, "", err
	}
	limit := pageSize(q.Limit)
	var found []position
	var reached *position
	switch numbers, rest, some, nerr := s.narrowed(ctx, q); {
	case nerr != nil:
		err = nerr
	case strings.TrimSpace(q.Text) != "" && some && len(numbers) <= 2*s.limits.fewIssues:
		q.Where = rest
		found, reached, err = s.searchAmong(ctx, q, parseTerms(q.Text), numbers, nil, after, limit+1)
	case strings.TrimSpace(q.Text) != "":
		found, reached, err = s.searchIssues(ctx, q, after, limit+1)
	case some:
		q.Where = rest
		var list *members
		if list, err = s.membersOf(ctx, q, numbers, nil, after); err == nil {
			found, err = list.next(ctx, limit+1)
		}
	default:
		found, err = s.issuePositions(ctx, q, nil, after, limit+1)
	}
	if err != nil {
		return nil, "", wrap("list issues", err)
	}
	next := ""
	switch {
	case len(found) > limit:
		found = found[:limit]
		next = found[limit-1].cursor(q.Sort)
	case reached != nil:
		next = reached.cursor(q.Sort)
	}
	list, err := s.issuesAt(ctx, found)
	return list, next, wrap("list issues", err)
}

// issuesAt reads the issues at these positions, in their order.
func (s *Store) issuesAt(ctx context.Context, at []position) ([]models.Issue, error) {
	if len(at) == 0 {
		return nil, nil
	}
	numbers := numbersOf(at)
	byNumber, err := s.IssuesByNumber(ctx, numbers)
	if err != nil {
		return nil, err
	}
	list := make([]models.Issue, 0, len(at))
	for _, n := range numbers {
		if i, ok := byNumber[n]; ok {
			list = append(list, i)
		}
	}
	return list, nil
}

// IssuesByNumber returns the issues with these numbers; numbers without an issue are left out.
func (s *Store) IssuesByNumber(ctx context.Context, numbers []int64) (map[int64]models.Issue, error) {
	out := make(map[int64]models.Issue, len(numbers))
	for part := range slices.Chunk(numbers, 500) {
		var list []models.Issue
		if err := s.gorm(ctx).Where("number IN ?", padded(part)).Limit(len(part)).Find(&list).Error; err != nil {
			return nil, wrap("read issues", err)
		}
		for _, i := range list {
			out[i.Number] = i
		}
	}
	return out, nil
}

// mostParts is how many lists are merged; a longer list of projects or states is a condition like any other.
const mostParts = 60

// issuePositions returns the positions of at most limit issues after one; numbers narrows them down when it is not nil.
// Where no condition narrows the list much, each project and state is read by its own index, already in order, and the
// lists are merged: the time does not grow with the number of issues.
func (s *Store) issuePositions(ctx context.Context, q IssueQuery, numbers []int64, after *position, limit int) ([]position, error) {
	where, args := conditions(q)
	if q.Sort == SortDue {
		where = append(where, "i.due_on IS NOT NULL")
	}
	if after != nil {
		sql, more := after.condition(q.Sort)
		where, args = append(where, sql), append(args, more...)
	}
	projects, states, merged, err := s.listParts(ctx, q)
	if err != nil {
		return nil, err
	}
	if numbers == nil && merged {
		return s.mergedPositions(ctx, q, projects, states, where, args, limit)
	}
	if numbers != nil {
		list, arg := s.numberList(numbers)
		where, args = append(where, "i.number IN ("+list+")"), append(args, arg...)
	}
	// The plus keeps these out of the choice of an index: the other conditions are narrower.
	if q.ProjectIDs != nil {
		where, args = append(where, "+i.project_id IN ("+marks(len(projects))+")"), append(args, anys(projects)...)
	}
	if len(q.States) > 0 {
		where, args = append(where, "+i.state IN ("+marks(len(states))+")"), append(args, anys(states)...)
	}
	if len(where) == 0 {
		where = append(where, "1 = 1")
	}
	return s.positions(ctx, q.Sort, "SELECT "+q.Sort.columns(s.dialect)+" FROM issues i WHERE "+strings.Join(where, " AND ")+
		" ORDER BY "+q.Sort.order()+fmt.Sprintf(" LIMIT %d", limit), args)
}

// listParts returns the projects and states of a list, and whether it is merged of one list for each.
func (s *Store) listParts(ctx context.Context, q IssueQuery) (projects []int64, states []models.IssueState, merged bool, err error) {
	if states = q.States; len(states) == 0 {
		states = models.IssueStates()
	}
	if projects = q.ProjectIDs; projects == nil {
		if projects, err = s.projectIDs(ctx); err != nil {
			return nil, nil, false, err
		}
	}
	slices.Sort(projects)
	projects = slices.Compact(projects)
	return projects, states, q.Sort != SortDue && !narrow(q.Where) && len(projects)*len(states) <= mostParts, nil
}

func (s *Store) mergedPositions(
	ctx context.Context, q IssueQuery, projects []int64, states []models.IssueState, where []string, args []any, limit int,
) ([]position, error) {
	parts, err := s.partPositions(ctx, q, projects, states, where, args, limit)
	if err != nil {
		return nil, err
	}
	found := slices.Concat(parts...)
	slices.SortFunc(found, q.Sort.compare)
	return found[:min(limit, len(found))], nil
}

// mergedScan reads at most size positions of each project and state after one, and returns what is certain to come first;
// more tells whether there may be others.
func (s *Store) mergedScan(ctx context.Context, q IssueQuery, after *position, size int) (found []position, more bool, err error) {
	where, args := conditions(q)
	if after != nil {
		sql, arg := after.condition(q.Sort)
		where, args = append(where, sql), append(args, arg...)
	}
	projects, states, _, err := s.listParts(ctx, q)
	if err != nil {
		return nil, false, err
	}
	parts, err := s.partPositions(ctx, q, projects, states, where, args, size)
	if err != nil {
		return nil, false, err
	}
	var last *position // The first place at which one of the lists was cut off.
	for _, list := range parts {
		if len(list) == size && (last == nil || q.Sort.compare(list[size-1], *last) < 0) {
			last = &list[size-1]
		}
	}
	for _, p := range slices.Concat(parts...) {
		if last == nil || q.Sort.compare(p, *last) <= 0 {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, q.Sort.compare)
	return found, last != nil, nil
}

// partPositions reads at most limit positions of each project and state, each list in order.
func (s *Store) partPositions(
	ctx context.Context, q IssueQuery, projects []int64, states []models.IssueState, where []string, args []any, limit int,
) ([][]position, error) {
	sort := q.Sort
	if len(projects) == 0 {
		return nil, nil
	}
	rest := ""
	if len(where) > 0 {
		rest = " AND " + strings.Join(where, " AND ")
	}
	var parts []string
	var all []any
	for _, p := range projects {
		for _, st := range states {
			parts = append(parts, fmt.Sprintf("SELECT %d, t%d.* FROM (SELECT ", len(parts), len(parts))+sort.columns(s.dialect)+" FROM issues i"+s.by(q)+
				" WHERE i.project_id = ? AND i.state = ?"+rest+" ORDER BY "+sort.order()+fmt.Sprintf(" LIMIT %d) AS t%d", limit, len(parts)))
			all = append(append(all, p, st), args...)
		}
	}
	out := make([][]position, len(parts))
	err := s.once(ctx, strings.Join(parts, " UNION ALL "), all, func(r *sql.Rows) error {
		var p position
		var part int
		err := r.Scan(append([]any{&part}, sort.fields(&p)...)...)
		out[part] = append(out[part], p)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, list := range out {
		slices.SortFunc(list, sort.compare)
	}
	return out, nil
}

// by names the index of a project and a state that is in this order. MariaDB would now and then take one that promises
// fewer rows, read them all and sort them; SQLite finds it itself.
func (s *Store) by(q IssueQuery) string {
	const priority = " FORCE INDEX (issues_project_id_state_priority_updated_at)"
	if s.dialect == "sqlite" {
		return ""
	}
	if slices.ContainsFunc(q.Where, func(c Condition) bool { return c.Field == ByPriority && !c.Not && len(c.IDs) == 1 }) {
		return priority
	}
	switch q.Sort {
	case SortUpdated, SortStale:
		return " FORCE INDEX (issues_project_id_state_updated_at)"
	case SortPriority:
		return priority
	default:
		return " FORCE INDEX (issues_project_id_state)"
	}
}

func (s *Store) positions(ctx context.Context, sort IssueSort, query string, args []any) ([]position, error) {
	var out []position
	err := s.once(ctx, query, args, func(r *sql.Rows) error {
		var p position
		err := r.Scan(sort.fields(&p)...)
		out = append(out, p)
		return err
	})
	return out, err
}

func (s *Store) projectIDs(ctx context.Context) ([]int64, error) {
	var ids []int64
	err := s.each(ctx, "SELECT id FROM projects", nil, func(r *sql.Rows) error {
		var id int64
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// once calls scan for each row of a query that is put together anew each time, so that keeping it compiled is of no use.
func (s *Store) once(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	if s.InTx(ctx) {
		return s.each(ctx, query, args, scan)
	}
	rows, err := s.db.QueryContext(ctx, query, normal(args)...)
	if err != nil {
		return err
	}
	return scanAll(rows, scan)
}

// padded repeats the last number until there are 1, 10, 50, 100, 200 or 500: few different queries are kept compiled.
func padded(numbers []int64) []int64 {
	for _, n := range []int{1, 10, 50, 100, 200, 500} {
		if len(numbers) <= n {
			out := slices.Clone(numbers)
			for len(out) < n {
				out = append(out, numbers[len(numbers)-1])
			}
			return out
		}
	}
	return numbers
}
