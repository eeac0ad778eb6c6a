package flow

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/models"
)

// facts are those of a mail that the tables below vary.
func facts() Facts {
	return Facts{
		Sender: "anna@customer.example", Recipients: []string{"support@here.example", "net@here.example"}, Subject: "Störung  am Drucker",
		Text: "Er brennt.\nBitte schnell.", Size: 20 << 10, Kinds: []string{KindPerson}, At: time.Date(2026, 11, 20, 17, 30, 0, 0, time.UTC),
		Header: "From: anna@customer.example\nX-Level: 7\nX-Where: =?utf-8?q?K=C3=BCche?=\n im Keller\nReceived: a\nReceived: b\n",
		Files:  []File{{"plan.PDF", "application/pdf"}, {"bild.png", "image/png"}}, Fields: map[string]string{"Stufe": "3,5", "Ort": "Hafen"},
	}
}

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		field, name, op, value string
		want                   bool
	}{
		{"sender", "", "is", "Anna@Customer.example", true},
		{"sender", "", "ends", "@customer.example", true},
		{"sender", "", "ends", "@other.example", false},
		{"sender", "", "begins", "ANNA@", true},
		{"sender", "", "is_not", "bea@customer.example", true},
		{"recipient", "", "is", "net@here.example", true},
		{"recipient", "", "is_not", "net@here.example", false},
		{"recipient", "", "contains_not", "sales", true},
		{"subject", "", "contains", "STÖRUNG AM", true},
		{"subject", "", "contains", "Sto\u0308rung am", true},
		{"subject", "", "matches", `^st.rung\s+am\b`, true},
		{"subject", "", "matches_not", "drucker$", false},
		{"subject", "", "exists", "", true},
		{"subject", "", "missing", "", false},
		{"text", "", "contains", "brennt. bitte", true},
		{"text", "", "matches", "^bitte", true},
		{"header", "x-level", "is", "7", true},
		{"header", "X-Level", "missing", "", false},
		{"header", "X-Other", "missing", "", true},
		{"header", "X-Other", "contains_not", "x", true},
		{"header", "X-Where", "is", "küche im keller", true},
		{"header", "Received", "is", "b", true},
		{"file_name", "", "ends", ".pdf", true},
		{"file_type", "", "is", "image/png", true},
		{"file_type", "", "begins", "text/", false},
		{"file_count", "", "is", "2", true},
		{"file_count", "", "greater", "2", false},
		{"size", "", "greater", "19,5", true},
		{"size", "", "less", "20", false},
		{"size", "", "is_not", "20", false},
		{"kind", "", "is", "person", true},
		{"kind", "", "is_not", "list", true},
		{"reply", "", "is", "no", true},
		{"reply", "", "is_not", "no", false},
		{"time", "", "is", "17:30-18:00", true},
		{"time", "", "is", "08:00-17:30", false},
		{"time", "", "is", "17:00-07:00", true},
		{"time", "", "is", "18:00 – 07:00", false},
		{"time", "", "is_not", "18:00-24:00", true},
		{"weekday", "", "is", "mon-fri", true},
		{"weekday", "", "is", "Sa, So", false},
		{"weekday", "", "is", "fri-mon", true},
		{"weekday", "", "is_not", "Fr.", false},
		{"field", "stufe", "greater", "3.4", true},
		{"field", "Stufe", "less", "3", false},
		{"field", "Ort", "is", "hafen", true},
		{"field", "Ort", "greater", "1", false},
		{"field", "Nummer", "missing", "", true},
	} {
		s, err := Compile(models.Flow{Rules: []models.FlowRule{{
			Name: "R", Conditions: []models.FlowCondition{{Field: c.field, Name: c.name, Op: c.op, Value: c.value}}, Actions: []models.FlowAction{{Do: "silent"}},
		}}})
		if err != nil {
			t.Errorf("%s %s %s %q: %v", c.field, c.name, c.op, c.value, err)
			continue
		}
		r := s.Run(facts())
		if got := r.Attempts[0].Applies; got != c.want || r.Slow || r.Decision.Silent != c.want {
			t.Errorf("%s %s %s %q = %v, want %v", c.field, c.name, c.op, c.value, got, c.want)
		}
	}
}

