package tracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"letterbox/models"
)

// CreateIssue makes an issue with the next number of the installation, its attachments, watchers and participants. It
// joins the transaction in ctx and checks no rights: it is for the gateway, whose gate has let the mail in, and for
// calls here that have checked before. A message makes one issue only: a second one for the same OriginMessageID is
// models.ErrConflict. Text that is too long or not UTF-8 is made to fit, never refused; "" is a title.
func (s *Service) CreateIssue(ctx context.Context, n models.NewIssue) (models.Issue, error) {
	if n.State == "" {
		n.State = models.IssueNew
	}
	at := now()
	issue := models.Issue{
		ProjectID: n.ProjectID, Title: cut(line(n.Title), maxTitle), Description: body(n.Description), State: n.State,
		ReporterID: n.ReporterID, OriginMessageID: n.OriginMessageID, Mentions: mentions(n.Mentions),
		AssigneeID: n.AssigneeID, Priority: n.Priority, PriorityID: n.PriorityID, DueOn: n.DueOn, Version: 1, CreatedAt: at, UpdatedAt: at,
	}
	if issue.State.Done() {
		issue.ClosedAt = &at
	}
	err := s.store.WithTx(ctx, func(ctx context.Context) (err error) {
		if issue.AssigneeID = n.AssigneeID; issue.AssigneeID == nil && !issue.State.Done() {
			if issue.AssigneeID, err = s.usual(ctx, n.ProjectID); err != nil {
				return fmt.Errorf("find the usual assignee: %w", err)
			}
		}
		if issue.Number, err = s.store.NextIssueNumber(ctx); err != nil {
			return fmt.Errorf("take issue number: %w", err)
		}
		if err := s.store.CreateIssue(ctx, &issue); err != nil {
			return err
		}
		if err := s.index(ctx, issue.Number, 0, n.Attachments, issue.Title, issue.Description); err != nil {
			return err
		}
		if err := s.attach(ctx, issue.Number, nil, n.Attachments, append([]int64{n.ReporterID}, n.WatcherIDs...), n.Participants); err != nil {
			return err
		}
		if err := s.fillIn(ctx, issue, n); err != nil {
			return err
		}
		if err := s.notifyNew(ctx, issue, n); err != nil || issue.AssigneeID == nil || n.AssigneeID != nil {
			return err // Whom the mail names has been told by fillIn.
		}
		return s.notify(ctx, issue, models.Notification{Event: "assigned"}, nil, n.Tell)
	})
	if err != nil {
		return models.Issue{}, fmt.Errorf("create issue: %w", err)
	}
	s.tell(ctx, object("issue", issue.Number))
	return issue, nil
}

// AddComment adds a comment to an issue with its attachments, watchers and participants, and sets a resolved or closed
// issue back to open when n.Reopen is set. Like [Service.CreateIssue] it joins the transaction in ctx and checks no
// rights; a second comment for the same OriginMessageID is models.ErrConflict. models.ErrNotFound when there is no such
// issue.
func (s *Service) AddComment(ctx context.Context, n models.NewComment) (models.Comment, error) {
	comment := models.Comment{
		IssueNumber: n.IssueNumber, AuthorID: n.AuthorID, Body: body(n.Body), Internal: n.Internal,
		OriginMessageID: n.OriginMessageID, CreatedAt: now(),
	}
	err := s.store.WithTx(ctx, func(ctx context.Context) error {
		comment.ID, comment.IssueNumber = 0, n.IssueNumber
		issue, err := s.touch(ctx, n.IssueNumber, n.AuthorID, n.Reopen)
		if err != nil {
			return err
		}
		if issue.MergedInto != nil { // It was merged while the comment was on its way.
			comment.IssueNumber = *issue.MergedInto
			if issue, err = s.touch(ctx, comment.IssueNumber, n.AuthorID, n.Reopen); err != nil {
				return err
			}
		}
		number := comment.IssueNumber
		if err := s.store.CreateComment(ctx, &comment); err != nil {
			return err
		}
		if err := s.index(ctx, number, comment.ID, n.Attachments, comment.Body); err != nil {
			return err
		}
		if err := s.attach(ctx, number, &comment.ID, n.Attachments, followers(n), n.Participants); err != nil {
			return err
		}
		return s.notifyComment(ctx, issue, comment, n.Tell)
	})
	if err != nil {
		return models.Comment{}, fmt.Errorf("add comment: %w", err)
	}
	s.tell(ctx, object("issue", comment.IssueNumber))
	return comment, nil
}

// followers are those who follow an issue because of a comment.
func followers(n models.NewComment) []int64 {
	if n.Aside {
		return n.WatcherIDs
	}
	return append([]int64{n.AuthorID}, n.WatcherIDs...)
}

