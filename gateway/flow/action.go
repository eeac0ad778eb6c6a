package flow

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"letterbox/gateway/rule"
	"letterbox/models"
)

func (c *compiling) action(i, j int, m models.FlowAction) action {
	out := action{FlowAction: m}
	out.Value = strings.TrimSpace(m.Value)
	at := func(name string) string { return Path(i, "actions", j, name) }
	if !c.choice(at("do"), m.Do, Actions()...) {
		return out
	}
	if n := utf8.RuneCountInString(m.Value); n > maxValue || strings.ContainsRune(m.Value, 0) {
		c.wrong(at("value"), "E-TEXT-01", "max", strconv.Itoa(maxValue))
		return out
	}
	ok := true
	switch v := out.Value; m.Do {
	case doProject, doAssign, doWatch:
		ok = v != "" && !strings.ContainsAny(v, " \n,")
	case doState:
		ok = slices.Contains(models.IssueStates(), models.IssueState(v))
	case doPriority:
		_, ok = models.ParsePriority(v)
	case doDue:
		n, err := strconv.Atoi(v)
		out.days, ok = n, err == nil && n >= 0 && n <= maxDays
	case doLabel:
		out.list, ok = labels(v)
	case doField:
		name, value, found := strings.Cut(v, ":")
		out.field = Field{strings.Join(strings.Fields(name), " "), strings.Join(strings.Fields(value), " ")}
		ok = found && out.field.Name != "" && len(out.field.Name) <= maxFieldName && out.field.Value != ""
	case doForward:
		ok = strings.Count(v, "@") == 1 && !strings.ContainsAny(v, " \t\n,;<>\"") && len(v) <= 254 && !strings.HasPrefix(v, "@") && !strings.HasSuffix(v, "@")
		out.Value = strings.ToLower(v)
	case doWebhook, doScript:
		ok = v != "" && len(v) <= 200
	case doActive:
		ok = v == ActiveOnly || v == ActiveToo
	case doFolder:
		ok = v != "" && len(v) <= 200 && !strings.ContainsAny(v, "\n\r")
	case doSilent:
		ok = v == ""
	}
	if !ok {
		c.wrong(at("value"), "E-FLOW-04", "value", m.Value, "do", m.Do)
	}
	return out
}

// labels reads names with commas between them.
func labels(s string) ([]string, bool) {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = models.LabelName(part); part == "" || utf8.RuneCountInString(part) > maxLabel {
			return nil, false
		}
		out = with(out, part, maxLabels)
	}
	return out, true
}

// Targets returns the keys of the projects that flow rules send mail to, in alphabetical order.
func Targets(f models.Flow) []string { return values(f, doProject) }

// Forwards returns the addresses that flow rules forward mail to, in alphabetical order.
func Forwards(f models.Flow) []string { return values(f, doForward) }

// Webhooks returns the names of the webhooks that flow rules call, in alphabetical order.
func Webhooks(f models.Flow) []string { return values(f, doWebhook) }

// Scripts returns the names of the shared scripts that flow rules run, in alphabetical order.
func Scripts(f models.Flow) []string { return values(f, doScript) }

// Naming is what an action of a flow rule names.
type Naming struct {
	Path  string // Of the value, as findings have it.
	Rule  string
	Value string // As it was written.
}

// Namings returns what all actions of a kind name, in the order of the rules, of those that are off too.
func Namings(f models.Flow, do string) []Naming {
	var out []Naming
	for i, r := range f.Rules {
		for j, a := range r.Actions {
			if a.Do == do {
				out = append(out, Naming{Path(i, "actions", j, "value"), r.Name, a.Value})
			}
		}
	}
	return out
}

// values are the values of all actions of a kind, of rules that are off too.
func values(f models.Flow, do string) []string {
	var out []string
	for _, r := range f.Rules {
		for _, a := range r.Actions {
			if a.Do == do {
				out = append(out, strings.TrimSpace(a.Value))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Check returns what keeps flow rules from being put in force.
func Check(f models.Flow) []rule.Finding {
	_, found := compile(f)
	return found
}

// Lint returns what is wrong or doubtful about flow rules.
func Lint(f models.Flow, fields []string) []rule.Finding {
	s, found := compile(f)
	known := map[string]bool{}
	for _, name := range fields {
		known[rule.Fold(name)] = true
	}
	last := ""
	for i, r := range s.rules {
		if r.Off {
			continue
		}
		if last != "" {
			found = append(found, rule.Finding{Field: Path(i, "", 0, "name"), Code: "W-FLOW-01", Args: map[string]string{"rule": short(r.Name), "before": short(last)}})
			break
		}
		if len(r.conditions) == 0 && (r.Stop || slices.ContainsFunc(r.actions, func(a action) bool { return a.Do == doReject || a.Do == doSetAside })) {
			last = r.Name
		}
		for j, c := range r.conditions {
			if c.Field == fieldExtraction && !known[c.foldedName] {
				found = append(found, rule.Finding{Field: Path(i, "conditions", j, "name"), Code: "W-FLOW-02", Args: map[string]string{"rule": short(r.Name), "name": short(c.Name)}})
			}
			if c.pattern != nil && slow(c.pattern) {
				found = append(found, rule.Finding{Field: Path(i, "conditions", j, "value"), Code: "W-FLOW-03", Args: map[string]string{"rule": short(r.Name), "value": short(c.Value)}})
			}
		}
	}
	return found
}

// slow tries a pattern on texts that make careless ones run away.
func slow(c *rule.Capture) bool {
	for _, text := range []string{strings.Repeat("a", 60) + "!", strings.Repeat("1", 60) + "!", strings.Repeat(" ", 200) + "!", strings.Repeat("a ", 60) + "!"} {
		if _, slow := c.Find(text, 1); slow {
			return true
		}
	}
	return false
}
