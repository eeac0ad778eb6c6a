package message

import "strings"

const (
	maxMessageIDs   = 200 // Beyond it the oldest one and the newest stay: they say where a mail belongs.
	maxIDsRead      = 20_000
	maxMessageIDLen = 998
)

// messageIDs returns the message ids in a Message-ID, In-Reply-To or References field (RFC 5322, 3.6.4), oldest first,
// without angle brackets; all is false when some are left out. Seen in practice: no brackets, commas between, ids without
// @, blanks inside.
func messageIDs(s string) (out []string, all bool) {
	all = true
	var seen map[string]bool // From the second one on: most fields have one.
	add := func(id string) {
		id = oneLine(id)
		switch {
		case id == "" || seen[id] || len(out) == 1 && out[0] == id:
		case len(id) > maxMessageIDLen || len(out) >= maxIDsRead:
			all = false
		default:
			if out = append(out, id); len(out) == 2 {
				seen = map[string]bool{out[0]: true}
			}
			if seen != nil {
				seen[id] = true
			}
		}
	}
	rest := s
	for {
		i := strings.IndexByte(rest, '<')
		if i < 0 {
			break
		}
		bareIDs(rest[:i], add)
		rest = rest[i+1:]
		j := strings.IndexAny(rest, "<>")
		if j < 0 {
			add(strings.TrimSpace(rest))
			rest = ""
			break
		}
		add(strings.TrimSpace(rest[:j]))
		if rest[j] == '>' {
			j++
		}
		rest = rest[j:]
	}
	bareIDs(rest, add)
	if n := len(out); n > maxMessageIDs {
		out, all = append(out[:1], out[n-maxMessageIDs+1:]...), false
	}
	return out, all
}

// bareIDs finds the ids that stand without brackets: words with an @ that belong to no sentence.
func bareIDs(s string, add func(string)) {
	if strings.IndexByte(s, '@') < 0 {
		return
	}
	words := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;\"", r) })
	for _, w := range words {
		if at := strings.IndexByte(w, '@'); at > 0 && at < len(w)-1 && !strings.ContainsAny(w, "()") {
			add(w)
		}
	}
}

// messageID returns the one id of a Message-ID field.
func messageID(s string) string {
	if ids, _ := messageIDs(s); len(ids) > 0 {
		return ids[0]
	}
	s = oneLine(strings.Trim(s, " \t\r\n<>"))
	if strings.ContainsAny(s, " \t") || len(s) > maxMessageIDLen {
		return ""
	}
	return s
}
