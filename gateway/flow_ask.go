package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"letterbox/gateway/flow"
	"letterbox/gateway/rule"
	"letterbox/gateway/script"
	"letterbox/models"
)

// askFlow asks the flow rules of the inbox what becomes of a message that was let in. What they set goes over what a
// profile has set; a script comes after them.
func (g *Gateway) askFlow(ctx context.Context, d *delivery) error {
	set := d.rules.flow
	if set.Empty() {
		return nil
	}
	r := set.Run(d.flowFacts())
	for _, a := range r.Attempts {
		d.noteFlow(a)
	}
	last := len(r.Attempts) - 1
	switch want := r.Decision; {
	case r.Slow && d.told != nil: // A person has the last word, and what is undecided sets nothing.
		return nil
	case r.Slow:
		d.finish(models.MessageQuarantined, rule.RuleTimeout)
		d.note(models.StepMatch, "verdict."+string(rule.RuleTimeout), "n", r.Attempts[last].Rule, "limit", "100ms")
		return nil
	case want.End != "" && d.told != nil:
		d.note(models.StepMatch, "match.flow_overruled", "rule", want.Rule)
	case want.End == flow.Reject:
		d.flowed = want
		d.finish(models.MessageRejected, rule.FlowRejected)
		d.note(models.StepMatch, "verdict."+string(rule.FlowRejected), "rule", want.Rule, "text", want.Text)
		return nil
	case want.End != "":
		d.flowed = want
		d.finish(models.MessageQuarantined, rule.FlowSetAside)
		d.note(models.StepMatch, "verdict."+string(rule.FlowSetAside), "rule", want.Rule, "text", want.Text)
		return nil
	}
	return g.doAsFlowed(ctx, d, r.Decision)
}

// doAsFlowed takes over what the flow rules have decided on a message that is taken in.
func (g *Gateway) doAsFlowed(ctx context.Context, d *delivery, want flow.Decision) error {
	d.flowed = want
	if want.Project != "" {
		p, ok, err := g.routeTo(ctx, d, want.Project)
		if err != nil {
			return err
		}
		code := "match.flow_no_project"
		if ok {
			code = "match.flow_project"
			d.claim("project", "project", byFlow)
		}
		d.note(models.StepMatch, code, "project", cut(or(p.Key, want.Project), 100))
	}
	if want.Silent {
		d.note(models.StepMatch, "match.flow_silent")
	}
	for _, c := range want.Call {
		d.note(models.StepMatch, "match.flow_webhook", "name", c.Webhook, "rule", c.Rule)
	}
	for _, f := range want.Forward {
		d.note(models.StepMatch, "match.flow_forward", "address", f.To, "rule", f.Rule)
	}
	if want.New.State != "" {
		d.note(models.StepMatch, "match.flow_state", "to_state", string(want.New.State))
	}
	sets := script.Decision{Priority: want.New.Priority, Assignee: want.New.Assignee, Labels: want.New.Labels}
	for _, f := range want.New.Fields {
		sets.Fields = append(sets.Fields, script.Field{Name: f.Name, Value: f.Value})
	}
	if want.New.Due != nil {
		sets.Due = want.New.Due.Format(time.DateOnly)
	}
	if d.data != nil && len(sets.Labels) > 0 { // They add to those of the profile.
		sets.Labels = slices.Concat(d.data.Labels, sets.Labels)
	}
	if want.Folder != "" {
		d.claim("folder", "folder", byFlow)
	}
	d.overlay("flow", byFlow, sets)
	return nil
}

// routeTo has the message open its issue in the project with that key. ok is false when there is none that takes issues.
func (g *Gateway) routeTo(ctx context.Context, d *delivery, key string) (p models.Project, ok bool, err error) {
	p, err = g.Store.ProjectByKey(ctx, key)
	if errors.Is(err, models.ErrNotFound) || err == nil && p.ArchivedAt != nil {
		return p, false, nil
	}
	if err != nil {
		return p, false, fmt.Errorf("look up the project of a new issue: %w", err)
	}
	if d.routed = p.ID; p.ID == d.inbox.ProjectID {
		d.routed = 0
	}
	d.people.watchers, err = g.watchersOf(ctx, d.people.others, p.ID)
	return p, true, err
}

// noteFlow tells what one flow rule said, and by which condition.
func (d *delivery) noteFlow(a flow.Attempt) {
	code := "match.flow_not"
	switch {
	case a.Slow:
		code = "match.flow_slow"
	case a.Applies:
		code = "match.flow"
	}
	args := []string{"rule", a.Rule, "n", itoa(int64(a.Index + 1)), "flow_version", itoa(d.rules.version)}
	if c := a.Decisive; c != nil {
		if a.None && !a.Slow {
			code = "match.flow_none"
		}
		code += "_by"
		args = append(args, "thing", c.Field, "name", cut(c.Name, 100), "op", c.Op, "value", cut(c.Value, 100))
	}
	d.note(models.StepMatch, code, args...)
}

// flowFacts are what flow rules know of the message.
func (d *delivery) flowFacts() flow.Facts {
	m := d.mail
	f := flow.Facts{
		Sender: sender(m), Subject: m.Subject, Text: or(m.Reply, m.Text), Header: m.HeaderText, Size: d.row.Size, At: d.arrivedAt(),
		Reply: len(m.InReplyTo)+len(m.References) > 0 || slices.ContainsFunc(d.people.hints, func(h hint) bool { return h.issue != nil }),
	}
	for _, a := range slices.Concat(m.To, m.Cc) {
		f.Recipients = append(f.Recipients, lower(a.Address))
	}
	f.Recipients = append(f.Recipients, m.DeliveredTo...)
	for i, a := range m.Attachments {
		if !a.Inline && !d.dropped[i] {
			f.Files = append(f.Files, flow.File{Name: a.Name, ContentType: a.ContentType})
		}
	}
	if m.Bounce != nil || m.FeedbackReport != nil {
		f.Kinds = append(f.Kinds, flow.KindBounce)
	}
	if m.Auto.Generated {
		f.Kinds = append(f.Kinds, flow.KindAutomatic)
	}
	if m.List {
		f.Kinds = append(f.Kinds, flow.KindList)
	}
	if len(f.Kinds) == 0 {
		f.Kinds = append(f.Kinds, flow.KindPerson)
	}
	if m.Spam != "" {
		f.Kinds = append(f.Kinds, flow.KindSpam)
	}
	if d.data != nil {
		f.Fields = make(map[string]string, len(d.data.Fields))
		for _, one := range d.data.Fields {
			f.Fields[one.Name] = one.Value
		}
	}
	return f
}

// arrivedAt is when the message came to its server, or here where no server told.
func (d *delivery) arrivedAt() time.Time {
	if d.row.InternalAt != nil {
		return *d.row.InternalAt
	}
	return d.cameAt()
}

// or returns the first text that is not blank.
func or(a, b string) string {
	if strings.TrimSpace(a) != "" {
		return a
	}
	return b
}