// mentions keeps as many whole numbers of "12,15,..." as the database has room for.
func mentions(list string) string {
	if len(list) <= maxMentions {
		return list
	}
	return list[:max(0, strings.LastIndexByte(list[:maxMentions+1], ','))]
}

// touch notes that something came to an issue, and reopens it when asked to. A comment is no new version: it does not
// get in the way of somebody who edits the issue meanwhile.
func (s *Service) touch(ctx context.Context, number, author int64, reopen bool) (models.Issue, error) {
	issue, err := s.latest(ctx, number)
	if err != nil || !reopen || !issue.State.Done() {
		return issue, err
	}
	before := issue
	issue.State, issue.StateID, issue.ClosedAt = models.IssueOpen, nil, nil
	if err := s.store.UpdateIssue(ctx, &issue, issue.Version); err != nil {
		return issue, err
	}
	by := &models.User{ID: author}
	if err := s.record(ctx, by, before, issue); err != nil {
		return issue, err
	}
	return issue, s.audit(ctx, by, "issue.update", object("issue", number), map[string]any{
		"state": []models.IssueState{before.State, issue.State},
	})
}

// latest returns an issue that nobody else can change before the transaction in ctx ends. It writes first: the write
// waits for others and, unlike a mere read, works on what they have committed even when this transaction began earlier.
func (s *Service) latest(ctx context.Context, number int64) (models.Issue, error) {
	if err := s.store.TouchIssue(ctx, number); err != nil {
		return models.Issue{}, err
	}
	return s.store.IssueByNumber(ctx, number)
}

// index keeps the words of a description or a comment, with the names of its files, for the search.
func (s *Service) index(ctx context.Context, number, comment int64, files []models.Attachment, texts ...string) error {
	for _, f := range files {
		texts = append(texts, f.Name)
	}
	if err := s.store.IndexText(ctx, number, comment, texts...); err != nil {
		return fmt.Errorf("keep words for the search: %w", err)
	}
	return nil
}

// attach stores what belongs to an issue or to one of its comments.
func (s *Service) attach(ctx context.Context, number int64, comment *int64, files []models.Attachment, watchers []int64, participants []string) error {
	if len(files) > 0 {
		at := now()
		rows := make([]models.Attachment, len(files))
		for i, f := range files {
			f.ID, f.IssueNumber, f.CommentID, f.Place, f.CreatedAt = 0, number, comment, i, at
			rows[i] = f
		}
		if err := s.store.CreateAttachments(ctx, rows); err != nil {
			return fmt.Errorf("keep attachments: %w", err)
		}
	}
	ids := make([]int64, 0, len(watchers))
	seen := map[int64]bool{0: true}
	for _, id := range watchers {
		if !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 {
		if err := s.store.AddWatchers(ctx, number, ids); err != nil {
			return fmt.Errorf("keep watchers: %w", err)
		}
	}
	if len(participants) > 0 {
		if err := s.store.AddParticipants(ctx, number, participants); err != nil {
			return fmt.Errorf("keep participants: %w", err)
		}
	}
	return nil
}

// EnsureCustomer returns the person with that address and makes a customer when there is none: no login, no password,
// the lowest role (SEC-48). It joins the transaction in ctx and checks no rights. A person who is disabled is returned
// as such. models.ErrConflict when another transaction makes the same person at this moment: try the message again.
func (s *Service) EnsureCustomer(ctx context.Context, name, addr string) (models.User, error) {
	unusable := invalid("address", "E-USER-03", "address", cut(line(addr), maxName))
	if !strings.Contains(addr, "@") || len(addr) > maxMailAddress || !utf8.ValidString(addr) || strings.ContainsFunc(addr, unicode.IsControl) {
		return models.User{}, unusable
	}
	addr = models.FoldAddress(strings.TrimSpace(addr))
	u, err := s.store.UserByAddress(ctx, addr)
	switch {
	case err == nil && !slices.Contains(u.Addresses, addr):
		return models.User{}, unusable // It only looks like the address of somebody else.
	case err == nil || !errors.Is(err, models.ErrNotFound):
		return u, err
	}
	if name = cut(line(name), maxName); name == "" {
		name = addr
	}
	u = models.User{Name: name, Role: models.RoleCustomer, Addresses: []string{addr}, CreatedAt: now()}
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		u.ID = 0
		return s.store.CreateUser(ctx, &u)
	})
	if errors.Is(err, models.ErrConflict) {
		if other, again := s.store.UserByAddress(ctx, addr); again == nil {
			return other, nil
		}
	}
	if err != nil {
		return models.User{}, fmt.Errorf("create customer: %w", err)
	}
	s.tell(ctx, object("user", u.ID))
	return u, nil
}
