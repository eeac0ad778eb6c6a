package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"letterbox/gateway/message"
	"letterbox/gateway/outbound"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// gate asks the rules of the inbox whether the message is let in and records why.
func (g *Gateway) gate(ctx context.Context, d *delivery) error {
	if d.decided() {
		return nil
	}
	if d.row.Door == doorPOP3 && !d.mail.Date.IsZero() { // POP3 tells no date before the message is read.
		if since, err := time.Parse(time.DateOnly, d.inbox.Settings.ImportSince); err == nil && d.mail.Date.Before(since) {
			d.finish(models.MessageIgnored, rule.BeforeStart)
			d.note(models.StepGate, "verdict."+string(rule.BeforeStart))
			return nil
		}
	}
	if !d.rerun {
		if err := g.markDuplicate(ctx, d); err != nil || d.decided() {
			return err
		}
	}
	if err := g.markTest(ctx, d); err != nil || d.decided() {
		return err
	}
	d.authenticate()
	var err error
	if d.people, err = g.snapshot(ctx, d); err != nil {
		return err
	}
	if d.crowded, d.others, err = g.crowded(ctx, d.inbox.ProjectID); err != nil {
		return err
	}
	if err := g.markCopy(ctx, d); err != nil || d.decided() {
		return err
	}
	if err := g.markImported(ctx, d); err != nil || d.decided() {
		return err
	}
	d.row.RuleVersion = d.rules.version
	if d.told != nil {
		d.letIn()
		d.trim()
		return nil
	}
	d.noteRules()
	d.verdict = d.rules.set.Decide(facts(d))
	for _, c := range d.verdict.Looked {
		code := "check." + c.Rule + ".refused"
		if c.Passed {
			code = "check." + c.Rule + ".passed"
		}
		d.trace = append(d.trace, models.TraceEntry{Step: models.StepGate, Code: code, Args: c.Args, At: now()})
	}
	if d.people.forged && d.rules.rules.SenderFailed == "set_aside" && d.verdict.Outcome != rule.Ignore {
		d.note(models.StepGate, "check.sender_verified.refused", "address", sender(d.mail), "would_pass", "unknown")
		d.note(models.StepGate, "verdict."+string(rule.SenderUnverified), "address", sender(d.mail))
		d.finish(models.MessageQuarantined, rule.SenderUnverified)
		return nil
	}
	if d.verdict.Outcome == rule.Accept && d.people.sender != nil && d.people.sender.DisabledAt != nil {
		// Not known any more, and not a stranger who may write either.
		d.note(models.StepGate, "gate.disabled", "address", sender(d.mail))
		d.note(models.StepGate, "verdict."+string(rule.UnknownSender), "address", sender(d.mail))
		d.finish(models.MessageRejected, rule.UnknownSender)
		return nil
	}
	switch d.verdict.Outcome {
	case rule.Accept:
		d.note(models.StepGate, "gate.accepted", "version", itoa(d.rules.version))
		d.markConfirmation()
		d.trim()
		return nil
	case rule.Reject:
		d.finish(models.MessageRejected, d.verdict.Reason)
	case rule.Ignore:
		d.finish(models.MessageIgnored, d.verdict.Reason)
	case rule.Quarantine:
		d.finish(models.MessageQuarantined, d.verdict.Reason)
	default:
		return fmt.Errorf("unknown outcome %q", d.verdict.Outcome)
	}
	d.trace = append(d.trace, models.TraceEntry{
		Step: models.StepGate, Code: "verdict." + string(d.verdict.Reason), Args: d.verdict.Args, At: now(),
	})
	return nil
}

