package tracker

import (
	"context"
	"fmt"
	"reflect"
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
// A mail that says the same leaves everything as people have set it, unless u.Always is set. It joins the transaction in ctx, checks no rights,
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
		if changed = len(events) > 0; !changed && !u.Always {
			return nil
		}
		if changed {
			if err := s.store.SetIssueFields(ctx, number, fields); err != nil {
				return err
			}
		}
		changed, err = s.changeByMail(ctx, issue, u, events)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("update issue by mail: %w", err)
	}
	if changed {
		s.tell(ctx, object("issue", number))
	}
	return changed, nil
}

func (s *Service) changeByMail(ctx context.Context, issue models.Issue, u models.MailUpdate, events []models.IssueEvent) (changed bool, err error) {
	before := issue
	applyMail(&issue, u)
	if len(u.Labels) > 0 {
		of, err := s.store.LabelsOf(ctx, []int64{issue.Number})
		if err != nil {
			return false, fmt.Errorf("list labels: %w", err)
		}
		have := labelNames(of[issue.Number])
		want := usableLabels(append(slices.Clone(have), u.Labels...))
		if err := s.setLabels(ctx, issue, want); err != nil {
			return false, err
		}
		events = append(events, labelEvent(have, want)...)
	}
	if len(events) == 0 && reflect.DeepEqual(before, issue) {
		return false, nil
	}
	if err := s.store.UpdateIssue(ctx, &issue, before.Version); err != nil {
		return false, err
	}
	by := &models.User{ID: u.AuthorID}
	if err := s.record(ctx, by, before, issue, events...); err != nil {
		return false, err
	}
	if before.Title != issue.Title {
		if err := s.reindex(ctx, issue); err != nil {
			return false, err
		}
	}
	return true, s.notifyChange(ctx, by, before, issue, u.Tell)
}

// applyMail writes what a mail changes into an issue. A state of the project that counts as what the mail says stays, and so
// does such a priority where a rule sets it.
func applyMail(issue *models.Issue, u models.MailUpdate) {
	if title := cut(line(u.Title), maxTitle); title != "" {
		issue.Title = title
	}
	if u.AssigneeID != nil {
		issue.AssigneeID = u.AssigneeID
	}
	if u.Priority != nil && !(u.Always && *u.Priority == issue.Priority) {
		issue.Priority, issue.PriorityID = *u.Priority, u.PriorityID
	}
	if u.DueOn != nil && (issue.DueOn == nil || !issue.DueOn.Equal(*u.DueOn)) {
		issue.DueOn = u.DueOn
	}
	if u.State != nil && *u.State != issue.State {
		setState(issue, *u.State)
	}
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
