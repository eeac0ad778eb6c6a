package gateway

import (
	"context"
	"strings"

	"letterbox/gateway/rule"
	"letterbox/gateway/thread"
	"letterbox/models"
)

// target is where a message goes.
type target struct {
	comment  int64    // Issue that gets a comment; 0: a new issue.
	project  int64    // Its project; 0: that of the inbox.
	reopen   bool     // The issue is done and is opened again.
	note     bool     // The comment is internal.
	byKey    bool     // Its merge key names the issue.
	mentions []string // Numbers that the mail named but must not write to, or that are done and get a follow-up.
}

// match lets profiles, flow rules and the script read the message and finds the issue that it belongs to, or decides for a new one. The
// rest is a function of what gate has looked up, and of the people that commands in the mail name.
func (g *Gateway) match(ctx context.Context, d *delivery) error {
	if d.decided() {
		return nil
	}
	d.gated, d.unread = len(d.trace), d.mail
	if err := g.recognise(ctx, d); err != nil {
		return err
	}
	if d.decided() {
		return nil
	}
	if d.told != nil {
		d.goWhereTold()
		return g.flowTarget(ctx, d)
	}
	d.target = choose(d)
	if d.target.comment != 0 && len(d.people.copies) > 0 {
		if err := g.markCopy(ctx, d); err != nil || d.decided() {
			return err
		}
	}
	rules := d.rules.rules
	switch {
	case d.target.comment != 0 && !rules.AllowComment && !d.rest():
		d.refuse(rule.CommentDisabled, "key", issueKey(d.target.comment))
	case d.target.byKey && d.data.Update:
		d.finish(models.MessageCommented, rule.AcceptedUpdate)
	case d.target.comment != 0:
		d.finish(models.MessageCommented, rule.AcceptedComment)
	case commentOnly(d.verdict):
		d.finish(models.MessageIgnored, d.verdict.Machine)
		d.note(models.StepMatch, "match.comment_only")
	case !rules.AllowCreate:
		d.refuse(rule.CreateDisabled)
	default:
		d.finish(models.MessageCreated, rule.AcceptedNew)
		d.note(models.StepMatch, "match.new")
	}
	d.noteUnset()
	if err := g.chooseActive(ctx, d); err != nil {
		return err
	}
	if err := g.flowTarget(ctx, d); err != nil {
		return err
	}
	if err := g.findCommands(ctx, d); err != nil {
		return err
	}
	d.logOnly()
	return nil
}

// choose walks the hints, surest first; the first that stands wins.
func choose(d *delivery) target {
	var t target
	if d.rest() {
		d.note(models.StepMatch, "match.own_issue", "key", issueKey(*d.row.IssueNumber))
		t.comment = *d.row.IssueNumber
		return t
	}
	for _, h := range d.people.hints {
		args := []string{"key", issueKey(h.Number), "where", h.Where}
		if h.Kind == thread.ByExternal {
			args = append(args, "external", h.external)
		}
		switch {
		case h.issue == nil && h.Kind == thread.ByExternal:
			d.note(models.StepMatch, "match.no_such_external", args...)
		case h.issue == nil:
			d.note(models.StepMatch, "match.no_such_issue", args...)
		case !mayWrite(h, d):
			code := "match.not_participant"
			if h.notice {
				code = "match.no_member"
			}
			d.note(models.StepMatch, code, args...)
			t.mention(h.Number)
		case h.issue.State.Done() && d.rules.rules.ClosedIssues == "follow_up":
			d.note(models.StepMatch, "match.closed", args...)
			t.mention(h.Number)
			return t
		default:
			code, note := "match.by_message_id", h.notice && h.member
			switch {
			case h.Kind == thread.ByNumber:
				code = "match.by_number"
			case h.Kind == thread.ByExternal:
				code = "match.by_external"
			case note:
				code = "match.by_notice"
			case h.signed && h.others:
				code = "match.by_signature_of_other"
			case h.signed:
				code = "match.by_signature"
			}
			d.note(models.StepMatch, code, args...)
			t.comment, t.project, t.reopen, t.note = h.issue.Number, h.issue.ProjectID, h.issue.State.Done() && !note, note
			return t
		}
	}
	d.chooseByKey(&t)
	return t
}

// mayWrite is the participant rule: a number, or a Message-ID that carries no signature of ours, is only a hint that
// anybody could have written.
func mayWrite(h hint, d *delivery) bool {
	switch {
	case h.notice: // Who works on the project no more has an old notification only.
		return h.member || h.participant
	case h.signed:
		return true
	}
	switch d.rules.rules.NumberMatch {
	case "anyone":
		return true
	case "known":
		return d.people.sender != nil
	default:
		return h.participant || h.member
	}
}

func (t *target) mention(number int64) {
	n := itoa(number)
	for _, have := range t.mentions {
		if have == n {
			return
		}
	}
	if len(t.mentions) < 10 {
		t.mentions = append(t.mentions, n)
	}
}

func (t target) mentioned() string { return strings.Join(t.mentions, ",") }

func (d *delivery) refuse(reason rule.Reason, args ...string) {
	d.finish(models.MessageRejected, reason)
	d.note(models.StepMatch, "verdict."+string(reason), args...)
}

// commentOnly reports whether mail must not make an issue. Loops and mail of our own never do, whatever the inbox
// allows: each issue could call forth the next.
func commentOnly(v rule.Verdict) bool {
	return v.CommentOnly || v.Machine == rule.Loop || v.Machine == rule.OwnMail
}

// rest reports whether the header of the message has made an issue before, and now comes the rest.
func (d *delivery) rest() bool { return d.row.IssueNumber != nil && d.row.FetchAnyway }

func issueKey(number int64) string { return "#" + itoa(number) }
