package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"letterbox/gateway/outbound"
	"letterbox/models"
)

const (
	noticeDelay  = 15 * time.Second // Longer than undoTime: who takes a comment back has told nobody.
	noticeLife   = 24 * time.Hour
	noticesHour  = 30 // Mails to one person in an hour; what is more comes together.
	noticePause  = time.Hour
	noticeKind   = "n"
	mostInNotice = 100 // News in one mail; the rest is in the pages.
)

// QueueNotices puts mails about what people were told of an issue into the outbox: one at once, or one for all that is
// due at the same time, as each of them has set. It joins the transaction in ctx. Without a sending account nothing goes
// out and it is no error.
func (g *Gateway) QueueNotices(ctx context.Context, i models.Issue, list []models.Notification) error {
	i, inbox, err := g.answered(ctx, i.Number)
	if err != nil {
		return err
	}
	account, err := g.sendingFor(ctx, inbox, i.ProjectID)
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	ids := make([]int64, 0, len(list))
	for _, n := range list {
		ids = append(ids, n.UserID)
	}
	settings, err := g.Store.NotifySettings(ctx, ids)
	if err != nil {
		return err
	}
	maps.DeleteFunc(settings, func(id int64, s models.NotifySettings) bool {
		return s.Assigned == models.NotifyNever && s.Mentioned == models.NotifyNever && s.Watching == models.NotifyNever && s.NewIssue == models.NotifyNever
	})
	if len(settings) == 0 {
		return nil
	}
	users, err := g.Store.UsersByID(ctx, slices.Sorted(maps.Keys(settings)))
	if err != nil {
		return fmt.Errorf("read who is told: %w", err)
	}
	q := noticeQueue{g: g, issue: i, inbox: inbox, account: account, at: now()}
	if q.own, err = g.ownAddresses(ctx); err != nil {
		return err
	}
	if q.keys, err = g.signing(ctx); err != nil {
		return err
	}
	for _, n := range list {
		s, ok := settings[n.UserID]
		if u := users[n.UserID]; ok && len(u.Addresses) > 0 {
			if err := q.add(ctx, n, u, s); err != nil {
				return fmt.Errorf("queue a notification: %w", err)
			}
		}
	}
	return nil
}

// tellOf says who hears of a message. Automatic mail calls forth no other.
func tellOf(d *delivery) models.Tell {
	switch {
	case d.row.Archived || d.row.Door == doorImport:
		return models.TellNobody
	case d.mail.Auto.Generated || d.mail.Bounce != nil || d.mail.FeedbackReport != nil || len(d.mail.Loop) > 0 || d.people.outgoing:
		return models.TellPages
	default:
		return models.TellAll
	}
}

// noticeQueue is what the notices about one event have in common.
type noticeQueue struct {
	g       *Gateway
	issue   models.Issue
	inbox   int64
	account models.SendingAccount
	own     map[string]bool
	keys    outbound.Keys
	at      time.Time
}

// add puts the mail to one person into the outbox, or has the one that waits for the same time tell it too.
func (q *noticeQueue) add(ctx context.Context, n models.Notification, u models.User, s models.NotifySettings) error {
	to := u.Addresses[0]
	if isOwn(q.own, to) || !outbound.Sendable(to) {
		return nil
	}
	due, together, ok := s.When(n.Reason, q.at)
	if !ok {
		return nil
	}
	if !together {
		sent, err := q.g.Store.NoticesSince(ctx, to, q.at.Add(-noticePause))
		if err != nil {
			return err
		}
		if sent >= noticesHour {
			due, together = q.at.Truncate(noticePause).Add(noticePause+5*time.Minute), true
		}
	}
	o := models.Outgoing{
		Kind: models.OutgoingNotice, AccountID: q.account.ID, IssueNumber: q.issue.Number, CommentID: n.CommentID, Recipient: to, RecipientName: u.Name,
		Language: u.Language, State: models.OutgoingQueued, CreatedAt: q.at, Content: models.OutgoingContent{To: []string{to}},
	}
	if o.Language == "" {
		o.Language = q.account.Settings.Language
	}
	host := helloOf(q.account.Address)
	if together {
		o.IssueNumber, o.CommentID = 0, nil
		o.RFCMessageID = q.keys.MessageID("d", 0, u.ID<<26|due.Unix()/60, to, host) // It leads to no issue.
		o.Content.Subject = q.g.say(o.Language, "mail.notice.digest")
	} else {
		due = due.Add(noticeDelay)
		if q.inbox != 0 {
			o.InboxID = &q.inbox
		}
		o.RFCMessageID = q.keys.MessageID(noticeKind, q.issue.Number, n.ID, to, host)
		o.Content.Subject = answerSubject(q.issue.Number, q.issue.Title)
	}
	o.NextAttemptAt, o.ExpiresAt = &due, due.Add(noticeLife)
	if err := q.g.Store.AddOutgoing(ctx, []*models.Outgoing{&o}); err != nil {
		return err
	}
	if !together {
		if err := q.g.Store.AddMessageIDs(ctx, q.issue.Number, []string{o.RFCMessageID}, true); err != nil {
			return err
		}
	}
	return q.g.Store.MailNotifications(ctx, n.ID, o.RFCMessageID)
}
