package inboxfile

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"letterbox/internal/spelling"
	"letterbox/models"
)

// MaxOctets is how large a file may be.
const MaxOctets = 4 << 20

// mostEntries is how many inboxes, or projects, a file may hold.
const mostEntries = 5000

// Entry is one inbox, or the templates of one project, in a file that was read.
type Entry struct {
	Name string
	node *yaml.Node
	at   map[string]int // Lines by path: "settings.host", "rules.flow.rules.0.name".
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// kind is one sort of file: what it says of its form, the list that it holds, and what names an entry of that.
type kind struct{ format, list, name string }

func inboxes() kind { return kind{Format, "inboxes", "name"} }

// Read takes a file apart. What is no such file is a models.InvalidList; what the inboxes in it say is looked at by
// [Entry.Lay].
func Read(raw []byte) ([]*Entry, error) { return read(raw, inboxes()) }

func read(raw []byte, k kind) ([]*Entry, error) {
	if len(raw) > MaxOctets {
		return nil, models.InvalidList{wrong("file", "E-CONF-11", 0, "max", strconv.Itoa(MaxOctets>>20))}
	}
	d := yaml.NewDecoder(bytes.NewReader(raw))
	var doc, more yaml.Node
	if err := d.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, models.InvalidList{k.none(0)}
	} else if err != nil {
		return nil, models.InvalidList{unreadable(err)}
	}
	if err := d.Decode(&more); err == nil {
		return nil, models.InvalidList{wrong("file", "E-CONF-03", more.Line)}
	} else if !errors.Is(err, io.EOF) {
		return nil, models.InvalidList{unreadable(err)}
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, models.InvalidList{k.none(1)}
	}
	if list := referring(&doc); len(list) > 0 {
		return nil, list
	}
	return entries(doc.Content[0], k)
}

func unreadable(err error) *models.Invalid {
	line := 0
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1]) // 0 where the library names none.
	}
	return wrong("file", "E-CONF-01", line, "detail", yamlLine.ReplaceAllString(err.Error(), ""))
}

// referring refuses anchors and aliases: what is meant stands where it counts, and a small file stays small.
func referring(n *yaml.Node) (list models.InvalidList) {
	if n.Anchor != "" || n.Kind == yaml.AliasNode {
		return models.InvalidList{wrong("file", "E-CONF-03", n.Line)}
	}
	for _, c := range n.Content {
		list = append(list, referring(c)...)
	}
	return list
}

func entries(top *yaml.Node, k kind) ([]*Entry, error) {
	var list models.InvalidList
	var out []*Entry
	names := map[string]bool{}
	found := false
	each(top, "", []string{"format", k.list}, &list, func(key string, n *yaml.Node) {
		switch key {
		case "format":
			if n.Value != k.format {
				list = append(list, wrong("format", "E-CONF-10", n.Line, "format", short(n.Value), "known", k.format))
			}
		case k.list:
			found = true
			if n.Kind != yaml.SequenceNode || len(n.Content) == 0 || len(n.Content) > mostEntries {
				list = append(list, k.none(n.Line))
				return
			}
			for i, c := range n.Content {
				e := entry(c, k.name)
				switch name := strings.ToLower(e.Name); {
				case c.Kind != yaml.MappingNode:
					list = append(list, wrong(k.list+"."+strconv.Itoa(i), "E-API-02", c.Line, "field", k.list, "type", "object"))
				case name == "":
					list = append(list, wrong(k.name, "E-API-08", c.Line, "field", k.name))
				case names[name]:
					list = append(list, wrong(k.name, "E-CONF-08", c.Line, "name", short(e.Name)))
				default:
					names[name] = true
				}
				out = append(out, e)
			}
		}
	})
	if !found {
		list = append(list, k.none(top.Line))
	}
	if len(list) > 0 {
		return nil, list
	}
	return out, nil
}

// none says that a file has no entries.
func (k kind) none(line int) *models.Invalid { return wrong(k.list, "E-CONF-09", line, "list", k.list) }

func entry(n *yaml.Node, name string) *Entry {
	e := &Entry{node: n, at: map[string]int{"": n.Line}}
	if n.Kind != yaml.MappingNode {
		return e
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name && n.Content[i+1].Kind == yaml.ScalarNode && n.Content[i+1].Tag != "!!null" {
			e.Name = strings.TrimSpace(n.Content[i+1].Value)
		}
	}
	return e
}

// each calls f for the entries of a mapping. A key that is none of known, or stands there twice, goes onto the list.
func each(n *yaml.Node, path string, known []string, list *models.InvalidList, f func(key string, value *yaml.Node)) {
	seen := map[string]bool{}
	is := map[string]bool{}
	for _, k := range known {
		is[k] = true
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		at := join(path, short(k.Value))
		switch {
		case k.Kind != yaml.ScalarNode || known != nil && !is[k.Value]:
			if near := spelling.Nearest(k.Value, known); near != "" {
				*list = append(*list, wrong(at, "E-API-01", k.Line, "field", short(k.Value), "nearest", near))
			} else {
				*list = append(*list, wrong(at, "E-API-12", k.Line, "field", short(k.Value)))
			}
		case seen[k.Value]:
			*list = append(*list, wrong(at, "E-CONF-02", k.Line, "field", short(k.Value)))
		default:
			seen[k.Value] = true
			f(k.Value, n.Content[i+1])
		}
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func wrong(field, code string, line int, pairs ...string) *models.Invalid {
	args := map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		args[pairs[i]] = pairs[i+1]
	}
	return &models.Invalid{Field: field, Code: code, Args: args, Line: line}
}

func short(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
