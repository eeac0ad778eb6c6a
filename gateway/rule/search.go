package rule

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"

	"letterbox/models"
)

// maxSearches is how many patterns a list of them may have.
const maxSearches = 50

// A search is a pattern that is looked for anywhere in a text, without regard to case.
type search struct {
	typed string
	re    *regexp2.Regexp
}

// searchList is one of the settings that hold such patterns.
type searchList struct {
	field string
	typed []string
	flags string
	to    *[]search
}

func (s *Set) searches() []searchList {
	return []searchList{
		{"reject_subject", s.rules.RejectSubject, "(?i)", &s.reject},
		{"cut_body", s.rules.CutBody, "(?im)", &s.cut},
		{"drop_attachments", s.rules.DropAttachments, "(?i)", &s.drop},
		{"block_attachments", s.rules.BlockAttachments, "(?i)", &s.block},
	}
}

// parseSearches compiles the patterns of a setting, leaving out blank ones and remarks, and returns those that cannot
// be read.
func parseSearches(field string, typed []string, flags string) ([]search, []Finding) {
	var list []search
	var wrong []Finding
	for _, line := range typed {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		re, err := compileSearch(line, flags)
		if err != nil {
			f := unreadable(err)
			f.Field = field
			if pos, err := strconv.Atoi(f.Args["pos"]); err == nil {
				f.Args["pos"] = strconv.Itoa(max(1, pos-len(flags)))
			}
			f.Args["entry"] = shorten(line)
			wrong = append(wrong, f)
			continue
		}
		list = append(list, search{line, re})
	}
	return list, wrong
}

func compileSearch(typed, flags string) (*regexp2.Regexp, error) {
	t, err := translate(flags + typed)
	if err != nil {
		return nil, err
	}
	return compileRegexp(t.expr)
}

// finds reports whether the pattern stands in text.
func (s search) finds(text string) (bool, error) { return matchString(s.re, text) }

// Cut is what one pattern took out of a text.
type Cut struct {
	Pattern string // As typed.
	Runes   int    // How many characters it took out.
	Slow    bool   // It took too long: the text stayed as it was.
}

// Cut leaves out of text what the patterns of Rules.CutBody describe and reports what each took out. All of them
// together have the time of one message; what they do not reach in time stays. A text that loses nothing is returned as
// it is.
func (s *Set) Cut(text string) (string, []Cut) {
	var cuts []Cut
	end := time.Now().Add(patternBudget)
	for _, p := range s.cut {
		if time.Now().After(end) {
			cuts = append(cuts, Cut{Pattern: p.typed, Slow: true})
			continue
		}
		rest := text
		_, err := within(patternBudget, func() (_ bool, err error) {
			defer func() {
				if recover() != nil {
					err = regexp2.ErrBacktrackingStackLimit
				}
			}()
			rest, err = p.re.Replace(text, "", -1, -1)
			return true, err
		})
		if errors.Is(err, errTooSlow) {
			cuts = append(cuts, Cut{Pattern: p.typed, Slow: true})
			continue
		}
		if gone := len([]rune(text)) - len([]rune(rest)); gone > 0 {
			cuts = append(cuts, Cut{Pattern: p.typed, Runes: gone})
			text = strings.Trim(rest, "\n")
		}
	}
	return text, cuts
}

// Drops returns the pattern of Rules.DropAttachments that describes the name of a file, "" when none does. One that
// takes too long describes nothing: a file too many is better than one too few.
func (s *Set) Drops(name string) string {
	for _, p := range s.drop {
		if found, err := p.finds(name); found && err == nil {
			return p.typed
		}
	}
	return ""
}

// lintSearches finds lists that are too long and patterns that describe everything.
func (s *Set) lintSearches() []Finding {
	var found []Finding
	for _, l := range s.searches() {
		if n := len(*l.to); n > maxSearches {
			found = append(found, Finding{Field: l.field, Code: "E-GATE-05", Args: map[string]string{
				"n": strconv.Itoa(n), "max": strconv.Itoa(maxSearches),
			}})
		}
		for _, p := range *l.to {
			if everything, err := p.finds(""); everything && err == nil {
				found = append(found, Finding{Field: l.field, Code: "W-RX-09", Args: args("pattern", p.typed)})
			}
		}
	}
	return found
}

// lintExternals finds too many patterns of older systems.
func (s *Set) lintExternals() []Finding {
	n := len(s.external)
	if n <= maxSearches {
		return nil
	}
	return []Finding{{Field: "external_numbers", Code: "E-GATE-05", Args: map[string]string{"n": strconv.Itoa(n), "max": strconv.Itoa(maxSearches)}}}
}

// Trims reports whether rules leave anything out of the mails that they let in.
func Trims(r models.Rules) bool { return len(r.CutBody) > 0 || len(r.DropAttachments) > 0 }
