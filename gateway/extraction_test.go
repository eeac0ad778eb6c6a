package gateway_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

const centre = "Leitstelle <leitstelle@there.example>"

// dispatch is what the profiles of these tests read.
func dispatch(by string) models.Extraction {
	line := func(name string, required bool) models.ProfileField {
		return models.ProfileField{Name: name, From: "text", By: "line", Expr: name, Required: required}
	}
	p := models.Profile{
		Name: "Einsatz", Fields: []models.ProfileField{line("Nummer", true), line("Stichwort", true), line("Ort", false), line("Stufe", false), line("Wer", false)},
		Title: "{Stichwort} – {Ort}", Labels: "{Stichwort}", Priority: "{Stufe}", Priorities: []string{"1 = urgent", "2 = high"}, Assignee: "{Wer}", Key: "{Nummer}",
	}
	p.Fields[4].Name, p.Fields[4].Expr = "Wer", "Wer"
	return models.Extraction{Profiles: []models.Profile{p}, Correlate: models.Correlation{By: by}}
}

func incident(id, subject string, lines ...string) string {
	return mail(id, centre, subject, strings.Join(lines, "\n"))
}

// steps describes the history of an issue.
func (d *den) history(number int64) []string {
	d.t.Helper()
	events, err := d.store.Events(d.t.Context(), number)
	if err != nil {
		d.t.Fatal(err)
	}
	var out []string
	for _, e := range events {
		out = append(out, fmt.Sprintf("%s: %s > %s", e.Kind, e.Was, e.Became))
	}
	return out
}

func TestMailsOfOneIncidentAreOneIssue(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		if _, err := d.tracker.CreateUser(t.Context(), tracker.CommandLine(), tracker.UserDraft{Login: "bea", Name: "Bea", Addresses: []string{"bea@here.example"}, Role: models.RoleMember}); err != nil {
			t.Fatal(err)
		}
		if err := d.tracker.SetMember(t.Context(), tracker.CommandLine(), d.project.ID, "bea", models.ProjectMember); err != nil {
			t.Fatal(err)
		}
		ib := d.inbox(g, func(dr *gateway.InboxDraft) { dr.Rules.Extraction = dispatch("field") })
		first := d.receive(g, ib.ID, incident("1", "Einsatzeröffnung", "Nummer: 4711", "Stichwort: B2", "Ort: Hafen", "Stufe: 2", "Wer: bea"))
		if err := setState(d, *first.IssueNumber, models.IssueClosed); err != nil {
			t.Fatal(err)
		}
		second := d.receive(g, ib.ID, incident("2", "Einsatzaktualisierung", "Nummer: 4711", "Stichwort: B3", "Ort: Hafen", "Stufe: 1", "Wer: niemand"))
		third := d.receive(g, ib.ID, incident("3", "Einsatzaktualisierung", "Nummer: 4711", "Stichwort: B3", "Ort: Hafen"))
		other := d.receive(g, ib.ID, incident("4", "Einsatzeröffnung", "Nummer: 4712", "Stichwort: B3"))
		for i, m := range []models.Message{second, third} {
			if m.State != models.MessageCommented || m.Reason != "accepted_update" || m.IssueNumber == nil || *m.IssueNumber != *first.IssueNumber {
				t.Errorf("further mail %d: %s %s", i+1, m.State, m.Reason)
			}
		}
		if other.State != models.MessageCreated {
			t.Errorf("another number: %s, want created", other.State)
		}
		if issues, comments := d.once(); issues != 2 || comments != 2 {
			t.Errorf("%d issues and %d comments, want 2 and 2", issues, comments)
		}
		issue, err := s.IssueByNumber(t.Context(), *first.IssueNumber)
		if err != nil || issue.Title != "B3 – Hafen" || issue.Priority != models.PriorityUrgent || issue.State != models.IssueOpen || issue.AssigneeID == nil {
			t.Errorf("issue = %+v, %v", issue, err)
		}
		fields, err := s.IssueFields(t.Context(), issue.Number)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range fields {
			got = append(got, f.Name+"="+f.Value)
		}
		if diff := cmp.Diff(got, []string{"Nummer=4711", "Stichwort=B3", "Ort=Hafen", "Stufe=1", "Wer=niemand"}); diff != "" {
			t.Errorf("fields (-got +want):\n%s", diff)
		}
		for _, want := range []string{"field: Stichwort: B2 > Stichwort: B3", "field: Stufe: 2 > Stufe: 1", "priority: high > urgent", "title: B2 – Hafen > B3 – Hafen", "labels: B2 > B2, B3", "state: closed > open"} {
			if !slices.Contains(d.history(issue.Number), want) {
				t.Errorf("the history lacks %q: %q", want, d.history(issue.Number))
			}
		}
		if got := d.trace(second.ID); !slices.Contains(got, "match.profile") || !slices.Contains(got, "match.by_key") || !slices.Contains(got, "match.no_assignee") || !slices.Contains(got, "apply.update") {
			t.Errorf("trace = %q", got)
		}
		if got := d.trace(third.ID); slices.Contains(got, "apply.update") {
			t.Errorf("a mail that says the same updates: %q", got)
		}
	})
}

