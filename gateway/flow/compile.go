package flow

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"letterbox/gateway/rule"
	"letterbox/models"
)

// The bounds of what may be set up.
const (
	MaxRules      = 50
	MaxConditions = 20
	MaxActions    = 20
	maxName       = 60
	maxValue      = 500 // Characters.
	maxLabels     = 30
	maxLabel      = 50 // Characters.
	maxWatch      = 20
	maxFields     = 50
	maxFieldName  = 100 // Octets.
	maxForwards   = 5
	maxWebhooks   = 5
	maxScripts    = 5 // Different ones that all rules together may name: each takes its time.
	maxDays       = 3650
)

// Set is the flow rules of one version of the rules, compiled. It is safe for concurrent use.
type Set struct {
	rules []compiled
	zone  *time.Location
}

type compiled struct {
	models.FlowRule
	conditions []condition
	actions    []action
}

// lists reports whether a rule is about mailing lists that it names.
func (r *compiled) lists() bool {
	return slices.ContainsFunc(r.conditions, func(c condition) bool {
		return c.Field == fieldHeader && strings.EqualFold(strings.TrimSpace(c.Name), "List-Id") && slices.Contains([]string{opContains, opIs, opBegins, opEnds, opMatches}, c.Op)
	})
}

type condition struct {
	models.FlowCondition
	folded, foldedName string
	pattern            *rule.Capture
	number             float64
	span               span
	days               [7]bool
}

type action struct {
	models.FlowAction
	days  int
	list  []string
	field Field
}

// Compile prepares flow rules. The error is the first entry that cannot be read, as a *[rule.Finding].
func Compile(f models.Flow) (*Set, error) {
	s, wrong := compile(f)
	if len(wrong) > 0 {
		return nil, &wrong[0]
	}
	return s, nil
}

// Empty reports whether no rule is asked.
func (s *Set) Empty() bool {
	return s == nil || !slices.ContainsFunc(s.rules, func(r compiled) bool { return !r.Off })
}

// Path names an entry of a rule in findings: "flow.rules.0.conditions.1.value"; part is "conditions", "actions" or "".
func Path(rule int, part string, index int, name string) string {
	p := "flow.rules." + strconv.Itoa(rule)
	if part != "" {
		p += "." + part + "." + strconv.Itoa(index)
	}
	return p + "." + name
}

type compiling struct {
	found []rule.Finding
	rule  string
}

func (c *compiling) wrong(field, code string, pairs ...string) {
	f := rule.Finding{Field: field, Code: code, Args: map[string]string{"rule": short(c.rule)}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Args[pairs[i]] = short(pairs[i+1])
	}
	c.found = append(c.found, f)
}

func (c *compiling) choice(field, value string, choices ...string) bool {
	if slices.Contains(choices, value) {
		return true
	}
	c.wrong(field, "E-GATE-03", "entry", value, "choices", strings.Join(choices, ", "))
	return false
}

func compile(f models.Flow) (*Set, []rule.Finding) {
	c := &compiling{}
	s := &Set{zone: time.UTC}
	if zone, err := time.LoadLocation(f.Zone); err != nil || f.Zone == "Local" || len(f.Zone) > 64 {
		c.wrong("flow.zone", "E-FLOW-07", "zone", f.Zone)
	} else {
		s.zone = zone
	}
	if len(f.Rules) > MaxRules {
		c.wrong("flow.rules", "E-FLOW-05", "max", strconv.Itoa(MaxRules))
		return s, c.found
	}
	names := map[string]bool{}
	for i, r := range f.Rules {
		c.rule = r.Name
		if strings.TrimSpace(r.Name) == "" || utf8.RuneCountInString(r.Name) > maxName || strings.ContainsAny(r.Name, "\n\x00") {
			c.rule = strconv.Itoa(i + 1)
			c.wrong(Path(i, "", 0, "name"), "E-FLOW-01", "max", strconv.Itoa(maxName))
		} else if key := rule.Fold(r.Name); names[key] {
			c.wrong(Path(i, "", 0, "name"), "E-FLOW-08")
		} else {
			names[key] = true
		}
		s.rules = append(s.rules, c.one(i, r))
	}
	names = map[string]bool{}
	for _, name := range Scripts(f) {
		names[rule.Fold(name)] = true
	}
	if len(names) > maxScripts {
		c.rule = ""
		c.wrong("flow.rules", "E-FLOW-15", "max", strconv.Itoa(maxScripts))
	}
	return s, c.found
}

