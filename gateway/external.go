package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"letterbox/gateway/authenticity"
	"letterbox/gateway/rule"
	"letterbox/gateway/thread"
	"letterbox/models"
)

// elsewhere is a number of an older system that a mail names, with the issue that had it; 0: none was imported.
type elsewhere struct {
	rule.External
	number models.ExternalNumber
}

// lookUpExternal finds the issues that had the numbers of older systems which a mail names. It asks the database only for
// inboxes that have patterns, and only for mails that these find something in.
//
// A number in the subject that is the imported one of an older system is none of ours: "[rt.example.org #12]" is left
// out of candidates then. "[#12]" by itself is always ours.
func (g *Gateway) lookUpExternal(ctx context.Context, d *delivery, candidates []thread.Candidate) ([]thread.Candidate, []elsewhere, error) {
	if !d.rules.set.HasExternalNumbers() {
		return candidates, nil, nil
	}
	found, slow := d.rules.set.ExternalNumbers(d.mail.Subject, d.mail.InReplyTo, d.mail.References)
	if slow {
		d.note(models.StepMatch, "match.external_slow")
	}
	if len(found) == 0 {
		return candidates, nil, nil
	}
	all, wanted := make([]elsewhere, len(found)), make([]models.ExternalNumber, len(found))
	for i, x := range found {
		wanted[i], _ = models.NewExternalNumber(x.System, x.Number) // It is one: the rules have looked.
		all[i] = elsewhere{x, wanted[i]}
	}
	known, err := g.Store.ExternalNumbers(ctx, wanted)
	if err != nil {
		return nil, nil, fmt.Errorf("look up numbers of older systems: %w", err)
	}
	for i := range all {
		for _, k := range known {
			if k.SystemKey == all[i].number.SystemKey && k.NumberKey == all[i].number.NumberKey {
				all[i].number = k
			}
		}
	}
	return slices.DeleteFunc(candidates, func(c thread.Candidate) bool {
		return slices.ContainsFunc(all, func(x elsewhere) bool { return x.claims(c) })
	}), all, nil
}

// claims reports whether a number in the subject is that of the older system.
func (x elsewhere) claims(c thread.Candidate) bool {
	return c.Kind == thread.ByNumber && x.number.IssueNumber != 0 && x.Where == "subject" && x.Number == itoa(c.Number) &&
		!strings.HasPrefix(c.Where, "[#") && (strings.Contains(x.Text, c.Where) || strings.Contains(c.Where, x.Text))
}

// addExternal appends them to the hints: they come after all that is ours.
func (g *Gateway) addExternal(ctx context.Context, d *delivery, s *snapshot, all []elsewhere) error {
	for _, x := range all {
		c := thread.Candidate{Kind: thread.ByExternal, Where: x.Text}
		h := hint{Candidate: c}
		if x.number.IssueNumber != 0 {
			var err error
			if h, err = g.hint(ctx, c, x.number.IssueNumber, s.sender, sender(d.mail)); err != nil {
				return err
			}
			if d.requiresSender() && d.auth.State != authenticity.Pass {
				h.participant = false // Anybody can write the address of one who takes part.
			}
		}
		h.external = x.number.String()
		s.hints = append(s.hints, h)
	}
	return nil
}
