package gateway_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/gateway/rule"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

// share adds a shared script whose function has that body, without having it compiled.
func (d *den) share(name, body string) models.SharedScript {
	d.t.Helper()
	s := models.SharedScript{Name: name, Folded: rule.Fold(name), Source: "function onEmail(mail, ctx) {" + body + "}", CreatedAt: time.Now()}
	if err := d.store.CreateSharedScript(d.t.Context(), &s); err != nil {
		d.t.Fatal(err)
	}
	return s
}

// decisions are the entries of the story of a message that tell what was decided, with the things that they name.
func decisions(trace []models.TraceEntry) []string {
	var out []string
	for _, e := range trace {
		if strings.HasPrefix(e.Code, "match.script") || strings.HasPrefix(e.Code, "match.flow_") {
			out = append(out, strings.Join(strings.Fields(e.Code+" "+e.Args["name"]+" "+e.Args["set"]+" "+e.Args["value"]), " "))
		}
	}
	return out
}

// Scripts that flow rules name run in the order of the rules, then that of the inbox; what a later one sets goes over what was
// set before, and the story says so.
func TestSharedScriptsRunInTheirOrderAndTheLastOneWins(t *testing.T) {
	s := testdb.Open(t)
	d := newDen(t, s)
	g := d.process(withScripts(t))
	d.share("First", `return {title: "First", labels: ["a"], fields: {Place: "Hall"}}`)
	d.share("Last", `return {title: "Last " + ctx.fields.Place}`)
	ib := d.inbox(g, func(dr *gateway.InboxDraft) {
		dr.Rules.Script.Uses = "LAST"
		dr.Rules.Flow.Rules = []models.FlowRule{
			flowRule("Urgent", "alarm", "priority", "urgent", "label", "x"), flowRule("Run", "alarm", "script", " first "), flowRule("Again", "alarm", "script", "First"),
		}
	})
	m := d.receive(g, ib.ID, mail("1", anna, "An alarm", "Text"))
	i, err := s.IssueByNumber(t.Context(), *m.IssueNumber)
	if err != nil {
		t.Fatal(err)
	}
	if i.Title != "Last Hall" || i.Priority != models.PriorityUrgent || !slices.Equal(d.labels(i.Number), []string{"a"}) {
		t.Errorf("issue %q, %s, %q", i.Title, i.Priority, d.labels(i.Number))
	}
	traces, err := s.Traces(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"match.flow_sets priority urgent", "match.flow_sets labels x",
		"match.script_ruled first", "match.script_sets title First", "match.script_over_flow labels", "match.script_sets labels a", "match.script_sets fields Place: Hall",
		"match.script_shared LAST", "match.script_over first title", "match.script_sets title Last Hall",
	}
	if diff := cmp.Diff(want, decisions(traces[0].Entries)); diff != "" {
		t.Errorf("story (-want +got):\n%s", diff)
	}
}

// A change of a shared script is in force for the next mail; one that refuses is the last; one that is not there is never passed
// over in silence.
func TestSharedScriptThatChangesRefusesAndGoes(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(withScripts(t))
	shared := d.share("Gate", `return {title: "Before"}`)
	ib := d.inbox(g, func(dr *gateway.InboxDraft) {
		scriptedInbox(`return {title: "own"}`)(dr)
		dr.Rules.Flow.Rules = []models.FlowRule{flowRule("Ask", "", "script", "Gate")}
	})
	shared.Source = `const onEmail = () => ({reject: "not here"})`
	version, err := g.ChangeSharedScript(t.Context(), nil, shared.ID, 1, shared)
	if err != nil || version != 2 {
		t.Fatalf("version %d, %v", version, err)
	}
	if _, err := g.ChangeSharedScript(t.Context(), nil, shared.ID, 1, shared); !errors.Is(err, models.ErrConflict) {
		t.Errorf("a change of version 1 = %v, want a conflict", err)
	}
	m := d.receive(g, ib.ID, mail("1", anna, "Refused", "Text"))
	if trace := d.trace(m.ID); m.Reason != "script_rejected" || !slices.Contains(trace, "match.script_left") {
		t.Errorf("%s %s, %q", m.State, m.Reason, trace)
	}
	var refused models.InvalidList
	if err := g.DeleteSharedScript(t.Context(), nil, shared.ID); !errors.As(err, &refused) || refused[0].Code != "E-SCRIPT-11" {
		t.Errorf("a script in use is removed: %v", err)
	}
	if err := d.store.DeleteSharedScript(t.Context(), shared.ID); err != nil { // As when a rule is saved at the same moment.
		t.Fatal(err)
	}
	m = d.receive(g, ib.ID, mail("2", anna, "Nobody to ask", "Text"))
	if trace := d.trace(m.ID); m.State != models.MessageQuarantined || m.Reason != "script_failed" || !slices.Contains(trace, "match.script_gone_ruled") {
		t.Errorf("%s %s, %q", m.State, m.Reason, trace)
	}
	found, err := g.LintScripts(t.Context(), models.Flow{Rules: []models.FlowRule{flowRule("Ask", "", "script", "Gate")}})
	if err != nil || len(found) != 1 || found[0].Code != "W-FLOW-04" || found[0].Field != "flow.rules.0.actions.0.value" {
		t.Errorf("findings = %+v, %v", found, err)
	}
}

