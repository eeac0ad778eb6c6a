package inboxfile

import (
	"reflect"
	"strconv"
	"strings"

	"letterbox/models"
)

// TemplateFormat is what a file of answer templates says of its own form.
const TemplateFormat = "letterbox-templates/1"

const templateHead = "Answer templates of Letterbox. \"letterbox template import FILE --dry-run\" shows what it would change.\nThe list of a project is replaced as a whole; projects that are not here keep theirs."

// Templates are the answer templates of a project.
type Templates struct {
	Project   string     `json:"project"` // Its key.
	Templates []Template `json:"templates"`
}

// Template is a text that answers begin with.
type Template struct {
	Name string `json:"name"`
	Body string `json:"body"` // Markdown.
}

func templates() kind { return kind{TemplateFormat, "projects", "project"} }

// WriteTemplates writes the answer templates of projects as a file.
func WriteTemplates(list ...Templates) ([]byte, error) { return write(templates(), templateHead, list) }

// ReadTemplates takes a file of answer templates apart, as [Read] does one of inboxes.
func ReadTemplates(raw []byte) ([]*Entry, error) { return read(raw, templates()) }

// LayTemplates returns what the file says of the templates of a project. What cannot be read is on the list, with its line;
// so is an entry without its list, which would take all templates away.
func (e *Entry) LayTemplates() (Templates, models.InvalidList) {
	out := Templates{}
	list := e.over(reflect.ValueOf(&out).Elem())
	if !e.Says("templates") && len(list) == 0 {
		list = append(list, wrong("templates", "E-API-08", e.Line(""), "field", "templates"))
	}
	out.Project = e.Name
	return out, list
}

// TemplateLeaves returns templates as settings, by their names; one that has the name of another before it has a number
// behind it. Their lines are those of a list.
func TemplateLeaves(list []Template) []Leaf {
	out := make([]Leaf, 0, len(list))
	seen := map[string]int{}
	for _, t := range list {
		path := t.Name
		if seen[t.Name]++; seen[t.Name] > 1 {
			path += " (" + strconv.Itoa(seen[t.Name]) + ")"
		}
		out = append(out, Leaf{Path: path, Text: t.Body, List: strings.Split(t.Body, "\n")})
	}
	return out
}
