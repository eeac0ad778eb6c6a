package handlers

import (
	"net/url"
	"strings"
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

func TestListMirrorsTheFiltersOfTheBox(t *testing.T) {
	s := newSite(t)
	_, err := s.h.Tracker.OpenIssue(t.Context(), s.users["member"], tracker.IssueDraft{ProjectKey: "SUP", Title: "Order paper", Labels: []string{"Office"}, Priority: "urgent"})
	s.ok(err)
	cookie := s.as("member")
	s.get("/issues?q="+url.QueryEscape(`label:office paper`), cookie).want(t, 200, "Order paper", ">Urgent<", ">Office<",
		`href="/issues?q=paper&amp;state=active" aria-label="Remove filter label:office"`)
	s.get("/issues?q=foo:bar", cookie).want(t, 200, "&#34;foo:&#34; is no filter", "/help/search")
	s.get("/issues?q=priority:12", cookie).want(t, 422, "cannot be the value of the filter priority")
	s.get("/help/search", cookie).want(t, 200, "is:open", "assignee:me")
	s.get("/issues?q=%23"+"1", cookie).want(t, 303)
}

func TestSeveralIssuesAreChangedAtOnce(t *testing.T) {
	s := newSite(t)
	for _, title := range []string{"One", "Two", "Three"} {
		_, err := s.h.Tracker.OpenIssue(t.Context(), s.users["member"], tracker.IssueDraft{ProjectKey: "SUP", Title: title})
		s.ok(err)
	}
	_, err := s.h.Tracker.OpenIssue(t.Context(), s.users["other"], tracker.IssueDraft{ProjectKey: "OPS", Title: "Foreign"})
	s.ok(err)
	cookie := s.as("member")
	form := url.Values{"n": {"1", "3", "4"}, "state": {"waiting"}, "assignee": {"lead"}, "labels": {"later"}, "back": {"/issues"}}
	s.post("/issues/bulk", cookie, form).want(t, 303)
	for number, want := range map[int64]models.IssueState{1: models.IssueWaiting, 2: models.IssueNew, 3: models.IssueWaiting, 4: models.IssueNew} {
		i, err := s.h.Tracker.Issue(t.Context(), s.users["admin"], number)
		s.ok(err)
		if i.State != want || (want == models.IssueWaiting) != (i.Assignee != nil && len(i.Labels) == 1) {
			t.Errorf("issue %d is %s with labels %v, want %s", number, i.State, i.Labels, want)
		}
	}
	form.Set("assignee", "-")
	form.Set("n", "x")
	s.post("/issues/bulk", cookie, form).want(t, 400)
}

func TestViewsAreSavedAndShared(t *testing.T) {
	s := newSite(t)
	member, lead := s.as("member"), s.as("lead")
	s.post("/views", member, url.Values{"name": {"Mine, urgent"}, "q": {"assignee:me priority:urgent"}, "sort": {"priority"}}).want(t, 303)
	s.post("/views", member, url.Values{"name": {"Everything late"}, "q": {"is:overdue"}, "shared": {"true"}}).want(t, 303)
	s.post("/views", member, url.Values{"name": {" "}, "q": {"is:open"}}).want(t, 422, "Give the view a name")
	s.get("/issues", member).want(t, 200, "Mine, urgent", "Everything late", `href="/issues?q=assignee%3Ame&#43;priority%3Aurgent&amp;sort=priority"`)
	s.get("/issues", lead).want(t, 200, "!Mine, urgent", "Everything late")
	s.post("/views/2/delete", lead, url.Values{"back": {"/issues"}}).want(t, 404)
	s.post("/views/2/delete", member, url.Values{"back": {"/issues"}}).want(t, 303)
	s.get("/issues", lead).want(t, 200, "!Everything late")
}

func TestExportHoldsNoFormulas(t *testing.T) {
	s := newSite(t)
	for _, title := range []string{`=HYPERLINK("https://evil.example")`, "+1", "-1", "@SUM(A1)", "|calc", "＝1+1", `plain, "quoted"`} {
		_, err := s.h.Tracker.OpenIssue(t.Context(), s.users["member"], tracker.IssueDraft{ProjectKey: "SUP", Title: title})
		s.ok(err)
	}
	got := s.get("/issues.csv", s.as("member"))
	got.want(t, 200, `"'=HYPERLINK(""https://evil.example"")"`, "'+1", "'-1", "'@SUM", "'|calc", "'＝1+1", `"plain, ""quoted"""`)
	if n := strings.Count(got.Body, "\r\n"); n != 8 {
		t.Errorf("got %d lines, want 8", n)
	}
	s.get("/issues.csv", s.as("other")).want(t, 200, "!plain")
}
