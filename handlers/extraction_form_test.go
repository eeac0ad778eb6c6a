package handlers

import (
	"fmt"
	"html"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/extract"
	"letterbox/models"
)

// TestFormatIsEditedFieldByField: who has never seen JSON makes a format of a stored mail, sees beside each field what it
// reads there, changes it, moves it and saves it.
func TestFormatIsEditedFieldByField(t *testing.T) {
	s := newSite(t)
	cookie := s.as("admin")
	m := s.mail(s.inbox, strings.Replace(dispatchMail, "Ort: Hafen", "Ort: Hafen\nEinheiten: LZ1/Gruppe2", 1))
	page := fmt.Sprintf("/inboxes/%d/extraction", s.inbox.ID)
	p := s.read(t, cookie, "reading", s.get(fmt.Sprint(page, "?message=", m.ID), cookie))
	press := func(words string, status int, want ...string) {
		t.Helper()
		got := p.press(t, words)
		got.want(t, status, want...)
		if status == 200 || status == 422 {
			p = s.read(t, cookie, "reading", got)
		}
	}
	press("Propose a format", 200, "The format &#34;Alarm&#34; matches", "Matches the sample mail", ">LZ1/Gruppe2</td>")
	p.set("p0_name", "Leitstelle", "p0_title", "{Stichwort}, {Place}", "p0_labels", "{Einheiten}", "p0_f1_name", "Place", "p0_f1_type", "coordinates",
		"p0_f2_type", "list", "p0_f2_format", "/", "p0_f4_name", "Gone", "p0_f4_expr", "Nowhere", "p0_f4_required", "true")
	press("More rows", 200, "No format matches this mail", "&#34;Hafen&#34; are no coordinates", ">not found</span>", `name="p0_f5_name"`)
	p.set("p0_f1_type", "text", "p0_f4_name", "", "p0_f4_expr", "", "correlate_by", "field")
	press("Dry run", 200, "The format &#34;Leitstelle&#34; matches", "<dd dir=\"auto\">B2, Hafen</dd>", "<dd>LZ1, Gruppe2</dd>", "How it would be decided")
	p.set("p0_title", "{Strasse}")
	press("Save", 422, `href="#f-p0_title"`, `id="f-p0_title" name="p0_title" value="{Strasse}" aria-invalid="true"`, "There is no field &#34;Strasse&#34; here.")
	p.set("p0_title", "{Stichwort}, {Place}")
	press("Add a format", 200, "New format")
	p.set("p1_name", "Other", "p1_f0_from", "subject", "p1_f0_by", "pattern", "p1_f0_name", "all", "p1_f0_expr", " (.+) ", "p1_f0_required", "true")
	press("Up", 200, "1. Other", "2. Leitstelle")
	press("Save", 303)
	in, err := s.h.Gateway.Inbox(t.Context(), s.inbox.ID)
	s.ok(err)
	line := func(name, expr, kind, format string, required bool) models.ProfileField {
		return models.ProfileField{Name: name, From: "text", By: "line", Expr: expr, Type: kind, Format: format, Required: required}
	}
	want := []models.Profile{
		{Name: "Other", Fields: []models.ProfileField{{Name: "all", From: "subject", By: "pattern", Expr: " (.+) ", Type: "text", Required: true}}, Further: "update"},
		{Name: "Leitstelle", Title: "{Stichwort}, {Place}", Labels: "{Einheiten}", Key: "{Einsatznummer}", Fields: []models.ProfileField{
			line("Stichwort", "Stichwort", "text", "", false), line("Place", "Ort", "text", "", false), line("Einheiten", "Einheiten", "list", "/", false),
			line("Einsatznummer", "Einsatznummer", "text", "", true),
		}},
	}
	want[0].Further, want[0].Fields[0].Type = "", "" // The usual is not written.
	if diff := cmp.Diff(want, in.Rules.Extraction.Profiles); diff != "" {
		t.Errorf("saved formats (-want +got):\n%s", diff)
	}
}

