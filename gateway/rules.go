package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"weak"

	"letterbox/gateway/extract"
	"letterbox/gateway/flow"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// compiledRules are the rules of one version, ready to decide. A version never changes.
type compiledRules struct {
	version  int64
	rules    models.Rules
	set      *rule.Set
	data     *extract.Set
	flow     *flow.Set
	scripted bool // Scripts may be asked.
}

func compileRules(version int64, rules models.Rules) (*compiledRules, error) {
	c := &compiledRules{version: version, rules: rules, scripted: !rules.Script.Empty() || len(flow.Scripts(rules.Flow)) > 0}
	var err error
	if c.set, err = rule.Compile(rules); err != nil {
		return nil, err
	}
	if c.data, err = extract.Compile(rules.Extraction); err != nil {
		return nil, err
	}
	c.flow, err = flow.Compile(rules.Flow)
	return c, err
}

type ruleKey struct{ inbox, version int64 }

// ruleCache keeps what has been compiled: patterns are costly to compile and versions are immutable. Inboxes with the same
// rules share them: most of a thousand inboxes have those that an inbox begins with.
type ruleCache struct {
	mu   sync.Mutex
	sets map[ruleKey]*compiledRules
	same map[[sha256.Size]byte]weak.Pointer[compiledRules] // By what a version says.
}

func newRuleCache() ruleCache {
	return ruleCache{sets: map[ruleKey]*compiledRules{}, same: map[[sha256.Size]byte]weak.Pointer[compiledRules]{}}
}

// put keeps c, or what says the same as c already, as the rules under k, and returns what it keeps. Older rules of the
// inbox go.
func (r *ruleCache) put(k ruleKey, c *compiledRules) (*compiledRules, error) {
	text, err := json.Marshal(c.rules)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", c.version, text))
	r.mu.Lock()
	defer r.mu.Unlock()
	for old := range r.sets {
		if old.inbox == k.inbox && old.version < k.version {
			delete(r.sets, old)
			maps.DeleteFunc(r.same, func(_ [sha256.Size]byte, p weak.Pointer[compiledRules]) bool { return p.Value() == nil })
		}
	}
	if shared := r.same[sum].Value(); shared != nil {
		c = shared
	} else {
		r.same[sum] = weak.Make(c)
	}
	r.sets[k] = c
	return c, nil
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
	if c, err = g.rules.put(k, c); err != nil {
		return nil, fmt.Errorf("keep rules %d: %w", ib.RuleVersion, err)
	}
	return c, nil
}
