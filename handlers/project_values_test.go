package handlers

import (
	"net/url"
	"testing"
)

func TestProjectHasStatesOfItsOwn(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	lead, member := s.as("lead"), s.as("member")
	path := s.pathOf("/projects/%d/states", s.sup.ID)
	s.get(path, member).want(t, 403)
	s.get(path, lead).want(t, 200, `value="Waiting"`, "has the usual ones so far", "!Back to the usual ones")
	form := url.Values{
		"id": {"0", "0", "0", "0"}, "name": {"Reported", "Geschlossen", "Parts ordered", ""}, "base": {"new", "closed", "open", "open"},
		"colour": {"", "", "bad", ""}, "place": {"1", "9", "2", "10"}, "remove": {},
	}
	s.post(path, member, form).want(t, 403)
	s.post(path, lead, form).want(t, 303)
	s.get(path, lead).want(t, 200, `value="Parts ordered"`, "Back to the usual ones")
	s.get("/issues/1", member).want(t, 200, "Reported", `<option value="Parts ordered">`, `<option value="closed">`)
	s.get("/board?project=SUP", member).want(t, 200, `data-state="Parts ordered"`, "hue-bad", `!data-state="waiting"`)
	s.post("/board/1", member, url.Values{"state": {"Parts ordered"}, "version": {"1"}, "back": {"/board"}}).want(t, 303)
	s.get("/issues?state=open", member).want(t, 200, "Parts ordered")
	s.get("/issues?q="+url.QueryEscape(`state:"parts ordered"`), member).want(t, 200, "#1")
	s.get("/issues/1", member).want(t, 200, "Reported", `<option value="Parts ordered" selected>`)
	s.get("/issues.csv?state=all", member).want(t, 200, ",Parts ordered,")
	form = url.Values{"id": {"1", "2", "3"}, "name": {"Reported", "Ordered", "Closed"}, "base": {"new", "open", "closed"}, "colour": {"", "", ""}, "place": {"1", "2", "3"}, "remove": {"2"}, "move_to": {"Closed"}}
	s.post(path, lead, form).want(t, 303)
	s.get("/issues?state=closed", member).want(t, 200, "Closed", "#1")
	form["name"][0] = "closed"
	s.post(path, lead, form).want(t, 422, "is a usual name for something else")
	s.post(path, lead, url.Values{"id": {"1"}}).want(t, 400)
	s.post(path, lead, url.Values{"do": {"usual"}}).want(t, 303)
	s.get("/issues/1", member).want(t, 200, `<option value="closed" selected>`)
}

func TestStatesAndPrioritiesOfTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	if got := w.get("member", "GET", "/projects/SUP/states", "", 200)["items"].([]any); len(got) != 5 {
		t.Errorf("%d usual states, want 5", len(got))
	}
	w.get("boss", "PUT", "/projects/SUP/states", `{}`, 422)
	got := w.get("boss", "PUT", "/projects/SUP/states", `{"items":[{"name":"Offen","counts_as":"open"},{"name":"Bestellt","counts_as":"waiting","colour":"warn"},{"name":"Fertig","counts_as":"closed"}]}`, 200)["items"].([]any)
	if len(got) != 3 || got[1].(map[string]any)["name"] != "Bestellt" {
		t.Errorf("got %v", got)
	}
	w.get("boss", "PUT", "/projects/SUP/priorities", `{"items":[{"name":"Rot","counts_as":"urgent"},{"name":"Grün","counts_as":"normal"}]}`, 200)
	issue := w.get("member", "PATCH", "/issues/1", `{"state":"bestellt","priority":"Rot"}`, 200)
	for key, want := range map[string]any{"state": "waiting", "state_name": "Bestellt", "priority": "urgent", "priority_name": "Rot"} {
		if issue[key] != want {
			t.Errorf("%s = %v, want %v", key, issue[key], want)
		}
	}
	if got := faults(w.get("member", "PATCH", "/issues/1", `{"state":"fort"}`, 422)); got != "state E-ISSUE-02" {
		t.Errorf("an unknown state: %s", got)
	}
}

func TestIssueIsTheActiveCaseOfItsProject(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	member := s.as("member")
	s.get("/issues/1", member).want(t, 200, "Make this the active case")
	s.post("/issues/1/active", s.as("other"), url.Values{"on": {"true"}}).want(t, 404)
	s.post("/issues/1/active", member, url.Values{"on": {"true"}}).want(t, 303)
	s.get("/issues/1", member).want(t, 200, "No longer the active case", "made this the active case")
	s.get("/issues", member).want(t, 200, "Active case")
	s.post("/issues/1/active", member, url.Values{"on": {"false"}}).want(t, 303)
	s.post("/issues/1/state", member, url.Values{"state": {"closed"}, "version": {"1"}}).want(t, 303)
	s.post("/issues/1/active", member, url.Values{"on": {"true"}}).want(t, 303)
	s.get("/issues", member).want(t, 200, "!Active case")
	s.get("/issues/1", member).want(t, 200, "!No longer the active case", "!Make this the active case")
}
