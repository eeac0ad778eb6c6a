package handlers

import (
	"net/url"
	"strings"
	"testing"

	"letterbox/models"
	"letterbox/tracker"
)

// opened is the form of issue 1 as a person sees it when it is new and nobody's, with changes.
func opened(change map[string]string) url.Values {
	form := url.Values{"version": {"1"}, "was_state": {"new"}, "was_assignee": {""}, "state": {"new"}, "assignee": {""}, "kind": {"public"}, "body": {""}}
	for name, value := range change {
		form.Set(name, value)
	}
	return form
}

func TestConflictOffersThreeWaysOn(t *testing.T) {
	closed := models.IssueClosed
	tests := []struct {
		name     string
		do       string
		state    models.IssueState
		comments int
	}{
		{"apply", "apply", models.IssueWaiting, 1},
		{"only the comment", "comment", models.IssueClosed, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t)
			s.mail(s.inbox, plainMail)
			_, err := s.h.Tracker.UpdateIssue(t.Context(), s.users["lead"], 1, 0, tracker.IssuePatch{State: &closed})
			s.ok(err)
			cookie := s.as("member")
			form := opened(map[string]string{"state": "waiting", "body": "Please send a photo"})
			got := s.post("/issues/1/comments", cookie, form)
			got.want(t, 409, "Lead changed this issue at ", ">Closed</td>", ">Waiting</td>", "Please send a photo</textarea>",
				`<option value="waiting" selected>`, `name="do" value="apply"`, `name="do" value="comment"`, `href="/issues/1">Discard`, `name="version" value="2"`)
			s.unchanged(closed, 0)

			form.Set("version", "2")
			form.Set("was_state", "closed")
			form.Set("do", test.do)
			s.post("/issues/1/comments", cookie, form).want(t, 303)
			s.unchanged(test.state, test.comments)
		})
	}
}

// unchanged checks the state and the number of comments of issue 1.
func (s *site) unchanged(state models.IssueState, comments int) {
	s.t.Helper()
	i, err := s.h.Tracker.ShowIssue(s.t.Context(), s.users["admin"], 1)
	s.ok(err)
	if i.State != state || len(i.Comments) != comments {
		s.t.Errorf("issue is %s with %d comments, want %s with %d", i.State, len(i.Comments), state, comments)
	}
}

func TestChangesOfDifferentThingsDoNotMeet(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	lead := "lead"
	_, err := s.h.Tracker.UpdateIssue(t.Context(), s.users["lead"], 1, 0, tracker.IssuePatch{Assignee: &lead})
	s.ok(err)
	cookie := s.as("member")
	// A comment touches no property, so nobody is in its way.
	got := s.post("/issues/1/comments", cookie, opened(map[string]string{"body": "Only words"}))
	got.want(t, 303)
	if to := got.Header.Get("Location"); !strings.HasPrefix(to, "/issues/1#comment-") {
		t.Errorf("leads to %q, want the comment", to)
	}
	s.unchanged(models.IssueNew, 1)
	// Another state is told of the change, and applying it leaves the assignee to the other one.
	s.post("/issues/1/state", cookie, opened(map[string]string{"state": "open"})).
		want(t, 409, "Lead changed this issue", `<option value="lead" selected>`, `<option value="open" selected>`, `name="was_assignee" value="lead"`,
			`data-live=""`) // Fetched anew it would be the issue, without what was chosen here.
	s.get("/issues/1", cookie).want(t, 200, `data-live="issue:1"`)
}

func TestCommentAndPropertiesAreSavedTogether(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	cookie := s.as("member")
	s.post("/issues/1/comments", cookie, opened(map[string]string{"state": "resolved", "assignee": "member", "body": "Mended"})).want(t, 303)
	s.unchanged(models.IssueResolved, 1)
	s.get("/issues/1", cookie).want(t, 200, "Mended", `<option value="member" selected>`, `<option value="resolved" selected>`)
}

func TestApplyKeepsACommentThatHasBeenBegun(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	s.post("/issues/1/state", s.as("member"), opened(map[string]string{"state": "open", "body": "Half a sen", "kind": "internal"})).
		want(t, 200, "Half a sen</textarea>", `id="internal" checked`, `<option value="open" selected>`)
	s.unchanged(models.IssueOpen, 0)
}
