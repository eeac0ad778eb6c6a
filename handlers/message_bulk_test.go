package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"letterbox/models"
)

// bulk does one thing with messages as a person.
func (s *site) bulk(cookie, do string, form url.Values, chosen ...models.Message) answer {
	s.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("do", do)
	form.Set("back", "/messages?state=aside")
	for _, m := range chosen {
		form.Add("id", fmt.Sprint(m.ID))
	}
	return s.post("/messages/bulk", cookie, form)
}

func (s *site) message(id int64) models.Message {
	s.t.Helper()
	m, err := s.store.MessageByID(s.t.Context(), id)
	s.ok(err)
	return m
}

// strict lets only known people write to the inbox.
func (s *site) strict(change func(*models.Rules)) {
	s.t.Helper()
	in, err := s.h.Gateway.Inbox(s.t.Context(), s.inbox.ID)
	s.ok(err)
	in.Rules.AllowUnknown = false
	if change != nil {
		change(&in.Rules)
	}
	_, err = s.h.Gateway.SaveRules(s.t.Context(), nil, s.inbox.ID, in.RuleVersion, in.Rules)
	s.ok(err)
}

func TestSetAsideMessagesAreReleasedAndAttached(t *testing.T) {
	s := newSite(t)
	first := s.mail(s.inbox, from("a-1", "anna@customer.example", "Known"))
	s.strict(nil)
	a, b := s.mail(s.inbox, from("b-1", "bert@other.example", "One")), s.mail(s.inbox, from("c-1", "carl@other.example", "Two"))
	lead := s.as("lead")
	s.get("/messages?state=aside", lead).want(t, 200, "bert@other.example", "carl@other.example", "!anna@customer.example", `name="id"`)

	s.bulk(lead, "release", nil, a).want(t, 303)
	if m := s.message(a.ID); m.State != models.MessageCreated || m.IssueNumber == nil {
		t.Errorf("released: %s, issue %v, want created and one", m.State, m.IssueNumber)
	}
	s.bulk(lead, "attach", url.Values{"issue": {fmt.Sprintf("#%d", *first.IssueNumber)}}, b).want(t, 303)
	if m := s.message(b.ID); m.State != models.MessageCommented || m.IssueNumber == nil || *m.IssueNumber != *first.IssueNumber {
		t.Errorf("attached: %s, issue %v, want commented on %d", m.State, m.IssueNumber, *first.IssueNumber)
	}
	s.get(fmt.Sprint("/messages/", b.ID), lead).want(t, 200, fmt.Sprintf("Lead attached the message to #%d", *first.IssueNumber), "Let in by Lead")

	// Once more has no effect, and says so.
	got := s.bulk(lead, "release", nil, a, b)
	got.want(t, 303)
	s.get("/messages", lead+"; "+got.setCookie(flashCookie)).want(t, 200, "2 are issues or comments already.")
	for path, want := range map[string]string{"999": "There is no issue", "x": "There is no issue", "": "There is no issue"} {
		got := s.bulk(lead, "attach", url.Values{"issue": {path}}, b)
		s.get("/messages", lead+"; "+got.setCookie(flashCookie)).want(t, 200, want)
	}
	s.bulk(lead, "nothing", nil, a).want(t, 400)
	s.bulk(lead, "release", nil).want(t, 303)
	s.bulk(s.as("member"), "release", nil, a).want(t, 403)
	hidden := s.mail(s.global, from("g-1", "gast@other.example", "Elsewhere"))
	s.bulk(lead, "release", nil, hidden).want(t, 404)
}

func TestSenderIsAllowedAloneAndItsMailProcessedAgain(t *testing.T) {
	s := newSite(t)
	s.strict(func(r *models.Rules) {
		r.AllowedSenders, r.BlockedSenders = []string{"@partner.example"}, []string{"carl@partner.example", "@blocked.example"}
	})
	unknown := s.mail(s.inbox, from("a-1", "anna@customer.example", "One"))
	blocked := s.mail(s.inbox, from("c-1", "carl@partner.example", "Two"))
	domain := s.mail(s.inbox, from("d-1", "dora@blocked.example", "Three"))
	lead := s.as("lead")
	got := s.bulk(lead, "allow", nil, unknown, blocked, domain)
	got.want(t, 303)
	s.get("/messages", lead+"; "+got.setCookie(flashCookie)).want(t, 200, "2 allowed and reprocessed.", "With 1 more than the sender stands in the way")
	for m, want := range map[int64]models.MessageState{unknown.ID: models.MessageCreated, blocked.ID: models.MessageCreated, domain.ID: models.MessageRejected} {
		if got := s.message(m).State; got != want {
			t.Errorf("message %d is %s, want %s", m, got, want)
		}
	}
	in, err := s.h.Gateway.Inbox(t.Context(), s.inbox.ID)
	s.ok(err)
	if got := strings.Join(in.Rules.AllowedSenders, " ") + " | " + strings.Join(in.Rules.BlockedSenders, " "); got != "@partner.example anna@customer.example | @blocked.example" {
		t.Errorf("lists are %q", got)
	}
	// What needs more than the sender leads to the rules, with a proposal that lets the mail in.
	alone := s.bulk(lead, "allow", nil, domain)
	if to := alone.Header.Get("Location"); to != fmt.Sprintf("/inboxes/%d/rules?message=%d", s.inbox.ID, domain.ID) {
		t.Fatalf("leads to %q, want the rules", to)
	}
	page := s.get(alone.Header.Get("Location"), lead)
	page.want(t, 200, "Proposed from a message of dora@blocked.example", "This mail ends otherwise", "New issue")
}

