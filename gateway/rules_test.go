package gateway

import (
	"testing"

	"letterbox/models"
)

func TestInboxesWithTheSameRulesShareThem(t *testing.T) {
	cache := newRuleCache()
	put := func(inbox, version int64, rules models.Rules) *compiledRules {
		t.Helper()
		c, err := compileRules(version, rules)
		if err != nil {
			t.Fatal(err)
		}
		if c, err = cache.put(ruleKey{inbox, version}, c); err != nil {
			t.Fatal(err)
		}
		return c
	}
	senders := models.Rules{AllowedSenders: []string{"erika@kunde.example"}}
	first := put(1, 1, models.Rules{})
	if put(2, 1, models.Rules{}) != first {
		t.Error("two inboxes with the same rules keep them twice")
	}
	for what, c := range map[string]*compiledRules{"other rules": put(3, 1, senders), "another version": put(4, 2, models.Rules{})} {
		if c == first {
			t.Errorf("%s are those of inbox 1", what)
		}
	}
	changed := put(1, 2, senders)
	if changed == first || changed.version != 2 || len(changed.rules.AllowedSenders) != 1 {
		t.Errorf("changed rules are %+v", changed)
	}
	if _, ok := cache.sets[ruleKey{1, 1}]; ok || cache.sets[ruleKey{2, 1}] != first {
		t.Error("a change of one inbox leaves its old rules, or takes those of another")
	}
}
