package rule

import (
	"fmt"
	"slices"
	"unicode"
)

// maxPattern is how many characters a pattern may have.
const maxPattern = 1000

// A translation is a Perl pattern in the dialect of regexp2, with what was met on the way that the page should mention.
type translation struct {
	expr     string
	wide     bool     // It names a character beyond ASCII.
	capitals bool     // It asks for a capital letter and does not ignore case.
	unknown  []string // Escaped letters that mean nothing in Perl: read as the letter, as Perl does.
	blanks   []int    // Where blanks stand that belong to the pattern, as indexes of characters.
	literals []string // Runs of plain characters that it asks for, for guessing the domains that are meant.
	excludes bool     // It says what must not be there: (?!...) or (?<!...).
	named    map[string]int
}

// A patternError says why a pattern was not taken. It never holds anything but the pattern's own characters.
type patternError struct {
	key       string // Catalogue entry "rx.<key>": what the construct is and what to write in its place.
	construct string // The characters in question, as typed.
	pos       int    // Where they stand, from 1, in characters.
}

func (e *patternError) Error() string {
	return fmt.Sprintf("pattern, character %d: %s %q", e.pos, e.key, e.construct)
}

// translate turns a pattern in Perl 5 syntax into one that regexp2 reads the same way. What has no safe counterpart is
// refused with a *patternError; nothing is approximated silently. It understands the (?x) and (?n) flags itself and
// gives every group its number, because .NET numbers named groups after the others and Perl does not.
func translate(pattern string) (translation, error) {
	src := []rune(pattern)
	if len(src) > maxPattern {
		return translation{}, &patternError{key: "too_long", construct: string(src[:20]) + "…", pos: maxPattern + 1}
	}
	// References may point forwards, so the groups are counted by a first pass that believes every reference.
	count := &perl{src: src, total: -1, names: map[string]int{}}
	if err := count.pattern(); err != nil {
		return translation{}, err
	}
	p := &perl{src: src, total: count.groups, allNames: count.names, names: map[string]int{}}
	if err := p.pattern(); err != nil {
		return translation{}, err
	}
	p.expr, p.named = string(p.out), p.names
	return p.translation, nil
}

// perl is one pass over a pattern.
type perl struct {
	translation
	src      []rune
	pos      int
	out      []byte
	flags    flags
	groups   int            // Groups opened so far.
	quoting  bool           // Between \Q and \E.
	total    int            // Groups in the whole pattern; -1 in the pass that counts them.
	names    map[string]int // Groups by name, opened so far.
	allNames map[string]int
	run      []rune // The plain characters just read.
	negative int    // How many groups around say what must not be there.
}

// flags are the modifiers in force. Flags i, m and s are left to regexp2; x and n are done here.
type flags struct{ i, m, s, x, n bool }

func (p *perl) pattern() error {
	if _, err := p.alternatives(); err != nil {
		return err
	}
	p.endRun()
	if p.pos < len(p.src) {
		return p.refuse("unexpected_parenthesis", p.pos, p.pos+1)
	}
	return nil
}

// alternatives reads up to a closing parenthesis or the end and returns the number of branches.
func (p *perl) alternatives() (int, error) {
	branches := 1
	for {
		if err := p.skip(); err != nil {
			return 0, err
		}
		switch {
		case p.quoting:
			if err := p.piece(); err != nil {
				return 0, err
			}
		case p.pos >= len(p.src) || p.src[p.pos] == ')':
			return branches, nil
		case p.src[p.pos] == '|':
			p.pos++
			p.endRun()
			p.emit("|")
			branches++
		default:
			if err := p.piece(); err != nil {
				return 0, err
			}
		}
	}
}

// piece reads an atom and its quantifier.
func (p *perl) piece() error {
	start, from := len(p.out), p.pos
	kind, err := p.atom()
	if err != nil || kind == nothing {
		return err
	}
	if err := p.skip(); err != nil {
		return err
	}
	q, err := p.quantifier()
	if err != nil || q == "" {
		return err
	}
	if kind == character && len(p.run) > 0 { // The last character may be missing or come twice: it ends no run.
		p.run = p.run[:len(p.run)-1]
	}
	p.endRun()
	if kind == assertion {
		p.out = slices.Insert(p.out, start, []byte("(?:")...)
		p.emit(")")
	}
	p.emit(q)
	if err := p.skip(); err != nil {
		return err
	}
	if again, err := p.quantifier(); err != nil || again != "" {
		return p.refuse("nested_quantifier", from, p.pos)
	}
	return nil
}