func TestTimesAreThoseOfTheZone(t *testing.T) {
	always := func(zone, value string) bool {
		s, err := Compile(models.Flow{Zone: zone, Rules: []models.FlowRule{{
			Name: "R", Conditions: []models.FlowCondition{{Field: "time", Op: "is", Value: value}}, Actions: []models.FlowAction{{Do: "due", Value: "1"}},
		}}})
		if err != nil {
			t.Fatal(err)
		}
		f := facts()
		f.At = time.Date(2026, 11, 20, 23, 30, 0, 0, time.UTC)
		r := s.Run(f)
		if d := r.Decision.New.Due; d != nil && d.Format(time.DateOnly) != "2026-11-22" {
			t.Errorf("due %s, want the day after the 21st, which it is in Berlin", d)
		}
		return r.Attempts[0].Applies
	}
	if !always("Europe/Berlin", "00:30-00:31") || always("", "00:30-00:31") {
		t.Error("the time of day is not that of the zone")
	}
}

// holding and failing are conditions that hold and that do not.
func holding(n string) models.FlowCondition {
	return models.FlowCondition{Field: "file_count", Op: "less", Value: "10" + n}
}
func failing(n string) models.FlowCondition {
	return models.FlowCondition{Field: "file_count", Op: "greater", Value: "10" + n}
}

func TestAllAnyAndNone(t *testing.T) {
	for _, c := range []struct {
		when       string
		conditions []models.FlowCondition
		want       bool
		by         string // Value of the condition that decided.
	}{
		{"", nil, true, ""},
		{"any", nil, true, ""},
		{"none", nil, true, ""},
		{"all", []models.FlowCondition{holding("1"), holding("2")}, true, ""},
		{"all", []models.FlowCondition{holding("1"), failing("2")}, false, "102"},
		{"any", []models.FlowCondition{failing("1"), holding("2")}, true, "102"},
		{"any", []models.FlowCondition{failing("1"), failing("2")}, false, ""},
		{"none", []models.FlowCondition{failing("1"), failing("2")}, true, ""},
		{"none", []models.FlowCondition{failing("1"), holding("2")}, false, "102"},
	} {
		s, err := Compile(models.Flow{Rules: []models.FlowRule{{Name: "R", When: c.when, Conditions: c.conditions, Stop: true}}})
		if err != nil {
			t.Fatal(err)
		}
		a, by := s.Run(facts()).Attempts[0], ""
		if a.Decisive != nil {
			by = a.Decisive.Value
		}
		if a.Applies != c.want || by != c.by {
			t.Errorf("%s of %v = %v by %q, want %v by %q", c.when, c.conditions, a.Applies, by, c.want, c.by)
		}
	}
}