func setState(d *den, number int64, state models.IssueState) error {
	i, err := d.store.IssueByNumber(d.t.Context(), number)
	if err != nil {
		return err
	}
	i.State = state
	return d.store.UpdateIssue(d.t.Context(), &i, i.Version)
}

// The first mails of an incident reach several processes at the same moment.
func TestMailsOfOneIncidentAtOnceAreOneIssue(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		ib := d.inbox(d.process(nil), func(dr *gateway.InboxDraft) { dr.Rules.Extraction = dispatch("field") })
		const mails = 3
		for n := range 3 {
			meet := newMeeting(mails)
			all := d.process(func(deps *gateway.Deps) { deps.Log = meet.at("match") })
			var wg sync.WaitGroup
			for i := range mails {
				wg.Go(func() {
					raw := incident(fmt.Sprintf("%d-%d", n, i), "Alarm", fmt.Sprintf("Nummer: %d", n), "Stichwort: B1", fmt.Sprintf("Ort: %d", i))
					m, err := all.Receive(t.Context(), ib.ID, "receive", strings.NewReader(raw))
					if err != nil || m.Attempts != 1 {
						t.Errorf("%s after %d attempts, %v", m.State, m.Attempts, err)
					}
				})
			}
			wg.Wait()
			if issues, comments := d.once(); issues != n+1 || comments != (mails-1)*(n+1) {
				t.Fatalf("%d issues and %d comments after %d incidents: %v", issues, comments, n+1, d.ledger())
			}
		}
	})
}

func TestMergingByNumberKeepsToItsSettings(t *testing.T) {
	no := false
	for _, c := range []struct {
		name    string
		change  func(x *models.Extraction)
		between func(d *den, first int64)
		second  models.MessageState
		trace   string
	}{
		{"off", func(x *models.Extraction) { x.Correlate.By = "" }, nil, models.MessageCreated, "match.not_merged"},
		{"within the window", nil, func(d *den, _ int64) { d.wait(6 * 24 * time.Hour) }, models.MessageCommented, "match.by_key"},
		{"past the window", nil, func(d *den, _ int64) { d.wait(8 * 24 * time.Hour) }, models.MessageCreated, "match.key_late"},
		{"window of its own", func(x *models.Extraction) { x.Correlate.Window = "2h" }, func(d *den, _ int64) { d.wait(3 * time.Hour) }, models.MessageCreated, "match.key_late"},
		{"closed, not opened again", func(x *models.Extraction) { x.Correlate.Reopen = &no }, func(d *den, n int64) {
			if err := setState(d, n, models.IssueClosed); err != nil {
				d.t.Fatal(err)
			}
		}, models.MessageCreated, "match.key_closed"},
		{"comment only", func(x *models.Extraction) { x.Profiles[0].Further = "comment" }, nil, models.MessageCommented, "match.by_key"},
		{"case counts", func(x *models.Extraction) { x.Profiles[0].Key = "{Stichwort}" }, nil, models.MessageCreated, "match.new"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inDen(t, func(t *testing.T, d *den) {
				g := d.process(nil)
				ib := d.inbox(g, func(dr *gateway.InboxDraft) {
					dr.Rules.Extraction = dispatch("field")
					if c.change != nil {
						c.change(&dr.Rules.Extraction)
					}
				})
				first := d.receive(g, ib.ID, incident("1", "Alarm", "Nummer: 1", "Stichwort: B1", "Ort: Hafen"))
				if c.between != nil {
					c.between(d, *first.IssueNumber)
				}
				m := d.receive(g, ib.ID, incident("2", "Alarm", "Nummer: 1", "Stichwort: b1", "Ort: Wald"))
				if got := d.trace(m.ID); m.State != c.second || !slices.Contains(got, c.trace) {
					t.Errorf("second mail: %s with %q, want %s with %s", m.State, got, c.second, c.trace)
				}
				third := d.receive(g, ib.ID, incident("3", "Alarm", "Nummer: 1", "Stichwort: b1", "Ort: Wald"))
				if strings.HasPrefix(c.trace, "match.key_") && (third.IssueNumber == nil || *third.IssueNumber != *m.IssueNumber) {
					t.Errorf("the third mail went to %v, want the latest issue %v", third.IssueNumber, *m.IssueNumber)
				}
				d.once()
			})
		})
	}
}

