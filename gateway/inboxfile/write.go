package inboxfile

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// head stands above every file.
const head = "Inboxes of Letterbox. \"letterbox inbox import FILE --dry-run\" shows what it would change.\nWhat is left out stays as it is, and has its default in a new inbox."

// Write writes inboxes as a file.
func Write(list ...Inbox) ([]byte, error) { return write(inboxes(), head, list) }

func write[T any](k kind, head string, list []T) ([]byte, error) {
	all := &yaml.Node{Kind: yaml.SequenceNode}
	for _, one := range list {
		all.Content = append(all.Content, nodeOf(reflect.ValueOf(one), false))
	}
	top := mapping(text("format"), text(k.format), text(k.list), all)
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(&yaml.Node{Kind: yaml.DocumentNode, HeadComment: head, Content: []*yaml.Node{top}}); err != nil {
		return nil, fmt.Errorf("write %s: %w", k.list, err)
	}
	if err := e.Close(); err != nil {
		return nil, fmt.Errorf("write %s: %w", k.list, err)
	}
	return out.Bytes(), nil
}

func mapping(content ...*yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Content: content}
}

// nodeOf is a value as YAML. brief leaves out what is empty: entries of lists are read whole.
func nodeOf(v reflect.Value, brief bool) *yaml.Node {
	switch x := v.Interface().(type) {
	case string:
		return text(x)
	case time.Duration:
		return text(shortDuration(x))
	}
	switch v.Kind() {
	case reflect.Bool:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: strconv.FormatBool(v.Bool())}
	case reflect.Int, reflect.Int64:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: strconv.FormatInt(v.Int(), 10)}
	case reflect.Pointer:
		if v.IsNil() {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
		}
		return nodeOf(v.Elem(), brief)
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range v.Len() {
			n.Content = append(n.Content, nodeOf(v.Index(i), true))
		}
		return n
	case reflect.Map:
		n, of := mapping(), v.Interface().(map[string]string)
		for _, key := range slices.Sorted(maps.Keys(of)) {
			if of[key] != "" {
				n.Content = append(n.Content, text(key), text(of[key]))
			}
		}
		return n
	}
	n := mapping()
	for _, f := range fieldsOf(v.Type()) {
		value := v.Field(f.index)
		if brief && (value.IsZero() || value.Kind() == reflect.Slice && value.Len() == 0) {
			continue
		}
		one := nodeOf(value, brief)
		if note := comments[f.name]; note != "" && !brief && one.Kind == yaml.ScalarNode {
			one.LineComment = note
		}
		n.Content = append(n.Content, text(f.name), one)
	}
	return n
}

var (
	plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./@ -]*$`)
	words = []string{"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"}
)

// text is a text in the form in which it reads best and comes back unchanged.
func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
	switch {
	case plain.MatchString(s) && !strings.HasSuffix(s, " ") && !slices.Contains(words, strings.ToLower(s)):
		n.Style = 0
	case readsAsLines(s):
		n.Style = yaml.LiteralStyle
	}
	return n
}

// readsAsLines reports whether a text may be written line by line.
func readsAsLines(s string) bool {
	if !strings.Contains(s, "\n") || strings.HasPrefix(s, " ") || strings.HasPrefix(s, "\n") || strings.HasPrefix(s, "\t") {
		return false
	}
	for line := range strings.SplitSeq(s, "\n") {
		if strings.TrimRight(line, " \t") != line {
			return false
		}
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r != '\n' && r != '\t' && !unicode.IsPrint(r) || r == unicode.ReplacementChar
	})
}

// shortDuration writes a duration with one unit where one is enough: "90s", "5m", "2h".
func shortDuration(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d >= u.size && d%u.size == 0 {
			return strconv.FormatInt(int64(d/u.size), 10) + u.name
		}
	}
	return d.String()
}

// field is a field of a struct that stands in a file.
type field struct {
	name  string
	index int
}

// fieldsOf returns what of a struct stands in a file, by the names that JSON has for it. When something happened is no
// setting.
func fieldsOf(t reflect.Type) []field {
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Type == reflect.TypeFor[*time.Time]() || name == "" || name == "-" {
			continue
		}
		out = append(out, field{name, i})
	}
	return out
}
