package handlers

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterbox/models"
)

// rulesForm is the form of the rules of an inbox, as the page sends it.
func (s *site) rulesForm(change func(url.Values)) url.Values {
	s.t.Helper()
	in, err := s.h.Gateway.Inbox(s.t.Context(), s.inbox.ID)
	s.ok(err)
	form := url.Values{}
	for name, value := range ruleValues(in.Rules, in.RuleVersion) {
		form.Set(name, value)
	}
	form.Set("do", "save")
	if change != nil {
		change(form)
	}
	return form
}

func (s *site) rulesPath() string { return fmt.Sprintf("/inboxes/%d/rules", s.inbox.ID) }

// from is a mail of somebody with a subject.
func from(id, address, subject string) string {
	return strings.NewReplacer("anna@customer.example", address, "printer-1", id, "The printer burns", subject).Replace(plainMail)
}

func TestRulesAreSavedAsVersionsThatCanBeComparedAndRestored(t *testing.T) {
	s := newSite(t)
	lead := s.as("lead")
	s.get(s.rulesPath(), lead).want(t, 200, "Version 1 is in force", `name="reject_subject"`, "@blocked.example")
	s.post(s.rulesPath(), lead, s.rulesForm(func(f url.Values) {
		f.Set("blocked_senders", "@blocked.example\n@spam.example")
		f.Set("reject_subject", "^Newsletter\n# a remark")
		f.Set("cut_body", "(?s)^On Fri.*")
	})).want(t, 303)
	s.get(s.rulesPath(), lead).want(t, 200, "Version 2 is in force, set by Lead", "^Newsletter")
	s.get(s.rulesPath()+"/2", lead).want(t, 200, "@spam.example", "added:", "Changed from version 1", "!Put this version in force")
	s.get(s.rulesPath()+"/1", lead).want(t, 200, "Put this version in force", "removed:")
	s.get(s.rulesPath()+"/9", lead).want(t, 404)

	// Somebody who saves on the old version is told, and keeps what was entered.
	stale := s.rulesForm(func(f url.Values) { f.Set("base", "1"); f.Set("domains", "mine.example") })
	s.post(s.rulesPath(), lead, stale).want(t, 409, "mine.example", "Lead", `name="base" value="2"`)

	s.post(s.rulesPath()+"/1/restore", lead, url.Values{"base": {"2"}}).want(t, 303)
	s.get(s.rulesPath(), lead).want(t, 200, "Version 3 is in force")
	in, err := s.h.Gateway.Inbox(t.Context(), s.inbox.ID)
	s.ok(err)
	if in.RuleVersion != 3 || len(in.Rules.BlockedSenders) != 1 || len(in.Rules.RejectSubject) != 0 {
		t.Errorf("version %d with %v and %v, want 3 with the rules of 1", in.RuleVersion, in.Rules.BlockedSenders, in.Rules.RejectSubject)
	}
	s.post(s.rulesPath()+"/1/restore", lead, url.Values{"base": {"2"}}).want(t, 409)
	s.post(s.rulesPath(), lead, s.rulesForm(nil)).want(t, 303)
	if in, err = s.h.Gateway.Inbox(t.Context(), s.inbox.ID); err != nil || in.RuleVersion != 3 {
		t.Errorf("version %d (%v) after saving the same rules, want 3", in.RuleVersion, err)
	}
	s.post(s.rulesPath(), s.as("member"), s.rulesForm(nil)).want(t, 403)
	s.post(fmt.Sprintf("/inboxes/%d/rules", s.global.ID), lead, s.rulesForm(nil)).want(t, 404)
}

func TestRulesThatCannotBeReadAreRefusedWithTheFieldNamed(t *testing.T) {
	s := newSite(t)
	bad := s.rulesForm(func(f url.Values) { f.Set("reject_subject", "fine\nbad ("); f.Set("allowed_senders", "nobody") })
	s.post(s.rulesPath(), s.as("lead"), bad).want(t, 422, "There are 2 entries to check", `href="#f-reject_subject"`, "bad (", "nobody is neither")
	bad.Set("do", "try")
	s.post(s.rulesPath(), s.as("lead"), bad).want(t, 422, `href="#f-allowed_senders"`)
	bad.Set("do", "lint")
	s.post(s.rulesPath(), s.as("lead"), bad).want(t, 200, `id="lint-place"`, "nobody is neither")
}

