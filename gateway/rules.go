package gateway

import (
	"context"
	"fmt"
	"sync"

	"letterbox/gateway/extract"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// compiledRules are the rules of one version, ready to decide. A version never changes.
type compiledRules struct {
	version int64
	rules   models.Rules
	set     *rule.Set
	data    *extract.Set
}

func compileRules(version int64, rules models.Rules) (*compiledRules, error) {
	c := &compiledRules{version: version, rules: rules}
	var err error
	if c.set, err = rule.Compile(rules); err != nil {
		return nil, err
	}
	c.data, err = extract.Compile(rules.Extraction)
	return c, err
}

type ruleKey struct{ inbox, version int64 }

// ruleCache keeps what has been compiled: patterns are costly to compile and versions are immutable.
type ruleCache struct {
	mu   sync.Mutex
	sets map[ruleKey]*compiledRules
}

// LintRules returns what is wrong or doubtful about rules of an inbox, with its latest senders as examples; inboxID is 0
// for an inbox that is not there yet.
func (g *Gateway) LintRules(ctx context.Context, inboxID int64, rules models.Rules) ([]rule.Finding, error) {
	var senders []string
	if inboxID != 0 {
		var err error
		if senders, err = g.Store.RecentSenders(ctx, inboxID, 100); err != nil {
			return nil, fmt.Errorf("read the latest senders: %w", err)
		}
	}
	return rule.Lint(rules, senders), nil
}

// rulesOf returns the rules in force of an inbox. Rules that cannot be compiled any more (after an upgrade, say) are an
// error: the mail waits, and the inbox says so.
func (g *Gateway) rulesOf(ctx context.Context, ib models.Inbox) (*compiledRules, error) {
	k := ruleKey{ib.ID, ib.RuleVersion}
	g.rules.mu.Lock()
	c := g.rules.sets[k]
	g.rules.mu.Unlock()
	if c != nil {
		return c, nil
	}
	v, err := g.Store.RuleVersion(ctx, ib.ID, ib.RuleVersion)
	if err != nil {
		return nil, fmt.Errorf("read rules %d: %w", ib.RuleVersion, err)
	}
	if c, err = compileRules(v.Version, v.Rules); err != nil {
		return nil, &stepError{step: models.StepGate, code: "E-STEP-03", err: err}
	}
	g.rules.mu.Lock()
	defer g.rules.mu.Unlock()
	for old := range g.rules.sets {
		if old.inbox == ib.ID && old.version < ib.RuleVersion {
			delete(g.rules.sets, old)
		}
	}
	g.rules.sets[k] = c
	return c, nil
}
