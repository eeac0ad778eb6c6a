package rule

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// White space as Perl's \h and \v understand it (perlrecharclass).
const (
	horizontal    = `\u0009\u0020\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000`
	notHorizontal = `\u0000-\u0008\u000A-\u001F\u0021-\u009F\u00A1-\u167F\u1681-\u1FFF\u200B-\u202E\u2030-\u205E\u2060-\u2FFF\u3001-` + "\U0010FFFF"
	vertical      = `\u000A-\u000D\u0085\u2028\u2029`
	notVertical   = `\u0000-\u0009\u000E-\u0084\u0086-\u2027\u202A-` + "\U0010FFFF"
)

// escape reads what begins with a backslash outside of a class.
func (p *perl) escape() (kind, error) {
	from := p.pos
	p.pos++
	r := p.peek(0)
	p.pos++
	switch r {
	case -1:
		return nothing, p.refuse("trailing_backslash", from, from+1)
	case 'd', 'D', 'w', 'W', 's', 'S':
		return p.class1(`\` + string(r))
	case 'h':
		return p.class1("[" + horizontal + "]")
	case 'H':
		return p.class1("[^" + horizontal + "]")
	case 'v':
		return p.class1("[" + vertical + "]")
	case 'V':
		return p.class1("[^" + vertical + "]")
	case 'R':
		return p.class1(`(?>\r\n|[` + vertical + `])`)
	case 'X':
		return p.class1(`\X`)
	case 'b', 'B':
		if p.peek(0) == '{' {
			return nothing, p.refuse("boundary", from, from+6)
		}
		p.endRun()
		p.emit(`\` + string(r))
		return assertion, nil
	case 'A', 'z', 'Z':
		p.endRun()
		p.emit(`\` + string(r))
		return assertion, nil
	case 'K': // It only moves where the match is said to begin.
		p.endRun()
		p.emit("(?:)")
		return nothing, nil
	case 'G':
		return nothing, p.refuse("last_match", from, p.pos)
	case 'N':
		if q, _ := p.braces(p.pos); p.peek(0) != '{' || q != "" { // \N{3} is a repeated \N.
			return p.class1(`[^\n]`)
		}
	case 'p', 'P':
		set, err := p.property(from, r == 'P')
		if err != nil {
			return nothing, err
		}
		return p.class1("[" + set + "]")
	case 'g', 'k':
		return p.backReference(from, r)
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.numbered(from)
	case 'Q':
		p.quoting = true
		p.endQuoting()
		return nothing, nil
	case 'E':
		return nothing, nil
	}
	p.pos = from
	c, err := p.escapedRune()
	if err != nil {
		return nothing, err
	}
	p.literal(c)
	return character, nil
}

// class1 emits what matches one of several characters.
func (p *perl) class1(expr string) (kind, error) {
	p.endRun()
	p.emit(expr)
	return character, nil
}

// quoted passes on the characters between \Q and \E, or the end.
func (p *perl) quoted(each func(rune)) {
	for p.pos < len(p.src) && !p.at(`\E`) {
		each(p.src[p.pos])
		p.pos++
	}
	p.pos = min(p.pos+2, len(p.src))
}

// backReference reads \g1, \g{-1}, \g{name}, \k<name>, \k'name' and \k{name}.
func (p *perl) backReference(from int, letter rune) (kind, error) {
	var target string
	var err error
	switch r := p.peek(0); {
	case letter == 'k' && (r == '<' || r == '\'' || r == '{'), letter == 'g' && r == '{' && (isLetter(p.peek(1)) || p.peek(1) == '_'):
		target, err = p.name(from)
	case letter == 'g':
		braced := r == '{'
		if braced {
			p.pos++
		}
		begin := p.pos
		for isDigit(p.peek(0)) || p.peek(0) == '-' && p.pos == begin {
			p.pos++
		}
		target = string(p.src[begin:p.pos])
		if braced && p.peek(0) != '}' {
			return nothing, p.refuse("name", from, p.pos+1)
		}
		if braced {
			p.pos++
		}
	}
	if err != nil {
		return nothing, err
	}
	if back, relative := strings.CutPrefix(target, "-"); relative {
		n, err := strconv.Atoi(back)
		if err != nil || n > p.groups {
			return nothing, p.refuse("no_such_group", from, p.pos)
		}
		target = strconv.Itoa(p.groups + 1 - n)
	}
	if target == "" {
		return nothing, p.refuse("name", from, p.pos)
	}
	ref, err := p.reference(target, from)
	if err != nil {
		return nothing, err
	}
	return p.class1(ref)
}

// numbered reads \1 and above: a reference to a group, or beyond \9 and the last group an octal number.
func (p *perl) numbered(from int) (kind, error) {
	begin := p.pos - 1
	for isDigit(p.peek(0)) {
		p.pos++
	}
	digits := string(p.src[begin:p.pos])
	n, err := strconv.Atoi(digits)
	if digits[0] < '8' && (err != nil || n > 9 && p.total >= 0 && n > p.total) {
		p.pos = from
		c, err := p.escapedRune()
		if err != nil {
			return nothing, err
		}
		p.literal(c)
		return character, nil
	}
	ref, err := p.reference(digits, from)
	if err != nil {
		return nothing, err
	}
	return p.class1(ref)
}

// escapedRune reads an escape that stands for one character, inside or outside of a class.
func (p *perl) escapedRune() (rune, error) {
	from := p.pos
	p.pos++
	r := p.peek(0)
	p.pos++
	switch r {
	case -1:
		return 0, p.refuse("trailing_backslash", from, from+1)
	case 'a':
		return '\a', nil
	case 'e':
		return 0x1B, nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'c':
		c := unicode.ToUpper(p.peek(0))
		p.pos++
		if c < '@' || c > '_' {
			return 0, p.refuse("control", from, from+3)
		}
		return c ^ 0x40, nil
	case 'x':
		if p.peek(0) == '{' {
			return p.codePoint(from, "{", 16)
		}
		return p.digits(16, 2), nil
	case 'o':
		return p.codePoint(from, "{", 8)
	case 'N':
		return p.codePoint(from, "{U+", 16)
	case '0', '1', '2', '3', '4', '5', '6', '7':
		p.pos--
		return p.digits(8, 3), nil
	case 'U', 'L', 'u', 'l', 'F':
		return 0, p.refuse("change_case", from, p.pos)
	}
	if isLetter(r) {
		p.unknown = append(p.unknown, string(r))
	}
	return r, nil
}

// digits reads at most n digits; none stand for zero, as in Perl.
func (p *perl) digits(base, n int) rune {
	begin := p.pos
	for p.pos < begin+n && isBase(p.peek(0), base) {
		p.pos++
	}
	v, _ := strconv.ParseInt(string(p.src[begin:p.pos]), base, 32) // Only "" fails, and that is zero.
	return rune(v)
}

// codePoint reads {41} after \x or \o, and {U+41} after \N.
func (p *perl) codePoint(from int, open string, base int) (rune, error) {
	end := slices.Index(p.src[min(p.pos, len(p.src)):], '}')
	if !p.at(open) || end < 0 {
		return 0, p.refuse("code_point", from, from+8)
	}
	digits := strings.TrimSpace(string(p.src[p.pos+len(open) : p.pos+end]))
	p.pos += end + 1
	v, err := strconv.ParseInt(strings.ReplaceAll(digits, "_", ""), base, 32)
	if err != nil || v < 0 || v > unicode.MaxRune {
		return 0, p.refuse("code_point", from, p.pos)
	}
	return rune(v), nil
}

func isBase(r rune, base int) bool {
	if base == 8 {
		return r >= '0' && r <= '7'
	}
	return isDigit(r) || r >= 'a' && r <= 'f' || r >= 'A' && r <= 'F'
}