func TestTrialShowsWhatDiffersAndWritesNothing(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, from("a-1", "anna@customer.example", "The printer burns"))
	s.mail(s.inbox, from("b-1", "bert@other.example", "Newsletter of May"))
	s.mail(s.inbox, from("c-1", "carl@blocked.example", "Hello"))
	before := s.counts()
	lead := s.as("lead")
	try := s.rulesForm(func(f url.Values) {
		f.Set("do", "try")
		f.Set("reject_subject", "^Newsletter")
		f.Set("blocked_senders", "")
		f.Set("source", "latest")
	})
	s.post(s.rulesPath(), lead, try).want(t, 200, "2 of 3 messages end otherwise", "The subject matches &#34;^Newsletter&#34;", "Nothing was written")
	try.Set("source", "pasted")
	try.Set("pasted", from("d-1", "dora@customer.example", "Newsletter of June"))
	s.post(s.rulesPath(), lead, try).want(t, 200, "This mail ends otherwise", "The rules that are not saved yet decide", "dora@customer.example")
	try.Set("pasted", from("d-1", "dora@customer.example", "A question"))
	s.post(s.rulesPath(), lead, try).want(t, 200, "This mail ends as with the rules in force")
	try.Set("pasted", " ")
	s.post(s.rulesPath(), lead, try).want(t, 422, "Paste the source of a mail")
	if after := s.counts(); after != before {
		t.Errorf("after the trials there is %s, want %s", after, before)
	}
}

// counts says how much there is in the database.
func (s *site) counts() string {
	s.t.Helper()
	m, err := s.store.MessageCounts(s.t.Context(), s.inbox.ID, time.Time{})
	s.ok(err)
	in, err := s.h.Gateway.Inbox(s.t.Context(), s.inbox.ID)
	s.ok(err)
	_, err = s.store.IssueByNumber(s.t.Context(), 3)
	return fmt.Sprintf("messages %v, rules %d, third issue: %v", m, in.RuleVersion, err)
}

func TestTrialTakesAFile(t *testing.T) {
	s := newSite(t)
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range s.rulesForm(func(f url.Values) { f.Set("do", "try"); f.Set("source", "file"); f.Set("drop_attachments", `\.png$`) }) {
		s.ok(w.WriteField(name, values[0]))
	}
	part, err := w.CreateFormFile("mail", "fire.eml")
	s.ok(err)
	_, err = part.Write([]byte(strings.ReplaceAll(withFile, "\n", "\r\n")))
	s.ok(err)
	s.ok(w.Close())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+s.rulesPath(), &body)
	s.ok(err)
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Cookie", s.as("lead"))
	res, err := http.DefaultClient.Do(req)
	s.ok(err)
	defer res.Body.Close()
	var page bytes.Buffer
	_, err = page.ReadFrom(res.Body)
	s.ok(err)
	answer{Status: res.StatusCode, Body: page.String()}.want(t, 200, "Photo of the fire", "left out: pattern", "fire.png")
}

func TestSendersAreTriedWhileRulesAreTyped(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, from("a-1", "anna@customer.example", "One"))
	s.mail(s.inbox, from("c-1", "carl@blocked.example", "Two"))
	lint := s.rulesForm(func(f url.Values) {
		f.Set("do", "lint")
		f.Set("domain_mode", "pattern")
		f.Set("domain_pattern", `.+@other\.example`)
	})
	s.post(s.rulesPath(), s.as("lead"), lint).want(t, 200, "Latest senders: 0 let in, 2 refused", "1 not as now", "matches none of the last 2 sender addresses")
}

func TestWhatRulesLeaveOutIsMissingFromTheIssueAndNamedInTheStory(t *testing.T) {
	s := newSite(t)
	rules := s.inbox.Rules
	rules.CutBody, rules.DropAttachments = []string{`(?s)^On Fri.*`}, []string{`^fire`}
	_, err := s.h.Gateway.SaveRules(t.Context(), s.users["lead"], s.inbox.ID, 1, rules)
	s.ok(err)
	text := s.mail(s.inbox, plainMail)
	file := s.mail(s.inbox, withFile)
	issue, err := s.store.IssueByNumber(t.Context(), *text.IssueNumber)
	s.ok(err)
	if want := "It burns again, see https://customer.example/photo and #1."; issue.Description != want {
		t.Errorf("description = %q, want %q", issue.Description, want)
	}
	files, err := s.store.Attachments(t.Context(), *file.IssueNumber)
	s.ok(err)
	if len(files) != 0 {
		t.Errorf("%d files, want none", len(files))
	}
	s.get(fmt.Sprint("/messages/", text.ID), s.as("lead")).want(t, 200, "characters left out of the text", "Version 2 of the rules decides")
	s.get(fmt.Sprint("/messages/", file.ID), s.as("lead")).want(t, 200, "File &#34;fire.png&#34; left out")
}

func TestInboxThatOnlyLogsMakesNoIssue(t *testing.T) {
	s := newSite(t)
	rules := s.inbox.Rules
	rules.Process = "dry_run"
	_, err := s.h.Gateway.SaveRules(t.Context(), nil, s.inbox.ID, 1, rules)
	s.ok(err)
	m := s.mail(s.inbox, plainMail)
	if m.State != models.MessageIgnored || m.Reason != "dry_run" || m.IssueNumber != nil {
		t.Errorf("%s %s, issue %v, want ignored dry_run and none", m.State, m.Reason, m.IssueNumber)
	}
	s.get(fmt.Sprint("/messages/", m.ID), s.as("lead")).want(t, 200, "Logged only (processing off)", "With processing on it would become a new issue")
}
