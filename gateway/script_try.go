package gateway

import (
	"context"
	"io"
	"time"

	"letterbox/gateway/flow"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// scriptTrials bounds how long scripts are tried at a time. What has not been tried by then is left out.
const scriptTrials = 20 * time.Second

// scriptDraft is a version of a shared script that is tried.
type scriptDraft *models.SharedScript

// TrySharedOnLatest decides on the latest n messages of an inbox whose octets are kept, newest first, with the shared scripts in
// force and with the draft of one. Where the rules of the inbox do not name it, it is run instead of the script of the
// inbox. Nothing is written. It stops after 20 seconds. A script that cannot be read is a models.InvalidList.
func (g *Gateway) TrySharedOnLatest(ctx context.Context, inboxID int64, draft models.SharedScript, n int) ([]Tried, error) {
	t, err := g.sharedTrial(ctx, inboxID, draft)
	if err != nil {
		return nil, err
	}
	return t.latest(ctx, n)
}

// TryShared is TrySharedOnLatest for one raw mail.
func (g *Gateway) TryShared(ctx context.Context, inboxID int64, draft models.SharedScript, r io.Reader) (Tried, error) {
	t, err := g.sharedTrial(ctx, inboxID, draft)
	if err != nil {
		return Tried{}, err
	}
	return t.read(ctx, r)
}

func (g *Gateway) sharedTrial(ctx context.Context, inboxID int64, draft models.SharedScript) (*trial, error) {
	if draft.Name == "" {
		draft.Name = "?" // It has none yet.
	}
	if err := g.tidyShared(ctx, &draft, ""); err != nil {
		return nil, err
	}
	in, err := g.Inbox(ctx, inboxID)
	if err != nil {
		return nil, err
	}
	rules := in.Rules
	named := rule.Fold(rules.Script.Uses) == draft.Folded
	for _, name := range flow.Scripts(rules.Flow) {
		named = named || rule.Fold(name) == draft.Folded
	}
	if !named {
		rules.Script = models.Script{Uses: draft.Name, OnFailure: draft.OnFailure}
	}
	t, err := g.newTrial(ctx, inboxID, rules)
	if err == nil {
		t.script = &draft
	}
	return t, err
}

// TryScript decides on one raw mail under the rules in force and with the script of a draft in them. Nothing is written. A
// script that cannot be read is a models.InvalidList.
func (g *Gateway) TryScript(ctx context.Context, by *models.User, inboxID int64, draft models.Script, r io.Reader) (Tried, error) {
	rules, err := g.rulesWith(ctx, inboxID, draft)
	if err != nil {
		return Tried{}, err
	}
	return g.TryRules(ctx, by, inboxID, rules, r)
}

// TryScriptOnLatest is TryScript for the latest n messages of the inbox whose octets are kept, newest first. It stops
// after 20 seconds: what a slow script leaves over is not among the result.
func (g *Gateway) TryScriptOnLatest(ctx context.Context, by *models.User, inboxID int64, draft models.Script, n int) ([]Tried, error) {
	rules, err := g.rulesWith(ctx, inboxID, draft)
	if err != nil {
		return nil, err
	}
	return g.TryRulesOnLatest(ctx, by, inboxID, rules, n)
}

// rulesWith returns the rules in force with another script.
func (g *Gateway) rulesWith(ctx context.Context, inboxID int64, draft models.Script) (models.Rules, error) {
	ib, err := g.Store.InboxByID(ctx, inboxID)
	if err != nil {
		return models.Rules{}, err
	}
	v, err := g.Store.RuleVersion(ctx, ib.ID, ib.RuleVersion)
	if err != nil {
		return models.Rules{}, err
	}
	v.Rules.Script = tidyScript(draft)
	return v.Rules, nil
}
