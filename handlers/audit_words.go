package handlers

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"letterbox/gateway"
)

// auditWords puts what the audit log keeps in words: names instead of numbers, both sides of a change.
type auditWords struct {
	v        *visit
	people   map[int64]string
	projects map[string]string // Keys of projects by their number.
}

// auditWords looks up the people and projects that lines speak of.
func (v *visit) auditWords(lines []gateway.AuditLine) (auditWords, error) {
	w := auditWords{v: v, projects: map[string]string{}}
	var ids []int64
	for _, line := range lines {
		for name, text := range line.Values {
			if !isPerson(name) {
				continue
			}
			one, other, ok := auditPair(text)
			if !ok {
				one = text
			}
			for _, id := range []string{one, other} {
				if n, err := strconv.ParseInt(id, 10, 64); err == nil {
					ids = append(ids, n)
				}
			}
		}
	}
	var err error
	if w.people, err = v.h.Gateway.People(v.ctx(), ids); err != nil {
		return w, err
	}
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return w, fmt.Errorf("list projects: %w", err)
	}
	for _, p := range projects {
		w.projects[strconv.FormatInt(p.ID, 10)] = p.Key
	}
	return w, nil
}

// isPerson reports whether a value of the audit log is the number of a person.
func isPerson(name string) bool {
	return slices.Contains([]string{"assignee", "default_assignee", "user", "from"}, name)
}

// auditPair reads what something was and what it is: two values in a JSON array, null being nothing.
func auditPair(text string) (before, after string, ok bool) {
	var pair []any
	if json.Unmarshal([]byte(text), &pair) != nil || len(pair) != 2 {
		return "", "", false
	}
	side := func(value any) string {
		switch value := value.(type) {
		case nil:
			return ""
		case string:
			return value
		case float64:
			return strconv.FormatFloat(value, 'f', -1, 64)
		default:
			return fmt.Sprint(value)
		}
	}
	return side(pair[0]), side(pair[1]), true
}

// label is what a value of an action is called.
func (w auditWords) label(action, name string) string {
	keys := []string{"audit.field." + name, "inbox." + name}
	switch kind, _, _ := strings.Cut(action, "."); kind {
	case "issue":
		keys = slices.Insert(keys, 0, "issue."+name)
	case "inbox", "rules":
		slices.Reverse(keys)
	}
	for _, key := range keys {
		if w.v.l.Has(key) {
			return w.v.l.T(key)
		}
	}
	return name
}

// text puts a value in words, both sides of it where it has two; "" when it says nothing.
func (w auditWords) text(action, name, text string) string {
	if name == "was" || name == "became" {
		var all []string
		if json.Unmarshal([]byte(text), &all) == nil {
			return strings.Join(all, ", ")
		}
		return w.word(action, name, text)
	}
	before, after, ok := auditPair(text)
	if !ok {
		before, after, ok = strings.Cut(text, " → ")
	}
	switch {
	case ok && before == after, text == "":
		return ""
	case ok:
		return w.word(action, name, before) + " → " + w.word(action, name, after)
	case strings.HasPrefix(action, "issue.") && (name == "title" || name == "description"):
		if text != "true" {
			return ""
		}
		text = "changed"
	}
	if key := "audit.value." + text; w.v.l.Has(key) {
		return w.v.l.T(key)
	}
	return w.word(action, name, text)
}

// word is one value in words.
func (w auditWords) word(action, name, value string) string {
	kind, _, _ := strings.Cut(action, ".")
	key := ""
	switch {
	case isPerson(name):
		id, err := strconv.ParseInt(value, 10, 64)
		if known := w.people[id]; known != "" {
			return known
		}
		if err == nil {
			return "#" + value
		}
		key = "issue.nobody"
	case name == "project" && kind == "issue" && w.projects[value] != "":
		return w.projects[value]
	case name == "into", (name == "was" || name == "became") && value != "":
		return "#" + value
	case name == "state":
		key = map[string]string{"issue": "state.", "message": "message.state."}[kind] + value
	case name == "priority":
		key = "priority." + value
	case name == "role" && kind == "member":
		key = "choice.member_role." + value
	case name == "role":
		key = "role." + value
	case value == "yes", value == "no":
		key = "audit.value." + value
	case name == "disabled":
		key = "audit.value." + map[string]string{"true": "yes", "false": "no"}[value]
	}
	if w.v.l.Has(key) {
		return w.v.l.T(key)
	}
	return w.v.inboxValue(name, value)
}
