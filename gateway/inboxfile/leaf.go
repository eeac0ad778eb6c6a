package inboxfile

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Leaf is one setting as text.
type Leaf struct {
	Path string   // "name", "host", "oauth.client_id": settings have their own name only.
	Text string   // The entries of a list stand in one line each.
	List []string // Of a list; nil for everything else.
}

// Leaves returns the settings of an inbox, its rules aside, in the order of the file.
func Leaves(in Inbox) []Leaf {
	var out []Leaf
	leaves(reflect.ValueOf(in), "", &out)
	return out
}

func leaves(v reflect.Value, path string, out *[]Leaf) {
	for _, f := range fieldsOf(v.Type()) {
		value, at := v.Field(f.index), join(path, f.name)
		switch {
		case at == "rules":
		case at == "settings":
			leaves(value, "", out)
		case value.Kind() == reflect.Pointer && value.Type().Elem().Kind() == reflect.Struct:
			if !value.IsNil() {
				leaves(value.Elem(), at, out)
			}
		case value.Kind() == reflect.Struct:
			leaves(value, at, out)
		case value.Kind() == reflect.Map:
			of := value.Interface().(map[string]string)
			for _, key := range slices.Sorted(maps.Keys(of)) {
				*out = append(*out, Leaf{Path: join(at, key), Text: of[key]})
			}
		default:
			*out = append(*out, leaf(value, at))
		}
	}
}

func leaf(v reflect.Value, path string) Leaf {
	switch x := v.Interface().(type) {
	case time.Duration:
		return Leaf{Path: path, Text: shortDuration(x)}
	case []string:
		return Leaf{Path: path, Text: strings.Join(x, "\n"), List: append([]string{}, x...)}
	case bool:
		return Leaf{Path: path, Text: strconv.FormatBool(x)}
	}
	if v.CanInt() {
		return Leaf{Path: path, Text: strconv.FormatInt(v.Int(), 10)}
	}
	return Leaf{Path: path, Text: v.String()}
}
