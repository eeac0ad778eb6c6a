package rule

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// domainLike finds a domain in the plain characters of a pattern.
var domainLike = regexp.MustCompile(`[\pL\d][\pL\d-]*(\.[\pL\d-]+)*\.\pL[\pL\d-]+`)

// probeBudget is the time for all tries of a prober.
const probeBudget = time.Second

// A prober tries a pattern on addresses and stops for good when one takes too long, or all together do.
type prober struct {
	*pattern
	search *regexp2.Regexp // Finds the pattern anywhere in a text; nil until it is needed.
	spent  time.Duration
	slow   bool
}

// fits tells whether the pattern lets in the address.
func (p *prober) fits(s string) bool {
	a, ok := parseAddress(s)
	return ok && p.try(func() (bool, error) { return p.matches(a) })
}

func (p *prober) try(match func() (bool, error)) bool {
	if p.slow {
		return false
	}
	start := time.Now()
	matched, err := match()
	p.spent += time.Since(start)
	p.slow = err != nil || p.spent > probeBudget
	return matched
}

// finds tells whether the pattern is found somewhere in the text, as Perl searches it.
func (p *prober) finds(s string) bool {
	if p.search == nil {
		re, err := compileRegexp(p.expr)
		if err != nil {
			return false
		}
		p.search = re
	}
	return p.try(func() (bool, error) { return matchString(p.search, s) })
}

