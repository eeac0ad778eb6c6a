package handlers

import (
	"net/url"
	"strings"
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

func TestNewIssueIsSaidInTheWordsOfItsProject(t *testing.T) {
	s := newSite(t)
	admin := tracker.CommandLine()
	s.ok(s.h.Tracker.SetValues(t.Context(), admin, s.sup.ID, models.ValueState, []tracker.ValueDraft{{Name: "Reported", Base: "new"}, {Name: "Ordered", Base: "waiting"}, {Name: "closed", Base: "closed"}}, ""))
	s.ok(s.h.Tracker.SetValues(t.Context(), admin, s.sup.ID, models.ValuePriority, []tracker.ValueDraft{{Name: "Red", Base: "urgent"}, {Name: "Green", Base: "normal"}}, ""))
	_, err := s.h.Tracker.UpdateProject(t.Context(), admin, s.sup.ID, tracker.ProjectDraft{Key: "SUP", Name: "Support", Assignee: new("member")})
	s.ok(err)
	member := s.as("member")
	s.get("/issues/new?project=SUP", member).want(t, 200, `<option value="" selected>Reported</option>`, `<option value="Ordered">Ordered</option>`, `<option value="closed">Closed</option>`,
		`<option value="Red">Red</option>`, `<option value="" selected>Green</option>`, "As set for the project", `<option value="member">`, `!value="waiting"`)
	form := url.Values{"project": {"SUP"}, "title": {"New"}, "state": {"Ordered"}, "priority": {"Red"}, "assignee": {"member"}}
	form.Set("do", "choices")
	s.post("/issues/new", member, form).want(t, 200, `<option value="Ordered" selected>`, `<option value="Red" selected>`)
	form.Del("do")
	page := s.post("/issues/new", member, form).Header.Get("Location")
	s.get(page, member).want(t, 200, `<option value="Ordered" selected>`, `<option value="Red" selected>`)
	form["priority"] = []string{"Lilac"}
	s.post("/issues/new", member, form).want(t, 422, "is not a priority of this project")
	page = s.post("/issues/new", member, url.Values{"project": {"SUP"}, "title": {"Plain"}, "state": {""}, "priority": {""}, "assignee": {""}}).Header.Get("Location")
	s.get(page, member).want(t, 200, `<option value="Reported" selected>`, `<option value="Green" selected>`, `<option value="member" selected>`)
}

func TestArchivedProjectIsNoChoiceAnyMore(t *testing.T) {
	s := newSite(t)
	admin := tracker.CommandLine()
	old, err := s.h.Tracker.CreateProject(t.Context(), admin, tracker.ProjectDraft{Key: "OLD", Name: "Gone"})
	s.ok(err)
	yes := true
	_, err = s.h.Tracker.UpdateProject(t.Context(), admin, old.ID, tracker.ProjectDraft{Key: "OLD", Name: "Gone", Archived: &yes})
	s.ok(err)
	s.mail(s.inbox, plainMail)
	boss := s.as("admin")
	edit := s.pathOf("/inboxes/%d/edit", s.inbox.ID)
	for _, path := range []string{"/issues/new", "/issues/1", "/triage", "/inboxes/new", "/inboxes/add", edit, "/issues", "/board"} {
		got := s.get(path, boss)
		got.want(t, 200)
		if strings.Contains(got.Body, "OLD · Gone") {
			t.Errorf("%s offers the archived project", path)
		}
	}
	s.get(edit, boss).want(t, 200, "SUP · ")
}

func TestTriageShowsIssuesLikeOne(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	member := s.as("member")
	s.post("/issues/new", member, url.Values{"project": {"SUP"}, "title": {"Our printer burns"}}).want(t, 303)
	s.get("/triage?similar=2", member).want(t, 200, "Open issues like this one", `href="/issues/1"`, "Merge into #1", `href="/triage"`)
	s.get("/triage?similar=2", s.as("other")).want(t, 404)
	s.get("/triage?similar=x", member).want(t, 404)
	s.post("/triage/2", member, url.Values{"do": {"merge"}, "into": {"1"}, "version": {"1"}}).want(t, 303)
	s.get("/triage?similar=1", member).want(t, 200, "No open issues like this one")
}
