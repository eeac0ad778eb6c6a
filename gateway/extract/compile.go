package extract

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"letterbox/gateway/rule"
	"letterbox/models"
)

// The bounds of what may be set up.
const (
	MaxProfiles = 50
	MaxFields   = 50
	maxName     = 60
	maxExpr     = 500 // Characters of a pattern or path.
	maxTemplate = 4_000
)

// Set is the profiles of one version of the rules, compiled. It is safe for concurrent use.
type Set struct {
	profiles []profile
	files    bool
}

type profile struct {
	models.Profile
	fields     []field
	priorities map[string]string // What a mail says, folded, to the name of a priority.
}

type field struct {
	models.ProfileField
	capture *rule.Capture
	xml     xmlPath
	json    jsonPath
	layouts []string
}

// Compile prepares profiles. The error is the first entry that cannot be read, as a *[rule.Finding].
func Compile(x models.Extraction) (*Set, error) {
	s, wrong := compile(x)
	if len(wrong) > 0 {
		return nil, &wrong[0]
	}
	return s, nil
}

// Empty reports whether there is no profile.
func (s *Set) Empty() bool { return s == nil || len(s.profiles) == 0 }

// Names returns the names of the groups in patterns, which are fields too.
func (s *Set) Names() []string {
	var out []string
	for _, p := range s.profiles {
		for _, f := range p.fields {
			if f.capture != nil {
				out = append(out, f.capture.Names()...)
			}
		}
	}
	return out
}

// ReadsFiles reports whether a profile looks into files.
func (s *Set) ReadsFiles() bool { return s != nil && s.files }

// FieldPath names an entry of a profile in findings: "profiles.0.fields.2.expr".
func FieldPath(profile, field int, name string) string {
	p := "profiles." + strconv.Itoa(profile)
	if field >= 0 {
		p += ".fields." + strconv.Itoa(field)
	}
	if name == "" {
		return p
	}
	return p + "." + name
}

// choices are the settings that are one of several words.
var choices = map[string][]string{
	"no_match": {"", "go_on", "reject", "set_aside"},
	"by":       {"", "references", "field"},
	"from":     {"subject", "text", "file", "fields"},
	"method":   {"line", "pattern", "xml", "json", "whole"},
	"type":     {"", "text", "number", "date", "list", "coordinates"},
	"further":  {"", "update", "comment"},
}

func compile(x models.Extraction) (*Set, []rule.Finding) {
	c := &compiling{}
	c.choice("no_match", "no_match", x.NoMatch)
	c.choice("correlate.by", "by", x.Correlate.By)
	if d, err := time.ParseDuration(x.Correlate.Window); x.Correlate.Window != "" && (err != nil || d < time.Hour || d > 10*365*24*time.Hour) {
		c.wrong("correlate.window", "E-EXTRACT-07")
	}
	if len(x.Profiles) > MaxProfiles {
		c.wrong("profiles", "E-EXTRACT-08", "max", strconv.Itoa(MaxProfiles))
		return nil, c.found
	}
	s := &Set{}
	names := map[string]bool{}
	for i, p := range x.Profiles {
		if names[foldKey(p.Name)] {
			c.wrong(FieldPath(i, -1, "name"), "E-EXTRACT-02", "name", p.Name)
		}
		names[foldKey(p.Name)] = true
		s.profiles = append(s.profiles, c.profile(i, p))
		for _, f := range p.Fields {
			s.files = s.files || f.From == "file"
		}
	}
	return s, c.found
}

type compiling struct{ found []rule.Finding }

func (c *compiling) wrong(field, code string, pairs ...string) {
	f := rule.Finding{Field: field, Code: code, Args: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Args[pairs[i]] = short(pairs[i+1])
	}
	c.found = append(c.found, f)
}

func (c *compiling) choice(field, kind, value string) {
	for _, one := range choices[kind] {
		if one == value {
			return
		}
	}
	c.wrong(field, "E-GATE-03", "entry", value, "choices", strings.Trim(strings.Join(choices[kind], ", "), ", "))
}

func (c *compiling) profile(i int, p models.Profile) profile {
	out := profile{Profile: p, priorities: map[string]string{}}
	if name := strings.TrimSpace(p.Name); name == "" || len([]rune(name)) > maxName {
		c.wrong(FieldPath(i, -1, "name"), "E-EXTRACT-01", "max", strconv.Itoa(maxName))
	}
	if len(p.Fields) == 0 {
		c.wrong(FieldPath(i, -1, "fields"), "E-EXTRACT-03")
	}
	if len(p.Fields) > MaxFields {
		c.wrong(FieldPath(i, -1, "fields"), "E-EXTRACT-08", "max", strconv.Itoa(MaxFields))
		return out
	}
	known := map[string]bool{"subject": true, "text": true}
	for j, f := range p.Fields {
		out.fields = append(out.fields, c.field(i, j, f, known))
	}
	for _, t := range templatesOf(&p) {
		c.template(FieldPath(i, -1, t.name), *t.text, known)
	}
	c.choice(FieldPath(i, -1, "further"), "further", p.Further)
	for _, line := range p.Priorities {
		from, to, ok := strings.Cut(line, "=")
		if to = strings.TrimSpace(to); !ok || !nameable(to) {
			c.wrong(FieldPath(i, -1, "priorities"), "E-EXTRACT-06", "line", line)
			continue
		}
		out.priorities[foldKey(from)] = to
	}
	return out
}

