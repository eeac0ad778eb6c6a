package handlers

import (
	"strings"

	"letterbox/models"
)

// flowCondition is a condition of a flow rule in words.
func (v *visit) flowCondition(c models.FlowCondition) string {
	words := []string{v.l.T("flow.field." + c.Field)}
	if c.Name != "" {
		words = append(words, c.Name)
	}
	words = append(words, v.l.T("flow.op."+c.Op))
	if key := "flow.value." + c.Field + "." + c.Value; v.l.Has(key) {
		words = append(words, v.l.T(key))
	} else if c.Value != "" {
		words = append(words, v.l.T("flow.quoted", "value", c.Value))
	}
	return strings.Join(words, " ")
}
