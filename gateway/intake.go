package gateway

import (
	"context"
	"fmt"

	"letterbox/models"
)

// recordIntake records a mail that made an issue or a comment under the next number of its project and year, where the
// rules want that. It joins the transaction in ctx: a number is used up only with what the mail became.
func (g *Gateway) recordIntake(ctx context.Context, d *delivery) error {
	if !d.rules.rules.Intake || d.row.Archived {
		return nil
	}
	i := models.Intake{ProjectID: d.target.project, MessageID: d.row.ID, IssueNumber: d.issue, CameAt: d.cameAt()}
	if i.ProjectID == 0 {
		i.ProjectID = d.project()
	}
	if i.Year = i.CameAt.Local().Year(); d.comment != 0 {
		i.CommentID = &d.comment
	}
	if err := g.Store.AddIntake(ctx, &i); err != nil {
		return fmt.Errorf("record the intake: %w", err)
	}
	d.note(models.StepApply, "apply.intake", "number", i.Label())
	return nil
}
