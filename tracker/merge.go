package tracker

import (
	"context"
	"fmt"
	"strconv"

	"letterbox/models"
)

// Merge puts an issue into another one: comments, files, watchers and the mail that still comes go there, and its
// description becomes a comment. The issue itself stays, closed, and leads to the other. Those who work on both may.
func (s *Service) Merge(ctx context.Context, by *models.User, number, into int64) error {
	a, err := s.Access(ctx, by)
	if err != nil {
		return err
	}
	if err := s.mayMerge(ctx, a, number, into); err != nil {
		return err
	}
	err = s.store.WithTx(ctx, func(ctx context.Context) error { return s.merge(ctx, by, number, into) })
	if err != nil {
		return fmt.Errorf("merge issues: %w", err)
	}
	s.tell(ctx, object("issue", number))
	s.tell(ctx, object("issue", into))
	return nil
}

// mayMerge checks the rights on both issues.
func (s *Service) mayMerge(ctx context.Context, a Access, number, into int64) error {
	issue, err := s.store.IssueByNumber(ctx, number)
	if err != nil {
		return err
	}
	if err := a.mayWork(issue.ProjectID); err != nil {
		return err
	}
	refused := invalid("into", "E-MERGE-01", "key", fmt.Sprintf("#%d", into))
	target, err := s.store.IssueByNumber(ctx, into)
	if err != nil || number == into || a.mayWork(target.ProjectID) != nil || issue.MergedInto != nil || target.MergedInto != nil {
		return refused
	}
	return nil
}

func (s *Service) merge(ctx context.Context, by *models.User, number, into int64) error {
	// In the order of their numbers: two who merge crosswise wait for each other only once.
	if _, err := s.latest(ctx, min(number, into)); err != nil {
		return err
	}
	if _, err := s.latest(ctx, max(number, into)); err != nil {
		return err
	}
	issue, err := s.store.IssueByNumber(ctx, number)
	if err != nil {
		return err
	}
	target, err := s.store.IssueByNumber(ctx, into)
	if err != nil {
		return err
	}
	if issue.MergedInto != nil || target.MergedInto != nil {
		return models.ErrConflict
	}
	text := issue.Description
	if issue.OriginMessageID == nil && issue.Title != "" {
		text = issue.Title + "\n\n" + text
	}
	first := models.Comment{
		IssueNumber: into, AuthorID: issue.ReporterID, Body: text, OriginMessageID: issue.OriginMessageID, CreatedAt: issue.CreatedAt,
	}
	if err := s.store.CreateComment(ctx, &first); err != nil {
		return err
	}
	moved, err := s.store.Comments(ctx, number)
	if err != nil {
		return err
	}
	for _, c := range moved {
		if err := s.store.UnindexText(ctx, number, c.ID); err != nil {
			return err
		}
	}
	if err := s.store.UnindexText(ctx, number, 0); err != nil {
		return err
	}
	if err := s.store.MergeThread(ctx, number, into, first.ID); err != nil {
		return err
	}
	if err := s.addLabels(ctx, target, number); err != nil {
		return err
	}
	before := issue
	setState(&issue, models.IssueClosed)
	issue.MergedInto = &into
	if err := s.store.UpdateIssue(ctx, &issue, before.Version); err != nil {
		return err
	}
	if err := s.store.ReindexIssue(ctx, target); err != nil {
		return fmt.Errorf("keep words for the search: %w", err)
	}
	err = s.record(ctx, by, before, issue, models.IssueEvent{Kind: models.EventMerged, Became: strconv.FormatInt(into, 10)})
	if err != nil {
		return err
	}
	err = s.record(ctx, by, target, target, models.IssueEvent{Kind: models.EventAbsorbed, Became: strconv.FormatInt(number, 10)})
	if err != nil {
		return err
	}
	return s.audit(ctx, by, "issue.merge", object("issue", number), map[string]any{"into": into})
}

// addLabels gives an issue the labels of another one besides its own.
func (s *Service) addLabels(ctx context.Context, issue models.Issue, from int64) error {
	of, err := s.store.LabelsOf(ctx, []int64{issue.Number, from})
	if err != nil || len(of[from]) == 0 {
		return err
	}
	var c checks
	names := splitLabels(append(labelNames(of[issue.Number]), labelNames(of[from])...), &c)
	return s.setLabels(ctx, issue, names[:min(len(names), maxLabels)])
}

