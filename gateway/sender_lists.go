package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"letterbox/gateway/rule"
	"letterbox/models"
)

// mostRuleRaces bounds how often a change of rules is made again because somebody else changed them at the same moment.
const mostRuleRaces = 3

// AllowSenders lets the senders of messages of one inbox write there, each alone and not its whole domain: it becomes
// known where it was unknown, goes onto the list of allowed senders where there is one, and leaves that of blocked ones.
// It returns the messages whose sender cannot be let in alone, because a domain, a pattern or nothing about the sender
// stands in the way: for these the rules have to be changed by a person.
func (g *Gateway) AllowSenders(ctx context.Context, by *models.User, inboxID int64, messages []models.Message) (rest []models.Message, err error) {
	err = g.changeLists(ctx, by, inboxID, func(r models.Rules) (models.Rules, error) {
		rest = nil
		for _, m := range messages {
			next, ok, err := g.allowOne(ctx, by, r, m)
			if err != nil {
				return r, err
			}
			if ok {
				r = next
			} else {
				rest = append(rest, m)
			}
		}
		return r, nil
	})
	return rest, err
}

// allowOne changes rules until the sender of m passes what is said about senders; false when that cannot be done for the
// sender alone.
func (g *Gateway) allowOne(ctx context.Context, by *models.User, r models.Rules, m models.Message) (models.Rules, bool, error) {
	if m.FromAddress == "" {
		return r, false, nil
	}
	for range mostProposals {
		set, err := rule.Compile(onlySenders(r))
		if err != nil {
			return r, false, fmt.Errorf("compile the rules: %w", err)
		}
		known, err := g.knownSender(ctx, m.FromAddress)
		if err != nil {
			return r, false, err
		}
		ok := true
		switch v := set.Decide(rule.Facts{From: m.FromAddress, Known: known}); v.Reason {
		case "":
			return r, true, nil
		case rule.UnknownSender:
			if _, err := g.Tracker.EnsureCustomer(ctx, cut(m.FromName, 250), m.FromAddress); err != nil {
				return r, false, fmt.Errorf("make a customer of the sender: %w", err)
			}
			if err := g.audit(ctx, by, "sender.known", "message:"+itoa(m.ID), nil); err != nil {
				return r, false, err
			}
			if known, err = g.knownSender(ctx, m.FromAddress); err != nil || !known {
				return r, false, err // A person who has been switched off.
			}
		case rule.SenderNotAllowed:
			r = withEntry(r, "allowed_senders", m.FromAddress)
		case rule.SenderBlocked:
			if lower(v.Args["list"]) != m.FromAddress {
				return r, false, nil // A whole domain is blocked.
			}
			r, ok = without(r, "blocked_senders", v.Args["list"])
		default:
			ok = false
		}
		if !ok {
			return r, false, nil
		}
	}
	return r, false, nil
}

// BlockSenders puts the senders of messages of one inbox onto its list of blocked senders. It returns how many are new
// there. A message without a sender is passed over.
func (g *Gateway) BlockSenders(ctx context.Context, by *models.User, inboxID int64, messages []models.Message) (added int, err error) {
	err = g.changeLists(ctx, by, inboxID, func(r models.Rules) (models.Rules, error) {
		before := len(r.BlockedSenders)
		for _, m := range messages {
			r = withEntry(r, "blocked_senders", m.FromAddress)
		}
		added = len(r.BlockedSenders) - before
		return r, nil
	})
	return added, err
}

// changeLists makes a version of rules out of the one in force, again when somebody else was faster.
func (g *Gateway) changeLists(ctx context.Context, by *models.User, inboxID int64, change func(models.Rules) (models.Rules, error)) error {
	for try := 1; ; try++ {
		ib, err := g.Store.InboxByID(ctx, inboxID)
		if err != nil {
			return err
		}
		v, err := g.Store.RuleVersion(ctx, inboxID, ib.RuleVersion)
		if err != nil {
			return fmt.Errorf("read the rules: %w", err)
		}
		rules := v.Rules
		rules.AllowedSenders, rules.BlockedSenders = slices.Clone(rules.AllowedSenders), slices.Clone(rules.BlockedSenders)
		if rules, err = change(rules); err != nil {
			return err
		}
		_, err = g.SaveRules(ctx, by, inboxID, ib.RuleVersion, rules)
		if try == mostRuleRaces || !errors.Is(err, models.ErrConflict) {
			return err
		}
	}
}