func TestLaterRulesGoOverEarlierOnesAndStopEndsThem(t *testing.T) {
	do := func(pairs ...string) (out []models.FlowAction) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, models.FlowAction{Do: pairs[i], Value: pairs[i+1]})
		}
		return out
	}
	s, err := Compile(models.Flow{Rules: []models.FlowRule{
		{Name: "A", Actions: do("priority", "low", "label", "a, b", "project", "OPS", "watch", "bea", "silent", "", "field", "Place: Hall 7")},
		{Name: "Off", Off: true, Actions: do("reject", "never")},
		{Name: "B", Comments: true, Actions: do("priority", "urgent", "label", "B,c", "state", "waiting", "folder", "Done", "active", "attach_only", "assign", "bea", "field", " place :Gate: 2")},
		{Name: "C", When: "none", Conditions: []models.FlowCondition{holding("")}, Actions: do("label", "never")},
		{Name: "D", Stop: true},
		{Name: "E", Actions: do("label", "never")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r := s.Run(facts())
	want := Decision{
		New:     Sets{State: "waiting", Priority: "urgent", Assignee: "bea", Labels: []string{"a", "b", "c"}, Watch: []string{"bea"}, Fields: []Field{{"place", "Gate: 2"}}},
		Comment: Sets{State: "waiting", Priority: "urgent", Assignee: "bea", Labels: []string{"B", "c"}, Fields: []Field{{"place", "Gate: 2"}}},
		Project: "OPS", Silent: true, Active: ActiveOnly, Folder: "Done",
	}
	if diff := cmp.Diff(r.Decision, want); diff != "" {
		t.Errorf("decision (-got +want):\n%s", diff)
	}
	var asked []string
	for _, a := range r.Attempts {
		asked = append(asked, a.Rule)
	}
	if diff := cmp.Diff(asked, []string{"A", "B", "C", "D"}); diff != "" {
		t.Errorf("asked (-got +want):\n%s", diff)
	}
	s, err = Compile(models.Flow{Rules: []models.FlowRule{
		{Name: "A", Actions: do("label", "kept")}, {Name: "B", Actions: do("set_aside", "look", "label", "never")}, {Name: "C", Actions: do("reject", "never")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if d := s.Run(facts()).Decision; d.End != SetAside || d.Text != "look" || d.Rule != "B" || len(d.New.Labels) != 1 {
		t.Errorf("decision = %+v, want set aside by B", d)
	}
}

func TestPatternThatTakesTooLongLeavesTheMailUndecided(t *testing.T) {
	s, err := Compile(models.Flow{Rules: []models.FlowRule{
		{Name: "A", Actions: []models.FlowAction{{Do: "silent"}}},
		{Name: "B", Conditions: []models.FlowCondition{{Field: "text", Op: "matches", Value: `(a+)+$`}}, Stop: true},
		{Name: "C", Actions: []models.FlowAction{{Do: "reject"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	f := facts()
	f.Text = strings.Repeat("a", 60) + "!"
	r := s.Run(f)
	if last := r.Attempts[len(r.Attempts)-1]; !r.Slow || !last.Slow || last.Rule != "B" || last.Decisive == nil {
		t.Errorf("result = %+v, want that B is undecided", r)
	}
}

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	rule := func(change func(r *models.FlowRule)) models.Flow {
		r := models.FlowRule{Name: "R", Conditions: []models.FlowCondition{{Field: "subject", Op: "contains", Value: "x"}}, Actions: []models.FlowAction{{Do: "silent"}}}
		change(&r)
		return models.Flow{Rules: []models.FlowRule{r}}
	}
	cond := func(field, name, op, value string) models.Flow {
		return rule(func(r *models.FlowRule) {
			r.Conditions[0] = models.FlowCondition{Field: field, Name: name, Op: op, Value: value}
		})
	}
	act := func(do, value string) models.Flow {
		return rule(func(r *models.FlowRule) { r.Actions[0] = models.FlowAction{Do: do, Value: value} })
	}
	many := rule(func(r *models.FlowRule) { r.Conditions = make([]models.FlowCondition, MaxConditions+1) })
	for _, c := range []struct {
		flow        models.Flow
		field, code string
	}{
		{models.Flow{Zone: "Mars/Base"}, "flow.zone", "E-FLOW-07"},
		{models.Flow{Rules: make([]models.FlowRule, MaxRules+1)}, "flow.rules", "E-FLOW-05"},
		{many, "flow.rules.0.name", "E-FLOW-06"},
		{rule(func(r *models.FlowRule) { r.Name = " " }), "flow.rules.0.name", "E-FLOW-01"},
		{rule(func(r *models.FlowRule) { r.Actions = nil }), "flow.rules.0.name", "E-FLOW-02"},
		{rule(func(r *models.FlowRule) { r.When = "some" }), "flow.rules.0.when", "E-GATE-03"},
		{models.Flow{Rules: []models.FlowRule{{Name: "A", Stop: true}, {Name: "a", Stop: true}}}, "flow.rules.1.name", "E-FLOW-08"},
		{cond("weather", "", "is", "x"), "flow.rules.0.conditions.0.field", "E-GATE-03"},
		{cond("kind", "", "contains", "x"), "flow.rules.0.conditions.0.op", "E-FLOW-11"},
		{cond("kind", "", "is", "x"), "flow.rules.0.conditions.0.value", "E-FLOW-03"},
		{cond("time", "", "is", "9-5"), "flow.rules.0.conditions.0.value", "E-FLOW-03"},
		{cond("weekday", "", "is", "someday"), "flow.rules.0.conditions.0.value", "E-FLOW-03"},
		{cond("size", "", "less", "big"), "flow.rules.0.conditions.0.value", "E-FLOW-03"},
		{cond("subject", "", "contains", " "), "flow.rules.0.conditions.0.value", "E-FLOW-03"},
		{cond("subject", "", "matches", "("), "flow.rules.0.conditions.0.value", "E-RX-00"},
		{cond("header", "", "is", "x"), "flow.rules.0.conditions.0.name", "E-FLOW-09"},
		{cond("header", "X: y", "is", "x"), "flow.rules.0.conditions.0.name", "E-FLOW-09"},
		{act("explode", ""), "flow.rules.0.actions.0.do", "E-GATE-03"},
		{act("state", "done"), "flow.rules.0.actions.0.value", "E-FLOW-04"},
		{act("priority", "9"), "flow.rules.0.actions.0.value", "E-FLOW-04"},
		{act("due", "-1"), "flow.rules.0.actions.0.value", "E-FLOW-04"},
		{act("label", "a,,b"), "flow.rules.0.actions.0.value", "E-FLOW-04"},
		{act("field", "Place"), "flow.rules.0.actions.0.value", "E-FLOW-04"},
		{act("field", ": x"), "flow.rules.0.actions.0.value", "E-FLOW-04"},
		{act("project", ""), "flow.rules.0.actions.0.value", "E-FLOW-04"},
		{act("forward", "nobody"), "flow.rules.0.actions.0.value", "E-FLOW-04"},
		{act("forward", "a@b.example, c@d.example"), "flow.rules.0.actions.0.value", "E-FLOW-04"},
		{act("active", "yes"), "flow.rules.0.actions.0.value", "E-FLOW-04"},
		{act("reject", strings.Repeat("x", 501)), "flow.rules.0.actions.0.value", "E-TEXT-01"},
	} {
		found := Check(c.flow)
		if len(found) == 0 || found[0].Field != c.field || found[0].Code != c.code {
			t.Errorf("%+v: %+v, want %s at %s", c.flow, found, c.code, c.field)
		}
		if _, err := Compile(c.flow); err == nil {
			t.Errorf("%+v is compiled", c.flow)
		}
	}
}

func TestDoubtfulRulesAreNamed(t *testing.T) {
	found := Lint(models.Flow{Rules: []models.FlowRule{
		{Name: "A", Conditions: []models.FlowCondition{{Field: "field", Name: "Ort", Op: "exists"}, {Field: "field", Name: "Stufe", Op: "exists"}, {Field: "text", Op: "matches", Value: "(a+)+$"}}, Stop: true},
		{Name: "B", Stop: true}, {Name: "C", Stop: true},
	}}, []string{"ort"})
	var got []string
	for _, f := range found {
		got = append(got, f.Code+" "+f.Field)
	}
	if diff := cmp.Diff(got, []string{"W-FLOW-02 flow.rules.0.conditions.1.name", "W-FLOW-03 flow.rules.0.conditions.2.value", "W-FLOW-01 flow.rules.2.name"}); diff != "" {
		t.Errorf("findings (-got +want):\n%s", diff)
	}
}

func FuzzHeaderFields(f *testing.F) {
	f.Add("A: b\n c\n\nD")
	f.Add(" x\n:\nA:=?x?q?=?=")
	f.Fuzz(func(t *testing.T, s string) {
		for name := range headerFields(s) {
			if name == "" || strings.Contains(name, ":") {
				t.Errorf("a field is called %q", name)
			}
		}
	})
}
