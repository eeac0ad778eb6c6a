// Package past reads issues of older systems from files, one after the other: JSON Lines, one JSON array, or CSV for what
// is flat. docs/import.md describes the form.
//
// A Reader keeps one record in memory, however long the file is. A record that cannot be read is told with its line and
// field, and the next one is read, unless the file as such is broken. What the values mean is the caller's to check.
package past

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"letterbox/models"
)

// Issue is an issue as a file has it. Times are texts: the tracker says what is wrong with them.
type Issue struct {
	System       Text         `json:"system"` // Name of the older system: "Redmine".
	Number       Text         `json:"number"` // In that system.
	Project      string       `json:"project"`
	Title        string       `json:"title"`
	Description  string       `json:"description"`
	State        string       `json:"state"`
	Priority     string       `json:"priority"`
	Due          string       `json:"due"`
	Labels       []string     `json:"labels"`
	Reporter     Person       `json:"reporter"`
	Assignee     string       `json:"assignee"` // Login or address.
	Created      string       `json:"created"`
	Updated      string       `json:"updated"`
	Closed       string       `json:"closed"`
	Participants []string     `json:"participants"` // Further addresses whose mail belongs to the issue.
	MessageIDs   []string     `json:"message_ids"`  // Of its mails, with or without angle brackets.
	Fields       []Field      `json:"fields"`
	Attachments  []Attachment `json:"attachments"`
	Comments     []Comment    `json:"comments"`
}

// Comment is an answer or a note.
type Comment struct {
	Author      Person       `json:"author"`
	Created     string       `json:"created"`
	Body        string       `json:"body"`
	Internal    bool         `json:"internal"`
	MessageIDs  []string     `json:"message_ids"`
	Attachments []Attachment `json:"attachments"`
}

// Attachment is a file, either in the record or beside the file of records.
type Attachment struct {
	Name        string `json:"name"` // "": the last part of Path.
	ContentType string `json:"content_type"`
	Path        string `json:"path"`   // Below the folder of files, with slashes.
	Base64      []byte `json:"base64"` // The octets, when there is no path.
}

// Field is something that the older system knew of an issue besides.
type Field struct {
	Name  Text `json:"name"`
	Value Text `json:"value"`
}

// Person is somebody who wrote. Without an address it is nobody in particular.
type Person struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// UnmarshalJSON takes an object, or an address alone.
func (p *Person) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte(`"`)) {
		return json.Unmarshal(raw, &p.Address)
	}
	type plain Person
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	return d.Decode((*plain)(p))
}

// Text is a text that a file may write as a number.
type Text string

// UnmarshalJSON takes a text or a number.
func (t *Text) UnmarshalJSON(raw []byte) error {
	var number json.Number
	if len(raw) > 0 && raw[0] != '"' && json.Unmarshal(raw, &number) == nil {
		*t = Text(number)
		return nil
	}
	return json.Unmarshal(raw, (*string)(t))
}

// Record is one issue of a file, or what is wrong with it.
type Record struct {
	Line   int   // Where it begins, from 1.
	Size   int64 // Octets that it takes in the file.
	Issue  Issue
	Faults models.InvalidList // Not empty: Issue is not whole.
}

// ErrBroken says that the rest of a file cannot be read.
var ErrBroken = errors.New("the rest cannot be read")

// maxRecord is the most octets of one issue with its files.
const maxRecord = 128 << 20

// decode reads one JSON object strictly: a name that is not known is most likely a mistake.
func decode(line int, raw []byte) Record {
	r := Record{Line: line, Size: int64(len(raw))}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(&r.Issue)
	if err == nil && d.More() {
		err = errors.New("more than one value")
	}
	if err != nil {
		r.Faults = models.InvalidList{jsonFault(err)}
	}
	return r
}

func jsonFault(err error) *models.Invalid {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := wrong.Field
		if field == "" {
			field = "record"
		}
		return &models.Invalid{Field: field, Code: "E-PAST-02", Args: map[string]string{"found": wrong.Value, "wanted": wrong.Type.String()}}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return &models.Invalid{Field: strings.Trim(name, `"`), Code: "E-PAST-03"}
	}
	return &models.Invalid{Field: "record", Code: "E-PAST-01", Args: map[string]string{"detail": strings.TrimPrefix(err.Error(), "json: ")}}
}
