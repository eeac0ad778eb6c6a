package gateway_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/gateway/inboxfile"
	"letterbox/gateway/script"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

// importScripts takes a file of shared scripts in.
func importScripts(t *testing.T, g *gateway.Gateway, by *models.User, file string, dry bool) ([]gateway.ConfigChange, error) {
	t.Helper()
	entries, err := inboxfile.ReadScripts([]byte("scripts:\n" + file))
	if err != nil {
		return nil, err
	}
	return g.ImportScripts(t.Context(), by, gateway.ScriptImport{Entries: entries, Dry: dry})
}

// scriptsNow are the shared scripts in force with their versions, as a text.
func scriptsNow(t *testing.T, g *gateway.Gateway) string {
	t.Helper()
	all, err := g.SharedScripts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range all {
		out = append(out, fmt.Sprintf("%s %d %s %q %v", s.Name, s.Version, s.Action, s.Source, s.Everyone))
	}
	return strings.Join(out, "\n")
}

// A file adds and changes scripts, each as a version; those that it does not name stay, those that rules name among them.
func TestFileOfSharedScriptsAddsAndChangesAndRemovesNone(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(withScripts(t))
	d.share("Used", `return {title: "used"}`)
	d.share("Störung 1", "")
	d.inbox(g, func(dr *gateway.InboxDraft) {
		dr.Rules.Flow.Rules = []models.FlowRule{flowRule("Run", "", "script", "Used")}
	})
	before := scriptsNow(t, g)
	const file = "  - {name: ' STÖRUNG  1', everyone: true}\n  - {name: Mine, source: \"const onEmail = () => 1\"}\n"
	for _, dry := range []bool{true, false} {
		found, err := importScripts(t, g, nil, file, dry)
		want := []gateway.ConfigChange{
			{ID: 2, Name: "Störung 1", Changes: []gateway.RuleChange{{Field: "everyone", Before: "false", After: "true"}}},
			{Name: "Mine", New: true, Changes: []gateway.RuleChange{{Field: "source", After: "const onEmail = () => 1", Added: []string{"const onEmail = () => 1"}}}},
		}
		if diff := cmp.Diff(want, found); err != nil || diff != "" {
			t.Errorf("dry %v: %v\n%s", dry, err, diff)
		}
		if got := scriptsNow(t, g); dry && got != before {
			t.Errorf("a dry run has changed something:\n%s", cmp.Diff(before, got))
		}
	}
	after := `Mine 1 shared_script.import "const onEmail = () => 1" false` + "\n" +
		`Störung 1 2 shared_script.import "function onEmail(mail, ctx) {}" true` + "\n" + strings.Split(before, "\n")[1]
	if diff := cmp.Diff(after, scriptsNow(t, g)); diff != "" {
		t.Errorf("in force:\n%s", diff)
	}
	found, err := importScripts(t, g, nil, file, false)
	if err != nil || found[0].Differs() || found[1].Differs() || scriptsNow(t, g) != after {
		t.Errorf("a second time: %+v, %v", found, err)
	}
	entries, err := inboxfile.ReadScripts([]byte("scripts:\n" + file))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.ImportScripts(t.Context(), nil, gateway.ScriptImport{Entries: entries, Shown: "another"}); !errors.Is(err, models.ErrConflict) {
		t.Errorf("another difference than was shown: %v, want a conflict", err)
	}
}

// Whatever saving refuses a file is refused for, with its line, and nothing of it is taken.
func TestFileOfSharedScriptsIsRefusedForWhatSavingRefuses(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(withScripts(t))
	d.share("Old", "")
	member, err := d.tracker.CreateUser(t.Context(), tracker.CommandLine(), tracker.UserDraft{Login: "bea", Name: "Bea", Addresses: []string{"bea@here.example"}, Role: models.RoleMember})
	if err != nil {
		t.Fatal(err)
	}
	before := scriptsNow(t, g)
	const first, source = "  - {name: First, source: \"const onEmail = () => 1\"}\n", `, source: "const onEmail = () => 1"`
	for name, c := range map[string]struct{ file, want string }{
		"a name with other signs":         {"  - {name: a/b" + source + "}", "3 name E-SCRIPT-08"},
		"a name that is too long":         {"  - {name: " + strings.Repeat("x", 61) + source + "}", "3 name E-SCRIPT-08"},
		"a name that is nothing":          {"  - {name: ''" + source + "}", "3 name E-API-08"},
		"a name twice":                    {"  - {name: FIRST" + source + "}", "3 name E-CONF-08"},
		"a name twice but for its blanks": {"  - {name: A  b" + source + "}\n  - name: A b\n    source: const onEmail = () => 1", "4 name E-CONF-08"},
		"no source":                       {"  - name: New\n    everyone: true", "3 source E-SCRIPT-12"},
		"an empty source":                 {"  - name: Old\n    source: ' '", "4 source E-SCRIPT-12"},
		"a source that is none":           {"  - name: Old\n    source: |\n      function onEmail( {", "4 source E-SCRIPT-01"},
		"a source without the function":   {"  - name: New\n    source: const other = 1", "4 source E-SCRIPT-06"},
		"a source that is too large":      {"  - name: New\n    source: " + strings.Repeat("x", script.MaxSource+1), "4 source E-SCRIPT-02"},
		"another way of failing":          {"  - name: Old\n    on_failure: retry", "4 on_failure E-SCRIPT-03"},
		"a field that there is not":       {"  - name: Old\n    sources: x", "4 sources E-API-01"},
		"a switch that is none":           {"  - name: Old\n    everyone: maybe", "4 everyone E-API-02"},
	} {
		_, err := importScripts(t, g, nil, first+c.file+"\n", false)
		var got string
		if list, ok := errors.AsType[models.InvalidList](err); ok {
			got = fmt.Sprintf("%d %s %s", list[0].Line, list[0].Field, list[0].Code)
		}
		if got != c.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
	if _, err := importScripts(t, g, &member, first, true); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a member: %v, want forbidden", err)
	}
	if diff := cmp.Diff(before, scriptsNow(t, g)); diff != "" {
		t.Errorf("something was taken:\n%s", diff)
	}
}
