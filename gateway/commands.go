package gateway

import (
	"context"
	"errors"
	"fmt"

	"letterbox/gateway/authenticity"
	"letterbox/gateway/command"
	"letterbox/models"
)

// findCommands reads the commands of a mail that becomes an issue or a comment (SEC-47): which of them will be carried
// out, and why not the others. Those that will leave the text.
func (g *Gateway) findCommands(ctx context.Context, d *delivery) error {
	d.commands = nil
	if len(d.rules.rules.Commands) == 0 || !d.hasEffect() || d.mail.Auto.Generated || d.mail.List || d.mail.Bounce != nil || d.row.Archived || headerOnly(d.row) || d.active.only {
		return nil
	}
	text := d.mail.Reply
	if text == "" {
		text = d.mail.Text
	}
	var gone []command.Command
	for _, c := range command.Find(text, d.rules.rules.Commands) {
		why := c.Refused
		switch {
		case why != "":
		case d.auth.State == authenticity.Fail:
			why = "sender"
		case d.people.sender == nil || d.people.sender.DisabledAt != nil:
			why = "person"
		default:
			project := d.target.project
			if project == 0 {
				project = d.project()
			}
			checked, ok, err := g.Tracker.CheckCommand(ctx, d.people.sender, project, models.Command{Name: c.Name, Value: c.Value})
			if err != nil {
				return fmt.Errorf("check a command: %w", err)
			}
			if member, err := g.memberOf(ctx, *d.people.sender, project); err != nil {
				return err
			} else if !member {
				why = "person"
			} else if !ok {
				why = "value"
			}
			c.Value = checked.Value
		}
		if why != "" {
			d.note(models.StepMatch, "match.command_"+why, "command", c.Name, "value", cut(c.Value, 100))
			continue
		}
		d.note(models.StepMatch, "match.command", "command", c.Name, "value", cut(c.Value, 100))
		d.commands = append(d.commands, models.Command{Name: c.Name, Value: c.Value})
		gone = append(gone, c)
	}
	if len(gone) > 0 {
		m := *d.mail // A dry run tries other rules on the same mail.
		m.Text, m.Reply = command.Remove(m.Text, gone), command.Remove(m.Reply, gone)
		d.mail = &m
	}
	return nil
}

// runCommands carries them out, in the transaction of the issue or comment.
func (g *Gateway) runCommands(ctx context.Context, d *delivery) error {
	if len(d.commands) == 0 || d.people.sender == nil {
		return nil
	}
	err := g.Tracker.RunCommands(ctx, d.people.sender, d.issue, d.commands)
	_, invalid := errors.AsType[models.InvalidList](err)
	if invalid || errors.Is(err, models.ErrForbidden) || errors.Is(err, models.ErrNotFound) { // It has changed since it was checked.
		d.note(models.StepApply, "apply.commands_failed")
		return nil
	}
	if err != nil {
		return fmt.Errorf("carry out commands: %w", err)
	}
	d.note(models.StepApply, "apply.commands", "n", itoa(int64(len(d.commands))))
	return nil
}
