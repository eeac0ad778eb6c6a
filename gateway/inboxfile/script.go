package inboxfile

import (
	"reflect"
	"strconv"
	"strings"

	"letterbox/models"
)

// ScriptFormat is what a file of shared scripts says of its own form.
const ScriptFormat = "letterbox-scripts/1"

const scriptHead = "Shared scripts of Letterbox. \"letterbox script import FILE --dry-run\" shows what it would change.\nWhat is left out stays as it is, and has its default in a new script. A file removes no script: those that are not here stay."

// Script is a shared script. Rules name it by its name, so it has to be there before them.
type Script struct {
	Name      string `json:"name"`
	OnFailure string `json:"on_failure"` // Where flow rules run it: "set_aside" or "go_on".
	Everyone  bool   `json:"everyone"`   // Flow rules of all who configure inboxes may run it.
	Source    string `json:"source"`
}

func scripts() kind { return kind{ScriptFormat, "scripts", "name"} }

// NewScript returns what a script is of which a file says nothing but its name.
func NewScript() Script { return Script{OnFailure: "set_aside"} }

// WriteScripts writes shared scripts as a file.
func WriteScripts(list ...Script) ([]byte, error) { return write(scripts(), scriptHead, list) }

// ReadScripts takes a file of shared scripts apart, as [Read] does one of inboxes.
func ReadScripts(raw []byte) ([]*Entry, error) { return read(raw, scripts()) }

// LayScript lays what the file says of a shared script over base. What cannot be read is on the list, with its line.
func (e *Entry) LayScript(base Script) (Script, models.InvalidList) {
	list := e.over(reflect.ValueOf(&base).Elem())
	return base, list
}

// ScriptLeaves returns what is set of a shared script, besides its name. The lines of its source are those of a list.
func ScriptLeaves(s Script) []Leaf {
	source := Leaf{Path: "source", Text: s.Source}
	if s.Source != "" {
		source.List = strings.Split(s.Source, "\n")
	}
	return []Leaf{{Path: "on_failure", Text: s.OnFailure}, {Path: "everyone", Text: strconv.FormatBool(s.Everyone)}, source}
}
