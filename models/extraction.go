package models

import "time"

// Extraction is how an inbox reads mails that are data: which formats it knows and what becomes of what they say. It is
// part of the rules and versioned with them. Its zero value recognises nothing.
type Extraction struct {
	Profiles  []Profile   `json:"profiles,omitempty"` // Tried in order; the first that matches wins.
	NoMatch   string      `json:"no_match,omitempty"` // A mail that none matches: "go_on", "reject" or "set_aside"; "": go_on.
	Correlate Correlation `json:"correlate,omitzero"`
}

// Correlation says whether mails with the same merge key come together in one issue.
type Correlation struct {
	By     string `json:"by,omitempty"`     // "references" (never by key) or "field"; "": references.
	Window string `json:"window,omitempty"` // How long after the latest mail with the key: "168h"; "": 7 days.
	Reopen *bool  `json:"reopen,omitempty"` // A resolved or closed issue takes the mail and is opened again; nil: yes.
}

// DefaultWindow is how long mails with the same key come together where nothing else is said.
const DefaultWindow = 7 * 24 * time.Hour

// On reports whether mails come together by key.
func (c Correlation) On() bool { return c.By == "field" }

// Reopens reports whether an issue that is done takes mails with its key.
func (c Correlation) Reopens() bool { return c.Reopen == nil || *c.Reopen }

// Within is the window; DefaultWindow where none can be read.
func (c Correlation) Within() time.Duration {
	if d, err := time.ParseDuration(c.Window); err == nil && d > 0 {
		return d
	}
	return DefaultWindow
}

// Profile is one format of mail: which fields it has, and what they set of the issue. The texts that it sets are
// templates: {name} stands for the field of that name, {subject} and {text} for the mail. An empty one sets nothing.
type Profile struct {
	Name   string         `json:"name"`
	About  string         `json:"about,omitempty"` // Who sends such mails, or a remark.
	Fields []ProfileField `json:"fields"`

	Title      string   `json:"title,omitempty"`
	Text       string   `json:"text,omitempty"`
	Priority   string   `json:"priority,omitempty"`   // Has to become low, normal, high or urgent, by way of Priorities if need be.
	Priorities []string `json:"priorities,omitempty"` // "B3 = urgent".
	Labels     string   `json:"labels,omitempty"`     // Separated by commas; a list sets one for each entry.
	Assignee   string   `json:"assignee,omitempty"`   // Login.
	Due        string   `json:"due,omitempty"`        // A date.
	Key        string   `json:"key,omitempty"`        // The merge key.
	Further    string   `json:"further,omitempty"`    // What a further mail with the key does: "update" or "comment"; "": update.
}

// ProfileField is one field of a format.
type ProfileField struct {
	Name     string `json:"name"`
	From     string `json:"from"`             // "subject", "text", "file" or "fields".
	File     string `json:"file,omitempty"`   // For "file": names of files, "*.xml"; "": any that is text.
	By       string `json:"by"`               // "line", "pattern", "xml", "json" or "whole"; "fields" is always "whole".
	Expr     string `json:"expr,omitempty"`   // The key of the line, the pattern, the path; for "fields" a template.
	Type     string `json:"type,omitempty"`   // "text", "number", "date", "list" or "coordinates"; "": text.
	Format   string `json:"format,omitempty"` // Of a date: "DD.MM.YYYY HH:mm"; of a list: what separates its entries.
	Required bool   `json:"required,omitempty"`
}

// IssueField is what a mail says of an issue, field by field.
type IssueField struct {
	IssueNumber int64 `gorm:"primaryKey;autoIncrement:false"`
	Place       int   `gorm:"primaryKey;autoIncrement:false"`
	Name        string
	Value       string
}

// MergeKey ties a key to the issue whose mails carry it. There is one for each project and key.
type MergeKey struct {
	ProjectID   int64  `gorm:"primaryKey;autoIncrement:false"`
	Key         string `gorm:"primaryKey;column:merge_key"` // Compared octet by octet.
	IssueNumber int64
	LatestAt    time.Time // When the latest mail with it came.
}
