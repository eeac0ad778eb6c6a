package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"letterbox/gateway/rule"
	"letterbox/models"
)

// activeCase is what the active case of the project gets of a message.
type activeCase struct {
	issue int64 // 0: nothing.
	only  bool  // The message becomes a note there and nothing else.
}

// chooseActive finds the active case of the project where the rules add the files of mails to it. A mail that would
// become an issue becomes a note there when the rules say so, unless it is data with a number of its own. It only looks;
// apply adds the files.
func (g *Gateway) chooseActive(ctx context.Context, d *delivery) error {
	mode := cmp.Or(d.flowed.Active, d.rules.rules.AttachToActive)
	d.active = activeCase{}
	if mode == "" || mode == "off" || !d.hasEffect() || d.row.Archived || d.rest() || len(d.loose()) == 0 {
		return nil
	}
	project := d.target.project
	if project == 0 {
		project = d.project()
	}
	p, err := g.Store.ProjectByID(ctx, project)
	if err != nil {
		return fmt.Errorf("read the project: %w", err)
	}
	var issue models.Issue
	if p.ActiveIssue != nil {
		if issue, err = g.Store.ResolveIssue(ctx, *p.ActiveIssue); err != nil && !errors.Is(err, models.ErrNotFound) {
			return fmt.Errorf("read the active case: %w", err)
		}
	}
	if issue.Number == 0 || issue.ProjectID != project || issue.State.Done() {
		d.note(models.StepMatch, "match.no_active_case")
		return nil
	}
	if d.target.comment == issue.Number {
		return nil // Its files go there anyhow.
	}
	d.active.issue = issue.Number
	if d.active.only = mode == "attach_only" && d.state == models.MessageCreated && d.keyed == nil; d.active.only {
		d.target = target{comment: issue.Number, project: project, note: true, mentions: d.target.mentions}
		d.finish(models.MessageCommented, rule.AcceptedComment)
		d.note(models.StepMatch, "match.active_case", "key", issueKey(issue.Number))
	}
	return nil
}

// loose are the places of the attachments that are no part of the text.
func (d *delivery) loose() map[int]bool {
	out := map[int]bool{}
	for i, a := range d.mail.Attachments {
		if !a.Inline && !d.dropped[i] {
			out[i] = true
		}
	}
	return out
}

// addToActive adds the files of a message that has become something else to the active case too, as a note that names
// the issue where the message is. It joins the transaction in ctx.
func (g *Gateway) addToActive(ctx context.Context, d *delivery, author int64, files []models.Attachment) error {
	if d.active.issue == 0 || d.active.only || d.issue == d.active.issue {
		return nil
	}
	loose := d.loose()
	var some []models.Attachment
	for _, f := range files {
		if loose[f.Place] {
			some = append(some, f)
		}
	}
	if len(some) == 0 {
		return nil
	}
	_, err := g.Tracker.AddComment(ctx, models.NewComment{
		IssueNumber: d.active.issue, AuthorID: author, Body: issueKey(d.issue), Internal: true, Aside: true, Attachments: some, Tell: tellOf(d),
	})
	if err != nil {
		return fmt.Errorf("add the files to the active case: %w", err)
	}
	d.note(models.StepApply, "apply.active_case", "key", issueKey(d.active.issue), "n", itoa(int64(len(some))))
	return nil
}
