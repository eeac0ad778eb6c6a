package flow

import (
	"mime"
	"strings"
)

// headerFields returns the fields of a header section by their names in small letters: unfolded (RFC 5322, 2.2.3), with
// encoded words decoded (RFC 2047) where their character set is known here.
func headerFields(section string) map[string][]string {
	out := map[string][]string{}
	var d mime.WordDecoder
	name, value := "", ""
	end := func() {
		if name == "" {
			return
		}
		value = strings.TrimSpace(value)
		if text, err := d.DecodeHeader(value); err == nil {
			value = text
		}
		out[name] = append(out[name], value)
	}
	for line := range strings.SplitSeq(section, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			value += " " + strings.TrimSpace(line)
			continue
		}
		end()
		var ok bool
		if name, value, ok = strings.Cut(line, ":"); !ok {
			name = ""
		}
		name = strings.ToLower(strings.TrimSpace(name))
	}
	end()
	return out
}
