package script

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Decision is what a script wants to become of a mail. What is "" or empty stays as it is without the script.
type Decision struct {
	Project     string   `json:"project,omitempty"` // Key of the project of a new issue.
	Title       string   `json:"title,omitempty"`
	Description string   `json:"description,omitempty"`
	Priority    string   `json:"priority,omitempty"` // "low", "normal", "high", "urgent" or one of the project.
	Labels      []string `json:"labels,omitempty"`
	Assignee    string   `json:"assignee,omitempty"` // Login.
	Due         string   `json:"due,omitempty"`      // "2026-11-22".
	Fields      []Field  `json:"fields,omitempty"`
	Key         string   `json:"key,omitempty"` // The merge key.

	Reject   string `json:"reject,omitempty"`    // The mail is refused; why.
	SetAside string `json:"set_aside,omitempty"` // The mail waits for a person; why.
	Silent   bool   `json:"silent,omitempty"`    // No acknowledgement goes out.
	Folder   string `json:"folder,omitempty"`    // Where the mail goes on the server; "": as it would without the script.
}

// Field is one field of its own that an issue gets.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// The members of the object that onEmail returns, in the order of the documentation.
const (
	keyProject     = "project"
	keyTitle       = "title"
	keyDescription = "description"
	keyPriority    = "priority"
	keyLabels      = "labels"
	keyAssignee    = "assignee"
	keyDue         = "due"
	keyFields      = "fields"
	keyKey         = "key"
	keyReject      = "reject"
	keySetAside    = "set_aside"
	keyAcknowledge = "acknowledge"
	keyFolder      = "folder"
)

// Keys are the members that the object of a decision may have.
func Keys() []string {
	return []string{
		keyProject, keyTitle, keyDescription, keyPriority, keyLabels, keyAssignee, keyDue, keyFields, keyKey, keyReject, keySetAside, keyAcknowledge, keyFolder,
	}
}

// The bounds of a decision.
const (
	maxTitle       = 1_000
	maxDescription = 1 << 20
	maxWords       = 500 // Of a reason, and of a value of a field.
	maxName        = 100
	maxKey         = 200 // As for a profile.
	maxLabels      = 30
	maxLabel       = 50 // Characters.
	maxFields      = 50
	maxFolder      = 200 // As for a flow rule.
)

// check returns what is wrong with a decision; nil when it can be carried out.
func (d Decision) check() error {
	for _, text := range []struct {
		name, value string
		most        int
	}{
		{keyProject, d.Project, maxName}, {keyTitle, d.Title, maxTitle}, {keyDescription, d.Description, maxDescription},
		{keyAssignee, d.Assignee, maxName}, {keyKey, d.Key, maxKey}, {keyReject, d.Reject, maxWords}, {keySetAside, d.SetAside, maxWords},
	} {
		if len(text.value) > text.most {
			return fmt.Errorf("%s has %d octets, at most %d are taken", text.name, len(text.value), text.most)
		}
		if !utf8.ValidString(text.value) || strings.ContainsRune(text.value, 0) {
			return fmt.Errorf("%s is no text", text.name)
		}
	}
	if utf8.RuneCountInString(d.Priority) > maxLabel || strings.ContainsAny(d.Priority, "\",\n\x00") {
		return fmt.Errorf("priority is %q, want low, normal, high, urgent or the name of one of the project", short(d.Priority))
	}
	if d.Due != "" {
		if day, err := time.Parse(time.DateOnly, d.Due); err != nil || day.Year() < 1970 || day.Year() > 9999 {
			return fmt.Errorf("due is %q, want a day such as 2026-11-22", short(d.Due))
		}
	}
	if len(d.Labels) > maxLabels {
		return fmt.Errorf("labels has %d entries, at most %d are taken", len(d.Labels), maxLabels)
	}
	for _, l := range d.Labels {
		if n := utf8.RuneCountInString(l); n == 0 || n > maxLabel || strings.ContainsAny(l, ",\n\x00") {
			return fmt.Errorf("labels has %q, want 1 to %d characters without a comma", short(l), maxLabel)
		}
	}
	if len(d.Fields) > maxFields {
		return fmt.Errorf("fields has %d entries, at most %d are taken", len(d.Fields), maxFields)
	}
	for _, f := range d.Fields {
		if f.Name == "" || len(f.Name) > maxName || len(f.Value) > maxWords {
			return fmt.Errorf("fields has %q, want names of at most %d and values of at most %d octets", short(f.Name), maxName, maxWords)
		}
	}
	if len(d.Folder) > maxFolder || strings.ContainsAny(d.Folder, "\r\n\x00") || d.Folder != "" && strings.TrimSpace(d.Folder) != d.Folder {
		return fmt.Errorf("folder is %q, want the name of a folder of at most %d octets", short(d.Folder), maxFolder)
	}
	if d.Reject != "" && d.SetAside != "" {
		return fmt.Errorf("reject and set_aside exclude each other")
	}
	return nil
}

// short cuts a text for a message.
func short(s string) string {
	if runes := []rune(strings.ToValidUTF8(s, "\ufffd")); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return s
}
