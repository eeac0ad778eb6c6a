package handlers

import (
	"net/url"
	"strings"
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

// looked is a site with three issues of different states, priorities and people.
func looked(t *testing.T) (s *site, cookie string) {
	s = newSite(t)
	for _, d := range []tracker.IssueDraft{
		{Title: "Alpha", Priority: "urgent", Assignee: "lead", Labels: []string{"Office"}}, {Title: "Beta", State: models.IssueWaiting}, {Title: "Gamma", Assignee: "member"},
	} {
		d.ProjectKey = "SUP"
		_, err := s.h.Tracker.OpenIssue(t.Context(), s.users["member"], d)
		s.ok(err)
	}
	return s, s.as("member")
}

func TestListShowsTheColumnsThatAreChosen(t *testing.T) {
	s, cookie := looked(t)
	s.get("/issues", cookie).want(t, 200, `<ol class="list" data-walk>`, ">Urgent<", ">Office<", `value="created">`, `value="state" checked>`)
	s.get("/issues?columns=state", cookie).want(t, 200, "Alpha", "!>Office<", `value="labels">`, "!value=\"labels\" checked")
	s.get("/issues?columns=none&density=compact", cookie).want(t, 200, `<table class="rows compact">`, "!<th scope=\"col\">State", "Alpha")
	s.get("/issues?density=compact", cookie).want(t, 200, `<th scope="col">Labels</th>`, `<td data-label="Labels"><span class="tag">Office</span></td>`)
	s.get("/issues?columns=moon&density=fog&group=sun", cookie).want(t, 200, "Alpha")
}

func TestListIsGroupedAndPaged(t *testing.T) {
	s, cookie := looked(t)
	got := s.get("/issues?group=assignee", cookie)
	got.want(t, 200, `<h2 class="bunch">Member</h2>`, `<h2 class="bunch">Lead</h2>`, `<h2 class="bunch">Nobody</h2>`)
	order := []string{">Member</h2>", "Gamma", ">Lead</h2>", "Alpha", ">Nobody</h2>", "Beta"}
	at := 0
	for _, one := range order {
		next := strings.Index(got.Body[at:], one)
		if next < 0 {
			t.Fatalf("%s does not come in the order %v", one, order)
		}
		at += next
	}
	s.get("/issues?group=state&density=compact", cookie).want(t, 200, `<th colspan="11" scope="rowgroup">Waiting</th>`)
	s.get("/issues?group=project", cookie).want(t, 200, `<h2 class="bunch">SUP · Support</h2>`)
	for range 51 {
		_, err := s.h.Tracker.OpenIssue(t.Context(), s.users["member"], tracker.IssueDraft{ProjectKey: "SUP", Title: "More"})
		s.ok(err)
	}
	got = s.get("/issues?group=state", cookie)
	_, rest, found := strings.Cut(got.Body, `href="/issues?cursor=`)
	next, _, _ := strings.Cut(rest, `"`)
	if !found || !strings.Contains(next, "group=state") {
		t.Fatalf("the next page is %q, want one that names the group", next)
	}
	s.get("/issues?cursor="+strings.ReplaceAll(next, "&amp;", "&"), cookie).want(t, 200, `<h2 class="bunch">New</h2>`, `<h2 class="bunch">Waiting</h2>`, "Beta")
}

func TestLookOfListsIsKeptForAPerson(t *testing.T) {
	s, cookie := looked(t)
	form := url.Values{"column": {"state", "due"}, "density": {"compact"}, "group": {"state"}, "back": {"/issues?q=is%3Aopen&cursor=x"}, "do": {"show"}}
	if got := s.post("/issues/look", cookie, form).Header.Get("Location"); got != "/issues?columns=state%2Cdue&density=compact&group=state&q=is%3Aopen" {
		t.Errorf("shown at %s", got)
	}
	s.get("/issues", cookie).want(t, 200, `<ol class="list" data-walk>`)
	form.Set("do", "keep")
	if got := s.post("/issues/look", cookie, form).Header.Get("Location"); got != "/issues?q=is%3Aopen" {
		t.Errorf("kept, and shown at %s", got)
	}
	s.get("/issues", cookie).want(t, 200, `<table class="rows compact">`, `<th scope="col">Due</th>`, `scope="rowgroup">New<`, "!<th scope=\"col\">Labels")
	s.get("/issues?density=roomy&group=none", cookie).want(t, 200, `<ol class="list" data-walk>`, "!class=\"bunch\"", "density=roomy&amp;group=none")
	s.get("/issues", s.as("lead")).want(t, 200, `<ol class="list" data-walk>`)
	form.Set("back", "https://evil.example/issues")
	if got := s.post("/issues/look", cookie, form).Header.Get("Location"); got != "/issues" {
		t.Errorf("sent to %s, want /issues", got)
	}
}

func TestSavedViewKeepsHowItLooks(t *testing.T) {
	s, cookie := looked(t)
	look := "columns=state&density=compact&group=priority"
	got := s.post("/views", cookie, url.Values{"name": {"Mine"}, "q": {"is:open"}, "look": {look + "&evil=1"}}).Header.Get("Location")
	if got != "/issues?columns=state&density=compact&group=priority&q=is%3Aopen" {
		t.Errorf("the view is at %s", got)
	}
	s.get(got, cookie).want(t, 200, `<table class="rows compact">`, `scope="rowgroup">Urgent<`, `name="look" value="columns=state&amp;density=compact&amp;group=priority"`)
	s.get("/issues", cookie).want(t, 200, strings.ReplaceAll(got, "&", "&amp;"))
}
