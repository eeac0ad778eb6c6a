package thread

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDigits is how long a number can be: beyond it no issue has ever been made.
const maxDigits = 15

// A tag is an issue number in a subject.
type tag struct {
	start, end int // Octets of the subject, brackets included.
	number     int64
}

// tags finds "[#1234]" and "[any words #1234]" in s, and with bare also "#1234" standing by itself, from left to right.
// The number stands right before the closing bracket, after an opening bracket or a blank. Numbers with leading zeros,
// zero and numbers too long to be an issue's are no tags: they are somebody else's.
func tags(s string, bare bool) []tag {
	var found []tag
	var open []int // The opening brackets without their closing ones.
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '[':
			open = append(open, i)
		case ']':
			open = open[:max(len(open)-1, 0)]
		case '#':
			n, size := number(s[i+1:])
			if size == 0 {
				continue
			}
			before, _ := utf8.DecodeLastRuneInString(s[:i])
			end := i + 1 + size
			switch {
			case len(open) > 0 && end < len(s) && s[end] == ']' && (before == '[' || isBlank(before)):
				found = append(found, tag{start: open[len(open)-1], end: end + 1, number: n})
			case bare && (i == 0 || before == '(' || before == '[' || isBlank(before)) && ends(s[end:]):
				found = append(found, tag{start: i, end: end, number: n})
			}
			i += size
		}
	}
	return found
}

// number reads the digits at the beginning of s. The size is 0 when they are no issue number.
func number(s string) (n int64, size int) {
	for size < len(s) && s[size] >= '0' && s[size] <= '9' {
		size++
	}
	if size == 0 || size > maxDigits || s[0] == '0' {
		return 0, 0
	}
	n, err := strconv.ParseInt(s[:size], 10, 64)
	if err != nil {
		return 0, 0
	}
	return n, size
}

// ends tells whether a number that rest follows stands by itself: "#12a", "#12-3" and "#1.5" are other things, "#12."
// and "#12:" are not.
func ends(rest string) bool {
	rest = strings.TrimLeft(rest, ")],;:.!?")
	next, _ := utf8.DecodeRuneInString(rest)
	return rest == "" || isBlank(next)
}

func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