func TestMailThatNoProfileKnows(t *testing.T) {
	for policy, want := range map[string]string{"": "created accepted_new", "go_on": "created accepted_new", "reject": "rejected no_profile_match", "set_aside": "quarantined no_profile_match"} {
		inDen(t, func(t *testing.T, d *den) {
			g := d.process(nil)
			ib := d.inbox(g, func(dr *gateway.InboxDraft) {
				dr.Rules.Extraction = dispatch("field")
				dr.Rules.Extraction.NoMatch = policy
			})
			raw := mail("1", anna, "Frage", "Wo ist die Nummer?")
			dry, err := g.DryRun(t.Context(), ib.ID, strings.NewReader(raw))
			if err != nil || fmt.Sprint(dry.State, " ", dry.Reason) != want {
				t.Errorf("%q: dry run %s %s (%v), want %s", policy, dry.State, dry.Reason, err, want)
			}
			m := d.receive(g, ib.ID, raw)
			if got := fmt.Sprint(m.State, " ", m.Reason); got != want {
				t.Errorf("%q: %s, want %s", policy, got, want)
			}
			if m.State == models.MessageCreated {
				return
			}
			let, err := g.ReprocessAs(t.Context(), nil, m.ID, gateway.Again{LetIn: true})
			if err != nil || let.State != models.MessageCreated {
				t.Errorf("%q: let in by a person it is %s, %v", policy, let.State, err)
			}
		})
	}
}

func TestFilesAreReadAndAttached(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Rules.Extraction = models.Extraction{Profiles: []models.Profile{{
				Name: "XML", Title: "{wort}", Text: "Wort: {wort}",
				Fields: []models.ProfileField{{Name: "wort", From: "file", File: "*.xml", By: "xml", Expr: "/e/w", Required: true}},
			}}}
		})
		raw := "From: " + centre + "\nTo: support@here.example\nSubject: Alarm\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" +
			"--b\nContent-Type: text/plain\n\nsiehe Anlage\n--b\nContent-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgoAAAANSUhEUg==\n" +
			"--b\nContent-Type: application/xml; name=e.xml\nContent-Transfer-Encoding: base64\n\nPGU+PHc+QjImYW1wO0gxPC93PjwvZT4=\n--b--\n"
		dry, err := g.DryRun(t.Context(), ib.ID, strings.NewReader(raw))
		if err != nil || dry.Title != "B2&H1" || dry.Data == nil || dry.Data.Profile != "XML" {
			t.Errorf("dry run: %q %+v, %v", dry.Title, dry.Data, err)
		}
		m := d.receive(g, ib.ID, raw)
		issue, err := d.store.IssueByNumber(t.Context(), *m.IssueNumber)
		if err != nil || issue.Title != "B2&H1" || issue.Description != "Wort: B2&H1" {
			t.Errorf("issue = %q %q, %v", issue.Title, issue.Description, err)
		}
		if files, err := d.store.Attachments(t.Context(), issue.Number); err != nil || len(files) != 2 || files[1].Size != 23 {
			t.Errorf("files = %+v, %v", files, err)
		}
	})
}

func TestRunawayPatternSetsOnlyItsMailAside(t *testing.T) {
	d := newDen(t, testdb.Open(t)) // In real time: virtual time stands still while a pattern runs.
	g := d.process(nil)
	ib := d.inbox(g, func(dr *gateway.InboxDraft) {
		dr.Rules.Extraction = models.Extraction{Profiles: []models.Profile{{
			Name: "P", Fields: []models.ProfileField{{Name: "a", From: "text", By: "pattern", Expr: `^(\w+\s?)*:$`, Required: true}},
		}}}
	})
	m := d.receive(g, ib.ID, mail("1", anna, "Text", strings.Repeat("aaaaaaaaaa", 8)+"!"))
	if m.State != models.MessageQuarantined || m.Reason != "rule_timeout" {
		t.Errorf("%s %s, want quarantined rule_timeout", m.State, m.Reason)
	}
	if m := d.receive(g, ib.ID, mail("2", anna, "Text", "a:")); m.State != models.MessageCreated {
		t.Errorf("the next mail is %s", m.State)
	}
}
