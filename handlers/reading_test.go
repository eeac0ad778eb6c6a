package handlers

import (
	"net/url"
	"testing"
)

func TestReadingIsSwitchedOffForAllInboxesOnOnePage(t *testing.T) {
	s := newSite(t)
	admin, lead := s.as("admin"), s.as("lead")
	s.get("/inboxes", lead).want(t, 200, "!Read no mail")
	s.post("/inboxes/reading", lead, url.Values{"do": {"off"}}).want(t, 403)
	s.get("/inboxes", admin).want(t, 200, "Read no mail at all")
	s.post("/inboxes/reading", admin, url.Values{"do": {"off"}, "reason": {"<b>The server is moved</b>"}}).want(t, 303)
	s.get("/inboxes", admin).want(t, 200, "No mail is read.", "&lt;b&gt;The server is moved", "Read mail again", "!Read no mail at all")
	s.get("/issues", s.as("member")).want(t, 200, "No mail is read.", "!Read mail again")
	s.post("/inboxes/reading", admin, url.Values{"do": {"on"}}).want(t, 303)
	s.get("/issues", admin).want(t, 200, "!No mail is read.")
	s.get("/audit", admin).want(t, 200, "Reading of all mail switched off", "Reading of all mail switched on")
}
