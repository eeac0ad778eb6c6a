package gateway

import (
	"letterbox/gateway/message"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// trim leaves out of a message that is let in what the rules say: parts of its text and some of its files. The octets
// stay whole, and the trace names each thing that is left out.
func (d *delivery) trim() {
	if !rule.Trims(d.rules.rules) || headerOnly(d.row) {
		return
	}
	m := *d.mail // A dry run tries other rules on the same mail.
	var cuts []rule.Cut
	m.Text, cuts = d.rules.set.Cut(m.Text)
	for _, c := range cuts {
		if c.Slow {
			d.note(models.StepGate, "gate.cut_slow", "pattern", c.Pattern)
		} else {
			d.note(models.StepGate, "gate.cut", "pattern", c.Pattern, "characters", itoa(int64(c.Runes)))
		}
	}
	if len(cuts) > 0 {
		m.Reply, m.Quoted, m.Signature = message.Split(m.Text)
	}
	d.dropped = map[int]bool{}
	for i, a := range m.Attachments {
		pattern := d.rules.set.Drops(a.Name)
		if pattern == "" {
			continue
		}
		d.note(models.StepGate, "gate.dropped", "name", a.Name, "pattern", pattern)
		d.dropped[i] = true
	}
	d.mail = &m
}
