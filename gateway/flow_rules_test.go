package gateway_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// flowing is an inbox with flow rules.
func flowing(rules ...models.FlowRule) func(*gateway.InboxDraft) {
	return func(dr *gateway.InboxDraft) { dr.Rules.Flow.Rules = rules }
}

// flowRule is a flow rule on the subject; actions are pairs.
func flowRule(name, subject string, actions ...string) models.FlowRule {
	r := models.FlowRule{Name: name}
	if subject != "" {
		r.Conditions = []models.FlowCondition{{Field: "subject", Op: "contains", Value: subject}}
	}
	for i := 0; i < len(actions); i += 2 {
		r.Actions = append(r.Actions, models.FlowAction{Do: actions[i], Value: actions[i+1]})
	}
	return r
}

// staff adds members of projects: login and project by turns.
func (d *den) staff(of map[string]int64) {
	d.t.Helper()
	for login, project := range of {
		if _, err := d.tracker.CreateUser(d.t.Context(), tracker.CommandLine(), tracker.UserDraft{Login: login, Name: login, Addresses: []string{login + "@here.example"}, Role: models.RoleMember}); err != nil {
			d.t.Fatal(err)
		}
		if err := d.tracker.SetMember(d.t.Context(), tracker.CommandLine(), project, login, models.ProjectMember); err != nil {
			d.t.Fatal(err)
		}
	}
}

// labels are the names of the labels of an issue.
func (d *den) labels(number int64) []string {
	d.t.Helper()
	of, err := d.store.LabelsOf(d.t.Context(), []int64{number})
	if err != nil {
		d.t.Fatal(err)
	}
	var out []string
	for _, l := range of[number] {
		out = append(out, l.Name)
	}
	slices.Sort(out)
	return out
}

func TestFlowRulesSetTheIssueAndItsProject(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		ops, err := d.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "OPS", Name: "Operations"})
		if err != nil {
			t.Fatal(err)
		}
		d.staff(map[string]int64{"bea": ops.ID, "cem": ops.ID, "ina": d.project.ID})
		closing := flowRule("Closing", "Ende", "state", "closed", "label", "over", "watch", "ina")
		closing.Comments = true
		ib := d.inbox(g, flowing(
			models.FlowRule{Name: "Alarm", Conditions: []models.FlowCondition{{Field: "field", Name: "Stichwort", Op: "begins", Value: "b"}}, Actions: []models.FlowAction{
				{Do: "project", Value: "OPS"}, {Do: "priority", Value: "urgent"}, {Do: "label", Value: "alarm, night"}, {Do: "assign", Value: "bea"}, {Do: "watch", Value: "cem"},
				{Do: "watch", Value: "ina"}, {Do: "due", Value: "2"}, {Do: "state", Value: "waiting"}, {Do: "silent"},
			}},
			closing,
			flowRule("Newsletter", "Newsletter", "reject", "Not here"), flowRule("Odd", "Odd", "set_aside", "Look"),
			flowRule("Nowhere", "Nowhere", "label", "tagged"),
		))
		v, err := g.Inbox(t.Context(), ib.ID)
		if err != nil {
			t.Fatal(err)
		}
		v.Rules.Extraction = dispatch("field")
		if _, err := g.SaveRules(t.Context(), nil, ib.ID, v.RuleVersion, v.Rules); err != nil {
			t.Fatal(err)
		}
		first := d.receive(g, ib.ID, incident("1", "Einsatz", "Nummer: 4711", "Stichwort: B2"))
		i, err := s.IssueByNumber(t.Context(), *first.IssueNumber)
		if err != nil {
			t.Fatal(err)
		}
		day := first.ReceivedAt.AddDate(0, 0, 2).Format(time.DateOnly)
		if i.ProjectID != ops.ID || i.Priority != models.PriorityUrgent || i.State != models.IssueWaiting || i.AssigneeID == nil || i.DueOn == nil || i.DueOn.Format(time.DateOnly) != day {
			t.Errorf("issue = %+v", i)
		}
		if diff := cmp.Diff(d.labels(i.Number), []string{"B2", "alarm", "night"}); diff != "" {
			t.Errorf("labels (-got +want):\n%s", diff)
		}
		watchers, err := s.Watchers(t.Context(), i.Number)
		if err != nil {
			t.Fatal(err)
		}
		names, err := g.People(t.Context(), watchers)
		if err != nil {
			t.Fatal(err)
		}
		var watching []string
		for _, id := range watchers {
			watching = append(watching, names[id])
		}
		if !slices.Contains(watching, "cem") || slices.Contains(watching, "ina") {
			t.Errorf("watching: %q, want cem, and not ina, who does not see the project", watching)
		}
		for _, code := range []string{"match.flow", "match.flow_not_by", "match.flow_project", "match.flow_sets", "match.flow_nobody", "match.flow_watch", "match.flow_silent", "match.flow_state", "notify.silent_flow"} {
			if !slices.Contains(d.trace(first.ID), code) {
				t.Errorf("the trace lacks %s: %q", code, d.trace(first.ID))
			}
		}

		further := d.receive(g, ib.ID, incident("2", "Einsatz Ende", "Nummer: 4711", "Stichwort: B2"))
		i, err = s.IssueByNumber(t.Context(), *first.IssueNumber)
		if err != nil || further.State != models.MessageCommented || i.State != models.IssueClosed || i.ClosedAt == nil || !slices.Contains(d.labels(i.Number), "over") {
			t.Errorf("after the closing mail: %s, issue %+v with %q, %v", further.State, i, d.labels(i.Number), err)
		}
		before := d.history(i.Number)
		if !slices.Contains(before, "state: waiting > closed") {
			t.Errorf("history = %q", before)
		}
		again := d.receive(g, ib.ID, incident("3", "Einsatz Ende", "Nummer: 4711", "Stichwort: B2", ""))
		if diff := cmp.Diff(d.history(i.Number), before); again.State != models.MessageCommented || diff != "" {
			t.Errorf("a second closing mail: %s, history (-got +want):\n%s", again.State, diff)
		}

		for subject, want := range map[string]string{"Newsletter": "rejected flow_rejected", "Odd": "quarantined flow_set_aside", "Other": "created accepted_new"} {
			m := d.receive(g, ib.ID, mail("x"+subject, anna, subject, "Text"))
			if got := string(m.State) + " " + m.Reason; got != want {
				t.Errorf("%s: %s, want %s", subject, got, want)
			}
			if m.State == models.MessageCreated {
				continue
			}
			told, err := g.ReprocessAs(t.Context(), nil, m.ID, gateway.Again{LetIn: true})
			if err != nil || told.State != models.MessageCreated || !slices.Contains(d.trace(m.ID), "match.flow_overruled") {
				t.Errorf("%s let in by a person: %s, %v, %q", subject, told.State, err, d.trace(m.ID))
			}
		}
		gone := true
		if _, err := d.tracker.UpdateProject(t.Context(), tracker.CommandLine(), ops.ID, tracker.ProjectDraft{Key: "OPS", Name: "Operations", Archived: &gone}); err != nil {
			t.Fatal(err)
		}
		kept := d.receive(g, ib.ID, incident("9", "Einsatz", "Nummer: 4712", "Stichwort: B2"))
		if i, err = s.IssueByNumber(t.Context(), *kept.IssueNumber); err != nil || i.ProjectID != d.project.ID || !slices.Contains(d.trace(kept.ID), "match.flow_no_project") {
			t.Errorf("with its project archived the issue is in %d, %v: %q", i.ProjectID, err, d.trace(kept.ID))
		}
		d.once()
	})
}

