package extract

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// readJSON reads a document. encoding/json bounds its depth at 10,000.
func readJSON(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return tree, nil
}

// jsonStep is a member, an entry of an array, or all of either.
type jsonStep struct {
	name  string
	index int
	kind  byte // 'n' name, 'i' index, '*' all.
}

// jsonPath is a path: $.einsatz.nummer, fahrzeuge[*].name, orte[0]["Straße 1"].
type jsonPath []jsonStep

// parseJSONPath reads a path; ok is false for what is none.
func parseJSONPath(s string) (path jsonPath, ok bool) {
	s = strings.TrimSpace(s)
	s = strings.TrimPrefix(s, "$")
	if s == "" {
		return nil, false
	}
	for first := true; s != ""; first = false {
		switch {
		case s[0] == '[':
			end := strings.IndexByte(s, ']')
			if len(s) > 1 && (s[1] == '"' || s[1] == '\'') {
				end = strings.Index(s[2:], s[1:2]+"]")
				if end < 0 {
					return nil, false
				}
				path, s = append(path, jsonStep{kind: 'n', name: s[2 : 2+end]}), s[2+end+2:]
				continue
			}
			if end < 0 {
				return nil, false
			}
			inner := s[1:end]
			s = s[end+1:]
			if inner == "*" {
				path = append(path, jsonStep{kind: '*'})
				continue
			}
			n, err := strconv.Atoi(inner)
			if err != nil || n < 0 {
				return nil, false
			}
			path = append(path, jsonStep{kind: 'i', index: n})
			continue
		case s[0] == '.':
			s = s[1:]
		case !first:
			return nil, false
		}
		end := strings.IndexAny(s, ".[")
		if end < 0 {
			end = len(s)
		}
		if end == 0 {
			return nil, false
		}
		step := jsonStep{kind: 'n', name: s[:end]}
		if step.name == "*" {
			step = jsonStep{kind: '*'}
		}
		path, s = append(path, step), s[end:]
	}
	return path, true
}

// find returns what stands at a path. An array or an object there is written as JSON.
func (p jsonPath) find(tree any) []string {
	at := []any{tree}
	for _, step := range p {
		var next []any
		for _, v := range at {
			if len(next) > maxNodes {
				break
			}
			switch v := v.(type) {
			case map[string]any:
				if step.kind == '*' {
					for _, name := range slices.Sorted(maps.Keys(v)) {
						next = append(next, v[name])
					}
				} else if member, ok := v[step.name]; ok && step.kind == 'n' {
					next = append(next, member)
				}
			case []any:
				if step.kind == '*' {
					next = append(next, v...)
				} else if step.kind == 'i' && step.index < len(v) {
					next = append(next, v[step.index])
				}
			}
		}
		at = next
	}
	var out []string
	for _, v := range at {
		if len(out) == maxList {
			break
		}
		switch v := v.(type) {
		case nil:
		case string:
			out = append(out, v)
		case json.Number:
			out = append(out, v.String())
		case []any: // The entries of a list.
			for _, one := range v {
				if text, ok := plain(one); ok && len(out) < maxList {
					out = append(out, text)
				}
			}
		default:
			if text, ok := plain(v); ok {
				out = append(out, text)
			}
		}
	}
	return out
}

func plain(v any) (string, bool) {
	switch v := v.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	}
	raw, err := json.Marshal(v)
	return string(raw[:min(len(raw), maxValue)]), err == nil
}
