package gateway_test

import (
	"slices"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
	"letterbox/tracker/past"
)

// imported takes over issues of older systems, made by anna; their numbers here are returned by "System number".
func (d *den) imported(list ...string) map[string]int64 {
	d.t.Helper()
	var b strings.Builder
	for _, one := range list {
		system, number, _ := strings.Cut(one, " ")
		b.WriteString(`{"system":"` + system + `","number":"` + number + `","project":"` + d.project.Key + `","title":"Old","created":"2020-01-01","reporter":"anna@there.example",` +
			`"message_ids":["kept-` + strings.ToLower(system) + `-` + number + `@old.example"]}` + "\n")
	}
	r, err := past.NewJSON(strings.NewReader(b.String()))
	if err != nil {
		d.t.Fatal(err)
	}
	out := map[string]int64{}
	err = d.tracker.ImportIssues(d.t.Context(), tracker.CommandLine(), r, tracker.ImportOptions{}, func(one tracker.ImportResult) error {
		if one.State != tracker.ImportCreated {
			d.t.Errorf("line %d: %s %v", one.Line, one.State, one.Faults)
		}
		out[one.External.SystemName+" "+one.External.NumberText] = one.External.IssueNumber
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

func TestMailThatNamesAnOldNumberJoinsItsIssue(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Rules.ExternalNumbers = []string{`Redmine: \[[^\]]*#(\d+)\]`, `Redmine: ^<redmine\.issue-(\d+)\.\d+@old\.example>`, `RT: \[rt\.example\.org #(\d+)\]`, `RT: ^<rt-[^@]*\W(\d+)-\d+-\d+@old\.example>`}
		})
		d.receive(g, ib.ID, mail("one", anna, "Ours", "Text")) // Has the number 1.
		old := d.imported("Redmine 500", "Redmine 1", "RT 501", "RT 7")
		const eve = "Eve <eve@elsewhere.example>"
		for _, c := range []struct {
			name, id, from, subject, field string
			want                           int64 // 0: a new issue.
			trace                          string
		}{
			{"subject of Redmine", "a", anna, "Re: [example - Bug #500] (New) Printer", "", old["Redmine 500"], "match.by_external"},
			{"subject of RT", "b", anna, "AW: [rt.example.org #501] Lamp", "", old["RT 501"], "match.by_external"},
			{"Message-ID of Redmine", "c", anna, "Re: Printer", "In-Reply-To: <redmine.issue-500.20200101120000@old.example>", old["Redmine 500"], "match.by_external"},
			{"Message-ID of RT", "d", anna, "Re: Lamp", "References: <x@there.example> <rt-4.4.1-99-1580000000-77.501-5-0@old.example>", old["RT 501"], "match.by_external"},
			{"Message-ID that was imported", "e", anna, "Re: Lamp", "In-Reply-To: <kept-rt-7@old.example>", old["RT 7"], "match.by_message_id"},
			{"a number that both have", "f", anna, "Re: [example - Bug #1] Printer", "", old["Redmine 1"], "match.by_external"},
			{"our own form stays ours", "g", anna, "Re: [#1] Ours", "", 1, "match.by_number"},
			{"our Message-ID comes first", "h", anna, "Re: [example - Bug #500]", "In-Reply-To: <one@there.example>", 1, "match.by_message_id"},
			{"somebody else", "i", eve, "Re: [example - Bug #500] Printer", "", 0, "match.not_participant"},
			{"no such number", "j", anna, "Re: [rt.example.org #999]", "", 0, "match.no_such_external"},
		} {
			fields := []string{}
			if c.field != "" {
				fields = append(fields, c.field)
			}
			m := d.receive(g, ib.ID, mail(c.id, c.from, c.subject, "Text "+c.id, fields...))
			trace := d.trace(m.ID)
			state, joined := models.MessageCommented, m.IssueNumber != nil && *m.IssueNumber == c.want
			if c.want == 0 {
				state, joined = models.MessageCreated, m.IssueNumber != nil && !slices.Contains([]int64{1, old["Redmine 500"]}, *m.IssueNumber)
			}
			if m.State != state || !joined || !slices.Contains(trace, c.trace) {
				t.Errorf("%s: %s %v, want %s %d with %s; trace %v", c.name, m.State, m.IssueNumber, state, c.want, c.trace, trace)
			}
		}
	})
}

func TestInboxWithoutPatternsLooksForNoOldNumbers(t *testing.T) {
	d := newDen(t, testdb.Open(t))
	g := d.process(nil)
	ib := d.inbox(g, nil)
	d.imported("Redmine 500")
	m := d.receive(g, ib.ID, mail("a", anna, "Re: [example - Bug #500] Printer", "Text"))
	if m.State != models.MessageCreated || slices.Contains(d.trace(m.ID), "match.by_external") {
		t.Errorf("%s with trace %v, want a new issue", m.State, d.trace(m.ID))
	}
}