// lintPattern returns the warnings for a pattern that can be read.
func lintPattern(p *pattern, senders []string) []Finding {
	var found []Finding
	warn := func(code string, pairs ...string) {
		found = append(found, Finding{Field: "domain_pattern", Code: code, Args: args(pairs...)})
	}
	domains := guessDomains(p)
	suggestion := suggest(p, domains)
	slices.Sort(p.unknown)
	for _, letter := range slices.Compact(p.unknown) {
		warn("W-RX-01", "esc", `\`+letter, "suggestion", meant(letter))
	}
	if len(p.blanks) > 0 {
		warn("W-RX-03", "suggestion", suggestion)
	}
	if p.capitals {
		warn("W-RX-07", "suggestion", "(?i)"+p.typed)
	}
	probe := &prober{pattern: p}
	behaviour := probe.behaviour(senders, domains, suggestion)
	if probe.slow { // What it does on addresses is not known then.
		warn("W-RX-08")
		return found
	}
	return append(found, behaviour...)
}

// behaviour returns the warnings about what the pattern lets in and keeps out.
func (p *prober) behaviour(senders, domains []string, suggestion string) []Finding {
	var found []Finding
	warn := func(code string, pairs ...string) {
		found = append(found, Finding{Field: "domain_pattern", Code: code, Args: args(pairs...)})
	}
	p.tryHard()
	if n, matched := p.count(senders); n > 0 && matched == 0 {
		warn("W-RX-04", "n", strconv.Itoa(n))
	}
	if !p.excludes && p.fitsAll() {
		warn("W-RX-05")
		return found
	}
	reading := p
	if len(p.blanks) > 0 { // Look at what is meant, or the blanks hide everything else.
		if repaired, err := compilePattern(withoutBlanks(p.pattern)); err == nil {
			reading = &prober{pattern: repaired}
		}
	}
	if example := foreignDomain(p.fits, domains); example != "" {
		warn("W-RX-02", "example", example, "suggestion", suggestion)
	} else if kept := keptOut(p, reading, domains); kept != "" {
		if example := foreignDomain(reading.finds, domains); example != "" && !reading.fits(kept) {
			warn("W-RX-02", "example", example, "suggestion", suggestion)
		}
		warn("W-RX-06", "example", kept, "suggestion", suggestion)
	}
	return found
}

// meant guesses what somebody wanted who escaped a letter that means nothing escaped: the class or character of the
// small letter where there is one, else the letter.
func meant(letter string) string {
	if small := strings.ToLower(letter); small != letter && strings.Contains("adefnrstvw", small) {
		return `\` + small
	}
	return letter
}

// guessDomains returns the domains that a pattern names in plain characters.
func guessDomains(p *pattern) []string {
	var domains []string
	for _, run := range p.literals {
		for _, domain := range domainLike.FindAllString(strings.ToLower(run), -1) {
			if !slices.Contains(domains, domain) && len(domains) < 5 {
				domains = append(domains, domain)
			}
		}
	}
	return domains
}

// suggest writes the pattern that most likely was meant.
func suggest(p *pattern, domains []string) string {
	switch {
	case len(domains) > 0:
		quoted := make([]string, len(domains))
		for i, domain := range domains {
			quoted[i] = strings.ReplaceAll(domain, ".", `\.`)
		}
		if len(quoted) == 1 {
			return `(?i)[^@\s]+@` + quoted[0]
		}
		return `(?i)[^@\s]+@(` + strings.Join(quoted, "|") + `)`
	case strings.Contains(p.typed, `\W`):
		return strings.ReplaceAll(p.typed, `\W`, `\w`)
	default:
		return `(?i)[^@\s]+@example\.org`
	}
}

// withoutBlanks is the pattern as typed without the blanks that count as characters.
func withoutBlanks(p *pattern) string {
	src := []rune(p.typed)
	for _, at := range slices.Backward(p.blanks) {
		src = slices.Delete(src, at, at+1)
	}
	return string(src)
}

// locals are local parts as people have them.
var locals = []string{"max", "max.mustermann", "erika-m", "a", "info", "m_99", "max+liste"}

// keptOut returns a usual address that a search with the pattern as it is meant would find and that Letterbox does not
// let in, or "".
func keptOut(p, reading *prober, domains []string) string {
	for _, domain := range domains {
		example := ""
		for _, local := range locals {
			a := local + "@" + domain
			if p.fits(a) {
				if len(local) > 1 { // One letter fits "[^@]@" too, which is meant for a search.
					return ""
				}
				continue
			}
			if example == "" && (reading.finds(a) || reading.finds(domain)) {
				example = a
			}
		}
		if example != "" {
			return example
		}
	}
	if len(domains) == 0 && strings.Contains(p.typed, `\W`) && !p.fits("max@example.org") {
		if other, err := compilePattern(suggest(p.pattern, nil)); err == nil {
			if (&prober{pattern: other}).fits("max@example.org") {
				return "max@example.org"
			}
		}
	}
	return ""
}

// foreignDomain returns an address of a domain that only contains one that the pattern names, and is let in with it.
func foreignDomain(letsIn func(string) bool, domains []string) string {
	for _, domain := range domains {
		for _, foreign := range []string{domain + ".evil.example", "evil-" + domain, "evil" + domain} {
			for _, local := range locals {
				if a := local + "@" + foreign; letsIn(a) {
					return a
				}
			}
		}
	}
	return ""
}

// fitsAll tells whether the pattern lets in addresses of every kind.
func (p *prober) fitsAll() bool {
	for _, a := range []string{
		"max@example.org", "a@b.de", "max.mustermann@mail.example.com", "x+y@sub.sub.example.museum", "1234@example.info",
		"o'brien@example.ie", "max_m@xn--kln-sna.de", "info@a-b.example", "n0@163.com", "z@zz.evil.example", "ümit@example.com.tr",
	} {
		if !p.fits(a) {
			return false
		}
	}
	return true
}

// count returns how many of the addresses can be read and how many of those the pattern lets in.
func (p *prober) count(senders []string) (n, matched int) {
	for _, s := range senders {
		if _, ok := parseAddress(s); !ok {
			continue
		}
		n++
		if p.fits(s) {
			matched++
		}
	}
	return n, matched
}

// tryHard tries addresses on which careless patterns try every way of matching.
func (p *prober) tryHard() {
	for _, part := range []string{"a", "1", "ab", "a1", "a.", "a-", "a_", "aA", "a+", "-", "ü"} {
		local := strings.Repeat(part, 60/len(part))
		p.fits(local + "x@example.org")
		p.fits(local + "@" + strings.Repeat("a.", 30) + "_")
		p.fits(local + "!@" + strings.Repeat("a", 60) + ".x_")
	}
}
