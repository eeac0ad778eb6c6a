package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"letterbox/gateway/authenticity"
	"letterbox/gateway/extract"
	"letterbox/gateway/flow"
	"letterbox/gateway/rule"
	"letterbox/gateway/script"
	"letterbox/models"
)

// recognise lets the profiles, the flow rules and the scripts of the inbox read a message that was let in. What they found
// decides with match: it says what becomes of a mail that none of the profiles knows, and names the issue of its merge key.
func (g *Gateway) recognise(ctx context.Context, d *delivery) error {
	d.data, d.assignee, d.priority, d.keyed, d.ran, d.setBy, d.scripted, d.routed, d.flowed = nil, nil, nil, nil, nil, nil, script.Decision{}, 0, flow.Decision{}
	if headerOnly(d.row) || d.rest() {
		return nil
	}
	d.readByProfiles()
	if d.decided() {
		return nil
	}
	if err := g.askSubaddress(ctx, d); err != nil {
		return err
	}
	if err := g.askFlow(ctx, d); err != nil || d.decided() {
		return err
	}
	if err := g.askScripts(ctx, d); err != nil || d.decided() || d.data == nil {
		return err
	}
	if err := g.findAssignee(ctx, d); err != nil {
		return err
	}
	if err := g.findPriority(ctx, d); err != nil {
		return err
	}
	return g.findKey(ctx, d)
}

// readByProfiles lets the profiles of the inbox read a message.
func (d *delivery) readByProfiles() {
	set := d.rules.data
	if set.Empty() {
		return
	}
	r := set.Run(extract.Source{Subject: d.mail.Subject, Text: d.mail.Text, Files: d.readable})
	for _, a := range r.Attempts {
		d.noteAttempt(a)
	}
	if d.told != nil && (r.Slow || r.Outcome == nil) {
		return
	}
	switch last := len(r.Attempts) - 1; {
	case r.Slow:
		d.finish(models.MessageQuarantined, rule.RuleTimeout)
		d.note(models.StepMatch, "verdict."+string(rule.RuleTimeout), "n", r.Attempts[last].Profile, "limit", "100ms")
		return
	case r.Outcome == nil:
		d.noProfile()
		return
	}
	d.data = r.Outcome
	for _, p := range r.Outcome.Problems {
		d.note(models.StepMatch, "match.unusable", "setting", p.Setting, "problem", p.Code, "value", p.Args["value"])
	}
}

// noteAttempt tells what one profile found: all its fields when it matched, else the first that was missing.
func (d *delivery) noteAttempt(a extract.Attempt) {
	if a.Matched {
		d.note(models.StepMatch, "match.profile", "profile", a.Profile)
	}
	for _, f := range a.Fields {
		switch {
		case a.Matched && f.Problem == nil && f.Value != "":
			d.note(models.StepMatch, "match.field", "field", f.Name, "value", cut(f.Value, 300))
		case a.Matched && f.Problem != nil && f.Problem.Code != "missing":
			d.note(models.StepMatch, "match.field_problem", "field", f.Name, "problem", f.Problem.Code, "value", f.Problem.Args["value"], "file", f.Problem.Args["file"])
		case !a.Matched && f.Problem != nil && (f.Required || f.Problem.Code == "slow"):
			d.note(models.StepMatch, "match.not_profile", "profile", a.Profile, "field", f.Name, "problem", f.Problem.Code, "value", f.Problem.Args["value"], "file", f.Problem.Args["file"])
			return
		}
	}
	if !a.Matched {
		d.note(models.StepMatch, "match.profile_empty", "profile", a.Profile)
	}
}

// noProfile does with a mail that no profile knows what the inbox says.
func (d *delivery) noProfile() {
	switch d.rules.rules.Extraction.NoMatch {
	case "reject":
		d.finish(models.MessageRejected, rule.NoProfileMatch)
	case "set_aside":
		d.finish(models.MessageQuarantined, rule.NoProfileMatch)
	default:
		d.note(models.StepMatch, "match.no_profile")
		return
	}
	d.note(models.StepMatch, "verdict."+string(rule.NoProfileMatch))
}