// What the form shows field by field is saved as it was, to the octet; what it cannot show so is edited as JSON.
func TestFormOfFormatsChangesNothingByItself(t *testing.T) {
	s := newSite(t)
	cookie := s.as("admin")
	page := fmt.Sprintf("/inboxes/%d/extraction", s.inbox.ID)
	all, err := extract.Examples()
	s.ok(err)
	all = append(all, models.Profile{
		Name: "Odd", About: "\"<b>\" & co", Text: "{text}\n\n– {A}", Priorities: []string{" B3 =urgent", "x = low"}, Priority: "{A} ", Further: "comment",
		Fields: []models.ProfileField{
			{Name: "A", From: "text", By: "pattern", Expr: "  a(?<B>.*) ", Type: "list", Format: " / ", Required: true},
			{Name: "C", From: "fields", By: "whole", Expr: "{A}-{B}"}, {Name: "D", From: "file", File: "*.xml, *.txt", By: "whole"},
		},
	})
	for i := range all {
		if i%2 == 0 {
			all[i].Further = "update"
		}
	}
	rules := s.inbox.Rules
	rules.Extraction.Profiles = all
	version, err := s.h.Gateway.SaveRules(t.Context(), nil, s.inbox.ID, 1, rules)
	s.ok(err)
	now := func() []models.Profile {
		in, err := s.h.Gateway.Inbox(t.Context(), s.inbox.ID)
		s.ok(err)
		if in.RuleVersion != version {
			t.Errorf("version %d of the rules, want %d: nothing was changed", in.RuleVersion, version)
		}
		return in.Rules.Extraction.Profiles
	}
	s.read(t, cookie, "reading", s.get(page, cookie)).press(t, "Save").want(t, 303)
	if diff := cmp.Diff(all, now()); diff != "" {
		t.Errorf("saved without a change (-before +after):\n%s", diff)
	}

	// The JSON counts where it was changed by hand.
	p := s.read(t, cookie, "reading", s.get(page, cookie))
	p.set("profiles", strings.Replace(p.fields.Get("profiles"), `"Odd"`, `"Even"`, 1), "p0_name", "Lost")
	got := p.press(t, "Show as fields")
	got.want(t, 200, "4. Even")
	if strings.Contains(got.Body, "Lost") {
		t.Error("the form has what was entered beside the JSON that was changed")
	}
	got = s.read(t, cookie, "reading", got).set("profiles", "[{").press(t, "Save")
	got.want(t, 422, "no readable JSON", "<details class=\"fold\" open><summary>As JSON")

	all[3].Fields[0].Format = "\n"
	rules.Extraction.Profiles = all
	version, err = s.h.Gateway.SaveRules(t.Context(), nil, s.inbox.ID, version, rules)
	s.ok(err)
	got = s.get(page, cookie)
	got.want(t, 200, html.EscapeString(`"format": "\n"`))
	if strings.Contains(got.Body, `name="p0_name"`) {
		t.Error("a separator that is a line break stands in a field of one line")
	}
	s.read(t, cookie, "reading", got).press(t, "Save").want(t, 303)
	if diff := cmp.Diff(all, now()); diff != "" {
		t.Errorf("saved as JSON without a change (-before +after):\n%s", diff)
	}
}

// A stored mail with large files is read where it is: the form that is sent back does not hold it.
func TestFormatIsMadeOfALargeStoredMail(t *testing.T) {
	s := newSite(t)
	cookie := s.as("admin")
	photo := "--b\nContent-Type: image/jpeg; name=a.jpg\nContent-Disposition: attachment\nContent-Transfer-Encoding: base64\n\n" + strings.Repeat(strings.Repeat("QUFB", 19)+"\n", 20_000)
	head, text, _ := strings.Cut(dispatchMail, "\n\n")
	m := s.mail(s.inbox, head+"\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"+photo+"--b\nContent-Type: text/plain\n\n"+text+"--b--\n")
	foreign := s.mail(s.global, strings.Replace(dispatchMail, "alarm-1", "alarm-9", 1))
	page := fmt.Sprintf("/inboxes/%d/extraction", s.inbox.ID)
	p := s.read(t, cookie, "reading", s.get(fmt.Sprint(page, "?message=", m.ID), cookie))
	if p.fields.Get("pasted") != "" {
		t.Errorf("%d octets of the mail stand in the form, want none", len(p.fields.Get("pasted")))
	}
	got := p.press(t, "Propose a format")
	got.want(t, 200, "The format &#34;Alarm&#34; matches", "4711", "read where it is stored")
	p = s.read(t, cookie, "reading", got)
	p.press(t, "Dry run").want(t, 200, "How it would be decided")
	p.set("pasted", strings.Replace(dispatchMail, "4711", "4712", 1)).press(t, "Dry run").want(t, 200, "4712")
	for _, id := range []int64{foreign.ID, 999} {
		for _, words := range []string{"Propose a format", "Dry run", "More rows"} {
			p.set("pasted", "", "message", fmt.Sprint(id)).press(t, words).want(t, 404)
		}
	}
}