// comment returns a comment of an issue that the person works on.
func (s *Service) comment(ctx context.Context, by *models.User, number, id int64) (models.Issue, models.Comment, Access, error) {
	issue, a, err := s.issue(ctx, by, number)
	if err != nil {
		return issue, models.Comment{}, a, err
	}
	if err := a.mayWork(issue.ProjectID); err != nil {
		return issue, models.Comment{}, a, err
	}
	c, err := s.store.CommentByID(ctx, id)
	if err == nil && c.IssueNumber != number {
		err = models.ErrNotFound
	}
	return issue, c, a, err
}

// Split makes an issue of its own of a comment: it becomes the description, its author the reporter, and answers to its
// mail go there. The two are linked.
func (s *Service) Split(ctx context.Context, by *models.User, number, id int64, title string) (IssueRow, error) {
	issue, c, _, err := s.comment(ctx, by, number, id)
	if err != nil {
		return IssueRow{}, err
	}
	var bad checks
	if title = line(title); title == "" {
		bad.add("title", "E-ISSUE-TITLE")
	}
	bad.title(title)
	if err := bad.err(); err != nil {
		return IssueRow{}, err
	}
	var made models.Issue
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		if _, err := s.latest(ctx, number); err != nil {
			return err
		}
		author, err := s.store.UserByID(ctx, c.AuthorID)
		if err != nil {
			return err
		}
		made, err = s.CreateIssue(ctx, models.NewIssue{
			ProjectID: issue.ProjectID, Title: title, Description: c.Body, ReporterID: c.AuthorID,
			OriginMessageID: c.OriginMessageID, Participants: author.Addresses, WatcherIDs: watcher(by),
		})
		if err != nil {
			return err
		}
		if err := s.store.MoveComment(ctx, c, made.Number, true); err != nil {
			return err
		}
		if err := s.store.UnindexText(ctx, number, id); err != nil {
			return err
		}
		if err := s.reindex(ctx, made); err != nil {
			return err
		}
		err = s.store.AddLink(ctx, models.IssueLink{FromNumber: number, ToNumber: made.Number, Kind: models.LinkSplit, CreatedBy: by.ID})
		if err != nil {
			return err
		}
		return s.record(ctx, by, issue, issue, models.IssueEvent{Kind: models.EventSplit, Became: strconv.FormatInt(made.Number, 10)})
	})
	if err != nil {
		return IssueRow{}, fmt.Errorf("split issue: %w", err)
	}
	s.tell(ctx, object("issue", number))
	s.tell(ctx, object("issue", made.Number))
	return s.Issue(ctx, by, made.Number)
}

// MoveComment gives a comment with its files to another issue; answers to its mail go there.
func (s *Service) MoveComment(ctx context.Context, by *models.User, number, id, to int64) error {
	issue, c, a, err := s.comment(ctx, by, number, id)
	if err != nil {
		return err
	}
	target, err := s.store.IssueByNumber(ctx, to)
	if err != nil || to == number || target.MergedInto != nil || a.mayWork(target.ProjectID) != nil {
		return invalid("to", "E-LINK-01", "key", fmt.Sprintf("#%d", to))
	}
	err = s.store.WithTx(ctx, func(ctx context.Context) error {
		if _, err := s.latest(ctx, min(number, to)); err != nil {
			return err
		}
		if _, err := s.latest(ctx, max(number, to)); err != nil {
			return err
		}
		if err := s.store.MoveComment(ctx, c, to, false); err != nil {
			return err
		}
		author, err := s.store.UserByID(ctx, c.AuthorID)
		if err != nil {
			return err
		}
		if err := s.attach(ctx, to, nil, nil, []int64{c.AuthorID}, author.Addresses); err != nil {
			return err
		}
		if err := s.store.UnindexText(ctx, number, id); err != nil {
			return err
		}
		if err := s.store.ReindexIssue(ctx, target); err != nil {
			return fmt.Errorf("keep words for the search: %w", err)
		}
		return s.record(ctx, by, issue, issue, models.IssueEvent{Kind: models.EventMoved, Became: strconv.FormatInt(to, 10)})
	})
	if err != nil {
		return fmt.Errorf("move comment: %w", err)
	}
	s.tell(ctx, object("issue", number))
	s.tell(ctx, object("issue", to))
	return nil
}

func watcher(by *models.User) []int64 {
	if by == nil || by.ID == 0 {
		return nil
	}
	return []int64{by.ID}
}
