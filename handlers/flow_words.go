package handlers

import (
	"strings"

	"letterbox/gateway/flow"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// flowCondition is a condition of a flow rule in words.
func (v *visit) flowCondition(c models.FlowCondition) string {
	words := []string{v.l.T("flow.field." + c.Field)}
	if c.Name != "" {
		words = append(words, c.Name)
	}
	words = append(words, v.l.T("flow.op."+c.Op))
	switch word := v.flowWord(c.Field, c.Value); {
	case word != c.Value:
		words = append(words, word)
	case word != "":
		words = append(words, v.l.T("flow.quoted", "value", word))
	}
	return strings.Join(words, " ")
}

// flowChoices are the keys of the texts of what a condition or an action can be compared with or set to, by code.
func flowChoices(of string) (area string, codes []string) {
	switch of {
	case "kind":
		return "flow.value.kind.", flow.Kinds()
	case "reply":
		return "flow.value.reply.", []string{"yes", "no"}
	case "active":
		return "flow.value.active.", []string{flow.ActiveOnly, flow.ActiveToo}
	case "state":
		for _, s := range models.IssueStates() {
			codes = append(codes, string(s))
		}
		return "state.", codes
	case "priority":
		for _, p := range models.Priorities() {
			codes = append(codes, p.String())
		}
		return "priority.", codes
	}
	return "", nil
}

// flowWord is a value as people read it: "Dringend" for "urgent".
func (v *visit) flowWord(of, value string) string {
	area, codes := flowChoices(of)
	for _, code := range codes {
		if code == value {
			return v.l.T(area + code)
		}
	}
	return value
}

// flowCode is a value as rules hold it: "urgent" for "Dringend".
func (v *visit) flowCode(of, word string) string {
	area, codes := flowChoices(of)
	for _, code := range codes {
		if rule.Fold(v.l.T(area+code)) == rule.Fold(word) {
			return code
		}
	}
	return word
}

// flowList are all such words, for the browser to propose.
func (v *visit) flowList() []string {
	var out []string
	for _, of := range []string{"kind", "reply", "state", "priority", "active"} {
		area, codes := flowChoices(of)
		for _, code := range codes {
			out = append(out, v.l.T(area+code))
		}
	}
	return out
}
