package gateway_test

import (
	"slices"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

func TestMailsThatAreDataSetPrioritiesOfTheProject(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		err := d.tracker.SetValues(t.Context(), tracker.CommandLine(), d.project.ID, models.ValuePriority, []tracker.ValueDraft{{Name: "Großalarm", Base: "urgent"}, {Name: "Einsatz", Base: "normal"}}, "")
		if err != nil {
			t.Fatal(err)
		}
		ib := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Rules.Extraction = dispatch("field")
			dr.Rules.Extraction.Profiles[0].Priorities = []string{"1 = GROSSALARM", "2 = großalarm", "3 = einsatz", "4 = Fehlalarm"}
		})
		word := func(m models.Message) string {
			t.Helper()
			if m.IssueNumber == nil {
				t.Fatalf("the message is %s %s", m.State, m.Reason)
			}
			i, err := d.tracker.Issue(t.Context(), tracker.CommandLine(), *m.IssueNumber)
			if err != nil {
				t.Fatal(err)
			}
			return i.Priority.String() + " " + i.PriorityWord().Value()
		}
		for _, step := range []struct{ level, want string }{
			{"2", "urgent Großalarm"}, {"3", "normal Einsatz"}, {"Großalarm", "urgent Großalarm"}, {"4", "urgent Großalarm"}, {"low", "low Einsatz"},
		} {
			m := d.receive(g, ib.ID, incident(step.level, "Einsatz", "Nummer: 4711", "Stichwort: B2", "Stufe: "+step.level))
			if got := word(m); got != step.want {
				t.Errorf("level %s: the issue is %q, want %q", step.level, got, step.want)
			}
		}
		if n := d.receive(g, ib.ID, incident("new", "Einsatz", "Nummer: 4712", "Stichwort: B2", "Stufe: 2")); word(n) != "urgent Großalarm" || n.State != models.MessageCreated {
			t.Errorf("a new issue is %s %q", n.State, word(n))
		}
		if got := d.history(1); !slices.Contains(got, "priority: Großalarm > Einsatz") {
			t.Errorf("history = %v, want the words of the project in it", got)
		}
		in, err := g.Inbox(t.Context(), ib.ID)
		if err != nil {
			t.Fatal(err)
		}
		found, err := g.LintPriorities(t.Context(), d.project.ID, in.Rules.Extraction)
		if err != nil || len(found) != 2 || found[0].Args["name"] != "GROSSALARM" || found[1].Args["name"] != "Fehlalarm" {
			t.Errorf("doubts = %+v %v, want what the project does not have", found, err)
		}
	})
}

func TestScriptSetsAPriorityOfTheProject(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(withScripts(t))
	err := d.tracker.SetValues(t.Context(), tracker.CommandLine(), d.project.ID, models.ValuePriority, []tracker.ValueDraft{{Name: "Rot", Base: "high"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	ib := d.inbox(g, scriptedInbox(`return {priority: mail.subject}`))
	m := d.receive(g, ib.ID, mail("1", centre, "Rot", "x"))
	if i, err := d.tracker.Issue(t.Context(), tracker.CommandLine(), *m.IssueNumber); err != nil || i.PriorityWord().Value() != "Rot" {
		t.Errorf("the issue is %q %v, want Rot", i.PriorityWord().Value(), err)
	}
	if m = d.receive(g, ib.ID, mail("2", centre, "Lila", "x")); m.State != models.MessageQuarantined || m.Reason != "script_failed" {
		t.Errorf("an unknown priority: %s %s, want quarantined script_failed", m.State, m.Reason)
	}
}
