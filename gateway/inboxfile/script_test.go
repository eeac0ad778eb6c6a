package inboxfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Whatever a shared script says comes back as it was, and is written as the same octets again.
func TestScriptsComeBackAsTheyWere(t *testing.T) {
	want := []Script{
		{"Störung 1", "go_on", true, "function onEmail(mail, ctx) {\n\treturn {title: `${mail.subject} \"x\"`}\n}\n"},
		{"yes", "set_aside", false, "  const onEmail = () => null // behind \n\n# no comment: a script\n---\n"},
		{"on.off-1", "set_aside", false, "\n\nconst onEmail = () => '\u200b\u2028'"},
	}
	raw, err := WriteScripts(want...)
	if err != nil {
		t.Fatal(err)
	}
	all, err := ReadScripts(raw)
	if err != nil {
		t.Fatalf("%v\n%s", err, raw)
	}
	var got []Script
	for _, e := range all {
		one, list := e.LayScript(NewScript())
		if len(list) > 0 {
			t.Errorf("%s: %v", e.Name, list)
		}
		got = append(got, one)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s\n%s", diff, raw)
	}
	again, err := WriteScripts(got...)
	if err != nil || string(again) != string(raw) {
		t.Errorf("written again: %v\n%s", err, cmp.Diff(string(raw), string(again)))
	}
}