// A reply is no new issue: what a rule sets holds for it only where the rule says so.
func TestFlowRulesLeaveIssuesAloneThatWereThereBefore(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(nil)
	ib := d.inbox(g, flowing(flowRule("New only", "", "priority", "high", "label", "fresh")))
	first := d.receive(g, ib.ID, mail("1", anna, "Printer", "Text"))
	low := "low"
	if _, err := d.tracker.UpdateIssue(t.Context(), tracker.CommandLine(), *first.IssueNumber, 0, tracker.IssuePatch{Priority: &low}); err != nil {
		t.Fatal(err)
	}
	reply := d.receive(g, ib.ID, mail("2", anna, "Re: Printer", "More", "In-Reply-To: <1@there.example>"))
	i, err := d.store.IssueByNumber(t.Context(), *first.IssueNumber)
	if err != nil || reply.State != models.MessageCommented || i.Priority != models.PriorityLow || !slices.Contains(d.trace(reply.ID), "match.flow_comment") {
		t.Errorf("reply %s, priority %s, %v: %q", reply.State, i.Priority, err, d.trace(reply.ID))
	}
}

// A flow rule moves mail to a folder of its own on the server, as soon as its result is durable; what waits for a person
// stays where it is.
func TestFlowRuleMovesMailToItsFolder(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		d.server.change(func(s *fakeServer) { s.folders["Bills"] = &fakeFolder{validity: 1, next: 1} })
		d.server.deliver("INBOX", mail("1", anna, "A bill", "Text"))
		d.server.deliver("INBOX", mail("2", anna, "Another", "Text"))
		d.server.deliver("INBOX", mail("3", anna, "A bill that waits", "Text"))
		d.server.deliver("INBOX", mail("4", anna, "A bill for others", "Text"))
		d.inbox(g, flowing(
			flowRule("Bills", "bill", "folder", "Bills"), flowRule("Waits", "waits", "set_aside", ""), flowRule("Others", "others", "reject", ""),
		))
		d.run(g)
		d.wait(time.Minute)
		if diff := cmp.Diff(d.server.uids("INBOX"), []string{"2 seen", "3"}); diff != "" {
			t.Errorf("in the inbox (-got +want):\n%s", diff)
		}
		if got := d.server.uids("Bills"); len(got) != 2 {
			t.Errorf("in the folder of the rule: %q, want two", got)
		}
		if issues, _ := d.once(); issues != 2 {
			t.Errorf("%d issues, want 2", issues)
		}
	})
}

