package flow

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway/rule"
)

// running is the rules on one mail. What several conditions look at is made ready once.
type running struct {
	facts  Facts
	at     time.Time // When the mail came, in the zone of the rules.
	end    time.Time
	folded map[string][]string
	header map[string][]string
}

// holds reports whether a condition holds.
func (r *running) holds(c *condition) (holds, slow bool) {
	switch c.Field {
	case fieldKind:
		return slices.Contains(r.facts.Kinds, c.Value) == (c.Op == opIs), false
	case fieldReply:
		return (r.facts.Reply == (c.Value == yes)) == (c.Op == opIs), false
	case fieldTime:
		return c.span.has(r.at) == (c.Op == opIs), false
	case fieldWeekday:
		return c.days[r.at.Weekday()] == (c.Op == opIs), false
	case fieldFileCount:
		return c.compare(float64(len(r.facts.Files))), false
	case fieldSize:
		return c.compare(float64(r.facts.Size) / 1024), false
	}
	return r.text(c)
}

// text compares texts.
func (r *running) text(c *condition) (holds, slow bool) {
	switch c.Op {
	case opExists, opMissing:
		some := slices.ContainsFunc(r.of(c), func(s string) bool { return strings.TrimSpace(s) != "" })
		return some == (c.Op == opExists), false
	case opLess, opGreater:
		return slices.ContainsFunc(r.of(c), func(s string) bool { n, ok := number(s); return ok && c.compare(n) }), false
	case opMatches, opMatchesNot:
		for _, s := range r.of(c) {
			if time.Now().After(r.end) {
				return false, true
			}
			found, slow := c.pattern.Find(s, 1)
			if slow {
				return false, true
			}
			if len(found) > 0 {
				return c.Op == opMatches, false
			}
		}
		return c.Op == opMatchesNot, false
	}
	fits := slices.ContainsFunc(r.foldedOf(c), func(s string) bool {
		switch c.Op {
		case opContains, opContainsNot:
			return strings.Contains(s, c.folded)
		case opBegins:
			return strings.HasPrefix(s, c.folded)
		case opEnds:
			return strings.HasSuffix(s, c.folded)
		default:
			return s == c.folded
		}
	})
	return fits == (c.Op != opContainsNot && c.Op != opIsNot), false
}

// of are the texts that a condition looks at.
func (r *running) of(c *condition) []string {
	switch c.Field {
	case fieldSender:
		return []string{r.facts.Sender}
	case fieldRecipient:
		return r.facts.Recipients
	case fieldSubject:
		return []string{r.facts.Subject}
	case fieldText:
		return []string{r.facts.Text}
	case fieldHeader:
		if r.header == nil {
			r.header = headerFields(r.facts.Header)
		}
		return r.header[strings.ToLower(c.Name)]
	case fieldExtraction:
		for name, value := range r.facts.Fields {
			if rule.Fold(name) == c.foldedName {
				return []string{value}
			}
		}
		return nil
	}
	var all []string
	for _, f := range r.facts.Files {
		if c.Field == fieldFileName {
			all = append(all, f.Name)
		} else {
			all = append(all, f.ContentType)
		}
	}
	return all
}

// foldedOf is of, folded once for all conditions.
func (r *running) foldedOf(c *condition) []string {
	key := c.Field + "\x00" + c.foldedName
	if list, done := r.folded[key]; done {
		return list
	}
	list := slices.Clone(r.of(c))
	for i, s := range list {
		list[i] = rule.Fold(s)
	}
	if r.folded == nil {
		r.folded = map[string][]string{}
	}
	r.folded[key] = list
	return list
}

// compare compares a number.
func (c *condition) compare(n float64) bool {
	switch c.Op {
	case opLess:
		return n < c.number
	case opGreater:
		return n > c.number
	case opIsNot:
		return n != c.number
	default:
		return n == c.number
	}
}

// number reads a number as people write it in German or English, without thousands separators.
func number(s string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(s), ",", ".", 1), 64)
	return n, err == nil && n < 1e15 && n > -1e15
}
