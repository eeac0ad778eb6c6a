package rule

import (
	"fmt"
	"strconv"
	"strings"
)

// maxRepeat is Perl's limit for the numbers in {n,m}.
const maxRepeat = 65534

// quantifier reads a quantifier with its lazy or possessive mark and returns it as regexp2 wants it, "" when none
// stands here.
func (p *perl) quantifier() (string, error) {
	if p.quoting {
		return "", nil
	}
	from := p.pos
	var q string
	switch r := p.peek(0); r {
	case '*', '+', '?':
		q = string(r)
		p.pos++
	case '{':
		var size int
		if q, size = p.braces(p.pos); q == "" {
			return "", nil
		}
		p.pos += size
		if err := p.checkRepeat(q, from); err != nil {
			return "", err
		}
	default:
		return "", nil
	}
	if err := p.skip(); err != nil {
		return "", err
	}
	if r := p.peek(0); r == '?' || r == '+' {
		p.pos++
		q += string(r)
	}
	return q, nil
}

// braces reads {n}, {n,}, {,m} or {n,m} at index at, blanks allowed inside as in Perl 5.34. It returns "" where the
// brace stands for itself.
func (p *perl) braces(at int) (q string, size int) {
	end := at + 1
	for end < len(p.src) && p.src[end] != '}' {
		if r := p.src[end]; r != ',' && r != ' ' && r != '\t' && (r < '0' || r > '9') {
			return "", 0
		}
		end++
	}
	if end >= len(p.src) {
		return "", 0
	}
	low, high, comma := strings.Cut(string(p.src[at+1:end]), ",")
	low, high = strings.Trim(low, " \t"), strings.Trim(high, " \t")
	if low == "" && high == "" || strings.ContainsAny(low+high, ", \t") {
		return "", 0
	}
	size = end + 1 - at
	switch {
	case !comma:
		return "{" + low + "}", size
	case low == "":
		low = "0"
	}
	return fmt.Sprintf("{%s,%s}", low, high), size
}

// checkRepeat refuses numbers that Perl refuses, and {3,1}, which never matches.
func (p *perl) checkRepeat(q string, from int) error {
	low, high, _ := strings.Cut(strings.Trim(q, "{}"), ",")
	n, err := strconv.Atoi(low)
	if err != nil || n > maxRepeat {
		return p.refuse("repeat_too_large", from, p.pos)
	}
	if high == "" {
		return nil
	}
	m, err := strconv.Atoi(high)
	switch {
	case err != nil || m > maxRepeat:
		return p.refuse("repeat_too_large", from, p.pos)
	case m < n:
		return p.refuse("repeat_reversed", from, p.pos)
	}
	return nil
}
