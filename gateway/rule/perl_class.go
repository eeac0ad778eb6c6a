package rule

import (
	"strings"
	"unicode"
)

// A member is one element of a bracketed class: a single character, or a set written as regexp2 wants it.
type member struct {
	r   rune
	set string
}

// class reads [...].
func (p *perl) class() error {
	start := p.pos
	p.pos++
	negated := p.peek(0) == '^'
	if negated {
		p.pos++
	}
	var out strings.Builder
	var letters [unicode.MaxASCII + 1]bool
	first := true
	for ; ; first = false {
		r := p.peek(0)
		if r == -1 {
			return p.refuse("missing_bracket", start, start+1)
		}
		if r == ']' && !first {
			p.pos++
			break
		}
		if p.at(`\E`) {
			p.pos += 2
			continue
		}
		if p.at(`\Q`) {
			p.pos += 2
			p.quoted(func(r rune) { out.WriteString(quoteRune(r)) })
			continue
		}
		low, err := p.member()
		if err != nil {
			return err
		}
		if low.set != "" || p.peek(0) != '-' || p.peek(1) == ']' || p.peek(1) == -1 {
			out.WriteString(p.one(low, &letters))
			continue
		}
		dash := p.pos
		p.pos++
		high, err := p.member()
		if err != nil {
			return err
		}
		switch {
		case high.set != "": // [a-\d]: the bar stands for itself, as in Perl.
			out.WriteString(p.one(low, &letters) + quoteRune('-') + high.set)
		case high.r < low.r:
			return p.refuse("range_reversed", dash-1, p.pos)
		default:
			out.WriteString(quoteRune(low.r) + "-" + quoteRune(high.r))
			p.noteRange(low.r, high.r, &letters)
		}
	}
	if out.Len() == 0 { // Nothing but \Q\E.
		return p.refuse("missing_bracket", start, p.pos)
	}
	if !negated && !p.flags.i {
		p.noteCapitals(&letters)
	}
	p.emit("[")
	if negated {
		p.emit("^")
	}
	p.emit(out.String() + "]")
	return nil
}

func (p *perl) one(m member, letters *[unicode.MaxASCII + 1]bool) string {
	if m.set != "" {
		if m.set == `\w` || m.set == `\p{Ll}` {
			p.noteRange('a', 'z', letters)
		}
		return m.set
	}
	p.noteRange(m.r, m.r, letters)
	return quoteRune(m.r)
}

func (p *perl) noteRange(low, high rune, letters *[unicode.MaxASCII + 1]bool) {
	p.wide = p.wide || low > unicode.MaxASCII && low == high
	for r := max(low, 'A'); r <= min(high, 'z'); r++ {
		letters[r] = true
	}
}

// noteCapitals remembers that a class holds a capital letter without its small one.
func (p *perl) noteCapitals(letters *[unicode.MaxASCII + 1]bool) {
	for r := 'A'; r <= 'Z'; r++ {
		if letters[r] && !letters[r+'a'-'A'] {
			p.capitals = true
		}
	}
}

// member reads one element of a class.
func (p *perl) member() (member, error) {
	from := p.pos
	r := p.peek(0)
	if r == '[' {
		if next := p.peek(1); next == ':' || next == '.' || next == '=' {
			if set, ok, err := p.posix(); ok || err != nil {
				return member{set: set}, err
			}
		}
	}
	if r != '\\' {
		p.pos++
		return member{r: r}, nil
	}
	p.pos += 2
	switch letter := p.peek(-1); letter {
	case 'd', 'D', 'w', 'W', 's', 'S':
		return member{set: `\` + string(letter)}, nil
	case 'h':
		return member{set: horizontal}, nil
	case 'H':
		return member{set: notHorizontal}, nil
	case 'v':
		return member{set: vertical}, nil
	case 'V':
		return member{set: notVertical}, nil
	case 'p', 'P':
		set, err := p.property(from, letter == 'P')
		return member{set: set}, err
	case 'b':
		return member{r: '\b'}, nil
	case '8', '9':
		return member{r: letter}, nil
	}
	p.pos = from
	c, err := p.escapedRune()
	return member{r: c}, err
}

// posixSets are the POSIX classes under Unicode rules (perlrecharclass, "POSIX Character Classes"), and what the
// negated form is where one can be written beside other members.
var posixSets = map[string][2]string{
	"alpha":  {`\p{L}\p{Nl}`, ""},
	"digit":  {`\d`, `\D`},
	"alnum":  {`\p{L}\p{Nl}\p{Nd}`, ""},
	"upper":  {`\p{Lu}`, `\P{Lu}`},
	"lower":  {`\p{Ll}`, `\P{Ll}`},
	"word":   {`\w`, `\W`},
	"space":  {`\s`, `\S`},
	"blank":  {horizontal, notHorizontal},
	"cntrl":  {`\p{Cc}`, `\P{Cc}`},
	"ascii":  {`\u0000-\u007F`, `\u0080-` + "\U0010FFFF"},
	"punct":  {`\p{P}\u0024\u002B\u003C-\u003E\u005E\u0060\u007C\u007E`, ""},
	"graph":  {`\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}`, ""},
	"print":  {`\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cf}\p{Co}\p{Zs}`, ""},
	"xdigit": {`0-9A-Fa-f\uFF10-\uFF19\uFF21-\uFF26\uFF41-\uFF46`, ""},
}

// posix reads [:name:]; ok is false when the bracket only looks like one.
func (p *perl) posix() (set string, ok bool, err error) {
	from := p.pos
	mark := p.peek(1)
	end := from + 2
	for end < len(p.src) && (isLetter(p.src[end]) || p.src[end] == '^') {
		end++
	}
	if end+1 >= len(p.src) || p.src[end] != mark || p.src[end+1] != ']' {
		return "", false, nil
	}
	p.pos = end + 2
	name, negated := strings.CutPrefix(string(p.src[from+2:end]), "^")
	sets := posixSets[name]
	set = sets[0]
	if negated {
		set = sets[1]
	}
	if mark != ':' || set == "" {
		return "", true, p.refuse("posix", from, p.pos)
	}
	return set, true, nil
}
