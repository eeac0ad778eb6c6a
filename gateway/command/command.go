// Package command reads commands in the text of a mail: lines such as "Status: closed" or "Priorität: hoch".
//
// It is pure. Commands stand in the first lines of what the sender wrote or in its last ones, one to a line, in German
// or English; a line among others in the text is no command. What cannot be understood stays in the text and is told.
package command

import (
	"slices"
	"strings"
	"time"
)

// The names of commands, as the allow-list of an inbox has them.
const (
	Status   = "status"
	Priority = "priority"
	Assignee = "assignee"
	Label    = "label"
	Due      = "due"
)

// Names lists the commands that there are.
func Names() []string { return []string{Status, Priority, Assignee, Label, Due} }

// mostLines is how many lines at each end are looked at.
const mostLines = 10

// Command is one line.
type Command struct {
	Name string // One of Names.
	// In the form of the API: "closed", "high", "2026-12-24"; as it was written for assignee and label, and for a status
	// or priority that only its project can know.
	Value string
	Line  string // As it stands in the text.
	// Refused says why it does not count: "not_allowed" (the inbox does not take it) or "value" (nobody knows the value).
	Refused string
}

// words are the names that a line may begin with.
var words = map[string]string{
	"status": Status, "state": Status, "zustand": Status,
	"priority": Priority, "priorität": Priority, "prioritaet": Priority, "prio": Priority,
	"assignee": Assignee, "assigned to": Assignee, "assign": Assignee, "zuständig": Assignee, "zugewiesen an": Assignee, "zuweisen": Assignee, "bearbeiter": Assignee,
	"label": Label, "labels": Label, "tags": Label, "etikett": Label, "etiketten": Label,
	"due": Due, "due date": Due, "frist": Due, "fällig": Due, "fällig am": Due,
}

var states = map[string]string{
	"new": "new", "neu": "new", "open": "open", "offen": "open", "reopen": "open", "waiting": "waiting", "wartet": "waiting", "wartend": "waiting",
	"resolved": "resolved", "solved": "resolved", "done": "resolved", "erledigt": "resolved", "gelöst": "resolved",
	"closed": "closed", "close": "closed", "geschlossen": "closed", "schließen": "closed",
}

var priorities = map[string]string{
	"low": "low", "niedrig": "low", "gering": "low", "normal": "normal", "mittel": "normal", "medium": "normal",
	"high": "high", "hoch": "high", "urgent": "urgent", "dringend": "urgent", "sofort": "urgent",
}

// Find returns the commands at the beginning and the end of what a sender wrote, in their order. allowed are the names
// that count.
func Find(text string, allowed []string) []Command {
	lines := strings.Split(text, "\n")
	first, last := 0, len(lines)
	for first < last && strings.TrimSpace(lines[first]) == "" {
		first++
	}
	for last > first && strings.TrimSpace(lines[last-1]) == "" {
		last--
	}
	var out, end []Command
	for ; first < last && len(out) < mostLines; first++ {
		c, ok := read(lines[first], allowed)
		if !ok {
			break
		}
		out = append(out, c)
	}
	for ; last > first && len(end) < mostLines; last-- {
		c, ok := read(lines[last-1], allowed)
		if !ok {
			break
		}
		end = append(end, c)
	}
	slices.Reverse(end)
	return append(out, end...)
}

func read(line string, allowed []string) (Command, bool) {
	key, value, ok := strings.Cut(line, ":")
	if !ok || len(line) > 200 || strings.HasPrefix(line, ">") {
		return Command{}, false
	}
	name := words[strings.ToLower(strings.TrimSpace(key))]
	value = strings.Join(strings.Fields(value), " ")
	if name == "" || value == "" {
		return Command{}, false
	}
	c := Command{Name: name, Value: value, Line: line}
	known := true
	switch low := strings.ToLower(value); name {
	case Status:
		c.Value, known = states[low], states[low] != ""
	case Priority:
		c.Value, known = priorities[low], priorities[low] != ""
	case Due:
		c.Value, known = day(value)
	}
	switch {
	case !slices.Contains(allowed, name):
		c.Refused = "not_allowed"
	case !known && name == Due:
		c.Refused = "value"
	}
	if !known {
		c.Value = value
	}
	return c, true
}

func day(value string) (string, bool) {
	for _, layout := range []string{time.DateOnly, "2.1.2006", "02.01.2006"} {
		if t, err := time.Parse(layout, value); err == nil && t.Year() >= 1970 && t.Year() <= 9000 {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

// Remove returns text without the lines of commands. When nothing else is left the text stays as it is.
func Remove(text string, commands []Command) string {
	lines := strings.Split(text, "\n")
	for _, c := range commands {
		if i := slices.Index(lines, c.Line); i >= 0 {
			lines = slices.Delete(lines, i, i+1)
		}
	}
	if rest := strings.Trim(strings.Join(lines, "\n"), "\n"); strings.TrimSpace(rest) != "" {
		return rest
	}
	return text
}
