package gateway

import (
	"context"
	"errors"
	"fmt"

	"letterbox/gateway/rule"
	"letterbox/models"
)

// markImported finishes a mail that an issue of an older system was made of: the issue was imported with the Message-IDs of
// its mails, so its text stands there already. A Message-ID can be written by anybody, so the mail has to be older than the
// import and its sender to take part in the issue.
func (g *Gateway) markImported(ctx context.Context, d *delivery) error {
	if d.rerun || d.dry || d.told != nil || d.people.forged || len(d.people.copies) == 0 || sender(d.mail) == "" || d.mail.Date.IsZero() {
		return nil
	}
	old, err := g.Store.ExternalNumbersOf(ctx, d.people.copies)
	if err != nil {
		return fmt.Errorf("look for an imported issue: %w", err)
	}
	for _, number := range d.people.copies {
		if len(old[number]) == 0 || !d.mail.Date.Before(old[number][0].CreatedAt) {
			continue
		}
		issue, err := g.Store.ResolveIssue(ctx, number)
		if errors.Is(err, models.ErrNotFound) || err == nil && issue.ProjectID != d.inbox.ProjectID {
			continue
		}
		if err != nil {
			return fmt.Errorf("look up an imported issue: %w", err)
		}
		if part, err := g.Store.IsParticipant(ctx, issue.Number, sender(d.mail)); err != nil || !part {
			if err != nil {
				return fmt.Errorf("look up participants: %w", err)
			}
			continue
		}
		d.finish(models.MessageDuplicate, rule.Duplicate)
		d.note(models.StepGate, "gate.duplicate_imported", "key", issueKey(issue.Number), "external", old[number][0].String(),
			"date", old[number][0].CreatedAt.Format("2006-01-02 15:04"))
		return nil
	}
	return nil
}
