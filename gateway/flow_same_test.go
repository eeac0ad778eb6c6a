package gateway_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/gateway/flow"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/tracker"
)

// flowDice makes random profiles, flow rules and mails of a few words, so that they often meet.
type flowDice struct{ *rand.Rand }

func (r flowDice) of(list ...string) string { return list[r.IntN(len(list))] }

func (r flowDice) word() string {
	return r.of("alarm", "Drucker", "Hafen", "47", "B2", "störung", "anna", "x")
}

func (r flowDice) condition() models.FlowCondition {
	c := models.FlowCondition{Field: r.of(flow.Fields()...), Value: r.word()}
	c.Op = r.of(flow.OpsOf(c.Field)...)
	switch c.Field {
	case "header":
		c.Name = r.of("X-Alarm", "Subject", "x-level")
	case "field":
		c.Name = r.of("Nummer", "Ort", "Stufe")
	case "kind":
		c.Value = r.of(flow.Kinds()...)
	case "reply":
		c.Value = r.of("yes", "no")
	case "time":
		c.Value = r.of("00:00-12:00", "17:00-07:00", "00:00-24:00")
	case "weekday":
		c.Value = r.of("mon-fri", "Sa, So")
	case "size", "file_count":
		c.Value = r.of("0", "1", "0,5")
	}
	if c.Op == "less" || c.Op == "greater" {
		c.Value = r.of("0", "1", "47", "0,5")
	}
	return c
}

func (r flowDice) action() models.FlowAction {
	a := models.FlowAction{Do: r.of(flow.Actions()...)}
	if r.IntN(3) > 0 && (a.Do == "reject" || a.Do == "set_aside") { // They end the list; not each time.
		a.Do = "label"
	}
	switch a.Do {
	case "project":
		a.Value = r.of("SUP", "OPS")
	case "state":
		a.Value = string(models.IssueStates()[r.IntN(5)])
	case "priority":
		a.Value = r.of("low", "normal", "high", "urgent")
	case "due":
		a.Value = r.of("0", "3", "30")
	case "label", "reject", "set_aside", "folder":
		a.Value = r.word()
	case "assign", "watch":
		a.Value = r.of("bea", "cem", "nobody")
	case "forward":
		a.Value = r.of("night@there.example", "anna@there.example")
	case "webhook":
		a.Value = "Siren"
	case "active":
		a.Value = r.of(flow.ActiveOnly, flow.ActiveToo)
	}
	return a
}

// rules are rules of an inbox with random profiles and flow rules.
func (r flowDice) rules() models.Rules {
	out := models.DefaultRules()
	out.AllowUnknown, out.AutoMail, out.NumberMatch = true, r.of("ignore", "comment", "process"), r.of("participants", "anyone")
	out.Flow.Zone = r.of("", "Europe/Berlin")
	for i := range 1 + r.IntN(5) {
		f := models.FlowRule{
			Name: fmt.Sprintf("R%d", i), Off: r.IntN(6) == 0, When: r.of("", "any", "none"), Comments: r.IntN(2) == 0, Stop: r.IntN(4) == 0,
		}
		for range r.IntN(4) {
			f.Conditions = append(f.Conditions, r.condition())
		}
		for range 1 + r.IntN(3) {
			f.Actions = append(f.Actions, r.action())
		}
		out.Flow.Rules = append(out.Flow.Rules, f)
	}
	if r.IntN(2) == 0 {
		out.Extraction = dispatch(r.of("field", "references"))
		out.Extraction.NoMatch = r.of("", "", "reject", "set_aside")
		p := &out.Extraction.Profiles[0]
		for i := range p.Fields {
			p.Fields[i].Required = r.IntN(3) == 0
		}
		p.Title, p.Further = r.of("", "{Stichwort} in {Ort}"), r.of("", "comment")
	}
	return out
}

