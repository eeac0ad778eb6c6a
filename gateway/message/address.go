package message

import "strings"

// parseAddresses reads an address list (RFC 5322, 3.4) and what senders write in its place: unquoted commas and
// brackets, missing angle brackets, groups, comments as names. It returns at most limit addresses.
func (p *parser) parseAddresses(s, hint string, limit int) []Address {
	var out []Address
	var name string // A piece without an address that may be the start of a name with an unquoted comma.
	for _, piece := range splitAddresses(s) {
		if len(out) >= limit {
			p.defect(DefectAddressLimit, "")
			break
		}
		text := piece.text
		if name != "" {
			text = name + ", " + strings.TrimSpace(text)
		}
		if piece.group != "" && name == "" && !strings.ContainsAny(text, "@<") && strings.TrimSpace(text) == "" {
			continue
		}
		a, found := p.parseMailbox(text, hint)
		if !found {
			if strings.TrimSpace(text) == "" {
				continue
			}
			if piece.comma && !strings.Contains(text, "\"") && strings.Count(text, ",") < 4 {
				name = text
				continue
			}
			name = ""
			if t := oneLine(p.decodeWords(unquote(text), hint)); t != "" {
				p.defect(DefectAddress, t)
				if looksLikeLocalName(t) {
					out = append(out, Address{Address: t})
				} else {
					out = append(out, Address{Name: t})
				}
			}
			continue
		}
		name = ""
		out = append(out, a)
	}
	if name != "" && len(out) < limit {
		for _, t := range strings.Split(name, ",") {
			if t = oneLine(p.decodeWords(unquote(t), hint)); t != "" {
				p.defect(DefectAddress, t)
				if looksLikeLocalName(t) {
					out = append(out, Address{Address: t})
				} else {
					out = append(out, Address{Name: t})
				}
			}
		}
	}
	return out
}

// looksLikeLocalName says whether an entry without @ is an address inside of a host (root) rather than a name.
func looksLikeLocalName(s string) bool {
	return !strings.ContainsAny(s, " \t") && plainASCII(s)
}

type addressPiece struct {
	text  string
	group string
	comma bool // A comma ended it, so it may be the first half of a name.
}

// splitAddresses splits at the commas and semicolons that are outside of quotes, comments and angle brackets. What is
// opened and not closed is taken as if it were not opened.
func splitAddresses(s string) []addressPiece {
	closed := closers{{char: '"'}, {char: ')'}, {char: '>'}}
	var out []addressPiece
	start, group := 0, ""
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"', '(', '<':
			if end := closed.of(s[i]).next(s, i); end > i {
				i = end
			}
		case ',', ';':
			out = append(out, addressPiece{s[start:i], group, s[i] == ','})
			start = i + 1
			if s[i] == ';' {
				group = ""
			}
		case ':':
			// A group, unless it is a part of an address or of a name before an angle bracket.
			if name := strings.TrimSpace(s[start:i]); group == "" && name != "" && !strings.ContainsAny(name, "@<=") && isGroup(s[i+1:]) {
				group, start = name, i+1
			}
		}
	}
	return append(out, addressPiece{s[start:], group, false})
}

// isGroup says whether what follows a colon is the list of a group: it ends with a semicolon, is empty, or holds several.
func isGroup(rest string) bool {
	t := strings.TrimSpace(rest)
	return t == "" || strings.HasSuffix(t, ";") || strings.IndexByte(rest, ';') >= 0
}

// closer finds the end of quotes, comments or angle brackets; it looks through the string once in all.
type closer struct {
	none bool // Nothing further on closes one.
	char byte
}

type closers [3]closer

// of returns the closer of what c opens.
func (cs *closers) of(c byte) *closer {
	switch c {
	case '"':
		return &cs[0]
	case '(':
		return &cs[1]
	}
	return &cs[2]
}

func (c *closer) next(s string, i int) int {
	if c.none {
		return -1
	}
	depth := 0
	for k := i + 1; k < len(s); k++ {
		switch {
		case s[k] == '\\' && c.char != '>':
			k++
		case c.char == ')' && s[k] == '(':
			depth++
		case s[k] == c.char:
			if depth == 0 {
				return k
			}
			depth--
		case c.char == '>' && (s[k] == '<' || s[k] == ',' && k-i < 3):
			return -1
		}
	}
	c.none = true
	return -1
}

// parseMailbox reads one mailbox; false when it holds nothing that can be an address.
func (p *parser) parseMailbox(s, hint string) (Address, bool) {
	s = strings.Trim(s, " \t\r\n")
	if s == "" {
		return Address{}, false
	}
	phrase, comment, spec := "", "", ""
	if i, j := angle(s); i >= 0 {
		phrase, spec = s[:i], s[i+1:j]
		rest := ""
		if j < len(s) {
			rest = strings.Trim(s[j+1:], "> \t")
		}
		phrase, comment = takeComments(strings.TrimRight(phrase, "< \t"))
		if strings.TrimSpace(phrase) == "" {
			if t, c := takeComments(rest); strings.TrimSpace(t) != "" && !strings.Contains(t, "@") {
				phrase = t
			} else if comment == "" {
				comment = c
			}
		}
		spec, _ = takeComments(spec)
		if !strings.Contains(spec, "@") && strings.Contains(phrase, "@") && !strings.Contains(phrase, "\"") && strings.TrimSpace(spec) == "" {
			spec, phrase = phrase, ""
		}
	} else {
		bare, c := takeComments(s)
		comment = c
		at := lastAt(bare)
		if at < 0 {
			if d := p.decodeWords(bare, hint); d != bare && strings.Contains(d, "@") && strings.Contains(d, "<") {
				return p.parseMailbox(d, hint) // Seen in practice: the whole mailbox inside an encoded word.
			}
			return Address{}, false
		}
		phrase, spec = around(bare, at)
	}
	spec = p.addrSpec(spec, hint)
	name := oneLine(p.decodeWords(unquote(phrase), hint))
	if name == "" {
		name = oneLine(p.decodeWords(comment, hint))
	}
	if i := strings.LastIndexByte(name, '<'); spec == "" && i >= 0 && strings.Contains(name[i:], "@") {
		return p.parseMailbox(name, hint)
	}
	if strings.EqualFold(name, spec) || name == "'"+spec+"'" {
		name = strings.Trim(name, "'")
	}
	if spec == "" && name == "" {
		return Address{}, false
	}
	return Address{Name: name, Address: spec}, true
}

