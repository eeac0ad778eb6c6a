package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"letterbox/gateway/extract"
	"letterbox/gateway/flow"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// RuleVersion returns one version of the rules of an inbox; models.ErrNotFound when there is none.
func (g *Gateway) RuleVersion(ctx context.Context, inboxID, version int64) (models.RuleVersion, error) {
	return g.Store.RuleVersion(ctx, inboxID, version)
}

// RuleVersions returns the versions of the rules of an inbox, newest first; at most 1,000. They never change.
func (g *Gateway) RuleVersions(ctx context.Context, inboxID int64) ([]models.RuleVersion, error) {
	return g.Store.RuleVersions(ctx, inboxID)
}

// SaveRules puts rules in force in an inbox as a new version, when the one in force is still base; models.ErrConflict
// otherwise. Rules that cannot be taken are a models.InvalidList. Rules that are in force already make no version. It
// returns the version in force.
func (g *Gateway) SaveRules(ctx context.Context, by *models.User, inboxID, base int64, rules models.Rules) (int64, error) {
	return g.putInForce(ctx, by, inboxID, base, rules, "rules.update", nil)
}

// RollBackRules puts the rules of an earlier version in force again, as a new version.
func (g *Gateway) RollBackRules(ctx context.Context, by *models.User, inboxID, base, version int64) (int64, error) {
	old, err := g.Store.RuleVersion(ctx, inboxID, version)
	if err != nil {
		return 0, err
	}
	return g.putInForce(ctx, by, inboxID, base, old.Rules, "rules.rollback", map[string]string{"to": itoa(version)})
}

// rulesToChange returns the rules of version base of an inbox, of which one part is about to be changed;
// models.ErrConflict when there is no such version, so that it cannot be in force.
func (g *Gateway) rulesToChange(ctx context.Context, inboxID, base int64) (models.Rules, error) {
	v, err := g.Store.RuleVersion(ctx, inboxID, base)
	if errors.Is(err, models.ErrNotFound) {
		if _, err := g.Store.InboxByID(ctx, inboxID); err != nil {
			return models.Rules{}, err
		}
		return models.Rules{}, fmt.Errorf("version %d is not in force: %w", base, models.ErrConflict)
	}
	return v.Rules, err
}

func (g *Gateway) putInForce(
	ctx context.Context, by *models.User, inboxID, base int64, rules models.Rules, action string, more map[string]string,
) (version int64, err error) {
	if list := wrongRules(rules); len(list) > 0 {
		return 0, list
	}
	if err := g.wrongScript(ctx, rules.Script); err != nil {
		return 0, err
	}
	err = g.versioned(ctx, by, inboxID, action, func(ctx context.Context) error {
		ib, err := g.Store.InboxByID(ctx, inboxID)
		if err != nil {
			return err
		}
		if ib.RuleVersion != base {
			return fmt.Errorf("version %d is in force, not %d: %w", ib.RuleVersion, base, models.ErrConflict)
		}
		before, err := g.Store.RuleVersion(ctx, inboxID, base)
		if err != nil {
			return err
		}
		if err := g.newRules(ctx, by, &ib, rules); err != nil {
			return err
		}
		if version = ib.RuleVersion; version == base {
			return nil
		}
		ib.UpdatedAt = now()
		if err := g.Store.UpdateInbox(ctx, &ib, ib.Version); err != nil {
			return err
		}
		detail := map[string]string{"version": itoa(version)}
		for name, value := range more {
			detail[name] = value
		}
		for _, c := range CompareRules(before.Rules, rules) {
			if detail[c.Field] = c.Before + " → " + c.After; c.Field == "script" { // The versions hold it; lines tell how much it is.
				detail[c.Field] = fmt.Sprintf("+%d −%d", len(c.Added), len(c.Gone))
			}
		}
		return g.audit(ctx, by, action, "inbox:"+itoa(inboxID), detail)
	})
	if err != nil {
		return 0, err
	}
	if version != base {
		g.inboxChanged(inboxID)
	}
	return version, nil
}

// wrongRules returns what keeps rules from being put in force.
func wrongRules(rules models.Rules) models.InvalidList {
	var list models.InvalidList
	for _, f := range slices.Concat(rule.Lint(rules, nil), extract.Lint(rules.Extraction), flow.Check(rules.Flow)) {
		if strings.HasPrefix(f.Code, "E-") {
			list = append(list, &models.Invalid{Field: f.Field, Code: f.Code, Args: f.Args})
		}
	}
	return list
}

// People returns the names of users; those that are gone are left out.
func (g *Gateway) People(ctx context.Context, ids []int64) (map[int64]string, error) {
	users, err := g.Store.UsersByID(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look up people: %w", err)
	}
	names := make(map[int64]string, len(users))
	for id, u := range users {
		names[id] = u.Name
	}
	return names, nil
}
