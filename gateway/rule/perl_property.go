package rule

import (
	"slices"
	"strings"
	"unicode"
)

// property reads what follows \p or \P (perluniprops) and returns it as part of a class. General categories, scripts
// and the properties that share a name with a POSIX class are known.
func (p *perl) property(from int, negated bool) (string, error) {
	name := string(max(p.peek(0), 0))
	if p.peek(0) != '{' {
		p.pos++
	} else {
		end := slices.Index(p.src[p.pos:], '}')
		if end < 0 {
			return "", p.refuse("property", from, from+8)
		}
		name = strings.TrimSpace(string(p.src[p.pos+1 : p.pos+end]))
		p.pos += end + 1
	}
	if inverse, ok := strings.CutPrefix(name, "^"); ok {
		name, negated = inverse, !negated
	}
	sets := propertySets(loose(name))
	set := sets[0]
	if negated {
		set = sets[1]
	}
	if set == "" {
		return "", p.refuse("property", from, p.pos)
	}
	return set, nil
}

// propertySets returns the members of a property and of its complement, "" for what is not known.
func propertySets(name string) [2]string {
	kind, value, hasKind := strings.Cut(name, "=")
	category, script := !hasKind, !hasKind
	if hasKind {
		name = value
		category = kind == "gc" || kind == "generalcategory"
		script = kind == "sc" || kind == "script"
	}
	for _, name := range []string{name, strings.TrimPrefix(name, "is")} {
		if canonical := lookUp(name, unicode.Categories, unicode.CategoryAliases); category && canonical != "" {
			return [2]string{`\p{` + canonical + `}`, `\P{` + canonical + `}`}
		}
		if canonical := lookUp(name, unicode.Scripts, nil); script && canonical != "" {
			return [2]string{`\p{` + canonical + `}`, `\P{` + canonical + `}`}
		}
		if hasKind {
			continue
		}
		switch name {
		case "any", "unicode":
			return [2]string{`\u0000-` + "\U0010FFFF", ""}
		case "alphabetic":
			name = "alpha"
		case "uppercase":
			name = "upper"
		case "lowercase":
			name = "lower"
		case "whitespace", "spaceperl":
			name = "space"
		case "horizspace":
			name = "blank"
		}
		if sets, ok := posixSets[strings.TrimPrefix(name, "xposix")]; ok {
			return sets
		}
	}
	return [2]string{}
}

// lookUp finds name among the tables, in loose spelling, and returns the short form.
func lookUp(name string, tables map[string]*unicode.RangeTable, aliases map[string]string) string {
	for long, short := range aliases {
		if loose(long) == name && len(short) <= 2 && short != "LC" {
			return short
		}
	}
	for known := range tables {
		if loose(known) == name && known != "LC" {
			return known
		}
	}
	return ""
}

// loose is how Perl compares property names: without case, blanks, bars and underscores, a colon like an equals sign.
func loose(name string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "", ":", "=").Replace(strings.ToLower(name))
}
