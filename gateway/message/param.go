package message

import (
	"sort"
	"strconv"
	"strings"
)

const (
	maxParams   = 200 // Parameters of one field.
	maxSegments = 100 // Segments of one parameter (RFC 2231, 3), SEC-14.
)

// params are the value of a Content-Type or Content-Disposition field and its parameters, decoded.
type params struct {
	value string // Lower case.
	attrs []param
}

type param struct{ name, value string }

// at returns the place of a parameter, -1 when it is not there.
func (p params) at(name string) int {
	for i := range p.attrs {
		if p.attrs[i].name == name {
			return i
		}
	}
	return -1
}

func (p params) get(name string) string {
	if i := p.at(name); i >= 0 {
		return p.attrs[i].value
	}
	return ""
}

func (p *params) set(name, value string) {
	if i := p.at(name); i >= 0 {
		p.attrs[i].value = value
	} else {
		p.attrs = append(p.attrs, param{name, value})
	}
}

// parseParams reads such a field with all that mailers do to it: blanks in unquoted values, missing semicolons and
// quotes, encoded words where RFC 2231 is meant, comments. The first of two equal parameters counts.
func (p *parser) parseParams(s, hint string) params {
	s = stripComments(s)
	value, rest, _ := strings.Cut(s, ";")
	value = strings.Trim(value, " \t\r\n")
	// Seen in practice: "text/plain charset=x" without the semicolon.
	if i := strings.IndexAny(value, " \t"); i >= 0 {
		if strings.IndexByte(value[i:], '=') >= 0 {
			rest = value[i:] + ";" + rest
		}
		value = value[:i]
	}
	out := params{value: strings.ToLower(strings.Trim(value, "\"'"))}
	type segment struct {
		n       int
		encoded bool
		value   string
	}
	var pieces map[string][]segment
	for n := 0; ; n++ {
		rest = strings.TrimLeft(rest, " \t\r\n;")
		if rest == "" {
			break
		}
		if n == maxParams {
			p.defect(DefectParameterLimit, out.value)
			break
		}
		var name, val string
		var quoted bool
		name, val, quoted, rest = nextParam(rest)
		if name == "" {
			continue
		}
		star := strings.IndexByte(name, '*')
		if star < 0 {
			if out.at(name) < 0 {
				if quoted || strings.Contains(val, "=?") || !plainASCII(val) {
					val = p.decodeWords(val, hint)
				}
				out.attrs = append(out.attrs, param{name, val})
			}
			continue
		}
		seg := segment{value: val, encoded: strings.HasSuffix(name, "*")}
		seg.n, _ = strconv.Atoi(strings.Trim(name[star:], "*"))
		if pieces == nil {
			pieces = map[string][]segment{}
		}
		if base := name[:star]; len(pieces[base]) < maxSegments {
			pieces[base] = append(pieces[base], seg)
		} else {
			p.defect(DefectParameterLimit, out.value)
		}
	}
	for base, segs := range pieces {
		sort.SliceStable(segs, func(i, j int) bool { return segs[i].n < segs[j].n })
		var octets []byte
		set := ""
		anyEncoded := false
		for i, g := range segs {
			v := g.value
			if g.encoded {
				anyEncoded = true
				if i == 0 || strings.HasPrefix(strings.ToLower(v), strings.ToLower(set)+"'") && set != "" {
					if parts := strings.SplitN(v, "'", 3); len(parts) == 3 && i == 0 {
						set, v = parts[0], parts[2]
					} else if i > 0 {
						v = v[len(set)+1:] // Seen in practice: the charset before each segment.
					}
				}
				octets = append(octets, percent(v)...)
			} else {
				octets = append(octets, v...)
			}
		}
		text, _ := decodeText(octets, set)
		if !anyEncoded {
			text = p.decodeWords(string(octets), hint)
		}
		if text != "" {
			out.set(base, text) // RFC 6266, 4.3: the extended form counts more.
		}
	}
	return out
}

