package tracker

import (
	"regexp"
	"slices"
	"strings"

	"letterbox/models/store"
)

// Term is one filter of a query as it was typed: "-label:urgent" or "is:open".
type Term struct {
	Raw   string // As typed.
	Field string // In English: "is", "state", "project", "assignee", "from", ...
	Value string // As typed, without quotation marks.
	Not   bool
}

// Query is what somebody typed into the box of the list of issues.
type Query struct {
	Terms   []Term
	Text    string   // What is not a filter.
	Unknown []string // Words with a colon that are no filter; they are searched as text.
}

// queryFields are the names of the filters, in English, each with its other names.
var queryFields = map[string][]string{
	"is":       {"ist"},
	"state":    {"status"},
	"project":  {"projekt"},
	"assignee": {"bearbeiter", "assigned", "zugewiesen"},
	"from":     {"von", "reporter", "author", "absender"},
	"involves": {"beteiligt"},
	"watcher":  {"beobachter"},
	"mentions": {"mentioned", "erwähnt", "erwaehnt", "genannt"},
	"inbox":    {"postfach"},
	"label":    {"etikett"},
	"external": {"extern"},
	"priority": {"priorität", "prioritaet", "prio"},
	"updated":  {"geändert", "geaendert"},
	"created":  {"erstellt", "angelegt"},
	"due":      {"fällig", "faellig", "frist"},
	"has":      {"hat", "mit"},
	"no":       {"ohne"},
	"sort":     {"sortierung", "sortiert"},
}

// queryWords are words of filters in German, with the English ones.
var queryWords = map[string]string{
	"neu": "new", "offen": "open", "wartet": "waiting", "erledigt": "resolved", "geschlossen": "closed", "alle": "all", "aktiv": "active",
	"ich": "me", "mir": "me", "niemand": "none", "niemandem": "none", "keiner": "none", "nobody": "none",
	"niedrig": "low", "hoch": "high", "dringend": "urgent", "mittel": "normal",
	"überfällig": "overdue", "ueberfaellig": "overdue", "anhang": "attachment", "anhänge": "attachment", "attachments": "attachment",
	"bearbeiter": "assignee", "etikett": "label", "labels": "label", "etiketten": "label", "frist": "due", "fälligkeit": "due", "duedate": "due",
	"heute": "today", "gestern": "yesterday", "morgen": "tomorrow",
	"zuletzt": "updated", "geändert": "updated", "älteste": "oldest", "neueste": "newest", "priorität": "priority", "fällig": "due", "länger": "stale",
}

// SortUpdated is the order in which what changed last comes first.
const SortUpdated = string(store.SortUpdated)

// Sorts are the orders of the list of issues.
func Sorts() []string {
	var names []string
	for _, o := range store.IssueSorts() {
		names = append(names, string(o))
	}
	return names
}

var queryPiece = regexp.MustCompile(`(-?)([\pL]+):("[^"]*"|\S+)|"[^"]*"|\S+`)

// ParseQuery reads what was typed. Filters have German and English names: "is:open" is "ist:offen". A minus in front
// turns a filter round.
func ParseQuery(typed string) Query {
	var q Query
	var text []string
	for _, m := range queryPiece.FindAllStringSubmatch(typed, -1) {
		field := fieldNamed(m[2])
		switch {
		case field != "":
			q.Terms = append(q.Terms, Term{Raw: m[0], Field: field, Value: strings.Trim(m[3], `"`), Not: m[1] == "-"})
			continue
		case m[2] != "" && !strings.HasPrefix(m[3], "//") && len(q.Unknown) < 5:
			q.Unknown = append(q.Unknown, m[1]+m[2]+":")
		}
		text = append(text, m[0])
	}
	q.Text = strings.Join(text, " ")
	return q
}

// Without returns the query as it is typed without one of its filters.
func (q Query) Without(i int) string {
	var parts []string
	for k, t := range q.Terms {
		if k != i {
			parts = append(parts, t.Raw)
		}
	}
	if q.Text != "" {
		parts = append(parts, q.Text)
	}
	return strings.Join(parts, " ")
}

// Has reports whether one of the filters is about a field.
func (q Query) Has(fields ...string) bool {
	return slices.ContainsFunc(q.Terms, func(t Term) bool { return slices.Contains(fields, t.Field) })
}

func fieldNamed(name string) string {
	name = strings.ToLower(name)
	if name == "" {
		return ""
	}
	if _, ok := queryFields[name]; ok {
		return name
	}
	for field, others := range queryFields {
		if slices.Contains(others, name) {
			return field
		}
	}
	return ""
}

// word is the English word of a filter's value.
func (t Term) word() string {
	w := strings.ToLower(t.Value)
	if english, ok := queryWords[w]; ok {
		return english
	}
	return w
}
