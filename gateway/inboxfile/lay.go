package inboxfile

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"letterbox/models"
)

// Lay lays what the file says of an inbox over base. Lists are replaced as a whole. What cannot be read is on the list,
// with its line.
func (e *Entry) Lay(base Inbox) (Inbox, models.InvalidList) {
	list := e.over(reflect.ValueOf(&base).Elem())
	secrets := map[string]string{"password": base.Password, "client_secret": base.ClientSecret, "certificate": base.Certificate}
	if base.Sending != nil {
		s := base.Sending
		secrets["sending.password"], secrets["sending.client_secret"], secrets["sending.certificate"] = s.Password, s.ClientSecret, s.Certificate
	}
	for name, secret := range secrets {
		if _, _, ok := Reference(secret); !ok && secret != Keep && secret != None && secret != "" {
			list = append(list, wrong(name, "E-CONF-04", e.Line(name), "field", name))
		}
	}
	slices.SortStableFunc(list, func(a, b *models.Invalid) int { return a.Line - b.Line })
	return base, list
}

// over writes what the file says into a value.
func (e *Entry) over(v reflect.Value) models.InvalidList {
	l := layer{at: e.at}
	l.lay(v, e.node, "")
	return l.list
}

// Line is where the file says what is called field, by its path or as the checks of inboxes call it; the line of what it
// stands in when the file does not say it.
func (e *Entry) Line(field string) int {
	for _, below := range []string{"", "settings.", "rules.", "rules.extraction.", "rules.script.", "settings.oauth."} {
		if line, ok := e.at[below+field]; ok {
			return line
		}
	}
	if rest, ok := strings.CutPrefix(field, "sending."); ok && rest != "settings" && !strings.HasPrefix(rest, "settings.") {
		return e.Line("sending.settings." + rest)
	}
	if alias, ok := strings.CutPrefix(field, "ack_mode"); ok {
		return e.Line("acknowledgement.mode" + alias)
	}
	for name, at := range map[string]string{"ack_text_": "acknowledgement.text.", "refusal_text_": "acknowledgement.refusal."} {
		if lang, ok := strings.CutPrefix(field, name); ok {
			return e.Line(at + lang)
		}
	}
	if i := strings.LastIndexByte(field, '.'); i > 0 {
		return e.Line(field[:i])
	}
	return e.at[""]
}

// Says reports whether the file says what stands at a path.
func (e *Entry) Says(path string) bool {
	_, ok := e.at[path]
	return ok
}

// layer writes nodes into values.
type layer struct {
	at   map[string]int
	list models.InvalidList
}

func (l *layer) mistyped(n *yaml.Node, path, kind string) {
	l.list = append(l.list, wrong(path, "E-API-02", n.Line, "field", path, "type", kind))
}

func (l *layer) lay(v reflect.Value, n *yaml.Node, path string) {
	if path != "" {
		l.at[path] = n.Line
	}
	switch to := v.Addr().Interface().(type) {
	case *string:
		if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Tag == "!!binary" {
			l.mistyped(n, path, "string")
			return
		}
		*to = n.Value
		return
	case *time.Duration:
		d, err := time.ParseDuration(n.Value)
		if err != nil || n.Kind != yaml.ScalarNode {
			l.mistyped(n, path, "duration")
			return
		}
		*to = d
		return
	case **bool:
		if n.Tag == "!!null" {
			*to = nil
			return
		}
		*to = new(bool)
		l.lay(v.Elem(), n, path)
		return
	case *map[string]string:
		l.texts(to, n, path)
		return
	case **Sending:
		if n.Tag == "!!null" {
			*to = nil
			return
		}
		one := Sending{Password: None, ClientSecret: None, Certificate: None, Settings: models.DefaultSendingSettings()}
		if *to != nil {
			one = **to
		}
		*to = &one // What it was is somebody else's, too.
		l.lay(reflect.ValueOf(&one).Elem(), n, path)
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		if n.Tag != "!!bool" || n.Value != "true" && n.Value != "false" {
			l.mistyped(n, path, "boolean")
			return
		}
		v.SetBool(n.Value == "true")
	case reflect.Int, reflect.Int64:
		i, err := strconv.ParseInt(n.Value, 10, v.Type().Bits())
		if err != nil || n.Tag != "!!int" {
			l.mistyped(n, path, "integer")
			return
		}
		v.SetInt(i)
	case reflect.Slice:
		l.entries(v, n, path)
	case reflect.Struct:
		l.fields(v, n, path)
	}
}

// entries replaces a list. One that is empty before and after stays as it was, so that nothing changes.
func (l *layer) entries(v reflect.Value, n *yaml.Node, path string) {
	if n.Kind != yaml.SequenceNode {
		l.mistyped(n, path, "array")
		return
	}
	if len(n.Content) == 0 && v.Len() == 0 {
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		l.lay(out.Index(i), c, join(path, strconv.Itoa(i)))
	}
	v.Set(out)
}

func (l *layer) fields(v reflect.Value, n *yaml.Node, path string) {
	if n.Kind != yaml.MappingNode {
		l.mistyped(n, path, "object")
		return
	}
	byName := map[string]int{}
	var known []string
	for _, f := range fieldsOf(v.Type()) {
		byName[f.name] = f.index
		known = append(known, f.name)
	}
	each(n, path, known, &l.list, func(key string, value *yaml.Node) { l.lay(v.Field(byName[key]), value, join(path, key)) })
}

// texts replaces texts by language. What is empty is not there.
func (l *layer) texts(to *map[string]string, n *yaml.Node, path string) {
	if n.Kind != yaml.MappingNode {
		l.mistyped(n, path, "object")
		return
	}
	out := map[string]string{}
	each(n, path, nil, &l.list, func(key string, value *yaml.Node) {
		var text string
		if l.lay(reflect.ValueOf(&text).Elem(), value, join(path, key)); text != "" {
			out[key] = text
		}
	})
	if was := maps.Clone(*to); !maps.Equal(out, without(was)) {
		*to = out
	}
}

// without leaves out texts that are empty.
func without(m map[string]string) map[string]string {
	maps.DeleteFunc(m, func(_, text string) bool { return text == "" })
	return m
}
