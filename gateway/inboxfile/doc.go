// Package inboxfile is the file form of inboxes: YAML that people keep beside their other configuration. It writes
// everything that can be set of an inbox in one order, and reads it back with the line of whatever is wrong. What a file
// leaves out stays as it is; secrets are never written and only read as references. The same inbox is always written as
// the same octets, and what was written reads back as the same inbox: keys and types are those of the models, found by
// their JSON names, so a setting that is added there is in the file, too. The answer templates of projects and the
// shared scripts have files of the same kind. It is pure.
package inboxfile

import (
	"regexp"

	"letterbox/models"
)

// Format is what a file says of its own form.
const Format = "letterbox-inboxes/1"

// What a secret can be in a file, besides a reference.
const (
	Keep = "keep" // As it is stored.
	None = "none" // There is none.
)

// Inbox is all that a file says of an inbox.
type Inbox struct {
	Name    string `json:"name"`
	Project string `json:"project"` // Its key.
	Address string `json:"address"`
	Global  bool   `json:"global"`
	Enabled bool   `json:"enabled"`

	// Secrets: Keep, None or a reference.
	Password     string `json:"password"`
	ClientSecret string `json:"client_secret"` // Of the app that signs in with OAuth 2.0.
	Certificate  string `json:"certificate"`   // Of that app, with its private key.

	Settings        models.InboxSettings `json:"settings"`
	Rules           models.Rules         `json:"rules"`
	Acknowledgement Acknowledgement      `json:"acknowledgement"`
	// Sending is the sending account of the inbox; nil: it has none of its own, and its mail goes out by that of the project
	// or of all.
	Sending *Sending `json:"sending"`
}

// Sending is a sending account.
type Sending struct {
	Address string `json:"address"`
	Name    string `json:"name"`

	Password     string `json:"password"` // Secrets as those of an inbox.
	ClientSecret string `json:"client_secret"`
	Certificate  string `json:"certificate"`

	Settings models.SendingSettings `json:"settings"`
}

// Acknowledgement says whether and how an inbox acknowledges new issues, and in which words it refuses.
type Acknowledgement struct {
	Mode    string            `json:"mode"`
	Text    map[string]string `json:"text"`    // By language.
	Refusal map[string]string `json:"refusal"` // By language.
}

var (
	reference = regexp.MustCompile(`^\$\{(env|file):([^{}\x00-\x1f]+)\}$`)
	comments  = map[string]string{
		"password":         "keep, none, ${env:NAME} or ${file:/path}; never the password itself",
		"client_secret":    "of the app that signs in with OAuth 2.0; as password",
		"certificate":      "of the app that signs in with OAuth 2.0, with its key in PEM; as password",
		"poll_interval":    "1s to 24h",
		"batch_size":       "messages a visit",
		"max_message_size": "octets",
		"retention_days":   "0: kept for good",
		"max_attachments":  "0: no limit",
		"rate_limit":       "mails an hour and sender; 0: no limit",
		"move_rejected_to": "empty: as move_to",
		"move_failed_to":   "empty: left where it is",
		"import_since":     "from_now, all, archive or a date",
		"zone":             "empty: UTC",
		"sending":          "null: the sending account of the project, or of all",
		"per_minute":       "messages; 0: no limit",
		"window":           "empty: 168h",
	}
)

// Reference takes a reference to a secret apart: where it is ("env" or "file") and under which name. ok is false for
// every other text.
func Reference(text string) (kind, name string, ok bool) {
	m := reference.FindStringSubmatch(text)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}
