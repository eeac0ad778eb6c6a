package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"letterbox/internal/i18n"
	"letterbox/models"
)

// form holds what a person has entered and what is to be checked about it, for a page to show again. The label of a
// field is the text AREA.FIELD, its hint AREA.FIELD.hint when there is one, and that of a choice choice.FIELD.VALUE.
type form struct {
	area   string
	l      *i18n.Locale
	values map[string]string
	errs   models.InvalidList
}

func (v *visit) newForm(area string, values map[string]string) *form {
	if values == nil {
		values = map[string]string{}
	}
	return &form{area: area, l: v.l, values: values}
}

// readForm reads the fields of a form that was sent; those that are not named are left out.
func (v *visit) readForm(area string, names ...string) (*form, error) {
	if err := v.parseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	f := v.newForm(area, nil)
	for _, name := range names {
		f.values[name] = strings.ToValidUTF8(strings.ReplaceAll(v.Request.PostForm.Get(name), "\r\n", "\n"), "\ufffd")
	}
	return f, nil
}

// Values returns what was entered, by field.
func (f *form) Values() map[string]string { return f.values }

func (f *form) get(name string) string { return strings.TrimSpace(f.values[name]) }

func (f *form) text(name string) string { return f.values[name] }

func (f *form) yes(name string) bool { return f.values[name] == "true" }

// lines returns the entries of a list that is written one to a line.
func (f *form) lines(name string) []string {
	var out []string
	for line := range strings.Lines(f.values[name]) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// refuse notes that a field is to be checked. args are pairs.
func (f *form) refuse(field, code string, args ...string) {
	m := map[string]string{}
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i]] = args[i+1]
	}
	f.errs = append(f.errs, &models.Invalid{Field: field, Code: code, Args: m})
}

// Failed reports whether something is to be checked.
func (f *form) Failed() bool { return f != nil && len(f.errs) > 0 }

// formError is one line of the summary above a form.
type formError struct{ Anchor, Text string }

// Errors returns the lines of the summary, in the order of the findings.
func (f *form) Errors() []formError {
	var out []formError
	for _, e := range f.errs {
		out = append(out, formError{Anchor: f.anchor(e.Field), Text: f.sentence(e)})
	}
	return out
}

// sentence says what is to be checked, with bounds as people write them: "5 min" for "5m0s", "25 MB" for octets.
func (f *form) sentence(e *models.Invalid) string {
	args := map[string]string{}
	for name, value := range e.Args {
		args[name] = value
		if name != "min" && name != "max" {
			continue
		}
		if d, err := time.ParseDuration(value); err == nil && d != 0 {
			args[name] = f.l.Duration(d)
		} else if n, err := strconv.ParseInt(value, 10, 64); err == nil && e.Field == "max_message_size" {
			args[name] = f.l.Size(n)
		}
	}
	return f.l.T(e.Code, inWords(f.l, args))
}

// anchor is the id of a field, or of the summary when the page has no such field.
func (f *form) anchor(name string) string {
	if _, ok := f.values[name]; ok {
		return "f-" + name
	}
	return "errors"
}

// option is one answer of a choice.
type option struct{ Value, Text string }

// field is one field as a template shows it.
type field struct {
	ID, Name, Label, Hint, Value, Error  string
	Type, Class, Auto, Placeholder, Rows string
	List                                 string // Id of a list of proposals.
	Focus                                bool
	Options                              []option
}

// Described names the elements that say more about the field.
func (f field) Described() string {
	var ids []string
	if f.Error != "" {
		ids = append(ids, f.ID+"-error")
	}
	if f.Hint != "" {
		ids = append(ids, f.ID+"-hint")
	}
	return strings.Join(ids, " ")
}

// Field returns a field. attrs are pairs: type, class, auto (autocomplete), placeholder, rows, focus.
func (f *form) Field(name string, attrs ...string) (field, error) {
	out := field{
		ID: "f-" + name, Name: name, Label: f.l.T(f.area + "." + name), Value: f.values[name], Type: "text", Rows: "4",
	}
	if hint := f.area + "." + name + ".hint"; f.l.Has(hint) {
		out.Hint = f.l.T(hint)
	}
	for _, e := range f.errs {
		if e.Field == name && out.Error == "" {
			out.Error = f.sentence(e)
		}
	}
	for i := 0; i+1 < len(attrs); i += 2 {
		switch value := attrs[i+1]; attrs[i] {
		case "type":
			out.Type = value
		case "class":
			out.Class = value
		case "auto":
			out.Auto = value
		case "placeholder":
			out.Placeholder = value
		case "rows":
			out.Rows = value
		case "list":
			out.List = value
		case "focus":
			out.Focus = value == "yes"
		default:
			return field{}, fmt.Errorf("field %s: no attribute %q", name, attrs[i])
		}
	}
	if out.Type == "password" {
		out.Value = "" // Secrets are write-only.
	}
	return out, nil
}

// Choice returns a field with the given answers.
func (f *form) Choice(name string, values ...string) (field, error) {
	out, err := f.Field(name)
	for _, value := range values {
		key := "choice." + name + "." + value
		switch value {
		case "":
			key = "choice." + name + ".all"
		case "auto":
			if f.area == "user" || f.area == "profile" {
				value = "" // The browser decides.
			}
		}
		out.Options = append(out.Options, option{Value: value, Text: f.l.T(key)})
	}
	return out, err
}

// Pick returns a field whose answers are given with their texts.
func (f *form) Pick(name string, options []option) (field, error) {
	out, err := f.Field(name)
	out.Options = options
	return out, err
}

// take adds what tracker or gateway found, under the names that the fields have on this page.
func (f *form) take(list models.InvalidList, names map[string]string) {
	for _, e := range list {
		one := *e
		if name, ok := names[e.Field]; ok {
			one.Field = name
		}
		f.errs = append(f.errs, &one)
	}
}
