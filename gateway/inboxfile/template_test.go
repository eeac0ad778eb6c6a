package inboxfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever a template says comes back as it was, and is written as the same octets again.
func TestTemplatesComeBackAsTheyWere(t *testing.T) {
	want := Templates{Project: "NO", Templates: []Template{
		{"yes", "- a list\n- of *two*\n\n    code"}, {"Grüße", "# Überschrift\n\n> zitiert"}, {"twice", "a"}, {"twice", "b: c"},
		{"line ends ", "space behind \n\ttab\n  indented"}, {"${env:NAME}", "{{name}} & \"quoted\" 'text' \u200b end"},
	}}
	raw, err := WriteTemplates(want, Templates{Project: "OF"})
	if err != nil {
		t.Fatal(err)
	}
	all, err := ReadTemplates(raw)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d entries, %v\n%s", len(all), err, raw)
	}
	got, list := all[0].LayTemplates()
	if diff := cmp.Diff(want, got); diff != "" || len(list) > 0 {
		t.Errorf("%v\n%s\n%s", list, diff, raw)
	}
	again, err := WriteTemplates(got, Templates{Project: "OF"})
	if err != nil || string(again) != string(raw) {
		t.Errorf("written again: %v\n%s", err, cmp.Diff(string(raw), string(again)))
	}
	if empty, list := all[1].LayTemplates(); len(list) > 0 || len(empty.Templates) != 0 {
		t.Errorf("a project without templates: %v %v", empty, list)
	}
}

// Whatever a check is about has a line, also of an account of which the file says little.
func TestEveryFieldOfASendingAccountHasALine(t *testing.T) {
	all, err := Read([]byte("inboxes:\n  - name: A\n    sending:\n      address: a@here.example\n"))
	if err != nil {
		t.Fatal(err)
	}
	all[0].Lay(Inbox{})
	for field, want := range map[string]int{"sending.host": 4, "sending.client_secret": 4, "sending.settings": 4, "sending.settings.host": 4, "sending.address": 4} {
		if got := all[0].Line(field); got != want {
			t.Errorf("line of %s = %d, want %d", field, got, want)
		}
	}
}