// nextParam reads one "name=value" and what follows it.
func nextParam(s string) (name, value string, quoted bool, rest string) {
	end := strings.IndexAny(s, "=;")
	if end < 0 || s[end] == ';' {
		if end < 0 {
			return "", "", false, ""
		}
		return "", "", false, s[end+1:]
	}
	name = strings.ToLower(strings.Trim(s[:end], " \t\r\n\"'"))
	if i := strings.LastIndexAny(name, " \t"); i >= 0 {
		name = name[i+1:]
	}
	s = strings.TrimLeft(s[end+1:], " \t\r\n")
	if s == "" {
		return name, "", false, ""
	}
	if s[0] != '"' {
		end = strings.IndexByte(s, ';')
		if end < 0 {
			end = len(s)
		}
		value, rest = s[:end], s[end:]
		// Seen in practice: the next parameter without a semicolon between.
		if i := nextName(value); i >= 0 {
			value, rest = s[:i], s[i:]
		}
		value = strings.Trim(value, " \t\r\n")
		if len(value) > 1 && value[0] == '\'' && value[len(value)-1] == '\'' && !strings.HasSuffix(name, "*") {
			value = value[1 : len(value)-1]
		}
		return name, strings.TrimRight(value, "\""), false, rest
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			after := strings.TrimLeft(s[i+1:], " \t\r\n")
			// A quote inside the value that the sender forgot to escape is followed by more of the value.
			if after == "" || after[0] == ';' || nextName(" "+cut(after, 80)) == 0 {
				return name, b.String(), true, s[i+1:]
			}
			if semi := strings.IndexAny(after, "\";"); semi < 0 || after[semi] == ';' {
				return name, b.String(), true, s[i+1+strings.IndexByte(s[i+1:]+";", ';'):]
			}
			b.WriteByte(c)
		case c == '\\' && i+1 < len(s) && !alphanumeric(s[i+1]):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return name, b.String(), true, ""
}

// alphanumeric tells the backslash of a Windows path from that of an escape.
func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}

// nextName finds where, after a blank, a well-known parameter begins in an unquoted value; -1 when none does.
func nextName(s string) int {
	if strings.IndexByte(s, '=') < 0 {
		return -1
	}
	for i := 0; i < len(s); i++ {
		if s[i] != ' ' && s[i] != '\t' {
			continue
		}
		t := strings.TrimLeft(s[i:], " \t")
		name, _, ok := strings.Cut(t, "=")
		if ok && len(name) < 24 {
			switch strings.ToLower(strings.TrimRight(strings.TrimRight(name, "0123456789*"), " ")) {
			case "charset", "name", "filename", "boundary", "format", "delsp", "type", "size", "protocol", "micalg", "method", "report-type", "smime-type", "x-unix-mode", "x-mac-type", "x-mac-creator":
				return i
			}
		}
		i = len(s) - len(t) - 1
	}
	return -1
}

// percent decodes the %XX of RFC 2231.
func percent(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && hexValue[s[i+1]] < 16 && hexValue[s[i+2]] < 16 {
			out = append(out, hexValue[s[i+1]]<<4|hexValue[s[i+2]])
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return out
}

// stripComments takes the comments (RFC 5322, 3.2.2) out of a structured value; quoted strings stay whole. A bracket
// that is not closed is no comment.
func stripComments(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var b strings.Builder
	depth, start, quoted := 0, 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && (quoted || depth > 0):
			if depth == 0 && i+1 < len(s) {
				b.WriteString(s[i : i+2])
			}
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
			b.WriteByte(c)
		case c == '(' && !quoted:
			// Only at the start of a word: "a(1).txt" unquoted is a name.
			if depth == 0 && i > 0 && s[i-1] != ' ' && s[i-1] != '\t' && s[i-1] != ';' {
				b.WriteByte(c)
				continue
			}
			if depth == 0 {
				start = i
			}
			depth++
		case c == ')' && depth > 0:
			if depth--; depth == 0 {
				b.WriteByte(' ')
			}
		case depth == 0:
			b.WriteByte(c)
		}
	}
	if depth > 0 {
		b.WriteString(s[start:])
	}
	return b.String()
}
