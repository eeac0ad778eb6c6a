package rule

import (
	"errors"
	"fmt"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// patternBudget is the time for the domain pattern, for each message: there is one pattern, tried on one address. The
// clock of regexp2 ticks ten times a second, so a match that runs away is stopped between one and two budgets.
const patternBudget = 100 * time.Millisecond

// errTooSlow says that a pattern could not be decided in time, or not with the memory it may have. It stands for the
// error of regexp2, which quotes the text that was matched.
var errTooSlow = errors.New("pattern took too long")

// A pattern is a Perl pattern, compiled.
type pattern struct {
	typed string
	whole *regexp2.Regexp
	translation
}

// compilePattern translates a pattern and compiles it for a match of the whole text.
func compilePattern(typed string) (*pattern, error) {
	t, err := translate(typed)
	if err != nil {
		return nil, err
	}
	whole, err := compileRegexp(`\A(?:` + t.expr + `)\z`)
	if err != nil {
		return nil, err
	}
	return &pattern{typed: typed, whole: whole, translation: t}, nil
}

// compileRegexp compiles what translate made. It takes a panic of the library for a refusal: a pattern is typed by a
// person and must not stop the program.
func compileRegexp(expr string) (re *regexp2.Regexp, err error) {
	defer func() {
		if recover() != nil {
			err = &patternError{key: "unreadable", pos: 1}
		}
	}()
	re, err = regexp2.Compile(expr)
	if err != nil {
		return nil, &patternError{key: "unreadable", pos: 1}
	}
	re.MatchTimeout = patternBudget
	return re, nil
}

// matches tells whether the pattern describes the whole address. A pattern with a character beyond ASCII is meant for
// domains as people write them.
func (p *pattern) matches(a address) (bool, error) {
	if p.wide {
		return matchString(p.whole, a.unicode())
	}
	return matchString(p.whole, a.String())
}

func matchString(re *regexp2.Regexp, s string) (bool, error) {
	return within(patternBudget, func() (matched bool, err error) {
		defer func() {
			if cause := recover(); cause != nil {
				err = fmt.Errorf("pattern failed: %w", regexp2.ErrBacktrackingStackLimit)
			}
		}()
		return re.MatchString(s)
	})
}

// within runs try and turns its failure into errTooSlow. A process that gets no processor time can find its time gone
// at the first look at the clock; a failure in less than half the budget is such a one and is tried again.
func within(budget time.Duration, try func() (bool, error)) (bool, error) {
	start := time.Now()
	for range 3 {
		matched, err := try()
		if err == nil {
			return matched, nil
		}
		if errors.Is(err, regexp2.ErrBacktrackingStackLimit) || time.Since(start) >= budget/2 {
			break
		}
	}
	return false, errTooSlow
}