func (c *compiling) one(i int, r models.FlowRule) compiled {
	out := compiled{FlowRule: r}
	if r.When != "" {
		c.choice(Path(i, "", 0, "when"), r.When, "all", "any", "none")
	}
	if len(r.Conditions) > MaxConditions || len(r.Actions) > MaxActions {
		c.wrong(Path(i, "", 0, "name"), "E-FLOW-06", "conditions", strconv.Itoa(MaxConditions), "actions", strconv.Itoa(MaxActions))
		return out
	}
	if len(r.Actions) == 0 && !r.Stop {
		c.wrong(Path(i, "", 0, "name"), "E-FLOW-02")
	}
	for j, one := range r.Conditions {
		out.conditions = append(out.conditions, c.condition(i, j, one))
	}
	for j, one := range r.Actions {
		out.actions = append(out.actions, c.action(i, j, one))
	}
	return out
}

func (c *compiling) condition(i, j int, m models.FlowCondition) condition {
	out := condition{FlowCondition: m, folded: rule.Fold(m.Value), foldedName: rule.Fold(m.Name)}
	at := func(name string) string { return Path(i, "conditions", j, name) }
	if !c.choice(at("field"), m.Field, Fields()...) {
		return out
	}
	if !slices.Contains(OpsOf(m.Field), m.Op) {
		c.wrong(at("op"), "E-FLOW-11", "op", m.Op)
		return out
	}
	if Named(m.Field) && (strings.TrimSpace(m.Name) == "" || len(m.Name) > maxValue || m.Field == fieldHeader && strings.ContainsAny(m.Name, ": \t\n")) {
		c.wrong(at("name"), "E-FLOW-09")
	}
	if utf8.RuneCountInString(m.Value) > maxValue {
		c.wrong(at("value"), "E-TEXT-01", "max", strconv.Itoa(maxValue))
		return out
	}
	ok := true
	switch {
	case m.Op == opExists || m.Op == opMissing:
	case m.Field == fieldKind:
		ok = slices.Contains(Kinds(), m.Value)
	case m.Field == fieldReply:
		ok = m.Value == yes || m.Value == no
	case m.Field == fieldTime:
		out.span, ok = parseSpan(m.Value)
	case m.Field == fieldWeekday:
		out.days, ok = parseDays(m.Value)
	case !textual(m.Field) || m.Op == opLess || m.Op == opGreater:
		out.number, ok = number(m.Value)
	case m.Op == opMatches || m.Op == opMatchesNot:
		c.pattern(&out, at("value"))
		return out
	default:
		ok = out.folded != "" || m.Op == opIs || m.Op == opIsNot
	}
	if !ok {
		c.wrong(at("value"), "E-FLOW-03", "value", m.Value)
	}
	return out
}

func (c *compiling) pattern(out *condition, at string) {
	if strings.TrimSpace(out.Value) == "" {
		c.wrong(at, "E-FLOW-03", "value", out.Value)
		return
	}
	var err error
	if out.pattern, err = rule.NewCapture(out.Value); err == nil {
		return
	}
	if found, ok := errors.AsType[*rule.Finding](err); ok {
		found.Field = at
		c.found = append(c.found, *found)
	}
}

func short(s string) string {
	if runes := []rune(s); len(runes) > 80 {
		return string(runes[:80]) + "…"
	}
	return s
}
