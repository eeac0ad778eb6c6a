package rule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An opening is what a parenthesis begins.
type opening struct {
	emit   string // What regexp2 reads for it.
	flags  flags  // In force inside.
	most   int    // Branches allowed inside, 0 for any number.
	closed bool   // It is complete: flags for the rest of the group around it, or a reference.
	kind   kind
}

// group reads what stands in parentheses.
func (p *perl) group() (kind, error) {
	start := p.pos
	o, err := p.opening()
	if err != nil {
		return nothing, err
	}
	p.emit(o.emit)
	if o.closed {
		p.flags = o.flags
		return o.kind, nil
	}
	outside, around := p.flags, p.negative
	p.flags = o.flags
	if o.emit == "(?!" || o.emit == "(?<!" {
		p.excludes = true
		p.negative++
	}
	branches, err := p.alternatives()
	if err != nil {
		return nothing, err
	}
	if p.peek(0) != ')' {
		return nothing, p.refuse("missing_parenthesis", start, start+1)
	}
	if o.most > 0 && branches > o.most {
		return nothing, p.refuse("conditional", start, p.pos)
	}
	p.pos++
	p.endRun()
	p.emit(")")
	p.flags, p.negative = outside, around
	return group, nil
}

// opening reads up to where the content of the group begins.
func (p *perl) opening() (opening, error) {
	start := p.pos
	o := opening{flags: p.flags, kind: group}
	p.pos++
	switch {
	case p.peek(0) == '*':
		return o, p.refuse("verb", start, start+8)
	case p.peek(0) != '?' && p.flags.n:
		o.emit = "(?:"
		return o, nil
	case p.peek(0) != '?':
		o.emit = p.openGroup("")
		return o, nil
	}
	p.pos++
	for _, plain := range []string{":", "=", "!", ">", "<=", "<!"} {
		if p.at(plain) {
			p.pos += len(plain)
			o.emit = "(?" + plain
			return o, nil
		}
	}
	switch r := p.peek(0); {
	case r == '<' || r == '\'' || p.at("P<"):
		return p.namedGroup(start, o)
	case p.at("P="):
		return p.namedReference(start, o)
	case r == '|':
		return o, p.refuse("branch_reset", start, start+3)
	case r == '{' || r == '?':
		return o, p.refuse("code", start, start+4)
	case r == '(':
		return p.conditional(start, o)
	case r == 'R' || r == '&' || r >= '0' && r <= '9' || r == '+' || p.at("P>") || r == '-' && isDigit(p.peek(1)):
		return o, p.refuse("recursion", start, start+5)
	}
	return p.flagGroup(start, o)
}

// openGroup gives the group its number, and its name when it has one.
func (p *perl) openGroup(name string) string {
	p.groups++
	if name != "" {
		p.names[name] = p.groups
	}
	return fmt.Sprintf("(?<%d>", p.groups)
}

func (p *perl) namedGroup(start int, o opening) (opening, error) {
	if p.peek(0) == 'P' {
		p.pos++
	}
	name, err := p.name(start)
	if err != nil {
		return o, err
	}
	if p.names[name] > 0 {
		return o, p.refuse("duplicate_name", start, p.pos)
	}
	o.emit = p.openGroup(name)
	return o, nil
}

// namedReference reads (?P=name).
func (p *perl) namedReference(start int, o opening) (opening, error) {
	p.pos += 2
	end := slices.Index(p.src[p.pos:], ')')
	if end < 0 {
		return o, p.refuse("missing_parenthesis", start, start+1)
	}
	ref, err := p.reference(string(p.src[p.pos:p.pos+end]), start)
	p.pos += end + 1
	o.emit, o.closed, o.kind = ref, true, character
	return o, err
}

// conditional reads (?(1)...) and (?(<name>)...).
func (p *perl) conditional(start int, o opening) (opening, error) {
	p.pos++
	var number string
	switch r := p.peek(0); {
	case r == '<' || r == '\'':
		name, err := p.name(start)
		if err != nil {
			return o, err
		}
		number = name
	case isDigit(r):
		for isDigit(p.peek(0)) {
			number += string(p.peek(0))
			p.pos++
		}
	}
	if number == "" || p.peek(0) != ')' {
		return o, p.refuse("conditional", start, p.pos+1)
	}
	p.pos++
	n, err := p.groupNumber(number, start)
	o.emit, o.most = fmt.Sprintf("(?(%d)", n), 2
	return o, err
}

// flagGroup reads (?flags) and (?flags:...).
func (p *perl) flagGroup(start int, o opening) (opening, error) {
	on := true
	if p.peek(0) == '^' {
		p.pos++
		o.flags = flags{}
	}
	for ; ; p.pos++ {
		switch r := p.peek(0); r {
		case 'i':
			o.flags.i = on
		case 'm':
			o.flags.m = on
		case 's':
			o.flags.s = on
		case 'n':
			o.flags.n = on
		case 'x':
			o.flags.x = on
			if p.peek(1) == 'x' {
				return o, p.refuse("flag", start, p.pos+2)
			}
		case 'u', 'd', 'p': // Unicode rules hold anyway; p is about what is remembered of a match.
		case '-':
			if !on {
				return o, p.refuse("flag", start, p.pos+1)
			}
			on = false
		case ':', ')':
			p.pos++
			o.closed = r == ')'
			o.kind = group
			o.emit = o.flags.String() + string(r)
			if o.closed {
				o.kind = nothing
			}
			return o, nil
		case -1:
			return o, p.refuse("missing_parenthesis", start, start+1)
		default:
			return o, p.refuse("flag", start, p.pos+1)
		}
	}
}

// String writes the flags that regexp2 is to follow, each on or off.
func (f flags) String() string {
	var on, off strings.Builder
	for _, flag := range []struct {
		name byte
		set  bool
	}{{'i', f.i}, {'m', f.m}, {'s', f.s}} {
		if flag.set {
			on.WriteByte(flag.name)
		} else {
			off.WriteByte(flag.name)
		}
	}
	if off.Len() == 0 {
		return "(?" + on.String()
	}
	return "(?" + on.String() + "-" + off.String()
}

// name reads <name>, 'name' or {name}.
func (p *perl) name(start int) (string, error) {
	closing := map[rune]rune{'<': '>', '\'': '\'', '{': '}'}[p.peek(0)]
	p.pos++
	from := p.pos
	for r := p.peek(0); r == '_' || isLetter(r) || isDigit(r) && p.pos > from; r = p.peek(0) {
		p.pos++
	}
	name := string(p.src[min(from, len(p.src)):p.pos])
	if closing == 0 || name == "" || p.peek(0) != closing {
		return "", p.refuse("name", start, p.pos+1)
	}
	p.pos++
	return name, nil
}

// groupNumber returns the number of the group that s, a number or a name, stands for.
func (p *perl) groupNumber(s string, start int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil {
		n = p.allNames[s]
	}
	if p.total < 0 { // The groups are still being counted.
		return max(n, 1), nil
	}
	if n < 1 || n > p.total {
		return 0, p.refuse("no_such_group", start, p.pos)
	}
	return n, nil
}

// reference returns what matches again what the group s matched.
func (p *perl) reference(s string, start int) (string, error) {
	n, err := p.groupNumber(s, start)
	return fmt.Sprintf(`\k<%d>`, n), err
}

func isDigit(r rune) bool  { return r >= '0' && r <= '9' }
func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
