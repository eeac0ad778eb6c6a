package gateway

import (
	"strconv"
	"strings"

	"letterbox/models"
)

// extractionLines writes text recognition one setting to a line, so that versions can be compared.
func extractionLines(x models.Extraction) []string {
	var out []string
	add := func(name, value string) {
		if value != "" {
			out = append(out, name+" = "+value)
		}
	}
	add("no_match", x.NoMatch)
	add("correlate.by", x.Correlate.By)
	add("correlate.window", x.Correlate.Window)
	if x.Correlate.Reopen != nil {
		add("correlate.reopen", strconv.FormatBool(*x.Correlate.Reopen))
	}
	for i, p := range x.Profiles {
		at := p.Name + ": "
		add(at+"place", strconv.Itoa(i+1))
		add(at+"about", p.About)
		for _, f := range p.Fields {
			line := f.From
			for _, part := range []string{f.File, f.By, f.Expr, f.Type, f.Format} {
				if part != "" {
					line += " · " + part
				}
			}
			if f.Required {
				line += " · required"
			}
			add(at+"{"+f.Name+"}", line)
		}
		for _, t := range []struct{ name, text string }{
			{"title", p.Title}, {"text", p.Text}, {"priority", p.Priority}, {"labels", p.Labels}, {"assignee", p.Assignee},
			{"due", p.Due}, {"key", p.Key}, {"further", p.Further},
		} {
			add(at+t.name, strings.ReplaceAll(t.text, "\n", " ⏎ "))
		}
		for _, line := range p.Priorities {
			add(at+"priorities", line)
		}
	}
	return out
}
