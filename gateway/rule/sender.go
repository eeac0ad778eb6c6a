package rule

import "strings"

// An entry is one line of a list of senders, recipients or domains.
type entry struct {
	typed      string // As the person wrote it, for explanations.
	address    string // One address; "" for a whole domain.
	domain     string
	subdomains bool // Everything below domain, at any depth, and not domain itself.
}

func (e entry) matches(a address) bool {
	switch {
	case e.address != "":
		return e.address == a.String()
	case e.subdomains:
		return strings.HasSuffix(a.domain, "."+e.domain)
	default:
		return e.domain == a.domain
	}
}

// parseSender reads an entry of a list of addresses: an address, "@domain" or "*@domain" for everybody there, and
// "*@*.domain" or "@*.domain" for everybody in its subdomains.
func parseSender(typed string) (entry, bool) {
	s := strings.TrimSpace(typed)
	if domain, ok := strings.CutPrefix(strings.TrimPrefix(s, "*"), "@"); ok {
		e, ok := parseDomainEntry(domain)
		e.typed = s
		return e, ok
	}
	a, ok := parseAddress(s)
	if strings.Contains(s, "*") { // A star elsewhere would be meant as a wild card and never match.
		ok = false
	}
	return entry{typed: s, address: a.String()}, ok
}

// parseDomainEntry reads an entry of the list of domains: a domain, or "*.domain" for its subdomains. A leading @ is
// passed over.
func parseDomainEntry(typed string) (entry, bool) {
	s := strings.TrimPrefix(strings.TrimSpace(typed), "@")
	rest, subdomains := strings.CutPrefix(s, "*.")
	domain, ok := parseDomain(rest)
	return entry{typed: strings.TrimSpace(typed), domain: domain, subdomains: subdomains}, ok
}

// A list is a list of entries. An empty one matches nobody.
type list []entry

// find returns the first entry that matches a.
func (l list) find(a address) (entry, bool) {
	for _, e := range l {
		if e.matches(a) {
			return e, true
		}
	}
	return entry{}, false
}

// String names the entries for an explanation, shortened when there are many.
func (l list) String() string {
	typed := make([]string, len(l))
	for i, e := range l {
		typed[i] = e.typed
	}
	return enumerate(typed)
}

// parseList reads the entries of a setting, leaving out blank ones, and returns the first that cannot be read.
func parseList(field string, typed []string, parse func(string) (entry, bool)) (list, []Finding) {
	var l list
	var wrong []Finding
	for _, s := range typed {
		if strings.TrimSpace(s) == "" {
			continue
		}
		e, ok := parse(s)
		if !ok {
			wrong = append(wrong, Finding{Field: field, Code: "E-GATE-02", Args: map[string]string{"entry": shorten(s)}})
			continue
		}
		l = append(l, e)
	}
	return l, wrong
}