// mail is a mail that may answer an issue, come from a machine, be data or carry a file.
func (r flowDice) mail(n, issues int) string {
	var more []string
	for _, line := range []string{"X-Alarm: " + r.word(), "X-Level: 7", "Auto-Submitted: auto-generated", "List-Id: <list.there.example>", "X-Spam-Flag: YES", "In-Reply-To: <" + fmt.Sprint(r.IntN(n+1)) + "@there.example>"} {
		if r.IntN(4) == 0 {
			more = append(more, line)
		}
	}
	subject := r.word() + " " + r.word()
	if issues > 0 && r.IntN(5) == 0 {
		subject = fmt.Sprintf("Re: [#%d] %s", 1+r.IntN(issues), subject)
	}
	body := r.word() + " " + r.word() + "\n"
	for _, line := range []string{"Nummer: " + fmt.Sprint(r.IntN(9)), "Stichwort: " + r.word(), "Ort: " + r.word(), "Stufe: " + r.of("1", "2", "3,5"), "Wer: bea"} {
		if r.IntN(3) > 0 {
			body += line + "\n"
		}
	}
	raw := mail(fmt.Sprint(n), r.of(anna, centre, "Bea <bea@here.example>"), subject, body, more...)
	if r.IntN(4) == 0 {
		raw = strings.Replace(raw, "Content-Type: text/plain; charset=utf-8\n\n", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n", 1) +
			"--b\nContent-Type: text/csv\nContent-Disposition: attachment; filename=" + r.of("alarm.csv", "x.csv") + "\n\n1;2\n--b--\n"
	}
	return raw
}

// What was decided, in words that a dry run and the real run have in common: the version of a draft is 0.
func decidedBy(trace []models.TraceEntry) []string {
	var out []string
	for _, e := range trace {
		if e.Step != models.StepMatch && e.Step != models.StepGate || e.Code == "gate.rules" || e.Code == "gate.draft" {
			continue
		}
		args := maps.Clone(e.Args)
		delete(args, "version")
		delete(args, "flow_version")
		out = append(out, fmt.Sprint(e.Code, args))
	}
	return out
}

// Random profiles and flow rules on random mails: the dry run of a draft comes to what the real run comes to once the
// draft is in force, to the last line of the story.
func TestDryRunOfFlowRulesIsTheRealRun(t *testing.T) {
	rounds := number(t, "LETTERBOX_FLOW_ROUNDS", 100)
	if raceDetector {
		rounds = min(rounds, 40)
	}
	d := newDen(t, testdb.Open(t))
	g := d.process(nil)
	ops, err := d.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "OPS", Name: "Operations"})
	if err != nil {
		t.Fatal(err)
	}
	d.staff(map[string]int64{"bea": d.project.ID, "cem": ops.ID})
	if err := d.store.CreateWebhook(t.Context(), &models.Webhook{Name: "Siren", Events: []string{models.MessageMatchedEvent}, Enabled: true, CreatedAt: ops.CreatedAt, UpdatedAt: ops.CreatedAt}); err != nil {
		t.Fatal(err)
	}
	ib := d.inbox(g, nil)
	r, version, issues := flowDice{rand.New(rand.NewPCG(8, 3))}, ib.RuleVersion, 0
	ends := map[string]int{}
	for n := 1; n <= rounds; n++ {
		rules, raw := r.rules(), crlf(r.mail(n, issues))
		dry, err := g.TryRules(t.Context(), ib.ID, rules, strings.NewReader(raw))
		if err != nil {
			t.Fatalf("round %d: %v\n%+v", n, err, rules.Flow)
		}
		if version, err = g.SaveRules(t.Context(), nil, ib.ID, version, rules); err != nil {
			t.Fatalf("round %d: %v", n, err)
		}
		m, err := g.Receive(t.Context(), ib.ID, "receive", strings.NewReader(raw))
		if err != nil {
			t.Fatalf("round %d: %v", n, err)
		}
		want := dry.Draft
		traces, err := d.store.Traces(t.Context(), m.ID)
		if err != nil {
			t.Fatal(err)
		}
		story := traces[len(traces)-1].Entries
		if slices.ContainsFunc(slices.Concat(story, want.Trace), func(e models.TraceEntry) bool { return e.Code == "match.flow_slow_by" }) {
			continue // The machine had no time for a pattern; that is no matter of the rules.
		}
		if m.State != want.State || m.Reason != string(want.Reason) {
			t.Fatalf("round %d: %s %s, the dry run says %s %s\n%+v\n%s", n, m.State, m.Reason, want.State, want.Reason, rules.Flow, raw)
		}
		if diff := cmp.Diff(decidedBy(story), decidedBy(want.Trace)); diff != "" {
			t.Fatalf("round %d, story (-real +dry):\n%s\n%+v\n%s", n, diff, rules.Flow, raw)
		}
		ends[string(m.State)]++
		if m.IssueNumber == nil {
			continue
		}
		if issues = max(issues, int(*m.IssueNumber)); m.State == models.MessageCreated {
			d.sameIssue(n, *m.IssueNumber, want)
		} else if want.IssueNumber != *m.IssueNumber {
			t.Fatalf("round %d: comment on %d, the dry run says %d", n, *m.IssueNumber, want.IssueNumber)
		}
	}
	if len(ends) < 4 {
		t.Errorf("only %v came of the mails: the dice are loaded", ends)
	}
	t.Logf("%d mails: %v", rounds, ends)
}

// sameIssue compares a new issue with what the dry run said of it.
func (d *den) sameIssue(n int, number int64, want gateway.Decision) {
	d.t.Helper()
	i, err := d.store.IssueByNumber(d.t.Context(), number)
	if err != nil {
		d.t.Fatal(err)
	}
	sets := want.Flow.New
	if i.ProjectID != want.ProjectID || i.Title != want.Title || sets.State != "" && i.State != sets.State || sets.Priority != "" && i.Priority.String() != sets.Priority ||
		sets.Due != nil && (i.DueOn == nil || !i.DueOn.Equal(*sets.Due)) {
		d.t.Fatalf("round %d: issue %+v, the dry run says %+v in %d, %q", n, i, sets, want.ProjectID, want.Title)
	}
	have := d.labels(number)
	for _, l := range sets.Labels {
		if !slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, l) }) {
			d.t.Fatalf("round %d: labels %q, the dry run says %q", n, have, sets.Labels)
		}
	}
}