func TestSendersAreBlocked(t *testing.T) {
	s := newSite(t)
	a, b := s.mail(s.inbox, from("a-1", "anna@customer.example", "One")), s.mail(s.inbox, from("b-1", "bert@other.example", "Two"))
	lead := s.as("lead")
	s.bulk(lead, "block", nil, a, b, a).want(t, 303)
	if m := s.mail(s.inbox, from("a-2", "anna@customer.example", "Again")); m.Reason != "sender_blocked" {
		t.Errorf("the next mail is %s %s, want refused", m.State, m.Reason)
	}
	in, err := s.h.Gateway.Inbox(t.Context(), s.inbox.ID)
	s.ok(err)
	if in.RuleVersion != 2 || len(in.Rules.BlockedSenders) != 3 {
		t.Errorf("version %d blocks %v, want 2 and three entries", in.RuleVersion, in.Rules.BlockedSenders)
	}
}

func TestMessagesAreProcessedAgainWithTheRulesOfThen(t *testing.T) {
	s := newSite(t)
	s.strict(nil)
	m := s.mail(s.inbox, from("a-1", "anna@customer.example", "One"))
	s.strict(func(r *models.Rules) { r.AllowUnknown = true })
	lead := s.as("lead")
	s.bulk(lead, "original", nil, m).want(t, 303)
	if got := s.message(m.ID); got.State != models.MessageRejected || got.RuleVersion != 2 {
		t.Errorf("with the rules of then: %s by version %d, want rejected by 2", got.State, got.RuleVersion)
	}
	s.bulk(lead, "reprocess", nil, m).want(t, 303)
	if got := s.message(m.ID); got.State != models.MessageCreated || got.RuleVersion != 3 {
		t.Errorf("with today's rules: %s by version %d, want created by 3", got.State, got.RuleVersion)
	}
}

func TestLogIsSearchedByEachField(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, from("a-1", "anna@customer.example", "The printer burns"))
	s.mail(s.inbox, from("c-1", "carl@blocked.example", "The roof leaks"))
	lead := s.as("lead")
	for query, want := range map[string]string{
		"sender=carl":               "!The printer burns",
		"subject=roof":              "!The printer burns",
		"message_id=%3Cc-1%40":      "!The printer burns",
		"reason=sender_blocked":     "!The printer burns",
		"state=aside":               "!The printer burns",
		"since=2030-01-01":          "No message matches",
		"until=2020-01-01":          "No message matches",
		"since=yesterday":           "A day is written as",
		"since=2020-01-01&q=roof":   "!The printer burns",
		"until=2099-01-01&q=roof":   "The roof leaks",
		"sender=anna&subject=roof":  "No message matches",
		"state=nothing&subject=roo": "",
	} {
		status := 200
		if strings.HasPrefix(query, "state=nothing") {
			status = 404
		}
		s.get("/messages?"+query, lead).want(t, status, want)
	}
}

func TestQuestionForAMissingMailIsAnswered(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, from("c-1", "carl@blocked.example", "The roof leaks"))
	hidden := s.mail(s.global, from("g-1", "gast@other.example", "Elsewhere"))
	lead := s.as("lead")
	s.get("/messages/missing?q="+url.QueryEscape("Carl <carl@blocked.example>"), lead).want(t, 200, "1 message has arrived", "The roof leaks", "is on list @blocked.example")
	s.get("/messages/missing?q="+url.QueryEscape("<c-1@customer.example>"), lead).want(t, 200, "1 message has arrived")
	s.get("/messages/missing?q=nora%40nowhere.example", lead).want(t, 200, "Never seen", "Reads no server", "!Everything")
	s.get("/messages/missing?q="+url.QueryEscape(hidden.FromAddress), lead).want(t, 200, "Never seen", "!Elsewhere")
	s.get("/messages/missing?q="+url.QueryEscape(hidden.FromAddress), s.as("admin")).want(t, 200, "Elsewhere")
	s.post("/messages/missing", lead, url.Values{"q": {"x@y.example"}, "inbox": {fmt.Sprint(s.global.ID)}}).want(t, 404)
}