// markDuplicate finishes a message whose octets have come to a result before that holds for it too.
func (g *Gateway) markDuplicate(ctx context.Context, d *delivery) error {
	first, err := g.sameOctets(ctx, d)
	if err != nil || first == nil {
		return err
	}
	args := []string{"message", itoa(first.ID), "date", first.ReceivedAt.Format("2006-01-02 15:04")}
	code := "gate.duplicate"
	switch {
	case first.IssueNumber != nil:
	case first.InboxID != d.inbox.ID || first.State != models.MessageQuarantined && !fromServer(d.row.Door):
		// Another inbox did not take it in, or somebody hands it in again that was refused: no reason to do so here and now.
		if !d.noted("gate.same_before") {
			d.note(models.StepGate, "gate.same_before", args...)
		}
		return nil
	case first.State == models.MessageQuarantined:
		code = "gate.duplicate_waiting"
	default:
		code = "gate.duplicate_refused"
	}
	d.row.DuplicateOf = &first.ID
	d.finish(models.MessageDuplicate, rule.Duplicate)
	d.note(models.StepGate, code, args...)
	return nil
}

// noted reports whether the trace has an entry of that code.
func (d *delivery) noted(code string) bool {
	return slices.ContainsFunc(d.trace, func(e models.TraceEntry) bool { return e.Code == code })
}

// sameOctets returns the message of the same project that had the same octets and is final, nil when there is none: one that
// had an effect before one that had none, and one of the same inbox before one of another.
// The same mail is found again under another identity when the server renumbers its folder, when somebody moves it out
// and back, and when it reaches two inboxes.
func (g *Gateway) sameOctets(ctx context.Context, d *delivery) (*models.Message, error) {
	if d.dry || d.unseen || len(d.row.SHA256) == 0 {
		return nil, nil
	}
	same, err := g.Store.FinalBySHA(ctx, d.row.SHA256, d.row.ID)
	if err != nil {
		return nil, fmt.Errorf("look for the same octets: %w", err)
	}
	var found *models.Message
	for i := range same {
		m := &same[i]
		if m.State == models.MessageDuplicate || m.State == models.MessageOversize {
			continue
		}
		if m.InboxID != d.inbox.ID {
			other, err := g.Store.InboxByID(ctx, m.InboxID)
			if errors.Is(err, models.ErrNotFound) {
				continue // Nobody knows any more which project a deleted inbox belonged to.
			}
			if err != nil {
				return nil, fmt.Errorf("read the inbox of the same octets: %w", err)
			}
			if other.ProjectID != d.inbox.ProjectID {
				continue
			}
		}
		if m.IssueNumber != nil {
			return m, nil
		}
		if found == nil || found.InboxID != d.inbox.ID && m.InboxID == d.inbox.ID {
			found = m
		}
	}
	return found, nil
}

func facts(d *delivery) rule.Facts {
	m := d.mail
	f := rule.Facts{
		From: sender(m), Known: d.people.sender != nil && d.people.sender.DisabledAt == nil,
		Subject: m.Subject, Text: m.Reply, OwnAddress: d.inbox.Address, Spam: m.Spam, Recent: d.people.recent,
		AutoReason: "", Bounce: m.Bounce != nil, List: m.List,
		Own:  isOwn(d.people.own, sender(m)) || d.people.outgoing,
		Loop: len(m.Loop) > 0,
	}
	if f.Text == "" {
		f.Text = m.Text
	}
	if m.Auto.Generated {
		f.AutoReason = m.Auto.Reason
		if f.AutoReason == "" {
			f.AutoReason = "header"
		}
	}
	if len(m.From) > 0 {
		f.FromShown = strings.TrimSpace(m.From[0].Name + " <" + m.From[0].Address + ">")
	}
	for _, a := range m.Attachments {
		f.Files = append(f.Files, rule.File{Name: a.Name, ContentType: a.ContentType, Inline: a.Inline})
	}
	for _, a := range m.To {
		f.Recipients = append(f.Recipients, lower(a.Address))
	}
	for _, a := range m.Cc {
		f.Recipients = append(f.Recipients, lower(a.Address))
	}
	f.Recipients = append(f.Recipients, m.DeliveredTo...)
	for _, a := range f.Recipients {
		if base, _, tagged := outbound.SplitTag(a); tagged && d.people.own[base] {
			f.Recipients = append(f.Recipients, base)
		}
	}
	return f
}

// sender is the one address a message speaks for: "" unless there is exactly one From field with exactly one address.
func sender(m *message.Message) string {
	if m.FromFields > 1 || len(m.From) != 1 {
		return ""
	}
	return lower(m.From[0].Address)
}
