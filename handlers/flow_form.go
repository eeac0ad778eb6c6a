package handlers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"letterbox/gateway/flow"
	"letterbox/models"
)

// flowRow is one flow rule as the form shows it.
type flowRow struct {
	models.FlowRule
	ID          string // Prefix of the names of its fields: "r0".
	Index, N    int    // From 0, from 1.
	Wrong       bool
	First, Last bool
	Conditions  []flowPart
	Actions     []flowPart
	Whens       []option
}

// flowPart is a condition or an action, with an empty one at the end for the next.
type flowPart struct {
	ID, Kind, Name, Op, Value string
	N                         int // From 1.
	Kinds, Ops                []option
	Wrong                     bool
}

// flowNames are the fields of the form beside the rules.
func flowNames() []string { return []string{"base", "zone", "source", "count", "pasted"} }

// flowOf reads the rules in the form. What is empty is left out.
func (v *visit) flowOf(f *form) models.Flow {
	out := models.Flow{Zone: f.get("zone")}
	get := func(parts ...string) string {
		return strings.ToValidUTF8(strings.TrimSpace(v.Request.PostForm.Get(strings.Join(parts, "_"))), "\ufffd")
	}
	for i := range flow.MaxRules + 2 {
		id := fmt.Sprintf("r%d", i)
		r := models.FlowRule{Name: get(id, "name"), Off: get(id, "on") != "true", When: get(id, "when"), Comments: get(id, "comments") == "true", Stop: get(id, "stop") == "true"}
		if r.When == "all" {
			r.When = ""
		}
		for j := range flow.MaxConditions + 2 {
			c := fmt.Sprintf("c%d", j)
			one := models.FlowCondition{Field: get(id, c, "field"), Name: get(id, c, "name"), Op: get(id, c, "op"), Value: get(id, c, "value")}
			if one.Field == "" {
				continue
			}
			if !flow.Named(one.Field) {
				one.Name = ""
			}
			one.Value = v.flowCode(one.Field, one.Value)
			r.Conditions = append(r.Conditions, one)
		}
		for j := range flow.MaxActions + 2 {
			a := fmt.Sprintf("a%d", j)
			one := models.FlowAction{Do: get(id, a, "do"), Value: get(id, a, "value")}
			if one.Do == "" {
				continue
			}
			one.Value = v.flowCode(one.Do, one.Value)
			r.Actions = append(r.Actions, one)
		}
		if r.Name != "" || len(r.Conditions)+len(r.Actions) > 0 {
			out.Rules = append(out.Rules, r)
		}
	}
	return out
}

// flowRows are the rules as the form shows them. wrong are the names of fields that are to be checked.
func (v *visit) flowRows(f models.Flow, wrong map[string]bool) []flowRow {
	rows := make([]flowRow, 0, len(f.Rules))
	for i, r := range f.Rules {
		row := flowRow{FlowRule: r, ID: "r" + strconv.Itoa(i), Index: i, N: i + 1, First: i == 0, Last: i == len(f.Rules)-1}
		row.Wrong = wrong[row.ID+"_name"]
		if row.When == "" {
			row.When = "all"
		}
		for _, when := range []string{"all", "any", "none"} {
			row.Whens = append(row.Whens, option{when, v.l.T("flow.when." + when)})
		}
		for j, c := range append(slices.Clip(r.Conditions), models.FlowCondition{Op: "contains"}) {
			p := flowPart{ID: fmt.Sprintf("%s_c%d", row.ID, j), Kind: c.Field, N: j + 1, Name: c.Name, Op: c.Op, Value: v.flowWord(c.Field, c.Value)}
			p.Wrong = wrong[p.ID+"_value"] || wrong[p.ID+"_op"] || wrong[p.ID+"_name"] || wrong[p.ID+"_field"]
			p.Kinds, p.Ops = v.flowOptions("flow.field.", flow.Fields(), true), v.flowOptions("flow.op.", flow.Ops(), false)
			row.Conditions = append(row.Conditions, p)
		}
		for j, a := range append(slices.Clip(r.Actions), models.FlowAction{}) {
			p := flowPart{ID: fmt.Sprintf("%s_a%d", row.ID, j), N: j + 1, Kind: a.Do, Value: v.flowWord(a.Do, a.Value)}
			p.Wrong = wrong[p.ID+"_value"] || wrong[p.ID+"_do"]
			p.Kinds = v.flowOptions("flow.do.", flow.Actions(), true)
			row.Actions = append(row.Actions, p)
		}
		rows = append(rows, row)
	}
	return rows
}

func (v *visit) flowOptions(area string, values []string, empty bool) []option {
	var out []option
	if empty {
		out = append(out, option{"", v.l.T("flow.none")})
	}
	for _, value := range values {
		out = append(out, option{value, v.l.T(area + value)})
	}
	return out
}

// flowField is the name of the field of the form for an entry of a flow rule: "r0_c1_value" for
// "flow.rules.0.conditions.1.value". "" for what is none.
func flowField(path string) string {
	parts := strings.Split(path, ".")
	switch {
	case path == "flow.zone":
		return "zone"
	case len(parts) == 4 && parts[1] == "rules":
		return "r" + parts[2] + "_" + parts[3]
	case len(parts) == 6 && (parts[3] == "conditions" || parts[3] == "actions"):
		return "r" + parts[2] + "_" + parts[3][:1] + parts[4] + "_" + parts[5]
	}
	return ""
}
