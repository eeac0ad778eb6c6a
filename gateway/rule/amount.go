package rule

import (
	"strconv"
	"strings"

	"letterbox/models"
)

// maxNumber is the highest value of a setting that is a number.
const maxNumber = 100_000

// lintNumbers finds numbers that are none or too high.
func lintNumbers(r models.Rules) []Finding {
	var wrong []Finding
	for _, n := range []struct {
		field string
		value int
	}{{"rate_limit", r.RateLimit}, {"max_attachments", r.MaxAttachments}} {
		if n.value < 0 || n.value > maxNumber {
			wrong = append(wrong, Finding{Field: n.field, Code: "E-GATE-06", Args: map[string]string{"max": strconv.Itoa(maxNumber)}})
		}
	}
	return wrong
}

// rate sets aside what one sender sends beyond its share: it must not fill the list of issues.
func (g *gate) rate() bool {
	limit := g.set.rules.RateLimit
	if limit == 0 || !g.readable {
		return true
	}
	minutes := strconv.Itoa(int(RateWindow.Minutes()))
	pairs := []string{"address", g.shown, "n", strconv.Itoa(limit), "m", minutes, "have", strconv.Itoa(g.facts.Recent)}
	if g.facts.Recent < limit {
		return g.pass("rate", pairs...)
	}
	return g.refuse(Quarantine, RateLimited, "rate", strconv.Itoa(g.facts.Recent+1), pairs...)
}

// spam sets aside what the provider marks as spam, where the inbox wants that.
func (g *gate) spam() bool {
	switch {
	case g.facts.Spam == "":
		return true
	case g.set.rules.SpamMail == "set_aside":
		return g.refuse(Quarantine, Spam, "spam", "accept", "header", g.facts.Spam)
	default:
		return g.pass("spam", "header", g.facts.Spam)
	}
}

func (g *gate) fileCount() bool {
	limit := g.set.rules.MaxAttachments
	if limit == 0 {
		return true
	}
	n := 0
	for _, f := range g.facts.Files {
		if !f.Inline {
			n++
		}
	}
	pairs := []string{"n", strconv.Itoa(n), "max", strconv.Itoa(limit)}
	if n <= limit {
		return g.pass("attachment_count", pairs...)
	}
	return g.refuse(Reject, TooManyAttachments, "attachment_count", strconv.Itoa(n), pairs...)
}

// blockedFile refuses a mail with a file that the inbox does not take. It looks at the name and at the content type,
// because either may be made up.
func (g *gate) blockedFile() bool {
	if len(g.set.block) == 0 {
		return true
	}
	for _, f := range g.facts.Files {
		for _, s := range g.set.block {
			for _, text := range []string{f.Name, f.ContentType} {
				switch found, err := s.finds(text); {
				case err != nil:
					limit := patternBudget.String()
					return g.refuse(Quarantine, RuleTimeout, "attachment_time", limit, "n", s.typed, "limit", limit)
				case found:
					return g.refuse(Reject, AttachmentBlocked, "attachment_blocked", s.typed, "name", f.Name, "pattern", s.typed)
				}
			}
		}
	}
	names := make([]string, len(g.set.block))
	for i, s := range g.set.block {
		names[i] = s.typed
	}
	return g.pass("attachment_blocked", "pattern", strings.Join(names, ", "))
}