// angle finds the last pair of angle brackets outside of quotes; the end may be missing.
func angle(s string) (i, j int) {
	i, j = -1, -1
	quoted, spec := false, false // spec: the pair found holds an address.
	last, lastClose := strings.LastIndexByte(s, '"'), strings.LastIndexByte(s, '>')
	for k := 0; k < len(s); k++ {
		switch c := s[k]; {
		case c == '\\' && quoted:
			k++
		case c == '"' && (quoted || k < last):
			quoted = !quoted
		case quoted:
		case c == '<' && (j < i || i < 0 || k < lastClose && !spec):
			i, j, spec = k, -1, false
		case c == '@' && i >= 0 && j < 0:
			spec = true
		case c == '>' && i >= 0 && j < 0:
			j = k
		}
	}
	if i >= 0 && j < 0 {
		j = len(s)
	}
	return i, j
}

// lastAt returns the place of the last @ outside of quotes, -1 when there is none.
func lastAt(s string) int {
	at, quoted := -1, false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case '@':
			if !quoted {
				at = i
			}
		}
	}
	if at < 0 && quoted {
		return strings.LastIndexByte(s, '@')
	}
	return at
}

// around takes the word around an @ as the address and the rest as the name.
func around(s string, at int) (phrase, spec string) {
	i, j := at, at
	for i > 0 && !strings.ContainsRune(" \t\r\n", rune(s[i-1])) {
		i--
		if s[i] == '"' {
			if k := strings.LastIndexByte(s[:i], '"'); k >= 0 {
				i = k
			}
		}
	}
	// Blanks around the @ and the dots (RFC 5322, 4.4).
	for i == at && i > 0 {
		t := strings.TrimRight(s[:i], " \t\r\n")
		i = strings.LastIndexAny(t, " \t\r\n") + 1
	}
	for j < len(s) && (j <= at+1 || !strings.ContainsRune(" \t\r\n", rune(s[j]))) {
		j++
	}
	for {
		t := strings.TrimLeft(s[j:], " \t\r\n")
		if !(strings.HasPrefix(t, ".") && len(t) > 1) && !(strings.HasSuffix(s[:j], ".") && len(t) < len(s[j:]) && t != "") {
			break
		}
		j = len(s) - len(t)
		for j++; j < len(s) && !strings.ContainsRune(" \t\r\n", rune(s[j])); j++ {
		}
	}
	return strings.TrimSpace(s[:i] + " " + s[j:]), s[i:j]
}

// addrSpec cleans an addr-spec: routes (RFC 5322, 4.4), blanks, brackets and quotes that do not belong are taken away.
func (p *parser) addrSpec(s, hint string) string {
	s = strings.Trim(s, " \t\r\n<>'`,;")
	if strings.HasPrefix(s, "@") {
		if i := strings.IndexByte(s, ':'); i >= 0 {
			s = s[i+1:]
		}
	}
	s = oneLine(p.decodeWords(s, hint))
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s = s[7:]
	}
	at := lastAt(s)
	if at < 0 {
		return strings.Trim(s, "\" ")
	}
	local, domain := s[:at], s[at+1:]
	if !strings.Contains(local, "\"") {
		local = strings.Join(strings.Fields(local), "")
	} else if local = strings.TrimSpace(local); strings.Count(local, "\"") == 1 {
		local = strings.ReplaceAll(local, "\"", "")
	}
	return local + "@" + strings.Trim(strings.Join(strings.Fields(domain), ""), "\"'")
}

// takeComments splits text into what is outside and what is inside of brackets; the last comment counts.
func takeComments(s string) (rest, comment string) {
	if strings.IndexByte(s, '(') < 0 {
		return s, ""
	}
	var b, c strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		ch := s[i]
		switch {
		case ch == '\\' && i+1 < len(s):
			i++
			if depth > 0 {
				c.WriteByte(s[i])
			} else {
				b.WriteByte(ch)
				b.WriteByte(s[i])
			}
		case depth == 0 && ch == '"':
			quoted = !quoted
			b.WriteByte(ch)
		case quoted:
			b.WriteByte(ch)
		case ch == '(':
			if depth > 0 {
				c.WriteByte(ch)
			} else {
				c.Reset()
			}
			depth++
		case ch == ')' && depth > 0:
			if depth--; depth > 0 {
				c.WriteByte(ch)
			} else {
				b.WriteByte(' ')
			}
		case depth > 0:
			c.WriteByte(ch)
		default:
			b.WriteByte(ch)
		}
	}
	return b.String(), strings.TrimSpace(c.String())
}

// unquote takes the quotes off the quoted strings of a phrase and undoes their escapes.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if !strings.ContainsAny(s, "\"\\") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}
