package authenticity

import "strings"

// finding is one result of an Authentication-Results field: "dkim=pass header.d=here.example".
type finding struct {
	method, result string
	props          map[string]string // "header.d" to its value; all in small letters.
}

// parseField reads an unfolded Authentication-Results field (RFC 8601, 2.2). It reports false when it is none. Comments
// and quoted strings are read as RFC 5322 wants, so that nothing can hide in them.
func parseField(value string) (server string, all []finding, ok bool) {
	parts, ok := split(value)
	if !ok || len(parts) == 0 {
		return "", nil, false
	}
	head := strings.Fields(parts[0])
	if len(head) == 0 {
		return "", nil, false
	}
	if strings.Contains(head[0], "=") {
		server = NoName // It begins with a result.
	} else {
		if len(head) > 2 || len(head) == 2 && head[1] != "1" { // The version of the format.
			return "", nil, false
		}
		server, parts = strings.ToLower(head[0]), parts[1:]
	}
	for _, part := range parts {
		words := strings.Fields(part)
		if len(words) == 0 || len(words) == 1 && strings.EqualFold(words[0], "none") {
			continue
		}
		f := finding{props: map[string]string{}}
		for i, w := range words {
			name, val, found := strings.Cut(strings.ToLower(w), "=")
			if !found {
				continue
			}
			if i == 0 {
				f.method, _, _ = strings.Cut(name, "/")
				f.result = val
			} else if _, twice := f.props[name]; !twice {
				f.props[name] = val
			}
		}
		if f.method != "" {
			all = append(all, f)
		}
	}
	return server, all, true
}

// split cuts a value at its semicolons, without comments and with what is quoted as one word: blanks and semicolons in
// it become "_". Blanks around "=" are taken out. It reports false where a comment or a quotation does not end.
func split(value string) ([]string, bool) {
	var parts []string
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && (depth > 0 || quoted):
			i++
			if quoted && i < len(value) {
				b.WriteByte('_')
			}
		case quoted:
			if c == '"' {
				quoted = false
			} else if c == ' ' || c == '\t' || c == ';' || c == '=' {
				b.WriteByte('_')
			} else {
				b.WriteByte(c)
			}
		case depth > 0:
			if c == '(' {
				depth++
			} else if c == ')' {
				depth--
			}
		case c == '(':
			depth++
			b.WriteByte(' ')
		case c == '"':
			quoted = true
		case c == ';':
			parts = append(parts, b.String())
			b.Reset()
		case c < ' ' && c != '\t':
			b.WriteByte(' ')
		default:
			b.WriteByte(c)
		}
	}
	if depth > 0 || quoted {
		return nil, false
	}
	parts = append(parts, b.String())
	for i, p := range parts {
		words := strings.Join(strings.Fields(p), " ")
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(words, " =", "="), "= ", "=")
	}
	return parts, true
}
