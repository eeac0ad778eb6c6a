package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"letterbox/gateway/extract"
	"letterbox/gateway/flow"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// SaveFlow puts flow rules in force in an inbox as a new version of its rules, when the one in force is still base;
// models.ErrConflict otherwise. Rules that cannot be taken are a models.InvalidList. It returns the version in force.
func (g *Gateway) SaveFlow(ctx context.Context, by *models.User, inboxID, base int64, f models.Flow) (int64, error) {
	rules, err := g.rulesToChange(ctx, inboxID, base)
	if err != nil {
		return 0, err
	}
	rules.Flow = f
	return g.putInForce(ctx, by, inboxID, base, rules, "flow.update", nil)
}

// CheckFlow returns what keeps a person from putting flow rules in force in an inbox, as a models.InvalidList; nil when
// nothing does.
func (g *Gateway) CheckFlow(ctx context.Context, by *models.User, inboxID int64, f models.Flow) error {
	in, err := g.Inbox(ctx, inboxID)
	if err != nil {
		return err
	}
	rules := in.Rules
	if rules.Flow = f; len(wrongRules(rules)) > 0 {
		return wrongRules(rules)
	}
	return g.mayRoute(ctx, by, in.Rules.Flow, f)
}

// LintFlow returns what is wrong or doubtful about the flow rules among rules.
func (g *Gateway) LintFlow(r models.Rules) []rule.Finding {
	var fields []string
	for _, p := range r.Extraction.Profiles {
		for _, f := range p.Fields {
			fields = append(fields, f.Name)
		}
		if c, err := extract.Compile(models.Extraction{Profiles: []models.Profile{p}}); err == nil {
			fields = append(fields, c.Names()...)
		}
	}
	return flow.Lint(r.Flow, fields)
}

// mayRoute returns what keeps a person from sending mail to the projects and addresses that flow rules name: a project that
// is not there, or on which the person does not work; an address of ours. What was in force before may stay.
func (g *Gateway) mayRoute(ctx context.Context, by *models.User, before, after models.Flow) error {
	had := flow.Targets(before)
	list, err := g.ownForwards(ctx, after)
	if err != nil {
		return err
	}
	unknown, err := g.noWebhooks(ctx, before, after)
	if err != nil {
		return err
	}
	list = append(list, unknown...)
	if unknown, err = g.noScripts(ctx, by, before, after); err != nil {
		return err
	}
	list = append(list, unknown...)
	for i, r := range after.Rules {
		for j, a := range r.Actions {
			if a.Do != "project" || slices.Contains(had, strings.TrimSpace(a.Value)) {
				continue
			}
			p, err := g.Store.ProjectByKey(ctx, strings.TrimSpace(a.Value))
			member := err == nil
			if err == nil && by != nil {
				member, err = g.memberOf(ctx, *by, p.ID)
			}
			if err != nil && !errors.Is(err, models.ErrNotFound) {
				return fmt.Errorf("look up the project of a flow rule: %w", err)
			}
			if !member {
				list = append(list, &models.Invalid{Field: flow.Path(i, "actions", j, "value"), Code: "E-FLOW-10", Args: map[string]string{"rule": r.Name, "key": a.Value}})
			}
		}
	}
	if len(list) > 0 {
		return list
	}
	return nil
}

// ownForwards refuses flow rules that forward mail to ourselves.
func (g *Gateway) ownForwards(ctx context.Context, f models.Flow) (list models.InvalidList, err error) {
	if len(flow.Forwards(f)) == 0 {
		return nil, nil
	}
	own, err := g.ownAddresses(ctx)
	if err != nil {
		return nil, err
	}
	for i, r := range f.Rules {
		for j, a := range r.Actions {
			if a.Do == "forward" && isOwn(own, lower(strings.TrimSpace(a.Value))) {
				list = append(list, &models.Invalid{Field: flow.Path(i, "actions", j, "value"), Code: "E-FLOW-12", Args: map[string]string{"rule": r.Name, "address": a.Value}})
			}
		}
	}
	return list, nil
}

// flowLines are flow rules in lines, for comparisons.
func flowLines(f models.Flow) []string {
	var out []string
	if f.Zone != "" {
		out = append(out, "zone = "+f.Zone)
	}
	for i, r := range f.Rules {
		at := strconv.Itoa(i+1) + " " + r.Name + ": "
		head := "when = " + or(r.When, "all")
		for _, one := range []struct {
			name string
			on   bool
		}{{"off", r.Off}, {"comments", r.Comments}, {"stop", r.Stop}} {
			if one.on {
				head += ", " + one.name
			}
		}
		out = append(out, at+head)
		for _, c := range r.Conditions {
			out = append(out, at+strings.Join(strings.Fields("if "+c.Field+" "+c.Name+" "+c.Op), " ")+" "+strconv.Quote(c.Value))
		}
		for _, a := range r.Actions {
			out = append(out, at+a.Do+" "+strconv.Quote(a.Value))
		}
	}
	return out
}

// CompareFlow returns how two sets of flow rules differ, line by line.
func CompareFlow(before, after models.Flow) (c RuleChange, differs bool) {
	was, is := flowLines(before), flowLines(after)
	c = RuleChange{Field: "flow", Before: strings.Join(was, "\n"), After: strings.Join(is, "\n")}
	c.Added, c.Gone = missing(is, was), missing(was, is)
	return c, c.Before != c.After
}
