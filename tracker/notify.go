package tracker

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"letterbox/models"
)

// Notice is one line of what a person was told.
type Notice struct {
	models.Notification
	Issue models.Issue
	Actor *models.User // Nil: the system.
	Muted bool         // The person has asked to hear no more of the issue.
}

// Notices returns what the person was told, newest first, with the cursor of the next page. What it does not see any
// more is left out.
func (s *Service) Notices(ctx context.Context, by *models.User, unread bool, limit int, cursor string) ([]Notice, string, error) {
	if by == nil || by.ID == 0 {
		return nil, "", nil
	}
	a, err := s.Access(ctx, by)
	if err != nil {
		return nil, "", err
	}
	list, next, err := s.store.Notifications(ctx, by.ID, unread, limit, cursor)
	if err != nil {
		return nil, "", err
	}
	var numbers []int64
	for _, n := range list {
		numbers = append(numbers, n.IssueNumber)
	}
	issues, err := s.store.IssuesByNumber(ctx, numbers)
	if err != nil {
		return nil, "", err
	}
	muted, err := s.store.MutedOf(ctx, by.ID, numbers)
	if err != nil {
		return nil, "", err
	}
	who := s.people()
	out := make([]Notice, 0, len(list))
	for _, n := range list {
		issue, ok := issues[n.IssueNumber]
		if ok {
			if ok, err = s.sees(ctx, a, issue); err != nil {
				return nil, "", err
			}
		}
		if !ok {
			continue
		}
		one := Notice{Notification: n, Issue: issue, Muted: muted[n.IssueNumber]}
		if n.ActorID != nil {
			u, err := who.get(ctx, *n.ActorID)
			if err != nil {
				return nil, "", err
			}
			one.Actor = &u
		}
		out = append(out, one)
	}
	return out, next, nil
}

// Unread returns how many notices the person has not read, at most 100.
func (s *Service) Unread(ctx context.Context, by *models.User) (int, error) {
	if by == nil || by.ID == 0 {
		return 0, nil
	}
	return s.store.CountUnread(ctx, by.ID)
}

// MarkRead marks the notices of an issue as read; issue 0 means all up to the notice last.
func (s *Service) MarkRead(ctx context.Context, by *models.User, issue, last int64) error {
	if by == nil || by.ID == 0 {
		return nil
	}
	return s.store.MarkRead(ctx, by.ID, issue, last)
}

// Mute has the person hear nothing of an issue any more, or again.
func (s *Service) Mute(ctx context.Context, by *models.User, number int64, muted bool) error {
	if _, _, err := s.issue(ctx, by, number); err != nil {
		return err
	}
	if by == nil || by.ID == 0 {
		return models.ErrForbidden
	}
	return s.store.SetMuted(ctx, number, by.ID, muted)
}

// Muted reports whether the person hears nothing of an issue.
func (s *Service) Muted(ctx context.Context, by *models.User, number int64) (bool, error) {
	if by == nil || by.ID == 0 {
		return false, nil
	}
	return s.store.Muted(ctx, number, by.ID)
}

var mention = regexp.MustCompile(`(?:^|[\s(,;])@([a-z0-9._+@-]{1,100})`)

// mentioned are the people whom a text names with @login.
func (s *Service) mentioned(ctx context.Context, text string) ([]int64, error) {
	var ids []int64
	for _, m := range mention.FindAllStringSubmatch(strings.ToLower(text), 20) {
		u, err := s.store.UserByLogin(ctx, strings.TrimRight(m[1], ".-_+@"))
		if errors.Is(err, models.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("find who is mentioned: %w", err)
		}
		ids = append(ids, u.ID)
	}
	return ids, nil
}

// notifyComment tells of a new comment. Only text that was written here can mention somebody. It joins the transaction
// in ctx.
func (s *Service) notifyComment(ctx context.Context, i models.Issue, c models.Comment, tell models.Tell) error {
	event := "comment"
	var names []int64
	if tell == models.TellNobody {
		return nil
	}
	err := s.publishComment(ctx, i, c)
	if err != nil {
		return err
	}
	switch {
	case c.OriginMessageID != nil && !c.Internal:
		event = "mail"
	case c.OriginMessageID != nil:
		event = "note"
	default:
		if c.Internal {
			event = "note"
		}
		if names, err = s.mentioned(ctx, c.Body); err != nil {
			return err
		}
	}
	return s.notify(ctx, i, models.Notification{CommentID: &c.ID, ActorID: &c.AuthorID, Event: event}, names, tell)
}

// notifyNew tells of a new issue who wants to hear of those in its project. It joins the transaction in ctx.
func (s *Service) notifyNew(ctx context.Context, i models.Issue, n models.NewIssue) error {
	if n.Tell == models.TellNobody {
		return nil
	}
	if err := s.publish(ctx, models.IssueCreatedEvent, i, nil); err != nil {
		return err
	}
	actor := i.ReporterID
	if n.MadeBy != 0 {
		actor = n.MadeBy
	}
	return s.notify(ctx, i, models.Notification{ActorID: &actor, Event: "new"}, nil, n.Tell)
}

// notifyAssigned tells of a new assignee and of a new state.
func (s *Service) notifyAssigned(ctx context.Context, by *models.User, before, after models.Issue) error {
	return s.notifyChange(ctx, by, before, after, models.TellAll)
}

// notifyChange is notifyAssigned for those who tell says.
func (s *Service) notifyChange(ctx context.Context, by *models.User, before, after models.Issue, tell models.Tell) error {
	var actor *int64
	if by != nil && by.ID != 0 {
		actor = &by.ID
	}
	event := ""
	switch {
	case after.AssigneeID != nil && idOf(before.AssigneeID) != idOf(after.AssigneeID):
		event = "assigned"
	case before.Number != 0 && (before.State != after.State || before.ProjectID == after.ProjectID && !same(before.StateID, after.StateID)):
		event = "state"
	default:
		return nil
	}
	return s.notify(ctx, after, models.Notification{ActorID: actor, Event: event}, nil, tell)
}

func (s *Service) notify(ctx context.Context, i models.Issue, n models.Notification, names []int64, tell models.Tell) error {
	if tell == models.TellNobody {
		return nil
	}
	list, err := s.store.Notify(ctx, i, n, names)
	if err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	if tell != models.TellAll || s.told == nil || len(list) == 0 {
		return nil
	}
	if err := s.told(ctx, i, list); err != nil {
		return fmt.Errorf("tell by mail: %w", err)
	}
	return nil
}
