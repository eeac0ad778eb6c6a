package rule

import (
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// Capture is a pattern that takes parts out of a text: those in its groups. It is looked for anywhere, without regard to
// case, and ^ and $ stand for line ends. It is safe for concurrent use.
type Capture struct {
	re    *regexp2.Regexp
	names map[string]int
}

// NewCapture compiles a pattern in Perl 5 syntax. Its error is a *[Finding] with the code E-RX-00.
func NewCapture(typed string) (*Capture, error) {
	const flags = "(?im)"
	t, err := translate(flags + typed)
	if err == nil {
		var re *regexp2.Regexp
		if re, err = compileRegexp(t.expr); err == nil {
			return &Capture{re: re, names: t.named}, nil
		}
	}
	f := unreadable(err)
	if pos, err := strconv.Atoi(f.Args["pos"]); err == nil {
		f.Args["pos"] = strconv.Itoa(max(1, pos-len(flags)))
	}
	return nil, &f
}

// Names returns the names of the groups in alphabetical order.
func (c *Capture) Names() []string { return slices.Sorted(maps.Keys(c.names)) }

// Captured is where a pattern stands in a text.
type Captured struct {
	Whole string
	First string            // What the first group holds; Whole when there is no group.
	Named map[string]string // What the named groups hold; those that took no part are left out.
}

// Find looks for the pattern in text and returns up to most places. slow says that this took longer than about 100 ms:
// what was found until then is not all.
func (c *Capture) Find(text string, most int) (all []Captured, slow bool) {
	end := time.Now().Add(patternBudget)
	var m *regexp2.Match
	for len(all) < most {
		_, err := within(patternBudget, func() (_ bool, err error) {
			defer func() {
				if recover() != nil {
					err = regexp2.ErrBacktrackingStackLimit
				}
			}()
			next := m
			if m == nil {
				next, err = c.re.FindStringMatch(text)
			} else {
				next, err = c.re.FindNextMatch(m)
			}
			if err == nil {
				m = next
			}
			return true, err
		})
		if err != nil {
			return all, true
		}
		if m == nil {
			return all, false
		}
		all = append(all, c.captured(m))
		if time.Now().After(end) {
			return all, len(all) < most
		}
	}
	return all, false
}

func (c *Capture) captured(m *regexp2.Match) Captured {
	out := Captured{Whole: m.String(), Named: map[string]string{}}
	out.First = out.Whole
	if g := m.GroupByNumber(1); g != nil && m.GroupCount() > 1 {
		out.First = ""
		if len(g.Captures) > 0 {
			out.First = g.String()
		}
	}
	for name, number := range c.names {
		if g := m.GroupByNumber(number); g != nil && len(g.Captures) > 0 {
			out.Named[name] = g.String()
		}
	}
	return out
}
