package gateway

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"letterbox/gateway/outbound"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// everyProject stands for all projects in the list of those that subaddresses may name.
const everyProject = "*"

// mostPlusProjects is how many projects an inbox names.
const mostPlusProjects = 100

// plusKey is what the key of a project looks like, in any case. The marks of signed reply addresses are longer.
var plusKey = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,9}$`)

// askSubaddress has a message open its issue in the project that a subaddress of the inbox names (RFC 5233):
// "support+OPS@", where the inbox lets that project be named so. Whoever receives the mail says it before who has written it:
// Delivered-To and the like come before To and Cc, and the first that names a project counts. Flow rules and scripts go over it,
// and a message that belongs to an issue goes there.
func (g *Gateway) askSubaddress(ctx context.Context, d *delivery) error {
	allowed := d.rules.rules.PlusProjects
	if len(allowed) == 0 {
		return nil
	}
	for _, key := range d.subaddresses() {
		if !slices.Contains(allowed, everyProject) && !slices.ContainsFunc(allowed, func(a string) bool { return strings.EqualFold(a, key) }) {
			d.note(models.StepMatch, "match.plus_other", "project", key)
			continue
		}
		p, ok, err := g.routeTo(ctx, d, key)
		if err != nil {
			return err
		}
		if !ok {
			d.note(models.StepMatch, "match.plus_no_project", "project", key)
			continue
		}
		d.note(models.StepMatch, "match.plus_project", "project", p.Key)
		return nil
	}
	return nil
}

// subaddresses are the words that can be keys of projects in the recipients that are this inbox, each once, at most 10.
func (d *delivery) subaddresses() []string {
	own := []string{rule.Canonical(d.inbox.Address)}
	for _, a := range d.inbox.Settings.Aliases {
		own = append(own, rule.Canonical(a))
	}
	var out []string
	for _, a := range slices.Concat(d.mail.DeliveredTo, addressesOf(d.mail.To), addressesOf(d.mail.Cc)) {
		base, tag, ok := outbound.SplitTag(rule.Canonical(a))
		if key := strings.ToUpper(tag); ok && plusKey.MatchString(tag) && slices.Contains(own, base) && !slices.Contains(out, key) && len(out) < 10 {
			out = append(out, key)
		}
	}
	return out
}

// mayPlus returns what keeps a person from having subaddresses name projects: one that is not there, or on which the person does
// not work, as a models.InvalidList. Only admins let every project be named. What was in force before may stay. Nil is a
// command on the machine itself.
func (g *Gateway) mayPlus(ctx context.Context, by *models.User, before, after []string) error {
	if len(after) > mostPlusProjects {
		return models.InvalidList{{Field: "plus_projects", Code: "E-PLUS-03", Args: map[string]string{"max": strconv.Itoa(mostPlusProjects)}}}
	}
	var list models.InvalidList
	for _, key := range after {
		switch {
		case slices.ContainsFunc(before, func(b string) bool { return strings.EqualFold(b, key) }):
		case key == everyProject && mayScript(by):
		case key == everyProject:
			list = append(list, &models.Invalid{Field: "plus_projects", Code: "E-PLUS-02"})
		default:
			works, err := g.worksOn(ctx, by, strings.ToUpper(key))
			if err != nil {
				return fmt.Errorf("look up the project of a subaddress: %w", err)
			}
			if !works {
				list = append(list, &models.Invalid{Field: "plus_projects", Code: "E-PLUS-01", Args: map[string]string{"key": key}})
			}
		}
	}
	if len(list) > 0 {
		return list
	}
	return nil
}