// Who configures an inbox names scripts only that are meant for everyone, and writes none.
func TestSharedScriptsAreNamedByThoseWhoMay(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(withScripts(t))
	admin, err := d.tracker.CreateUser(t.Context(), tracker.CommandLine(), tracker.UserDraft{Login: "root", Name: "Root", Addresses: []string{"root@here.example"}, Role: models.RoleAdmin})
	if err != nil {
		t.Fatal(err)
	}
	bea, err := d.tracker.CreateUser(t.Context(), tracker.CommandLine(), tracker.UserDraft{Login: "bea", Name: "Bea", Addresses: []string{"bea@here.example"}, Role: models.RoleMember})
	if err != nil {
		t.Fatal(err)
	}
	closed := d.share("Störung 1", "")
	ib := d.inbox(g, nil)
	rules := models.Flow{Rules: []models.FlowRule{flowRule("Run", "x", "script", "störung 1")}}
	code := func(err error) string {
		if list, ok := errors.AsType[models.InvalidList](err); ok {
			return list[0].Code + " " + list[0].Field
		}
		return "none: " + errorText(err)
	}
	if _, err := g.SaveFlow(t.Context(), &bea, ib.ID, 1, rules); code(err) != "E-FLOW-14 flow.rules.0.actions.0.value" {
		t.Errorf("a member names a script of admins: %v", err)
	}
	closed.Everyone = true
	if _, err := g.ChangeSharedScript(t.Context(), &bea, closed.ID, 1, closed); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a member changes a shared script: %v", err)
	}
	if _, err := g.ChangeSharedScript(t.Context(), &admin, closed.ID, 1, closed); err != nil {
		t.Fatal(err)
	}
	if v, err := g.SaveFlow(t.Context(), &bea, ib.ID, 1, rules); err != nil || v != 2 {
		t.Errorf("a member names a script for everyone: %d, %v", v, err)
	}
	uses, err := g.ScriptUses(t.Context())
	if diff := cmp.Diff(map[string][]gateway.ScriptUse{closed.Folded: {{InboxID: ib.ID, Inbox: "Support", Rules: []string{"Run"}}}}, uses); err != nil || diff != "" {
		t.Errorf("uses (-want +got): %v\n%s", err, diff)
	}
	for want, s := range map[string]models.Script{
		"E-SCRIPT-10 uses": {Uses: "Nowhere"}, "E-SCRIPT-07 uses": {Uses: "Störung 1", Source: "const onEmail = 1"},
	} {
		if _, err := g.SaveScript(t.Context(), &admin, ib.ID, 2, s); code(err) != want {
			t.Errorf("%+v: %v, want %s", s, err, want)
		}
	}
	if _, err := g.SaveScript(t.Context(), &bea, ib.ID, 2, models.Script{Uses: "Störung 1"}); !errors.Is(err, models.ErrForbidden) {
		t.Errorf("a member gives the inbox a script: %v", err)
	}
	for name, want := range map[string]string{"": "E-SCRIPT-08 name", "a/b": "E-SCRIPT-08 name", strings.Repeat("x", 61): "E-SCRIPT-08 name", "STÖRUNG 1": "E-SCRIPT-09 name"} {
		closed.Name = name
		if _, err := g.AddSharedScript(t.Context(), &admin, closed); code(err) != want {
			t.Errorf("a script named %q: %v, want %s", name, err, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return "nil"
	}
	return err.Error()
}
