package script

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dop251/goja"
)

// decision reads what onEmail has returned. Nothing is guessed: a member that is not known, or of another kind than it
// has to be, is a failure.
func (e *engine) decision(v goja.Value) (d Decision, f *Failure) {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return d, nil
	}
	var err error
	if ex := e.vm.Try(func() { d, err = e.members(v) }); ex != nil { // Reading a member may run code of the script.
		return Decision{}, failureOf(ex)
	}
	if err == nil {
		err = d.check()
	}
	if err != nil {
		return Decision{}, &Failure{Kind: Unusable, Detail: cutTo(err.Error(), maxWords)}
	}
	return d, nil
}

func (e *engine) members(v goja.Value) (d Decision, err error) {
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Object" {
		return d, fmt.Errorf("onEmail returned %s, want an object or nothing", kind(v))
	}
	texts := map[string]*string{
		keyProject: &d.Project, keyTitle: &d.Title, keyDescription: &d.Description, keyPriority: &d.Priority, keyAssignee: &d.Assignee,
		keyDue: &d.Due, keyKey: &d.Key, keyReject: &d.Reject, keySetAside: &d.SetAside, keyFolder: &d.Folder,
	}
	names := o.Keys()
	if len(names) > len(Keys()) {
		return d, fmt.Errorf("onEmail returned %d members, at most %d are known", len(names), len(Keys()))
	}
	for _, name := range names {
		if !slices.Contains(Keys(), name) {
			return d, fmt.Errorf("%q is no member of a decision, want one of %s", short(name), strings.Join(Keys(), ", "))
		}
		value := o.Get(name)
		switch {
		case value == nil || goja.IsUndefined(value) || goja.IsNull(value):
		case name == keyLabels:
			d.Labels, err = list(value)
		case name == keyFields:
			d.Fields, err = fields(value)
		case name == keyAcknowledge:
			yes, ok := value.Export().(bool)
			if d.Silent = !yes; !ok {
				err = fmt.Errorf("acknowledge is %s, want true or false", kind(value))
			}
		default:
			if *texts[name], err = text(name, value); err == nil && strings.TrimSpace(*texts[name]) == "" && (name == keyReject || name == keySetAside) {
				err = fmt.Errorf("%s is empty, want the reason", name)
			}
		}
		if err != nil {
			return d, err
		}
	}
	return d, nil
}

func text(name string, v goja.Value) (string, error) {
	s, ok := v.(goja.String)
	if !ok {
		return "", fmt.Errorf("%s is %s, want a text", name, kind(v))
	}
	if s.Length() > maxDescription {
		return "", fmt.Errorf("%s is too long", name)
	}
	return strings.ToValidUTF8(s.String(), "\ufffd"), nil
}

func list(v goja.Value) ([]string, error) {
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Array" {
		return nil, fmt.Errorf("labels is %s, want a list of texts", kind(v))
	}
	n := o.Get("length").ToInteger()
	if n > maxLabels {
		return nil, fmt.Errorf("labels has %d entries, at most %d are taken", n, maxLabels)
	}
	var out []string
	for i := range n {
		entry := o.Get(fmt.Sprint(i))
		if entry == nil {
			entry = goja.Undefined()
		}
		s, err := text("an entry of labels", entry)
		if err != nil {
			return nil, err
		}
		out = append(out, strings.TrimSpace(s))
	}
	return out, nil
}

func fields(v goja.Value) ([]Field, error) {
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Object" {
		return nil, fmt.Errorf("fields is %s, want an object", kind(v))
	}
	names := o.Keys()
	if len(names) > maxFields {
		return nil, fmt.Errorf("fields has %d entries, at most %d are taken", len(names), maxFields)
	}
	var out []Field
	for _, name := range names {
		value := o.Get(name)
		if value == nil || goja.IsUndefined(value) || goja.IsNull(value) {
			continue
		}
		field := Field{Name: strings.ToValidUTF8(name, "\ufffd")}
		switch x := value.Export().(type) {
		case string:
			s, err := text("a field", value)
			if err != nil {
				return nil, err
			}
			field.Value = s
		case bool, int64:
			field.Value = fmt.Sprint(x)
		case float64:
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return nil, fmt.Errorf("the field %q is no number", short(name))
			}
			field.Value = value.String()
		default:
			return nil, fmt.Errorf("the field %q is %s, want a text, a number, true or false", short(name), kind(value))
		}
		out = append(out, field)
	}
	return out, nil
}

// kind names what a value is, without running code of the script.
func kind(v goja.Value) string {
	switch x := v.(type) {
	case *goja.Object:
		if x.ClassName() == "Array" {
			return "a list"
		}
		return "an object (" + short(x.ClassName()) + ")"
	case goja.String:
		return "a text"
	case *goja.Symbol:
		return "a symbol"
	}
	if goja.IsUndefined(v) || goja.IsNull(v) {
		return "nothing"
	}
	switch v.Export().(type) {
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	}
	return "something else"
}
