package gateway

import (
	"context"
	"fmt"

	"letterbox/gateway/rule"
	"letterbox/models"
)

// order is what a person says is to become of a message, whatever the rules say.
type order struct {
	by    string // Name of the person.
	issue int64  // It becomes a comment there; 0: a new issue.
}

// mayLetIn refuses to let in a message that cannot be, or that has had its effect.
func (g *Gateway) mayLetIn(ctx context.Context, row models.Message, how Again) error {
	switch {
	case row.IssueNumber != nil:
		return fmt.Errorf("message %d has become issue %d: %w", row.ID, *row.IssueNumber, models.ErrConflict)
	case row.BlobID == nil:
		return fmt.Errorf("the octets of message %d are not here: %w", row.ID, models.ErrNotFound)
	case how.Issue == 0:
		return nil
	}
	if _, err := g.Store.IssueByNumber(ctx, how.Issue); err != nil {
		return fmt.Errorf("look up issue %d: %w", how.Issue, err)
	}
	return nil
}

// letIn takes a message past the gate because a person says so.
func (d *delivery) letIn() {
	d.verdict = rule.Verdict{Outcome: rule.Accept}
	d.note(models.StepGate, "gate.told", "user", d.told.by)
}

// goWhereTold is match for a message of which a person says where it goes.
func (d *delivery) goWhereTold() {
	if d.told.issue == 0 {
		d.finish(models.MessageCreated, rule.AcceptedNew)
		d.note(models.StepMatch, "match.told_new", "user", d.told.by)
		return
	}
	d.target.comment = d.told.issue
	d.finish(models.MessageCommented, rule.AcceptedComment)
	d.note(models.StepMatch, "match.told", "user", d.told.by, "key", issueKey(d.told.issue))
}

// logOnly takes the effect from a message of an inbox whose processing is switched off, and says what it would have
// been.
func (d *delivery) logOnly() {
	if d.rules.rules.Process != "dry_run" || !d.hasEffect() || d.rest() {
		return
	}
	if d.state == models.MessageCommented {
		d.note(models.StepMatch, "match.would_comment", "key", issueKey(d.target.comment))
	} else {
		d.note(models.StepMatch, "match.would_open")
	}
	d.finish(models.MessageIgnored, rule.DryRun)
	d.note(models.StepMatch, "verdict."+string(rule.DryRun))
}

// noteRules names the version of the rules that decides.
func (d *delivery) noteRules() {
	if d.rules.version == 0 {
		d.note(models.StepGate, "gate.draft")
		return
	}
	d.note(models.StepGate, "gate.rules", "version", itoa(d.rules.version))
}

// auditAgain is what the audit log keeps of a message that was processed again.
func (d *delivery) auditAgain() map[string]string {
	m := map[string]string{"state": string(d.row.State), "rule_version": itoa(d.rules.version)}
	if d.told != nil {
		m["let_in"] = "new"
		if d.told.issue != 0 {
			m["let_in"] = issueKey(d.told.issue)
		}
	}
	return m
}
