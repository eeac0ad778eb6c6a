package models

import "slices"

// ValueKind is what a project can have words of its own for.
type ValueKind string

// The kinds.
const (
	ValueState    ValueKind = "state"
	ValuePriority ValueKind = "priority"
)

// ProjectValue is a state or a priority that a project names itself. Everything that knows nothing of the project goes by
// what it counts as.
type ProjectValue struct {
	ID        int64
	ProjectID int64
	Kind      ValueKind
	Name      string // The base itself: the usual name, in the language of who reads it.
	Folded    string // In small letters; unique in its project and kind.
	Base      string // What it counts as: an IssueState or the name of a Priority.
	Colour    string // One of ValueColours.
	Place     int    // Order.
}

// ValueColours are the colours that a value can have, as tokens; "" is that of what it counts as.
func ValueColours() []string { return []string{"", "link", "ok", "warn", "bad", "soft"} }

// Bases lists what values of a kind can count as, in the usual order.
func (k ValueKind) Bases() []string {
	var out []string
	if k == ValuePriority {
		for _, p := range Priorities() {
			out = append(out, p.String())
		}
		return out
	}
	for _, s := range IssueStates() {
		out = append(out, string(s))
	}
	return out
}

// nearest says which value stands for a base that a project has no value for.
var nearest = map[string][]string{
	string(IssueNew): {"open", "waiting"}, string(IssueOpen): {"new", "waiting"}, string(IssueWaiting): {"open", "new"},
	string(IssueResolved): {"closed"}, string(IssueClosed): {"resolved"},
	"low": {"normal", "high", "urgent"}, "normal": {"low", "high", "urgent"}, "high": {"urgent", "normal", "low"}, "urgent": {"high", "normal", "low"},
}

// Values are the values of one kind that a project has, in order; none: the usual ones.
type Values []ProjectValue

// Of returns the value of an issue that counts as base and has the value id; without one, or with one that counts as
// something else, the first that counts as base, or the nearest. ok is false where the project has no values of its own.
func (v Values) Of(base string, id *int64) (value ProjectValue, ok bool) {
	if i := slices.IndexFunc(v, func(p ProjectValue) bool { return id != nil && p.ID == *id && p.Base == base }); i >= 0 {
		return v[i], true
	}
	for _, b := range append([]string{base}, nearest[base]...) {
		if i := slices.IndexFunc(v, func(p ProjectValue) bool { return p.Base == b }); i >= 0 {
			return v[i], true
		}
	}
	return ProjectValue{}, false
}

// Named returns the value with that name in small letters.
func (v Values) Named(folded string) (value ProjectValue, ok bool) {
	i := slices.IndexFunc(v, func(p ProjectValue) bool { return p.Folded == folded })
	if i < 0 {
		return ProjectValue{}, false
	}
	return v[i], true
}

// Stands lists the bases for whose issues a value stands when they have none of their own.
func (v Values) Stands(p ProjectValue) []string {
	var out []string
	for _, base := range p.Kind.Bases() {
		if d, ok := v.Of(base, nil); ok && d.ID == p.ID {
			out = append(out, base)
		}
	}
	return out
}

// Word is a state or a priority as people read it.
type Word struct {
	Base   string // What it counts as.
	Name   string // That of the project; "": the usual one.
	Colour string
}

// Value is what a form or the API calls it.
func (w Word) Value() string {
	if w.Name != "" {
		return w.Name
	}
	return w.Base
}

// Word returns a value as people read it.
func (p ProjectValue) Word() Word {
	w := Word{Base: p.Base, Name: p.Name, Colour: p.Colour}
	if w.Name == w.Base {
		w.Name = "" // The usual one, which each language has its word for.
	}
	return w
}

// Word returns the value of an issue as people read it.
func (v Values) Word(base string, id *int64) Word {
	if p, ok := v.Of(base, id); ok {
		return p.Word()
	}
	return Word{Base: base}
}

// Words lists what can be chosen.
func (v Values) Words(kind ValueKind) []Word {
	var out []Word
	for _, p := range v {
		out = append(out, p.Word())
	}
	if len(v) == 0 {
		for _, b := range kind.Bases() {
			out = append(out, Word{Base: b})
		}
	}
	return out
}
