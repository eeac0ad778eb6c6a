package tracker

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// issueGroup is one group of a list: its name in cursors, and what its issues have in common.
type issueGroup struct {
	name string
	q    store.IssueQuery
}

// inGroups lists issues group after group, each in the order of q. A cursor names the group and the place in it, so that
// a page goes on where the one before has ended, whatever became of other groups meanwhile. Groups are asked for one after
// the other until the page is full.
func (s *Service) inGroups(ctx context.Context, by *models.User, q store.IssueQuery, g models.ListGroup) (list []models.Issue, next string, err error) {
	name, inner, _ := strings.Cut(q.Cursor, ".")
	groups, err := s.issueGroups(ctx, by, q, g, name)
	if err != nil {
		return nil, "", err
	}
	first := 0
	if q.Cursor != "" {
		if first = slices.IndexFunc(groups, func(one issueGroup) bool { return one.name == name }); first < 0 {
			return nil, "", &models.Invalid{Field: "cursor", Code: "invalid_cursor"}
		}
	}
	start := time.Now()
	for _, one := range groups[first:] {
		one.q.Limit, one.q.Cursor = max(1, q.Limit-len(list)), inner
		one.q.Patience = max(time.Millisecond, time.Second-time.Since(start))
		inner = ""
		found, more, err := s.store.Issues(ctx, one.q)
		if err != nil {
			return nil, "", err
		}
		if len(list) == q.Limit { // Is there anything behind a page that is full?
			if len(found) > 0 || more != "" {
				return list, one.name + ".", nil
			}
			continue
		}
		if list = append(list, found...); more != "" {
			return list, one.name + "." + more, nil
		}
	}
	return list, "", nil
}

// issueGroups are the groups of a list in order; that of the name reached is among them even if it has no issues any more.
func (s *Service) issueGroups(ctx context.Context, by *models.User, q store.IssueQuery, g models.ListGroup, reached string) (out []issueGroup, err error) {
	add := func(name string, narrow func(*store.IssueQuery)) {
		one := issueGroup{name, q}
		one.q.Where = slices.Clone(q.Where)
		narrow(&one.q)
		out = append(out, one)
	}
	switch g {
	case models.GroupState:
		for _, st := range models.IssueStates() {
			if len(q.States) == 0 || slices.Contains(q.States, st) {
				add(string(st), func(q *store.IssueQuery) { q.States = []models.IssueState{st} })
			}
		}
	case models.GroupPriority:
		for _, p := range models.Priorities() {
			add(p.String(), func(q *store.IssueQuery) {
				q.Where = append(q.Where, store.Condition{Field: store.ByPriority, IDs: []int64{int64(p)}})
			})
		}
	case models.GroupProject:
		all, err := s.Projects(ctx, by)
		if err != nil {
			return nil, err
		}
		for _, p := range all {
			if q.ProjectIDs == nil || slices.Contains(q.ProjectIDs, p.ID) {
				add(strconv.FormatInt(p.ID, 10), func(q *store.IssueQuery) { q.ProjectIDs = []int64{p.ID} })
			}
		}
	case models.GroupAssignee:
		ids, err := s.assigneesInOrder(ctx, by, q, reached)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			add(strconv.FormatInt(id, 10), func(q *store.IssueQuery) {
				q.Where = append(q.Where, store.Condition{Field: store.ByAssignee, IDs: []int64{id}})
			})
		}
		add("0", func(q *store.IssueQuery) {
			q.Where = append(q.Where, store.Condition{Field: store.ByAssignee, Not: true})
		})
	}
	return out, nil
}

// assigneesInOrder are those who have issues: the person itself first, then by name.
func (s *Service) assigneesInOrder(ctx context.Context, by *models.User, q store.IssueQuery, reached string) ([]int64, error) {
	ids, err := s.store.Assignees(ctx, q.ProjectIDs, q.States)
	if err != nil {
		return nil, err
	}
	if id, err := strconv.ParseInt(reached, 10, 64); err == nil && id != 0 && !slices.Contains(ids, id) {
		ids = append(ids, id)
	}
	people, err := s.store.UsersByID(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("load assignees: %w", err)
	}
	me := func(id int64) int {
		if by != nil && by.ID == id {
			return 0
		}
		return 1
	}
	slices.SortFunc(ids, func(a, b int64) int {
		return cmp.Or(me(a)-me(b), cmp.Compare(strings.ToLower(people[a].Name), strings.ToLower(people[b].Name)), cmp.Compare(a, b))
	})
	return ids, nil
}
