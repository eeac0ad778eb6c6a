package handlers

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"letterbox/models"
)

var profilesArea = regexp.MustCompile(`(?s)<textarea[^>]*name="profiles"[^>]*>(.*?)</textarea>`)

// extraction is what a person sends from the page of text recognition.
func extraction(base, do string, change ...string) url.Values {
	form := url.Values{"base": {base}, "do": {do}, "no_match": {"go_on"}, "correlate_by": {"references"}, "window_days": {"7"}, "reopen": {"true"}, "profiles": {"[]"}}
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

const dispatchMail = `From: Anna Berg <anna@customer.example>
To: support@letterbox.example
Subject: Alarm
Message-ID: <alarm-1@customer.example>

Stichwort: B2
Ort: Hafen
Einsatznummer: 4711
`

// From a stored mail to a format that reads it, in four clicks.
func TestFormatIsMadeOfAStoredMail(t *testing.T) {
	s := newSite(t)
	cookie := s.as("admin")
	m := s.mail(s.inbox, dispatchMail)
	page := fmt.Sprintf("/inboxes/%d/extraction", s.inbox.ID)
	s.get(fmt.Sprint("/messages/", m.ID), cookie).want(t, 200, fmt.Sprintf(`href="%s?message=%d"`, page, m.ID))
	s.get(fmt.Sprint(page, "?message=", m.ID), cookie).want(t, 200, "Einsatznummer: 4711", "Propose a format")
	got := s.post(page, cookie, extraction("1", "suggest", "pasted", dispatchMail))
	got.want(t, 200, "merge by number&#34; is off")
	text := html.UnescapeString(profilesArea.FindStringSubmatch(got.Body)[1])
	var list []models.Profile
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != 1 || list[0].Key != "{Einsatznummer}" {
		t.Fatalf("proposal = %+v, %v", list, err)
	}
	s.post(page, cookie, extraction("1", "try", "pasted", dispatchMail, "profiles", text)).want(t, 200, "The format &#34;Alarm&#34; matches", "<dt>Einsatznummer</dt>", "4711", "Hafen")
	s.post(page, cookie, extraction("1", "save", "profiles", text, "correlate_by", "field")).want(t, 303)
	saved := s.get(page, cookie)
	saved.want(t, 200, "{Einsatznummer}")
	if strings.Contains(saved.Body, "is off: every mail") {
		t.Error("the page warns of merging although it is on")
	}
	s.get(page+"/file", cookie).want(t, 200, `"letterbox-profiles-1"`, "{Einsatznummer}")
	s.get(fmt.Sprintf("/inboxes/%d/rules/2", s.inbox.ID), cookie).want(t, 200, "Text recognition", "Alarm: key = {Einsatznummer}")

	first := s.mail(s.inbox, strings.Replace(dispatchMail, "alarm-1", "alarm-2", 1))
	second := s.mail(s.inbox, strings.NewReplacer("alarm-1", "alarm-3", "Hafen", "Wald").Replace(dispatchMail))
	if second.IssueNumber == nil || *second.IssueNumber != *first.IssueNumber || second.Reason != "accepted_update" {
		t.Errorf("second mail: %s %s", second.State, second.Reason)
	}
	s.get(fmt.Sprint("/issues/", *first.IssueNumber), cookie).want(t, 200, "Extracted fields", "Wald", "Ort: Hafen")
}

func TestPageOfTextRecognitionRefusesWhatCannotBeRead(t *testing.T) {
	s := newSite(t)
	cookie := s.as("admin")
	page := fmt.Sprintf("/inboxes/%d/extraction", s.inbox.ID)
	for what, c := range map[string]struct {
		change []string
		want   string
	}{
		"no JSON":         {[]string{"profiles", "{"}, "no readable JSON"},
		"unknown setting": {[]string{"profiles", `[{"name":"x","feilds":[]}]`}, "feilds"},
		"no fields":       {[]string{"profiles", `[{"name":"x","fields":[]}]`}, "at least one field"},
		"pattern":         {[]string{"profiles", `[{"name":"x","fields":[{"name":"a","from":"text","by":"pattern","expr":"(a"}]}]`}, "cannot be read"},
		"window":          {[]string{"window_days", "0"}, "between 1 hour and 10 years"},
		"policy":          {[]string{"no_match", "delete"}, "delete"},
	} {
		if got := s.post(page, cookie, extraction("1", "save", c.change...)); got.Status != 422 || !strings.Contains(got.Body, c.want) {
			t.Errorf("%s: %d without %q", what, got.Status, c.want)
		}
	}
	s.post(page, cookie, extraction("1", "try")).want(t, 422)
	for _, example := range []string{"Monitoring alert (JSON)", "Stichwort / Ort / Nummer"} {
		s.post(page, cookie, extraction("1", "example", "example", example)).want(t, 200, html.EscapeString(example))
	}
	s.post(page, cookie, extraction("1", "save", "no_match", "reject")).want(t, 303)
	s.post(page, cookie, extraction("1", "save", "no_match", "set_aside")).want(t, 409, "changed meanwhile")
	s.get(page, s.as("member")).want(t, 403)
}

// The form of the rules leaves text recognition as it is.
func TestRulesKeepTextRecognition(t *testing.T) {
	s := newSite(t)
	rules := s.inbox.Rules
	rules.Extraction = burning("reject", "field")
	version, err := s.h.Gateway.SaveRules(t.Context(), nil, s.inbox.ID, 1, rules)
	s.ok(err)
	form := url.Values{"base": {fmt.Sprint(version)}, "do": {"save"}}
	for name, value := range ruleValues(rules, version) {
		form.Set(name, value)
	}
	form.Set("subject_keywords", "Störung")
	s.post(fmt.Sprintf("/inboxes/%d/rules", s.inbox.ID), s.as("admin"), form).want(t, 303)
	got, err := s.h.Gateway.Inbox(t.Context(), s.inbox.ID)
	s.ok(err)
	if len(got.Rules.Extraction.Profiles) != 1 || len(got.Rules.SubjectKeywords) != 1 {
		t.Errorf("rules = %+v", got.Rules)
	}
}
