package extract

import (
	"regexp"
	"strings"
)

// A placeholder names a field.
var placeholder = regexp.MustCompile(`\{([\pL\pN][\pL\pN_\-. ]{0,60})\}`)

// placeholders returns the names that stand in a template.
func placeholders(text string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}

// fill puts values into a template, each once: a value that looks like a placeholder is not looked at again. A line
// whose placeholders are all empty is left out; what is left of separators at its ends goes too.
func fill(text string, values map[string]string) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		names := placeholders(line)
		empty := len(names) > 0
		gap := false
		for _, name := range names {
			if values[foldKey(name)] == "" {
				gap = true
			} else {
				empty = false
			}
		}
		if empty {
			continue
		}
		line = placeholder.ReplaceAllStringFunc(line, func(p string) string { return values[foldKey(p[1:len(p)-1])] })
		if gap {
			line = strings.Trim(line, " ,;:/|–-·")
		}
		out = append(out, line)
	}
	return strings.TrimSpace(strings.Join(out, "\n"))
}