// nameable reports whether a priority can have that name in a project.
func nameable(name string) bool {
	return name != "" && len([]rune(name)) <= 50 && !strings.ContainsAny(name, "\",\n=")
}

// OwnPriorities lists the priorities that profiles set by a name that is none of the usual ones, with the entry that does:
// the project has to have them.
func OwnPriorities(x models.Extraction) (entries, names []string) {
	for i, p := range x.Profiles {
		for _, line := range p.Priorities {
			_, to, _ := strings.Cut(line, "=")
			to = strings.TrimSpace(to)
			if _, usual := models.ParsePriority(strings.ToLower(to)); !usual && nameable(to) {
				entries, names = append(entries, FieldPath(i, -1, "priorities")), append(names, to)
			}
		}
	}
	return entries, names
}

type namedTemplate struct {
	name string
	text *string
}

func templatesOf(p *models.Profile) []namedTemplate {
	return []namedTemplate{
		{"title", &p.Title}, {"text", &p.Text}, {"priority", &p.Priority}, {"labels", &p.Labels},
		{"assignee", &p.Assignee}, {"due", &p.Due}, {"key", &p.Key},
	}
}

func (c *compiling) template(at, text string, known map[string]bool) {
	if len(text) > maxTemplate {
		c.wrong(at, "E-TEXT-01", "max", strconv.Itoa(maxTemplate))
	}
	for _, name := range placeholders(text) {
		if !known[foldKey(name)] {
			c.wrong(at, "E-EXTRACT-05", "name", name)
		}
	}
}

// usable reports whether a name can stand in braces.
func usable(name string) bool {
	return name != "" && len([]rune(name)) <= maxName && !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-. ", r)
	}) && strings.TrimSpace(name) == name
}

func (c *compiling) field(i, j int, f models.ProfileField, known map[string]bool) field {
	out := field{ProfileField: f, layouts: usualDates}
	at := func(name string) string { return FieldPath(i, j, name) }
	if key := foldKey(f.Name); !usable(f.Name) {
		c.wrong(at("name"), "E-EXTRACT-04", "name", f.Name)
	} else if known[key] {
		c.wrong(at("name"), "E-EXTRACT-02", "name", f.Name)
	}
	c.choice(at("from"), "from", f.From)
	c.choice(at("type"), "type", f.Type)
	if f.From != "fields" {
		c.choice(at("by"), "method", f.By)
	}
	if len([]rune(f.Expr)) > maxExpr {
		c.wrong(at("expr"), "E-TEXT-01", "max", strconv.Itoa(maxExpr))
		return out
	}
	ok := true
	switch {
	case f.From == "fields":
		c.template(at("expr"), f.Expr, known)
		ok = len(placeholders(f.Expr)) > 0
	case f.By == "line":
		ok = strings.TrimSpace(f.Expr) != ""
	case f.By == "pattern":
		var err error
		if out.capture, err = rule.NewCapture(f.Expr); err != nil {
			if found, is := err.(*rule.Finding); is {
				found.Field = at("expr")
				c.found = append(c.found, *found)
			}
			break
		}
		for _, name := range out.capture.Names() {
			known[foldKey(name)] = true
		}
		ok = strings.TrimSpace(f.Expr) != ""
	case f.By == "xml":
		out.xml, ok = parseXMLPath(f.Expr)
		ok = ok && len(out.xml) <= 20
	case f.By == "json":
		out.json, ok = parseJSONPath(f.Expr)
		ok = ok && len(out.json) <= 20
	}
	if !ok {
		c.wrong(at("expr"), "E-EXTRACT-09", "entry", f.Expr)
	}
	if f.Type == "date" && f.Format != "" {
		out.layouts = []string{tokens.Replace(f.Format)}
	}
	known[foldKey(f.Name)] = true
	return out
}

// Lint returns what is wrong or doubtful about profiles.
func Lint(x models.Extraction) []rule.Finding {
	s, found := compile(x)
	if s == nil {
		return found
	}
	for i, p := range x.Profiles {
		if p.Key != "" && !x.Correlate.On() {
			found = append(found, rule.Finding{Field: FieldPath(i, -1, "key"), Code: "W-07"})
			break
		}
	}
	for i, p := range s.profiles {
		required := false
		for j, f := range p.fields {
			required = required || f.Required
			if f.capture == nil {
				continue
			}
			if slowPattern(f.capture) {
				found = append(found, rule.Finding{Field: FieldPath(i, j, "expr"), Code: "W-EXTRACT-02", Args: map[string]string{"name": f.Name}})
			}
		}
		if !required && len(p.fields) > 0 {
			found = append(found, rule.Finding{Field: FieldPath(i, -1, "fields"), Code: "W-EXTRACT-01", Args: map[string]string{"name": p.Name}})
		}
	}
	return found
}

// slowPattern tries a pattern on texts that make careless ones run away.
func slowPattern(c *rule.Capture) bool {
	for _, text := range []string{
		strings.Repeat("a", 60) + "!", strings.Repeat("1", 60) + "!", strings.Repeat(" ", 200) + "!", strings.Repeat("a ", 60) + "!",
		strings.Repeat("ab", 40) + "\x01", strings.Repeat("x:", 50) + "\n", strings.Repeat("1.", 40) + "!",
	} {
		if _, slow := c.Find(text, 1); slow {
			return true
		}
	}
	return false
}