// kind is what an atom can be followed by.
type kind int

const (
	nothing   kind = iota // A flag or an end of quoting: no quantifier may follow.
	character             // A character, a class or a reference.
	assertion             // Matches between characters.
	group
)

func (p *perl) atom() (kind, error) {
	r := p.src[p.pos]
	if p.quoting {
		p.pos++
		p.literal(r)
		p.endQuoting()
		return character, nil
	}
	switch r {
	case '\\':
		return p.escape()
	case '[':
		p.endRun()
		return character, p.class()
	case '(':
		p.endRun()
		return p.group()
	case '.':
		p.endRun()
		p.pos++
		p.emit(".")
		return character, nil
	case '^', '$':
		p.endRun()
		p.pos++
		p.emit(string(r))
		return assertion, nil
	case '*', '+', '?':
		return nothing, p.refuse("nothing_to_repeat", p.pos, p.pos+1)
	case '{':
		if q, size := p.braces(p.pos); q != "" {
			return nothing, p.refuse("nothing_to_repeat", p.pos, p.pos+size)
		}
	}
	if isBlank(r) {
		p.blanks = append(p.blanks, p.pos)
	}
	p.pos++
	p.literal(r)
	return character, nil
}

// literal emits a character that stands for itself.
func (p *perl) literal(r rune) {
	p.run = append(p.run, r)
	p.wide = p.wide || r > unicode.MaxASCII
	p.capitals = p.capitals || unicode.IsUpper(r) && !p.flags.i
	p.emit(quoteRune(r))
}

// endQuoting notices the end of what \Q began.
func (p *perl) endQuoting() {
	if p.at(`\E`) {
		p.pos += 2
		p.quoting = false
	}
	p.quoting = p.quoting && p.pos < len(p.src)
}

func (p *perl) emit(s string) { p.out = append(p.out, s...) }

// endRun keeps the plain characters read until now as one run.
func (p *perl) endRun() {
	if len(p.run) > 0 && p.negative == 0 {
		p.literals = append(p.literals, string(p.run))
	}
	p.run = p.run[:0]
}

// skip passes over comments, and over blanks where the x flag makes them free.
func (p *perl) skip() error {
	for p.pos < len(p.src) && !p.quoting {
		switch {
		case p.at("(?#"):
			end := slices.Index(p.src[p.pos:], ')')
			if end < 0 {
				return p.refuse("missing_parenthesis", p.pos, p.pos+3)
			}
			p.pos += end + 1
		case p.flags.x && isBlank(p.src[p.pos]):
			p.pos++
		case p.flags.x && p.src[p.pos] == '#':
			for p.pos < len(p.src) && p.src[p.pos] != '\n' {
				p.pos++
			}
		default:
			return nil
		}
	}
	return nil
}

// at tells whether s stands at the current position.
func (p *perl) at(s string) bool {
	for i, r := range s { // s is ASCII.
		if p.pos+i >= len(p.src) || p.src[p.pos+i] != r {
			return false
		}
	}
	return true
}

// peek returns the character n after the current one, or -1.
func (p *perl) peek(n int) rune {
	if p.pos+n >= len(p.src) {
		return -1
	}
	return p.src[p.pos+n]
}

func (p *perl) refuse(key string, from, to int) error {
	to = min(to, len(p.src), from+20)
	return &patternError{key: key, construct: string(p.src[min(from, to):to]), pos: from + 1}
}

// quoteRune writes r so that it stands for itself inside and outside of a class.
func quoteRune(r rune) string {
	switch {
	case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', r > 0xFFFF:
		return string(r)
	default:
		return fmt.Sprintf(`\u%04X`, r)
	}
}

// isBlank tells whether r is pattern white space (perlre, "/x and /xx").
func isBlank(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', ' ', 0x85, 0x200E, 0x200F, 0x2028, 0x2029:
		return true
	}
	return false
}
