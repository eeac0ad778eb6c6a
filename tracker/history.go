package tracker

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/models"
)

// Change is one line of the history of an issue.
type Change struct {
	models.IssueEvent
	User *models.User // Nil: the system.
	// Was and Became in words where they are a person or a project.
	WasName, BecameName string
}

// History returns what was changed of an issue that the person sees, oldest first; reporters see changes of the state.
func (s *Service) History(ctx context.Context, by *models.User, number int64) ([]Change, error) {
	issue, a, err := s.issue(ctx, by, number)
	if err != nil {
		return nil, err
	}
	events, err := s.store.Events(ctx, number)
	if err != nil {
		return nil, err
	}
	if !a.WorksOn(issue.ProjectID) {
		events = slices.DeleteFunc(events, func(e models.IssueEvent) bool { return e.Kind != models.EventState })
	}
	who := s.people()
	name := func(kind models.EventKind, value string) (string, error) {
		id, _ := strconv.ParseInt(value, 10, 64)
		switch {
		case id == 0:
			return value, nil
		case kind == models.EventAssignee:
			u, err := who.get(ctx, id)
			return u.Name, err
		case kind == models.EventProject:
			p, err := s.store.ProjectByID(ctx, id)
			return p.Key, err
		}
		return value, nil
	}
	out := make([]Change, 0, len(events))
	for _, e := range events {
		c := Change{IssueEvent: e}
		if e.UserID != nil {
			u, err := who.get(ctx, *e.UserID)
			if err != nil {
				return nil, fmt.Errorf("load who changed the issue: %w", err)
			}
			c.User = &u
		}
		if c.WasName, err = name(e.Kind, e.Was); err != nil {
			return nil, fmt.Errorf("load history: %w", err)
		}
		if c.BecameName, err = name(e.Kind, e.Became); err != nil {
			return nil, fmt.Errorf("load history: %w", err)
		}
		out = append(out, c)
	}
	return out, nil
}

// record adds what differs between two versions of an issue to its history. It joins the transaction in ctx.
func (s *Service) record(ctx context.Context, by *models.User, before, after models.Issue, more ...models.IssueEvent) error {
	var list []models.IssueEvent
	add := func(kind models.EventKind, was, became string) {
		if was != became {
			list = append(list, models.IssueEvent{Kind: kind, Was: was, Became: became})
		}
	}
	add(models.EventProject, strconv.FormatInt(before.ProjectID, 10), strconv.FormatInt(after.ProjectID, 10))
	if before.State != after.State || before.Priority != after.Priority || !same(before.StateID, after.StateID) || !same(before.PriorityID, after.PriorityID) {
		of, err := s.values(ctx, before.ProjectID, after.ProjectID)
		if err != nil {
			return err
		}
		was, became := IssueRow{Issue: before, Values: of[before.ProjectID]}, IssueRow{Issue: after, Values: of[after.ProjectID]}
		add(models.EventState, was.StateWord().Value(), became.StateWord().Value())
		add(models.EventPriority, was.PriorityWord().Value(), became.PriorityWord().Value())
	}
	add(models.EventAssignee, idOf(before.AssigneeID), idOf(after.AssigneeID))
	add(models.EventDue, dayOf(before.DueOn), dayOf(after.DueOn))
	add(models.EventTitle, before.Title, after.Title)
	if before.Description != after.Description {
		list = append(list, models.IssueEvent{Kind: models.EventDescription})
	}
	list = append(list, more...)
	for i := range list {
		list[i].IssueNumber, list[i].At = after.Number, now()
		if by != nil && by.ID != 0 {
			list[i].UserID = &by.ID
		}
	}
	if len(list) == 0 {
		return nil
	}
	if err := s.store.AddEvents(ctx, list); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return s.publishChange(ctx, before, after, list)
}

func idOf(id *int64) string {
	if id == nil {
		return ""
	}
	return strconv.FormatInt(*id, 10)
}

func same(a, b *int64) bool { return idOf(a) == idOf(b) }

func dayOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// labelEvent is the change of labels, none when they are the same.
func labelEvent(was, became []string) []models.IssueEvent {
	slices.Sort(was)
	became = slices.Sorted(slices.Values(became))
	if slices.Equal(was, became) {
		return nil
	}
	return []models.IssueEvent{{Kind: models.EventLabels, Was: strings.Join(was, ", "), Became: strings.Join(became, ", ")}}
}
