package handlers

import (
	"net/url"
	"testing"

	"letterbox/models"
)

func TestBoardShowsAColumnForEachStateAndMovesByMenu(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, letter("apples"))
	s.mail(s.inbox, letter("pears"))
	cookie := s.as("member")
	s.get("/board", cookie).want(t, 200, `data-state="new"`, `data-state="closed"`, "About apples", "About pears", "Column is empty.", `action="/board/1"`)
	s.get("/board?q=apples", cookie).want(t, 200, "About apples", "!About pears", `href="/issues?q=apples"`)
	s.get("/board?q=due:whenever", cookie).want(t, 303) // The list says what is to be checked.
	s.get("/board?project=SUP", s.as("other")).want(t, 404)
	move := url.Values{"state": {"waiting"}, "version": {"1"}, "back": {"/board?q=apples"}}
	moved := s.post("/board/1", cookie, move)
	moved.want(t, 303)
	if got, want := moved.Header.Get("Location"), "/board?q=apples"; got != want {
		t.Errorf("after moving: Location = %q, want %q", got, want)
	}
	// Somebody who saw the card before that changes nothing.
	s.post("/board/1", s.as("lead"), url.Values{"state": {"closed"}, "version": {"1"}}).want(t, 303)
	i, err := s.h.Tracker.Issue(t.Context(), s.users["admin"], 1)
	s.ok(err)
	if i.State != models.IssueWaiting {
		t.Errorf("issue 1 is %s, want waiting", i.State)
	}
	s.post("/board/1", cookie, url.Values{"state": {"burnt"}, "version": {"2"}}).want(t, 400)
	s.post("/board/1", s.as("other"), url.Values{"state": {"closed"}, "version": {"2"}}).want(t, 404)
	s.get("/issues?project=SUP", cookie).want(t, 200, `href="/board?project=SUP"`)
}
