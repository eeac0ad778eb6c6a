package handlers

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
)

func TestRetentionIsSetHeldAndRunFromItsPage(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, withFile)
	admin := s.as("admin")
	form := url.Values{"enabled": {"true"}, "trace_days": {"4000"}, "log_days": {"365"}, "gone_days": {"30"}, "do": {"save"}}
	s.get("/retention", s.as("member")).want(t, 403)
	s.post("/retention", admin, url.Values{"do": {"run"}}).want(t, 303)
	s.get("/retention", admin).want(t, 200, "deleting is switched off", "Nothing is held", "!Delete now")
	s.post("/retention", admin, form).want(t, 422, "from 0 to 3")
	form.Set("trace_days", "90")
	form.Set("do", "preview")
	s.post("/retention", admin, form).want(t, 200, "0 messages lose their raw data", `value="90"`)
	form.Set("do", "save")
	s.post("/retention", admin, form).want(t, 303)
	s.post("/retention", admin, url.Values{"do": {"run"}}).want(t, 303)
	s.get("/retention", admin).want(t, 200, "Delete now", `value="90"`)

	s.post("/retention/holds", admin, url.Values{"kind": {"contact"}, "object": {"nobody@x.example"}}).want(t, 422, "There is no such thing", "Give a reason")
	s.post("/retention/holds", admin, url.Values{"kind": {"contact"}, "object": {"ANNA@customer.example"}, "reason": {"Suit of March"}}).want(t, 303)
	s.get("/retention", admin).want(t, 200, "Suit of March", "Anna Berg")
	contact := s.path("/contacts/:id", m)
	s.post(contact+"/erase", admin, url.Values{"texts": {"true"}}).want(t, 303)
	s.get(contact, admin).want(t, 200, "Anna Berg")
	s.post("/retention/holds/release", admin, url.Values{"kind": {"contact"}, "object": {strings.TrimPrefix(contact, "/contacts/")}}).want(t, 303)
	s.get("/retention", admin).want(t, 200, "Nothing is held")
	s.get("/audit", admin).want(t, 200, "Legal hold released", "Legal hold set", "Periods changed")
}

func TestResetShowsWhatWouldBeFetchedAgain(t *testing.T) {
	w := newAPIWorld(t)
	w.get("admin", "GET", "/inboxes/1/reset", "", 200)
	before := w.get("admin", "POST", "/inboxes/1/reset", `{"older":true}`, 200)
	if got := before["listed"]; got == nil {
		t.Errorf("the answer has no count: %v", before)
	}
}

func TestPageOfAResetShowsThePreview(t *testing.T) {
	s := newSite(t)
	path := "/inboxes/" + strconv.FormatInt(s.inbox.ID, 10)
	s.get(path+"/reset", s.as("lead")).want(t, 200, "Reset the ledger", "There is nothing to be fetched once more")
	s.get(path+"/reset", s.as("member")).want(t, 403)
	s.post(path+"/reset", s.as("lead"), url.Values{"older": {"true"}}).want(t, 303)
}
