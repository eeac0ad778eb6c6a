package gateway_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/models"
	"letterbox/tracker"
)

// plusDen is a den with the projects OPS and, archived, OLD, and an inbox whose subaddresses name them.
func plusDen(t *testing.T, d *den) (ops, old models.Project) {
	t.Helper()
	for key, p := range map[string]*models.Project{"OPS": &ops, "OLD": &old} {
		var err error
		if *p, err = d.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: key, Name: key}); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Now()
	old.ArchivedAt = &at
	if err := d.store.UpdateProject(t.Context(), &old); err != nil {
		t.Fatal(err)
	}
	return ops, old
}

func TestSubaddressNamesTheProjectWhereTheInboxLetsIt(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		ops, _ := plusDen(t, d)
		plus := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Rules.PlusProjects, dr.Settings.Aliases = []string{"ops", "OLD"}, []string{"help@here.example"}
		})
		usual := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Name, dr.Address, dr.Settings.Username = "Usual", "usual@here.example", "usual"
		})
		for name, c := range map[string]struct {
			inbox int64
			to    string
			more  []string
			want  int64
			code  string
		}{
			"the key":                {plus.ID, "Support+OPS@Here.example", nil, ops.ID, "match.plus_project"},
			"in small letters":       {plus.ID, "support+ops@here.example", nil, ops.ID, "match.plus_project"},
			"of an alias":            {plus.ID, "help+ops@here.example", nil, ops.ID, "match.plus_project"},
			"as delivered":           {plus.ID, "list@there.example", []string{"Delivered-To: support+ops@here.example"}, ops.ID, "match.plus_project"},
			"a project not listed":   {plus.ID, "support+SUP@here.example", nil, d.project.ID, "match.plus_other"},
			"one that is not there":  {plus.ID, "support+news@here.example", nil, d.project.ID, "match.plus_other"},
			"an archived one":        {plus.ID, "support+old@here.example", nil, d.project.ID, "match.plus_no_project"},
			"the address of another": {plus.ID, "usual+ops@here.example, support@here.example", nil, d.project.ID, ""},
			"no subaddress":          {plus.ID, "support@here.example", nil, d.project.ID, ""},
			"an inbox without it":    {usual.ID, "usual+ops@here.example", nil, d.project.ID, ""},
		} {
			raw := strings.Replace(mail(name, anna, name, "Text", c.more...), "To: support@here.example", "To: "+c.to, 1)
			dry, err := g.DryRun(t.Context(), c.inbox, strings.NewReader(crlf(raw)))
			if err != nil {
				t.Fatal(err)
			}
			m := d.receive(g, c.inbox, raw)
			i, err := d.store.IssueByNumber(t.Context(), *m.IssueNumber)
			if err != nil || i.ProjectID != c.want || dry.ProjectID != c.want {
				t.Errorf("%s: in project %d, dry run %d, want %d (%v)", name, i.ProjectID, dry.ProjectID, c.want, err)
			}
			codes := slices.DeleteFunc(d.trace(m.ID), func(code string) bool { return !strings.HasPrefix(code, "match.plus") })
			if got := strings.Join(codes, " "); got != c.code {
				t.Errorf("%s: the story says %q, want %q", name, got, c.code)
			}
		}
	})
}

// A flow rule goes over a subaddress, and a reply goes to its issue.
func TestSubaddressComesBeforeFlowRulesAndAfterReplies(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		plusDen(t, d)
		ib := d.inbox(g, func(dr *gateway.InboxDraft) {
			dr.Rules.PlusProjects = []string{"*"}
			dr.Rules.Flow.Rules = []models.FlowRule{flowRule("Ours", "ours", "project", "SUP")}
		})
		to := func(raw string) string { return strings.Replace(raw, "To: support@", "To: support+ops@", 1) }
		ruled := d.receive(g, ib.ID, to(mail("1", anna, "This is ours", "Text")))
		if i, err := d.store.IssueByNumber(t.Context(), *ruled.IssueNumber); err != nil || i.ProjectID != d.project.ID {
			t.Errorf("the flow rule leads to %d, %v", i.ProjectID, err)
		}
		if m := d.receive(g, ib.ID, to(mail("2", anna, "Re: This is ours", "More", "In-Reply-To: <1@there.example>"))); m.State != models.MessageCommented || *m.IssueNumber != *ruled.IssueNumber {
			t.Errorf("a reply is %s on %v", m.State, m.IssueNumber)
		}
	})
}

func TestSubaddressesNameProjectsOfTheirAuthorOnly(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		plusDen(t, d)
		d.staff(map[string]int64{"bea": d.project.ID})
		bea, err := d.store.UserByLogin(t.Context(), "bea")
		if err != nil {
			t.Fatal(err)
		}
		ib := d.inbox(g, nil)
		for key, want := range map[string]string{"OPS": "E-PLUS-01", "NONE": "E-PLUS-01", "*": "E-PLUS-02"} {
			rules := ib.Rules
			rules.PlusProjects = []string{"sup", key}
			_, err := g.SaveRules(t.Context(), &bea, ib.ID, 1, rules)
			if list, ok := errors.AsType[models.InvalidList](err); !ok || len(list) != 1 || list[0].Code != want || list[0].Field != "plus_projects" {
				t.Errorf("%s: %v, want %s", key, err, want)
			}
		}
		rules := ib.Rules
		rules.PlusProjects = []string{"OPS"}
		if _, err := g.SaveRules(t.Context(), nil, ib.ID, 1, rules); err != nil {
			t.Fatal(err)
		}
		rules.PlusProjects = []string{"ops", "SUP"}
		if _, err := g.SaveRules(t.Context(), &bea, ib.ID, 2, rules); err != nil {
			t.Errorf("what was in force may not stay: %v", err)
		}
	})
}
