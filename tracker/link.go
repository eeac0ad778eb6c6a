package tracker

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"letterbox/models"
)

// Link is another issue that belongs to one, as it is seen from this one.
type Link struct {
	Kind   models.LinkKind
	Back   bool          // It was made from the other issue: "blocked by", not "blocks".
	Number int64         // Of the other issue.
	Issue  *models.Issue // Nil when the person does not see it.
}

// Links returns the links of an issue that the person sees. Of issues that it does not see only the number is told.
func (s *Service) Links(ctx context.Context, by *models.User, number int64) ([]Link, error) {
	_, a, err := s.issue(ctx, by, number)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.Links(ctx, number)
	if err != nil {
		return nil, err
	}
	var numbers []int64
	out := make([]Link, 0, len(rows))
	for _, l := range rows {
		one := Link{Kind: l.Kind, Number: l.ToNumber}
		if l.ToNumber == number {
			one.Number, one.Back = l.FromNumber, true
		}
		numbers = append(numbers, one.Number)
		out = append(out, one)
	}
	issues, err := s.store.IssuesByNumber(ctx, numbers)
	if err != nil {
		return nil, err
	}
	for i := range out {
		other, ok := issues[out[i].Number]
		if !ok {
			continue
		}
		seen, err := s.sees(ctx, a, other)
		if err != nil {
			return nil, err
		}
		if seen {
			out[i].Issue = &other
		}
	}
	return out, nil
}

// AddLink ties an issue to another one. Those who work on the first and see the second may.
func (s *Service) AddLink(ctx context.Context, by *models.User, number, other int64, kind models.LinkKind) error {
	if _, _, err := s.issue(ctx, by, number); err != nil {
		return err
	}
	if !slices.Contains(models.LinkKinds(), kind) {
		return invalid("kind", "E-LINK-02", "kind", string(kind))
	}
	err := s.link(ctx, by, number, other, func(ctx context.Context) error {
		err := s.store.AddLink(ctx, models.IssueLink{FromNumber: number, ToNumber: other, Kind: kind, CreatedBy: by.ID})
		if err != nil {
			return err
		}
		return s.linked(ctx, by, models.EventLinked, number, other)
	})
	if err != nil {
		return fmt.Errorf("link issues: %w", err)
	}
	return nil
}

// RemoveLink unties two issues; back says that the link was made from the other one.
func (s *Service) RemoveLink(ctx context.Context, by *models.User, number, other int64, kind models.LinkKind, back bool) error {
	from, to := number, other
	if back {
		from, to = other, number
	}
	err := s.link(ctx, by, number, other, func(ctx context.Context) error {
		if err := s.store.RemoveLink(ctx, from, to, kind); err != nil {
			return err
		}
		return s.linked(ctx, by, models.EventUnlinked, number, other)
	})
	if err != nil {
		return fmt.Errorf("unlink issues: %w", err)
	}
	return nil
}

func (s *Service) link(ctx context.Context, by *models.User, number, other int64, do func(context.Context) error) error {
	issue, a, err := s.issue(ctx, by, number)
	if err != nil {
		return err
	}
	if err := a.mayWork(issue.ProjectID); err != nil {
		return err
	}
	if by.ID == 0 {
		return models.ErrForbidden
	}
	target, err := s.store.IssueByNumber(ctx, other)
	seen := err == nil
	if seen {
		if seen, err = s.sees(ctx, a, target); err != nil {
			return err
		}
	}
	if !seen || number == other {
		return invalid("number", "E-LINK-01", "key", fmt.Sprintf("#%d", other))
	}
	if err := s.store.WithTx(ctx, do); err != nil {
		return err
	}
	s.tell(ctx, object("issue", number))
	s.tell(ctx, object("issue", other))
	return nil
}

// linked notes a link in the history of both issues.
func (s *Service) linked(ctx context.Context, by *models.User, kind models.EventKind, number, other int64) error {
	return s.store.AddEvents(ctx, []models.IssueEvent{
		{IssueNumber: number, UserID: &by.ID, Kind: kind, Became: strconv.FormatInt(other, 10)},
		{IssueNumber: other, UserID: &by.ID, Kind: kind, Became: strconv.FormatInt(number, 10)},
	})
}
