package extract

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"letterbox/models"
)

// mostSuggested is how many fields are proposed at most.
const mostSuggested = 25

// numberWords are what fields with the number of an incident, an order or an alert are called.
var numberWords = regexp.MustCompile(`(?i)nummer|number|\bnr\b|_nr$|\bid$|_id$|[a-z]Id$|ticket|vorgang|aktenzeichen`)

// Suggest proposes a profile for mails like this one: a field for each line "key: value", or for each value of an XML
// or JSON file. It has no name, and its fields are named as the mail names them.
func Suggest(src Source) models.Profile {
	g := suggestion{seen: map[string]bool{"subject": true, "text": true}}
	docs := newSources(src)
	for _, d := range docs.files {
		pattern := "*"
		if i := strings.LastIndexByte(d.name, '.'); i >= 0 {
			pattern = "*" + d.name[i:]
		}
		before := len(g.fields)
		if root, err := readXML(d.data); err == nil && !d.short {
			g.xml(root, "/"+root.name, pattern)
		} else if tree, err := readJSON(d.text); err == nil && !d.short {
			g.json(tree, "$", "", pattern)
		}
		if len(g.fields) == before {
			g.lines(d.text, "file", pattern)
		}
	}
	g.lines(docs.text.text, "text", "")
	p := models.Profile{Fields: g.fields}
	if i := slices.IndexFunc(p.Fields, func(f models.ProfileField) bool { return numberWords.MatchString(f.Name) }); i >= 0 {
		p.Fields[i].Required, p.Key = true, "{"+p.Fields[i].Name+"}"
	} else if len(p.Fields) > 0 {
		p.Fields[0].Required = true
	}
	return p
}

type suggestion struct {
	fields []models.ProfileField
	seen   map[string]bool
}

// add proposes a field; a name that is taken gets a number.
func (g *suggestion) add(f models.ProfileField, value string) {
	if len(g.fields) == mostSuggested || strings.TrimSpace(value) == "" {
		return
	}
	f.Name = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' {
			return r
		}
		return ' '
	}, f.Name)), " ")
	if runes := []rune(f.Name); len(runes) > 40 {
		f.Name = strings.TrimSpace(string(runes[:40]))
	}
	name := f.Name
	for n := 2; g.seen[foldKey(f.Name)]; n++ {
		f.Name = name + " " + strconv.Itoa(n)
	}
	if !usable(f.Name) {
		return
	}
	g.seen[foldKey(f.Name)] = true
	if f.Type == "" {
		f.Type = "text"
		if _, _, wrong := date(value, usualDates); wrong == nil && len(value) >= 8 && strings.ContainsAny(value, ".-/:") {
			f.Type = "date"
		} else if _, wrong := coordinates(value); wrong == nil && strings.ContainsAny(value, ".,°") {
			f.Type = "coordinates"
		}
	}
	g.fields = append(g.fields, f)
}

func (g *suggestion) lines(text, from, file string) {
	for line := range strings.Lines(text) {
		key, value, ok := keyed(strings.TrimRight(line, "\n"))
		if !ok || len(strings.Fields(key)) > 4 || g.seen[foldKey(key)] {
			continue
		}
		if value == "" {
			if found := lines(text, key); len(found) > 0 {
				value = found[0]
			}
		}
		g.add(models.ProfileField{Name: key, From: from, File: file, By: "line", Expr: strings.ReplaceAll(key, "|", " ")}, value)
	}
}

func (g *suggestion) xml(n *node, path, file string) {
	for _, a := range n.attrs {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" && !strings.Contains(a.Name.Local, "schemaLocation") {
			g.add(models.ProfileField{Name: a.Name.Local, From: "file", File: file, By: "xml", Expr: path + "/@" + a.Name.Local}, a.Value)
		}
	}
	if len(n.children) == 0 {
		g.add(models.ProfileField{Name: n.name, From: "file", File: file, By: "xml", Expr: path}, strings.TrimSpace(n.text.String()))
		return
	}
	count := map[string]int{}
	for _, c := range n.children {
		count[c.name]++
	}
	done := map[string]bool{}
	for _, c := range n.children {
		if done[c.name] {
			continue
		}
		done[c.name] = true
		if count[c.name] > 1 && len(c.children) == 0 {
			g.add(models.ProfileField{Name: c.name, From: "file", File: file, By: "xml", Expr: path + "/" + c.name, Type: "list"}, c.text.String())
			continue
		}
		g.xml(c, path+"/"+c.name, file)
	}
}

func (g *suggestion) json(v any, path, name, file string) {
	if len(g.fields) == mostSuggested || strings.Count(path, ".")+strings.Count(path, "[") >= 19 {
		return
	}
	f := models.ProfileField{Name: name, From: "file", File: file, By: "json", Expr: path}
	switch v := v.(type) {
	case map[string]any:
		for _, member := range slices.Sorted(maps.Keys(v)) {
			step := "." + member
			if !usable(member) || strings.ContainsAny(member, ". ") {
				if strings.ContainsAny(member, "\"]") {
					continue
				}
				step = `["` + member + `"]`
			}
			g.json(v[member], path+step, member, file)
		}
	case []any:
		if len(v) == 0 {
			return
		}
		if _, isText := plain(v[0]); isText {
			if _, object := v[0].(map[string]any); !object {
				f.Type = "list"
				g.add(f, "x")
				return
			}
		}
		g.json(v[0], path+"[0]", name, file)
	case string:
		g.add(f, v)
	case json.Number:
		f.Type = "number"
		g.add(f, v.String())
	case bool:
		g.add(f, strconv.FormatBool(v))
	}
}
