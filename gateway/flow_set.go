package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"letterbox/gateway/flow"
	"letterbox/models"
)

// flowTarget looks up what flow rules name for the issue that match has found: people who watch it, and what is set of an
// issue on which the message becomes a comment.
func (g *Gateway) flowTarget(ctx context.Context, d *delivery) error {
	d.followers, d.changed = nil, models.MailUpdate{}
	if !d.hasEffect() || d.active.only {
		return nil
	}
	project, sets := d.target.project, d.flowed.New
	if d.state == models.MessageCommented {
		sets = d.flowed.Comment
		if sets.Empty() && !d.flowed.New.Empty() && !d.target.byKey {
			d.note(models.StepMatch, "match.flow_comment", "key", issueKey(d.target.comment))
		}
	}
	if sets.Empty() {
		return nil
	}
	if project == 0 && d.target.comment != 0 {
		i, err := g.Store.ResolveIssue(ctx, d.target.comment)
		if err != nil {
			return fmt.Errorf("look up issue %d: %w", d.target.comment, err)
		}
		project = i.ProjectID
	}
	if project == 0 {
		project = d.project()
	}
	for _, login := range sets.Watch {
		id, err := g.worker(ctx, d, login, project)
		if err != nil {
			return err
		}
		if id != 0 && !slices.Contains(d.followers, id) {
			d.followers = append(d.followers, id)
			d.note(models.StepMatch, "match.flow_watch", "login", login)
		}
	}
	if d.state == models.MessageCommented {
		return g.flowChange(ctx, d, sets, project)
	}
	return nil
}

// flowChange is what flow rules change of an issue that was there before.
func (g *Gateway) flowChange(ctx context.Context, d *delivery, sets flow.Sets, project int64) error {
	u := models.MailUpdate{Labels: sets.Labels, DueOn: sets.Due, Always: true}
	note := func(name, value string) { d.note(models.StepMatch, "match.flow_sets", "set", name, "value", value) }
	if p, ok := models.ParsePriority(sets.Priority); ok {
		u.Priority = &p
		note("priority", sets.Priority)
	}
	if sets.State != "" {
		u.State = &sets.State
		d.note(models.StepMatch, "match.flow_state", "to_state", string(sets.State))
	}
	if sets.Due != nil {
		note("due", sets.Due.Format("2006-01-02"))
	}
	for _, l := range sets.Labels {
		note("labels", l)
	}
	for _, f := range sets.Fields {
		u.Fields = append(u.Fields, models.IssueField{Name: f.Name, Value: f.Value})
		note("fields", f.Name+": "+f.Value)
	}
	if sets.Assignee != "" {
		id, err := g.worker(ctx, d, sets.Assignee, project)
		if err != nil {
			return err
		}
		if id != 0 {
			u.AssigneeID = &id
			note("assignee", sets.Assignee)
		}
	}
	d.changed = u
	return nil
}

// worker returns the person with that login who works on a project; 0 when there is none, which the trace says.
func (g *Gateway) worker(ctx context.Context, d *delivery, login string, project int64) (int64, error) {
	u, err := g.Store.UserByLogin(ctx, login)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return 0, fmt.Errorf("look up a person that a rule names: %w", err)
	}
	member := false
	if err == nil && u.DisabledAt == nil {
		if member, err = g.memberOf(ctx, u, project); err != nil {
			return 0, err
		}
	}
	if !member {
		d.note(models.StepMatch, "match.flow_nobody", "login", cut(login, 100))
		return 0, nil
	}
	return u.ID, nil
}

// watching are the people who watch the issue because of this message.
func (d *delivery) watching() []int64 {
	if len(d.followers) == 0 {
		return d.people.watchers
	}
	all := slices.Clone(d.people.watchers)
	for _, id := range d.followers {
		if !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	return all
}

// changeByFlow changes the issue on which the message is a comment as flow rules say. It joins the transaction in ctx.
func (g *Gateway) changeByFlow(ctx context.Context, d *delivery, author int64) error {
	u := d.changed
	if !u.Always {
		return nil
	}
	u.IssueNumber, u.AuthorID, u.Tell = d.issue, author, tellOf(d)
	changed, err := g.Tracker.UpdateByMail(ctx, u)
	if err != nil {
		return fmt.Errorf("change the issue by flow rules: %w", err)
	}
	if changed {
		d.note(models.StepApply, "apply.update", "key", issueKey(d.issue))
	}
	return nil
}

// settleAs are the settings of the inbox by which the server is told of the message: a flow rule may name another folder
// for it than the inbox does. A message that waits for a person goes where the inbox says.
func (d *delivery) settleAs() models.InboxSettings {
	s := d.inbox.Settings
	if d.flowed.Folder == "" || d.state == models.MessageQuarantined || d.row.Door != doorIMAP {
		return s
	}
	s.After, s.MoveTo, s.MoveRejectedTo = "move", d.flowed.Folder, ""
	return s
}
