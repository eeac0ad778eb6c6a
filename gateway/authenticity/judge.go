package authenticity

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Servers returns the names of the servers whose Authentication-Results fields stand in a mail, topmost first, each once.
func Servers(fields []string) []string {
	var names []string
	seen := map[string]bool{}
	for _, f := range fields {
		if name, _, ok := parseField(f); ok && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// Judge says what the server of that name has found out about the sender of a mail, from, an addr-spec in small letters.
// fields are the values of the Authentication-Results fields, unfolded, topmost first; above is how many of them stand
// above the first Received field. Fields of another name count for nothing. Of those with the name the ones above the
// first Received count, which the last server has added; where there is none, only the topmost: what stands further down
// the sender may have written.
func Judge(fields []string, above int, server, from string) Result {
	domain := domainOf(from)
	server = strings.ToLower(strings.TrimSpace(server))
	if server == "" || domain == "" {
		return Result{State: None}
	}
	var all []finding
	for i, f := range fields {
		if i >= above && len(all) > 0 {
			break
		}
		name, found, ok := parseField(f)
		if !ok || name != server {
			continue
		}
		if all = append(all, found...); i >= above {
			break
		}
	}
	r := weigh(all, domain)
	if r.State != None {
		r.By = server
	}
	return r
}

// weigh decides from results. DMARC decides where it says something; otherwise a signature or an envelope sender of the
// same organisation passes (RFC 7489, 3.1), and only failures fail.
func weigh(all []finding, domain string) Result {
	none := Result{State: None}
	passed, failed := none, none
	for _, f := range all {
		if f.method != "dmarc" {
			continue
		}
		if h := f.props["header.from"]; h != "" && !Aligned(h, domain) {
			return Result{State: Fail, Method: "dmarc"} // The server looked at another From than we do.
		}
		switch f.result {
		case "fail", "reject", "quarantine":
			return Result{State: Fail, Method: "dmarc"}
		case "pass":
			passed = Result{State: Pass, Method: "dmarc", Domain: domain}
		}
	}
	if passed.State == Pass {
		return passed
	}
	for _, f := range all {
		if f.method != "dkim" && f.method != "spf" {
			continue
		}
		whose := f.props["smtp.mailfrom"]
		if f.method == "dkim" {
			if whose = f.props["header.d"]; whose == "" {
				whose = f.props["header.i"]
			}
		}
		whose = whose[strings.LastIndexByte(whose, '@')+1:]
		switch f.result {
		case "pass":
			if Aligned(whose, domain) && passed.State == None {
				passed = Result{State: Pass, Method: f.method, Domain: whose}
			}
		case "fail", "softfail", "hardfail", "permerror":
			if failed.State == None {
				failed = Result{State: Fail, Method: f.method}
			}
		}
	}
	if passed.State == Pass {
		return passed
	}
	return failed
}

// Aligned reports whether two domains are the same or belong to the same organisation (RFC 7489, 3.2).
func Aligned(a, b string) bool {
	a, b = strings.TrimSuffix(strings.ToLower(a), "."), strings.TrimSuffix(strings.ToLower(b), ".")
	if a == "" || b == "" {
		return false
	}
	if a == b {
		return true
	}
	x, err := publicsuffix.EffectiveTLDPlusOne(a)
	if err != nil {
		return false
	}
	y, err := publicsuffix.EffectiveTLDPlusOne(b)
	return err == nil && x == y
}

func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}
