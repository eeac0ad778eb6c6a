package rule

import (
	"strings"
	"time"

	"letterbox/models"
)

const (
	maxExternals   = 10  // Numbers of older systems that one mail may name.
	maxExternalIDs = 100 // Message-IDs that are looked at.
)

// external is a pattern by which mails name issues of an older system.
type external struct {
	system string
	find   *Capture
}

// External is a number of an older system that a mail names. It is a hint and no right to write.
type External struct {
	System string // As typed in the setting.
	Number string
	Where  string // "subject", "In-Reply-To" or "References".
	Text   string // What matched, shortened.
}

// parseExternals compiles entries of the form "Redmine: pattern", leaving out blank ones and remarks, and returns those
// that cannot be read. The pattern needs a group, which holds the number.
func parseExternals(typed []string) (list []external, wrong []Finding) {
	const field = "external_numbers"
	for _, line := range typed {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		system, pattern, ok := strings.Cut(line, ":")
		system, pattern = strings.TrimSpace(system), strings.TrimSpace(pattern)
		if _, usable := models.NewExternalNumber(system, "1"); !ok || !usable || pattern == "" {
			wrong = append(wrong, Finding{Field: field, Code: "E-GATE-07", Args: args("entry", shorten(line))})
			continue
		}
		c, err := NewCapture(pattern)
		if err != nil {
			f := *err.(*Finding) //nolint:errorlint // NewCapture says so.
			f.Field, f.Args["entry"] = field, shorten(line)
			wrong = append(wrong, f)
			continue
		}
		if len(c.re.GetGroupNumbers()) < 2 {
			wrong = append(wrong, Finding{Field: field, Code: "E-GATE-07", Args: args("entry", shorten(line))})
			continue
		}
		list = append(list, external{system, c})
	}
	return list, wrong
}

// ExternalNumbers returns the numbers of older systems that a mail names, each once, at most ten: first what the subject
// says, then In-Reply-To, then References from the newest on. A Message-ID is shown to the patterns in angle brackets.
// slow says that the patterns took longer than one message may take; what was found until then counts.
func (s *Set) ExternalNumbers(subject string, inReplyTo, references []string) (found []External, slow bool) {
	if len(s.external) == 0 {
		return nil, false
	}
	type place struct{ where, text string }
	places := []place{{"subject", subject}}
	for _, id := range inReplyTo[:min(len(inReplyTo), maxExternalIDs)] {
		places = append(places, place{"In-Reply-To", "<" + id + ">"})
	}
	for i := len(references) - 1; i >= 0 && len(places) <= maxExternalIDs; i-- {
		places = append(places, place{"References", "<" + references[i] + ">"})
	}
	end := time.Now().Add(patternBudget)
	seen := map[models.ExternalNumber]bool{}
	for _, p := range places {
		for _, x := range s.external {
			if time.Now().After(end) {
				return found, true
			}
			all, late := x.find.Find(p.text, maxExternals)
			for _, c := range all {
				n, ok := models.NewExternalNumber(x.system, c.First)
				k := models.ExternalNumber{SystemKey: n.SystemKey, NumberKey: n.NumberKey}
				if !ok || seen[k] || len(found) == maxExternals {
					continue
				}
				seen[k] = true
				found = append(found, External{x.system, n.NumberText, p.where, shorten(c.Whole)})
			}
			if late {
				return found, true
			}
		}
	}
	return found, false
}

// HasExternalNumbers reports whether mails may name numbers of older systems.
func (s *Set) HasExternalNumbers() bool { return len(s.external) > 0 }