// The text of a rule that refuses goes to those who are told of refusals at all.
func TestFlowRuleTellsWhyItRefuses(t *testing.T) {
	h := newHouse(t, testdb.Open(t))
	h.sending(nil)
	in := h.inbox("imap", func(d *gateway.InboxDraft) {
		d.Enabled, d.Rules.AllowUnknown, d.Rules.RejectNotice, d.Rules.AuthServID = false, true, "verified", "mx.here.example"
		d.Rules.Flow.Rules = []models.FlowRule{flowRule("Closed", "Hello", "reject", "Please call us.")}
	})
	for from, result := range map[string]string{"ann@one.example": "pass", "ben@one.example": "none"} {
		raw := post(from, from, "Hello", "Text.", "Authentication-Results: mx.here.example; dmarc="+result+" header.from=one.example")
		if m, err := h.gateway.Receive(t.Context(), in.ID, "api", bytes.NewReader(raw)); err != nil || m.Reason != "flow_rejected" {
			t.Fatalf("%s: %s, %v", from, m.Reason, err)
		}
	}
	if sent := h.outbox(); len(sent) != 1 || sent[0].Recipient != "ann@one.example" || sent[0].Content.Text != "Please call us." {
		t.Errorf("notices: %+v, want one to the verified sender with the text of the rule", sent)
	}
}

// Who does not work on a project sends no mail there, also not by a copy of an inbox that does.
func TestFlowRulesNameProjectsOfTheirAuthorOnly(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(nil)
	if _, err := d.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "OPS", Name: "Operations"}); err != nil {
		t.Fatal(err)
	}
	d.staff(map[string]int64{"bea": d.project.ID})
	bea, err := d.store.UserByLogin(t.Context(), "bea")
	if err != nil {
		t.Fatal(err)
	}
	ib := d.inbox(g, nil)
	to := func(key string) models.Flow {
		return models.Flow{Rules: []models.FlowRule{flowRule("R", "x", "project", key)}}
	}
	if _, err := g.SaveFlow(t.Context(), &bea, ib.ID, 1, to("OPS")); !isInvalid(err) {
		t.Errorf("a project of others: %v, want it refused", err)
	}
	if _, err := g.SaveFlow(t.Context(), nil, ib.ID, 1, to("NONE")); !isInvalid(err) {
		t.Errorf("a project that is not there: %v, want it refused", err)
	}
	if _, err := g.SaveFlow(t.Context(), &bea, ib.ID, 1, to("SUP")); err != nil {
		t.Errorf("a project of hers: %v", err)
	}
	if _, err := g.SaveFlow(t.Context(), nil, ib.ID, 2, to("OPS")); err != nil {
		t.Fatal(err)
	}
	changed := to("OPS")
	changed.Rules[0].Name = "Renamed"
	if _, err := g.SaveFlow(t.Context(), &bea, ib.ID, 3, changed); err != nil {
		t.Errorf("what was in force may stay: %v", err)
	}
	copied, err := g.DuplicateInbox(t.Context(), &bea, ib.ID, "Copy")
	if err != nil || !copied.Rules.Flow.Empty() {
		t.Errorf("a copy of the inbox: %+v, %v, want it without flow rules", copied.Rules.Flow, err)
	}
}

// A flow rule sets fields of its own: of a new issue, and where it says so of one on which the mail is a comment.
func TestFlowRuleSetsFieldsOfItsOwn(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		closing := flowRule("Closing", "re:", "field", "Result: done", "field", "PLACE: Gate")
		closing.Comments = true
		ib := d.inbox(g, flowing(flowRule("Opening", "printer", "field", "Place: Hall 7", "field", "Result: open"), closing))
		first := d.receive(g, ib.ID, mail("1", anna, "Printer", "Text"))
		fields := func() (out []string) {
			t.Helper()
			list, err := d.store.IssueFields(t.Context(), *first.IssueNumber)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range list {
				out = append(out, f.Name+"="+f.Value)
			}
			return out
		}
		if diff := cmp.Diff(fields(), []string{"Place=Hall 7", "Result=open"}); diff != "" {
			t.Errorf("of the new issue (-got +want):\n%s", diff)
		}
		reply := d.receive(g, ib.ID, mail("2", anna, "Re: Printer", "More", "In-Reply-To: <1@there.example>"))
		if diff := cmp.Diff(fields(), []string{"Place=Gate", "Result=done"}); diff != "" {
			t.Errorf("after the reply, %s (-got +want):\n%s", reply.State, diff)
		}
	})
}
