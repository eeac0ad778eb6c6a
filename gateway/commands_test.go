package gateway_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

func TestCommandsCountFromMembersOnly(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		h := newHouse(t, s)
		max := h.member("max", "Max Mustermann", nil)
		h.member("anna", "Anna Berg", nil)
		rules := models.DefaultRules()
		rules.AllowUnknown, rules.Commands, rules.AuthServID = true, []string{"status", "priority", "assignee", "label"}, "mx.here.example"
		ib := h.inbox("imap", func(d *gateway.InboxDraft) { d.Rules = rules })
		h.run()
		n := 0
		send := func(from, subject, text string, more ...string) (models.Issue, []string) {
			t.Helper()
			n++
			h.arrive("support", post(from, "command"+strconv.Itoa(n)+"@x.example", subject, text, more...))
			m := h.settled(ib.ID, n)[0]
			i, err := s.IssueByNumber(t.Context(), *m.IssueNumber)
			if err != nil {
				t.Fatal(err)
			}
			return i, h.lastTrace(ib.ID)
		}
		i, trace := send("max@here.example", "Drucker", "Priorität: dringend\nZuständig: anna\n\nEr brennt.\n\nEtikett: Drucker, eilig\nFrist: 24.12.2026")
		if i.Priority != models.PriorityUrgent || i.AssigneeID == nil || i.Description != "Er brennt.\n\nFrist: 24.12.2026" || i.ReporterID != max.ID || i.DueOn != nil {
			t.Errorf("new issue: got %+v; trace %v", i, trace)
		}
		if labels, err := s.LabelsOf(t.Context(), []int64{i.Number}); err != nil || len(labels[i.Number]) != 2 {
			t.Errorf("labels: got %v %v, want two", labels, err)
		}
		for _, want := range []string{"match.command", "match.command_not_allowed", "apply.commands"} {
			if !slices.Contains(trace, want) {
				t.Errorf("trace: got %v, want %s in it", trace, want)
			}
		}
		re := "AW: [#" + strconv.FormatInt(i.Number, 10) + "] Drucker"
		if i, trace := send("max@here.example", re, "Erledigt.\n\nStatus: geschlossen"); i.State != models.IssueClosed || h.comments(i.Number)[0].Body != "Erledigt." {
			t.Errorf("comment: got state %s and %+v; trace %v", i.State, h.comments(i.Number), trace)
		}
		for _, test := range []struct{ name, from, text, header, want string }{
			{"a customer", "erika@kunde.example", "Status: closed\nBitte.", "X-Status: closed", "match.command_person"},
			{"a member whose check failed", "max@here.example", "Status: closed\nBitte.", "Authentication-Results: mx.here.example; dmarc=fail", "match.command_sender"},
			{"somebody who is no member", "max@here.example", "Assignee: erika\nBitte.", "X-Project: secret", "match.command_value"},
			{"an automatic mail", "max@here.example", "Status: closed\nBitte.", "Precedence: list\r\nList-Id: <a.here.example>", ""},
		} {
			rules.AutoMail = "process"
			if v, err := h.gateway.Inbox(t.Context(), ib.ID); err != nil {
				t.Fatal(err)
			} else if v.RuleVersion == 1 {
				if _, err := h.gateway.SaveRules(t.Context(), nil, ib.ID, 1, rules); err != nil {
					t.Fatal(err)
				}
			}
			i, trace := send(test.from, test.name, test.text, test.header)
			if i.State != models.IssueNew || i.AssigneeID != nil || !strings.HasPrefix(i.Description, test.text) || test.want != "" && !slices.Contains(trace, test.want) {
				t.Errorf("%s: got %+v; trace %v, want %s and the text as it was", test.name, i, trace, test.want)
			}
		}
		raw := post("max@here.example", "dry@x.example", "Probe", "Status: closed\nBitte.")
		d, err := h.gateway.DryRun(t.Context(), ib.ID, bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(d.Trace, func(e models.TraceEntry) bool { return e.Code == "match.command" && e.Args["value"] == "closed" }) {
			t.Errorf("dry run: got %+v, want the command in it", d.Trace)
		}
	})
}
