package gateway

import (
	"context"
	"io"
	"time"

	"letterbox/models"
)

// scriptTrials bounds how long scripts are tried at a time. What has not been tried by then is left out.
const scriptTrials = 20 * time.Second

// TryScript decides on one raw mail under the rules in force and with the script of a draft in them. Nothing is written. A
// script that cannot be read is a models.InvalidList.
func (g *Gateway) TryScript(ctx context.Context, inboxID int64, draft models.Script, r io.Reader) (Tried, error) {
	rules, err := g.rulesWith(ctx, inboxID, draft)
	if err != nil {
		return Tried{}, err
	}
	return g.TryRules(ctx, inboxID, rules, r)
}

// TryScriptOnLatest is TryScript for the latest n messages of the inbox whose octets are kept, newest first. It stops
// after 20 seconds: what a slow script leaves over is not among the result.
func (g *Gateway) TryScriptOnLatest(ctx context.Context, inboxID int64, draft models.Script, n int) ([]Tried, error) {
	rules, err := g.rulesWith(ctx, inboxID, draft)
	if err != nil {
		return nil, err
	}
	return g.TryRulesOnLatest(ctx, inboxID, rules, n)
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
