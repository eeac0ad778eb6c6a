package handlers

import (
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

// schemas are the named schemas of the OpenAPI document.
type schemas map[string]any

func schemaRef(name string) object { return object{"$ref": "#/components/schemas/" + name} }

// ref returns a reference to the schema of a struct and adds the schema when it is new.
func (s schemas) ref(t reflect.Type) object {
	name := schemaName(t)
	if _, ok := s[name]; !ok {
		s[name] = nil // A type that holds itself ends here.
		if t == reflect.TypeFor[apiInboxType]() {
			s[name] = s.inbox()
		} else {
			s[name] = s.of(t)
		}
	}
	return schemaRef(name)
}

// schemaName makes Issue of apiIssueOut and IssuePatch of apiIssuePatch.
func schemaName(t reflect.Type) string {
	name := strings.TrimPrefix(t.Name(), "api")
	name = strings.TrimSuffix(strings.TrimSuffix(name, "Out"), "Type")
	if base, ok := strings.CutSuffix(name, "In"); ok {
		name = base + "Input"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

// of returns the schema of a struct by its json tags.
func (s schemas) of(t reflect.Type) object {
	properties, required := object{}, []string{}
	s.fields(t, properties, &required)
	schema := object{"type": "object", "properties": properties}
	if isInput(t) {
		schema["additionalProperties"] = false
	} else {
		schema["required"] = required
	}
	return schema
}

func isInput(t reflect.Type) bool {
	return strings.HasSuffix(t.Name(), "In") || strings.HasSuffix(t.Name(), "Patch")
}

func (s schemas) fields(t reflect.Type, properties object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			s.fields(f.Type, properties, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		properties[name] = s.value(f.Type, isInput(t))
		if name == "password" {
			properties[name] = object{"type": "string", "writeOnly": true}
		}
		if options != "omitempty" {
			*required = append(*required, name)
		}
	}
}

// value returns the schema of one value. In an input a pointer means that the field may be left out; in an answer it
// means that the value may be null.
func (s schemas) value(t reflect.Type, input bool) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{}
	case t == reflect.TypeFor[[]byte]():
		return object{"type": "string", "contentEncoding": "base64"}
	case t.Kind() == reflect.Pointer:
		schema := s.value(t.Elem(), input)
		if input {
			return schema
		}
		if kind, ok := schema["type"].(string); ok {
			schema["type"] = []string{kind, "null"}
			return schema
		}
		return object{"oneOf": []any{schema, object{"type": "null"}}}
	case t.Kind() == reflect.Slice:
		return object{"type": "array", "items": s.value(t.Elem(), input)}
	case t.Kind() == reflect.Map:
		return object{"type": "object", "additionalProperties": object{"type": "string"}}
	case t.Kind() == reflect.Struct && strings.HasPrefix(t.Name(), "apiExact["):
		return s.value(t.Field(0).Type, false)
	case t.Kind() == reflect.Struct:
		return s.ref(t)
	case t.Kind() == reflect.Bool:
		return object{"type": "boolean"}
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	case t.Kind() == reflect.Interface:
		return object{}
	default:
		return object{"type": "string"}
	}
}

// inbox returns the schema of an inbox: the same one for what goes in and what comes out.
func (s schemas) inbox() object {
	d := gateway.InboxDraft{Enabled: true, Settings: models.DefaultInboxSettings(), Rules: models.DefaultRules()}
	properties := object{
		"project":  object{"type": "string", "description": "Key of the project; of a global inbox that of its default project"},
		"password": object{"type": "string", "writeOnly": true},
		"version":  object{"type": "integer", "format": "int64", "description": "In a change: refused when it is not the inbox's version any more"},
		"status":   s.ref(reflect.TypeFor[apiStatusOut]()),
		"today":    s.ref(reflect.TypeFor[apiTodayOut]()),
	}
	for _, name := range []string{"id", "rule_version"} {
		properties[name] = object{"type": "integer", "format": "int64", "readOnly": true}
	}
	for _, name := range []string{"created_at", "updated_at", "started_at"} {
		properties[name] = object{"type": []string{"string", "null"}, "format": "date-time", "readOnly": true}
	}
	properties["password_set"] = object{"type": "boolean", "readOnly": true}
	for _, f := range apiInboxFields() {
		properties[f.key] = s.setting(f, &d)
	}
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

// setting returns the schema of one setting of an inbox with its default.
func (s schemas) setting(f apiInboxField, d *gateway.InboxDraft) object {
	var schema object
	switch p := f.to(d).(type) {
	case *time.Duration:
		schema = object{"type": "string", "description": `"90s", "5m", "1h30m"`, "default": apiDuration(*p)}
	case *[]string:
		schema = object{"type": "array", "items": object{"type": "string"}, "default": append([]string{}, *p...)}
	case *bool:
		schema = object{"type": "boolean", "default": *p}
	case *string:
		schema = object{"type": "string", "default": *p}
		if f.values != nil {
			schema["enum"] = f.values
		}
	case *int:
		schema = object{"type": "integer", "default": *p}
	case *int64:
		schema = object{"type": "integer", "format": "int64", "default": *p}
	}
	return schema
}
