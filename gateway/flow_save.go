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
	for _, a := range flow.Namings(after, "project") {
		key := strings.TrimSpace(a.Value)
		if slices.Contains(had, key) {
			continue
		}
		works, err := g.worksOn(ctx, by, key)
		if err != nil {
			return fmt.Errorf("look up the project of a flow rule: %w", err)
		}
		if !works {
			list = append(list, &models.Invalid{Field: a.Path, Code: "E-FLOW-10", Args: map[string]string{"rule": a.Rule, "key": a.Value}})
		}
	}
	if len(list) > 0 {
		return list
	}
	return nil
}

// worksOn reports whether there is a project of that key and the person works on it. Nil is a command on the machine itself.
func (g *Gateway) worksOn(ctx context.Context, by *models.User, key string) (bool, error) {
	p, err := g.Store.ProjectByKey(ctx, key)
	if errors.Is(err, models.ErrNotFound) {
		return false, nil
	}
	if err != nil || by == nil {
		return err == nil, err
	}
	return g.memberOf(ctx, *by, p.ID)
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
	for _, a := range flow.Namings(f, "forward") {
		if isOwn(own, lower(strings.TrimSpace(a.Value))) {
			list = append(list, &models.Invalid{Field: a.Path, Code: "E-FLOW-12", Args: map[string]string{"rule": a.Rule, "address": a.Value}})
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
