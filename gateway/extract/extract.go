package extract

import (
	"errors"
	"strings"
	"time"
)

// budget is the time for the patterns of all profiles on one mail.
const budget = time.Second

// Field is one field of a profile and what a mail gave for it.
type Field struct {
	Name     string
	Value    string   // In the form of its type; "" when nothing was found.
	List     []string // The entries of a list.
	Required bool
	Problem  *Problem // Nil when there is a value.
}

// Attempt is what one profile found in a mail.
type Attempt struct {
	Profile string
	Index   int // Its place, from 0.
	Matched bool
	Fields  []Field
	Slow    bool // A pattern took too long.
}

// Result is what the profiles made of a mail.
type Result struct {
	Attempts []Attempt // In the order in which they were made; only the last one can have matched.
	Outcome  *Outcome  // What the profile that matched sets; nil when none did.
	Slow     bool      // The time was not enough to decide.
}

// Matched returns the attempt that matched; ok is false when none did.
func (r Result) Matched() (a Attempt, ok bool) {
	if n := len(r.Attempts); n > 0 && r.Attempts[n-1].Matched {
		return r.Attempts[n-1], true
	}
	return a, false
}

// Run tries the profiles in their order until one matches.
func (s *Set) Run(src Source) Result {
	var r Result
	if s.Empty() {
		return r
	}
	docs, end := newSources(src), time.Now().Add(budget)
	for i := range s.profiles {
		run := running{profile: &s.profiles[i], docs: docs, end: end, values: map[string]string{"subject": src.Subject, "text": src.Text}, lists: map[string][]string{}}
		a := run.attempt()
		a.Index = i
		r.Attempts = append(r.Attempts, a)
		if a.Slow {
			r.Slow = true
			return r // What an earlier profile could not decide is not for a later one.
		}
		if a.Matched {
			r.Outcome = run.outcome()
			return r
		}
	}
	return r
}

// running is one profile on one mail.
type running struct {
	profile *profile
	docs    *sources
	end     time.Time
	values  map[string]string // By folded name.
	lists   map[string][]string
	fields  []Field
}

func (r *running) attempt() Attempt {
	a := Attempt{Profile: r.profile.Name, Matched: true}
	some := false
	for i := range r.profile.fields {
		f := &r.profile.fields[i]
		got, named, p := r.field(f)
		got.Required = f.Required
		if p != nil && p.Code == "slow" {
			a.Slow = true
		}
		if got.Problem = p; p != nil {
			got.Value, got.List = "", nil
			a.Matched = a.Matched && !f.Required
		} else {
			some = some || f.From != "fields"
			r.keep(got)
		}
		r.fields = append(r.fields, got)
		for _, name := range sortedNames(f, named) {
			r.keep(Field{Name: name, Value: named[name]})
			r.fields = append(r.fields, Field{Name: name, Value: named[name]})
		}
	}
	a.Fields = r.fields
	a.Matched = a.Matched && some && !a.Slow
	return a
}

// sortedNames are the groups of a pattern that are fields of their own.
func sortedNames(f *field, named map[string]string) []string {
	var names []string
	if f.capture != nil {
		for _, name := range f.capture.Names() {
			if foldKey(name) != foldKey(f.Name) && named[name] != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

func (r *running) keep(f Field) {
	r.values[foldKey(f.Name)] = f.Value
	if f.List != nil {
		r.lists[foldKey(f.Name)] = f.List
	}
}

// field looks for a field and brings it into its type. named are further groups of its pattern.
func (r *running) field(f *field) (got Field, named map[string]string, p *Problem) {
	got.Name = f.Name
	var found []string
	if f.From == "fields" {
		if text := fill(f.Expr, r.values); text != "" {
			found = []string{text}
		} else {
			return got, nil, problem("missing")
		}
	} else {
		docs := r.docs.of(f.From, f.File)
		if len(docs) == 0 && f.From == "file" {
			return got, nil, problem("no_file", "file", f.File)
		}
		for _, d := range docs {
			var wrong *Problem
			if found, named, wrong = r.look(f, d); wrong != nil {
				if p == nil || wrong.Code == "slow" {
					p = wrong
				}
				continue
			}
			if len(found) > 0 {
				break
			}
		}
		if len(found) == 0 {
			if p == nil {
				p = problem("missing")
			}
			return got, nil, p
		}
	}
	got.Value, got.List, p = f.value(found)
	return got, named, p
}

// look looks for a field in one document.
func (r *running) look(f *field, d *document) (found []string, named map[string]string, p *Problem) {
	switch f.By {
	case "line":
		return lines(d.text, f.Expr), nil, nil
	case "pattern":
		return r.search(f, d)
	case "xml":
		if d.short {
			return nil, nil, problem("too_large", "file", d.name)
		}
		if !d.xml.done {
			d.xml.done = true
			root, err := readXML(d.data)
			d.xml.tree, d.xml.err = root, xmlProblem(err)
		}
		if d.xml.err != nil {
			return nil, nil, d.xml.err
		}
		return f.xml.find(d.xml.tree), nil, nil
	case "json":
		if d.short {
			return nil, nil, problem("too_large", "file", d.name)
		}
		if !d.json.done {
			d.json.done = true
			tree, err := readJSON(decode(d.data))
			if d.json.tree = tree; err != nil {
				d.json.err = problem("json")
			}
		}
		if d.json.err != nil {
			return nil, nil, d.json.err
		}
		return f.json.find(d.json.tree), nil, nil
	}
	if strings.TrimSpace(d.text) == "" {
		return nil, nil, nil
	}
	return []string{d.text}, nil, nil
}

func xmlProblem(err error) *Problem {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errDoctype):
		return problem("xml_doctype")
	case errors.Is(err, errDepth), errors.Is(err, errNodes):
		return problem("xml_large")
	}
	return problem("xml")
}

// search looks for a pattern: a list takes every place, all else the first one.
func (r *running) search(f *field, d *document) (found []string, named map[string]string, p *Problem) {
	if time.Now().After(r.end) {
		return nil, nil, problem("slow")
	}
	most := 1
	if f.Type == "list" {
		most = maxList
	}
	all, slow := f.capture.Find(d.text, most)
	if slow {
		return nil, nil, problem("slow")
	}
	for _, m := range all {
		value := m.First
		for name, text := range m.Named {
			if foldKey(name) == foldKey(f.Name) {
				value = text
			}
		}
		found = append(found, value)
	}
	if len(all) > 0 {
		named = map[string]string{}
		for name, text := range all[0].Named {
			named[name] = strings.TrimSpace(cutTo(text, maxValue))
		}
	}
	return found, named, nil
}
