package extract

import (
	"slices"
	"strings"
	"time"

	"letterbox/models"
)

// Outcome is what a profile sets of an issue. What is "" or nil stays as it is without the profile.
type Outcome struct {
	Profile  string
	Fields   []Field // Those with a value.
	Title    string
	Text     string
	Priority *models.Priority
	// PriorityName is set instead when it is none of the usual names: what the project may call one of its own.
	PriorityName string
	Labels       []string
	Assignee     string // Login.
	Due          *time.Time
	Key          string // The merge key, at most 200 octets.
	Update       bool   // A further mail with the key changes the issue, too.
	Problems     []Unusable
}

// Unusable is a setting of a profile whose text came out as something that cannot be set.
type Unusable struct {
	Setting string // "priority", "due", "key".
	Problem
}

// maxKey is how long a merge key can be, in octets.
const maxKey = 200

func (r *running) outcome() *Outcome {
	p := r.profile
	o := &Outcome{Profile: p.Name, Update: p.Further != "comment"}
	for _, f := range r.fields {
		if f.Problem == nil && f.Value != "" {
			o.Fields = append(o.Fields, f)
		}
	}
	o.Title = models.OneLine(fill(p.Title, r.values))
	o.Text = fill(p.Text, r.values)
	o.Assignee = fill(p.Assignee, r.values)
	o.Key = strings.Join(strings.Fields(fill(p.Key, r.values)), " ")
	if len(o.Key) > maxKey {
		o.unusable("key", "key_long", o.Key)
		o.Key = ""
	}
	if s := fill(p.Priority, r.values); s != "" {
		if to, ok := p.priorities[foldKey(s)]; ok {
			s = to
		}
		switch priority, usual := models.ParsePriority(strings.ToLower(s)); {
		case usual:
			o.Priority = &priority
		case nameable(s):
			o.PriorityName = s
		default:
			o.unusable("priority", "priority", s)
		}
	}
	if s := fill(p.Due, r.values); s != "" {
		if text, _, wrong := date(s, slices.Concat([]string{"2006-01-02 15:04 -07:00"}, usualDates)); wrong != nil {
			o.unusable("due", "date", s)
		} else if day, err := time.Parse(time.DateOnly, text[:len(time.DateOnly)]); err == nil && day.Year() >= 1970 {
			o.Due = &day
		}
	}
	o.Labels = r.labels(p.Labels)
	return o
}

func (o *Outcome) unusable(setting, code, value string) {
	o.Problems = append(o.Problems, Unusable{setting, *problem(code, "value", value)})
}

// labels fills the template of the labels. A placeholder of a list gives one label for each entry.
func (r *running) labels(template string) []string {
	var out []string
	add := func(s string) {
		s = models.LabelName(strings.ReplaceAll(s, ",", " "))
		if runes := []rune(s); len(runes) > 50 {
			s = strings.TrimSpace(string(runes[:50]))
		}
		if s != "" && len(out) < 30 && !slices.ContainsFunc(out, func(have string) bool { return strings.EqualFold(have, s) }) {
			out = append(out, s)
		}
	}
	for part := range strings.SplitSeq(template, ",") {
		part = strings.TrimSpace(part)
		if names := placeholders(part); len(names) == 1 && part == "{"+names[0]+"}" && r.lists[foldKey(names[0])] != nil {
			for _, one := range r.lists[foldKey(names[0])] {
				add(one)
			}
			continue
		}
		add(fill(part, r.values))
	}
	return out
}
