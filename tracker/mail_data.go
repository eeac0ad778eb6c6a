package tracker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"letterbox/models"
)

// maxFields is how many fields an issue keeps.
const maxFields = 200

// fillIn gives a new issue what a mail that is data sets besides its text.
func (s *Service) fillIn(ctx context.Context, issue models.Issue, n models.NewIssue) error {
	if len(n.Labels) > 0 {
		if err := s.setLabels(ctx, issue, usableLabels(n.Labels)); err != nil {
			return err
		}
	}
	if len(n.Fields) > 0 {
		if err := s.store.SetIssueFields(ctx, issue.Number, n.Fields[:min(len(n.Fields), maxFields)]); err != nil {
			return err
		}
	}
	if n.AssigneeID == nil {
		return nil
	}
	return s.notifyChange(ctx, nil, models.Issue{}, issue, n.Tell)
}

// usableLabels leaves out names that cannot be labels, and those that are too many.
func usableLabels(names []string) []string {
	var c checks
	list := splitLabels(names, &c)
	return list[:min(len(list), maxLabels)]
}

// UpdateByMail changes an issue as a further mail of the same incident says: where a field says something else than the
// mail before, the fields, title, priority, due date and assignee of the mail are taken over and its labels are added.
// A mail that says the same leaves everything as people have set it. It joins the transaction in ctx, checks no rights,
// and reports whether anything changed. The history keeps each change in the name of the author.
func (s *Service) UpdateByMail(ctx context.Context, u models.MailUpdate) (changed bool, err error) {
	number := u.IssueNumber
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		changed = false
		issue, err := s.latest(ctx, u.IssueNumber)
		if err == nil && issue.MergedInto != nil {
			issue, err = s.latest(ctx, *issue.MergedInto)
		}
		if err != nil {
			return err
		}
		number = issue.Number
		was, err := s.store.HoldIssueFields(ctx, number)
		if err != nil {
			return err
		}
		fields, events := mergeFields(was, u.Fields)
		if changed = len(events) > 0; !changed {
			return nil
		}
		if err := s.store.SetIssueFields(ctx, number, fields); err != nil {
			return err
		}
		return s.changeByMail(ctx, issue, u, events)
	})
	if err != nil {
		return false, fmt.Errorf("update issue by mail: %w", err)
	}
	if changed {
		s.tell(ctx, object("issue", number))
	}
	return changed, nil
}

func (s *Service) changeByMail(ctx context.Context, issue models.Issue, u models.MailUpdate, events []models.IssueEvent) error {
	before := issue
	if title := cut(line(u.Title), maxTitle); title != "" {
		issue.Title = title
	}
	if u.AssigneeID != nil {
		issue.AssigneeID = u.AssigneeID
	}
	if u.Priority != nil {
		issue.Priority, issue.PriorityID = *u.Priority, u.PriorityID
	}
	if u.DueOn != nil {
		issue.DueOn = u.DueOn
	}
	if err := s.store.UpdateIssue(ctx, &issue, before.Version); err != nil {
		return err
	}
	by := &models.User{ID: u.AuthorID}
	if len(u.Labels) > 0 {
		of, err := s.store.LabelsOf(ctx, []int64{issue.Number})
		if err != nil {
			return fmt.Errorf("list labels: %w", err)
		}
		have := labelNames(of[issue.Number])
		want := usableLabels(append(slices.Clone(have), u.Labels...))
		if err := s.setLabels(ctx, issue, want); err != nil {
			return err
		}
		events = append(events, labelEvent(have, want)...)
	}
	if err := s.record(ctx, by, before, issue, events...); err != nil {
		return err
	}
	if before.Title != issue.Title {
		if err := s.reindex(ctx, issue); err != nil {
			return err
		}
	}
	return s.notifyChange(ctx, by, before, issue, u.Tell)
}

// mergeFields lays the fields of a mail over those that are there, and returns what changes as lines of the history.
func mergeFields(was, mail []models.IssueField) (fields []models.IssueField, events []models.IssueEvent) {
	fields = slices.Clone(was)
	for _, f := range mail {
		text := f.Name + ": " + f.Value
		i := slices.IndexFunc(fields, func(have models.IssueField) bool { return strings.EqualFold(have.Name, f.Name) })
		switch {
		case i < 0 && len(fields) >= maxFields:
			continue
		case i < 0:
			fields = append(fields, f)
			events = append(events, models.IssueEvent{Kind: models.EventField, Became: text})
		case fields[i].Value != f.Value:
			events = append(events, models.IssueEvent{Kind: models.EventField, Was: f.Name + ": " + fields[i].Value, Became: text})
			fields[i].Value = f.Value
		}
	}
	return fields, events
}

// Fields returns what mails have said of an issue that the person sees, field by field.
func (s *Service) Fields(ctx context.Context, by *models.User, number int64) ([]models.IssueField, error) {
	if _, _, err := s.issue(ctx, by, number); err != nil {
		return nil, err
	}
	return s.store.IssueFields(ctx, number)
}
