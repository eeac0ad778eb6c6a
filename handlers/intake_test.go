package handlers

import (
	"testing"
	"time"

	"letterbox/gateway"
)

func TestIntakeHasAFormOfFourCopies(t *testing.T) {
	s := newSite(t)
	s.ok(s.setRules(func(d *gateway.InboxDraft) { d.Rules.Intake = true }))
	m := s.mail(s.inbox, plainMail)
	if m.IssueNumber == nil {
		t.Fatalf("the mail is %s", m.State)
	}
	member := s.as("member")
	label := time.Now().Format("2006") + "-0001"
	s.get("/issues/1", member).want(t, 200, "Intake "+label, `href="/intakes/1"`)
	s.get("/intakes/1", member).want(t, 200, "SUP "+label, "Copy 1 of 4", "Copy 4 of 4", "anna@customer.example", "Email · support@letterbox.example", "It burns again", "Normal", "Distribution")
	s.ok(s.h.Tracker.Watch(t.Context(), s.users["member"], 1))
	s.get("/intakes/1", member).want(t, 200, "!Nobody")
	s.get("/intakes/1?copy=2&copy=3", member).want(t, 200, "Copy 2 of 4", "Copy 3 of 4", "!Copy 1 of 4", "!Copy 4 of 4")
	s.get("/intakes/1", s.as("other")).want(t, 404)
	s.get("/intakes/1", s.as("reporter")).want(t, 404)
	s.get("/intakes/2", member).want(t, 404)
}

// setRules changes the inbox of SUP.
func (s *site) setRules(change func(*gateway.InboxDraft)) error {
	d := apiDraftOf(s.inbox)
	change(&d)
	in, err := s.h.Gateway.UpdateInbox(s.t.Context(), nil, s.inbox.ID, s.inbox.Version, d)
	if err == nil {
		s.inbox = in
	}
	return err
}