// findAssignee looks up the person that the profile names; one who cannot have the issue is left out.
func (g *Gateway) findAssignee(ctx context.Context, d *delivery) error {
	login := strings.TrimSpace(d.data.Assignee)
	if login == "" {
		return nil
	}
	u, err := g.Store.UserByLogin(ctx, login)
	if errors.Is(err, models.ErrNotFound) {
		d.note(models.StepMatch, "match.no_assignee", "login", cut(login, 100))
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up the assignee: %w", err)
	}
	member, err := g.memberOf(ctx, u, d.project())
	if err != nil {
		return err
	}
	if !member || u.DisabledAt != nil {
		d.note(models.StepMatch, "match.no_assignee", "login", cut(login, 100))
		return nil
	}
	d.assignee = &u.ID
	return nil
}

// keyed is the merge key of a message with the issue that has it.
type keyed struct {
	key   models.MergeKey // IssueNumber is 0 when no mail with the key has come.
	issue *models.Issue   // The issue that takes the message; nil: a new one.
}

// findKey looks up the issue of the merge key and says why it does not take the message, if so.
func (g *Gateway) findKey(ctx context.Context, d *delivery) error {
	name := d.data.Key
	c := d.rules.rules.Extraction.Correlate
	switch {
	case name == "":
		return nil
	case !c.On():
		d.note(models.StepMatch, "match.not_merged", "number", name)
		return nil
	}
	if d.people.forged || d.auth.State == authenticity.Fail { // Whoever it is shall not write to an issue by guessing a number.
		d.note(models.StepMatch, "match.key_forged", "number", name)
		return nil
	}
	k, err := g.Store.MergeKey(ctx, d.project(), name)
	if errors.Is(err, models.ErrNotFound) {
		d.keyed = &keyed{key: models.MergeKey{ProjectID: d.project(), Key: name}}
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up the merge key: %w", err)
	}
	d.keyed = &keyed{key: k}
	issue, err := g.Store.ResolveIssue(ctx, k.IssueNumber)
	if errors.Is(err, models.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up issue %d: %w", k.IssueNumber, err)
	}
	switch args := []string{"key", issueKey(issue.Number), "number", name}; {
	case d.cameAt().Sub(k.LatestAt) > c.Within():
		d.note(models.StepMatch, "match.key_late", append(args, "window", c.Within().String())...)
	case issue.State.Done() && !c.Reopens():
		d.note(models.StepMatch, "match.key_closed", args...)
	default:
		d.keyed.issue = &issue
	}
	return nil
}

// chooseByKey is the last hint of match: the issue of the merge key.
func (d *delivery) chooseByKey(t *target) {
	switch k := d.keyed; {
	case k == nil:
	case k.issue == nil && k.key.IssueNumber != 0:
		t.mention(k.key.IssueNumber)
	case k.issue != nil:
		t.comment, t.project, t.reopen, t.byKey = k.issue.Number, k.issue.ProjectID, k.issue.State.Done(), true
		d.note(models.StepMatch, "match.by_key", "key", issueKey(t.comment), "number", k.key.Key)
	}
}

// claimKey ties the merge key to the issue of the message. When somebody else has done so meanwhile it is
// models.ErrConflict, and match has to look again: two mails of one incident never open two issues.
func (g *Gateway) claimKey(ctx context.Context, d *delivery) error {
	k := d.keyed
	if k == nil || d.state == models.MessageCommented && !d.target.byKey {
		return nil
	}
	if d.told != nil && k.key.IssueNumber != 0 {
		return nil // A person wants an issue of its own.
	}
	claim := k.key
	claim.IssueNumber = d.issue
	if at := d.cameAt(); at.After(claim.LatestAt) {
		claim.LatestAt = at
	}
	if err := g.Store.ClaimMergeKey(ctx, claim, k.key.IssueNumber); err != nil {
		return fmt.Errorf("claim the merge key: %w", err)
	}
	return nil
}

// matchAgain decides once more where a message with a merge key goes, because another one was faster.
func (g *Gateway) matchAgain(ctx context.Context, d *delivery) error {
	if d.keyed == nil {
		return nil
	}
	d.mail, d.trace, d.target, d.state, d.reason = d.unread, d.trace[:d.gated], target{}, "", ""
	return g.runStep(ctx, d, step{models.StepMatch, (*Gateway).match})
}
