package gateway

import "regexp"

var templateField = regexp.MustCompile(`\{([a-z]+)\}`)

// fillTemplate replaces the fields of a template that somebody wrote, each once: a value that looks like a field is not
// looked at again. What is no field stays.
func fillTemplate(text string, values map[string]string) string {
	return templateField.ReplaceAllStringFunc(text, func(field string) string {
		if v, ok := values[field[1:len(field)-1]]; ok {
			return v
		}
		return field
	})
}
