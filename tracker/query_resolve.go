package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// narrowing collects what a query asks of the database.
type narrowing struct {
	q       store.IssueQuery
	by      *models.User
	all     bool // States of every kind.
	nothing bool // Nothing can fit: a filter names what there is not.
	bad     checks
}

// apply adds the filters of a query. A filter that names a person, project, label or inbox that there is not selects
// nothing; a value that is no value of its filter is a models.InvalidList of the field "q".
func (s *Service) apply(ctx context.Context, n *narrowing, query Query) error {
	for _, t := range query.Terms {
		var err error
		switch t.Field {
		case "is":
			n.is(t)
		case "state":
			var own bool
			if own, err = s.byValue(ctx, n, models.ValueState, t); !own && err == nil {
				n.states(t, models.IssueState(t.word()))
			}
		case "project":
			err = s.byProject(ctx, n, t)
		case "assignee", "from", "involves", "watcher":
			err = s.byPerson(ctx, n, t)
		case "mentions":
			n.mentions(t)
		case "inbox":
			err = s.byInbox(ctx, n, t)
		case "label":
			err = s.byLabel(ctx, n, t)
		case "external":
			err = s.byExternal(ctx, n, t)
		case "priority":
			own, verr := s.byValue(ctx, n, models.ValuePriority, t)
			if err = verr; own || err != nil {
				break
			}
			p, ok := models.ParsePriority(t.word())
			n.add(t, ok, store.Condition{Field: store.ByPriority, IDs: []int64{int64(p)}})
		case "updated", "created", "due":
			n.time(t)
		case "has", "no":
			n.has(t)
		case "sort":
			o := store.IssueSort(t.word())
			if n.q.Sort = o; !slices.Contains(store.IssueSorts(), o) {
				n.refuse(t)
			}
		}
		if err != nil {
			return err
		}
	}
	return n.bad.err()
}

func (n *narrowing) refuse(t Term) {
	n.bad.add("q", "E-QUERY-01", "filter", t.Field, "value", t.Value)
}

// add appends a condition, turned round when the filter is.
func (n *narrowing) add(t Term, ok bool, c store.Condition) {
	if !ok {
		n.refuse(t)
		return
	}
	c.Not = c.Not != t.Not
	n.q.Where = append(n.q.Where, c)
}

// named appends a condition on what a filter names; when there is nothing of that name, nothing fits.
func (n *narrowing) named(t Term, field store.ConditionField, ids []int64) {
	if len(ids) == 0 {
		n.nothing = n.nothing || !t.Not
		return
	}
	n.add(t, true, store.Condition{Field: field, IDs: ids})
}

func (n *narrowing) is(t Term) {
	done := []models.IssueState{models.IssueResolved, models.IssueClosed}
	switch t.word() {
	case "open", "active":
		n.states(t, slices.DeleteFunc(models.IssueStates(), models.IssueState.Done)...)
	case "closed", "done":
		n.states(t, done...)
	case "all":
		n.all = true
	case "unassigned":
		n.add(t, true, store.Condition{Field: store.ByAssignee, Not: true})
	case "overdue":
		today := time.Now().UTC().Truncate(24 * time.Hour)
		n.add(t, true, store.Condition{Field: store.ByDue, Until: &today})
	default:
		n.states(t, models.IssueState(t.word()))
	}
}

func (n *narrowing) states(t Term, list ...models.IssueState) {
	for _, st := range list {
		if !slices.Contains(models.IssueStates(), st) {
			n.refuse(t)
			return
		}
	}
	have := n.q.States
	if len(have) == 0 {
		have = models.IssueStates()
	}
	n.q.States = slices.DeleteFunc(slices.Clone(have), func(st models.IssueState) bool { return slices.Contains(list, st) == t.Not })
	n.nothing = n.nothing || len(n.q.States) == 0
}

// mentions takes the person itself: what others were told is theirs to know.
func (n *narrowing) mentions(t Term) {
	if t.word() != "me" {
		n.refuse(t)
		return
	}
	var ids []int64
	if n.by != nil && n.by.ID != 0 {
		ids = []int64{n.by.ID}
	}
	n.named(t, store.ByMention, ids)
}

func (n *narrowing) time(t Term) {
	field := map[string]store.ConditionField{"updated": store.ByUpdated, "created": store.ByCreated, "due": store.ByDue}[t.Field]
	at := time.Now()
	if t.Field == "due" { // Days, kept without a zone.
		y, m, d := at.Date()
		at = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
		if t.word() == "overdue" {
			n.add(t, true, store.Condition{Field: field, Until: &at})
			return
		}
	}
	c, ok := period(t.word(), at, t.Field == "due")
	c.Field = field
	n.add(t, ok, c)
}

func (n *narrowing) has(t Term) {
	field, ok := map[string]store.ConditionField{
		"attachment": store.ByAttachment, "assignee": store.ByAssignee, "label": store.ByLabel, "due": store.ByDue,
	}[t.word()]
	n.add(t, ok, store.Condition{Field: field, Not: t.Field == "no"})
}

func (s *Service) byProject(ctx context.Context, n *narrowing, t Term) error {
	p, err := s.ProjectByKey(ctx, n.by, t.Value)
	if errors.Is(err, models.ErrNotFound) {
		n.nothing = n.nothing || !t.Not
		return nil
	}
	if err != nil {
		return err
	}
	ids := n.q.ProjectIDs
	switch {
	case !t.Not && (ids == nil || slices.Contains(ids, p.ID)):
		n.q.ProjectIDs = []int64{p.ID}
	case !t.Not:
		n.nothing = true
	default:
		if ids == nil {
			all, err := s.Projects(ctx, n.by)
			if err != nil {
				return err
			}
			for _, one := range all {
				ids = append(ids, one.ID)
			}
		}
		n.q.ProjectIDs = slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return id == p.ID })
	}
	return nil
}

func (s *Service) byPerson(ctx context.Context, n *narrowing, t Term) error {
	field := map[string]store.ConditionField{
		"assignee": store.ByAssignee, "from": store.ByReporter, "involves": store.ByParticipant, "watcher": store.ByWatcher,
	}[t.Field]
	if t.Field == "assignee" && t.word() == "none" {
		n.add(t, true, store.Condition{Field: field, Not: true})
		return nil
	}
	var ids []int64
	if t.word() == "me" {
		if n.by != nil && n.by.ID != 0 {
			ids = []int64{n.by.ID}
		}
	} else {
		var err error
		if ids, err = s.store.FindPeople(ctx, strings.ToLower(t.Value), 500); err != nil {
			return fmt.Errorf("find people: %w", err)
		}
	}
	n.named(t, field, ids)
	return nil
}

func (s *Service) byInbox(ctx context.Context, n *narrowing, t Term) error {
	all, err := s.store.Inboxes(ctx)
	if err != nil {
		return fmt.Errorf("list inboxes: %w", err)
	}
	var ids []int64
	for _, in := range all {
		if strings.EqualFold(in.Name, t.Value) || strings.EqualFold(in.Address, t.Value) || strings.HasPrefix(strings.ToLower(in.Address), strings.ToLower(t.Value)+"@") {
			ids = append(ids, in.ID)
		}
	}
	n.named(t, store.ByInbox, ids)
	return nil
}

func (s *Service) byLabel(ctx context.Context, n *narrowing, t Term) error {
	ids, err := s.store.LabelIDs(ctx, foldLabel(t.Value))
	if err != nil {
		return fmt.Errorf("find labels: %w", err)
	}
	n.named(t, store.ByLabel, ids)
	return nil
}
