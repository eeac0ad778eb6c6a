package handlers

import (
	"net/url"
	"strings"
	"testing"

	"letterbox/models"
)

func TestProjectIsArchivedOnceNoInboxPutsMailThere(t *testing.T) {
	s := newSite(t)
	lead := s.as("lead")
	path := s.pathOf("/projects/%d", s.sup.ID)
	s.post(path+"/archive", s.as("member"), url.Values{"archived": {"true"}}).want(t, 403)
	s.post(path+"/archive", lead, url.Values{"archived": {"true"}}).want(t, 422, "These inboxes still put mail into the project: Support", `value="SUP"`)
	s.post(s.pathOf("/inboxes/%d/pause", s.inbox.ID), lead, url.Values{}).want(t, 303)
	s.post(path+"/archive", lead, url.Values{"archived": {"true"}}).want(t, 303)
	s.get(path, lead).want(t, 200, "Archived", "Open again")
	s.post("/issues/new", lead, url.Values{"project": {"SUP"}, "title": {"New"}}).want(t, 422, "SUP is archived and takes no new issues")
	s.post(path+"/archive", lead, url.Values{"archived": {"false"}}).want(t, 303)
	s.post("/issues/new", lead, url.Values{"project": {"SUP"}, "title": {"New"}}).want(t, 303)
}

func TestAnswerBeginsWithATemplate(t *testing.T) {
	s := newSite(t)
	s.mail(s.inbox, plainMail)
	lead, member := s.as("lead"), s.as("member")
	path := s.pathOf("/projects/%d", s.sup.ID)
	s.get("/issues/1", member).want(t, 200, `!name="template"`)
	s.post(path+"/templates", lead, url.Values{"template_name": {""}, "template_body": {"kept text"}}).want(t, 422, "Give the template a name", "kept text")
	s.post(path+"/templates", lead, url.Values{"template_name": {"Hello"}, "template_body": {"Dear customer,"}}).want(t, 303)
	s.get(path, member).want(t, 200, "Hello", "!Add template")
	s.get("/issues/1", member).want(t, 200, `<option value="1">Hello</option>`)
	form := url.Values{"do": {"template"}, "template": {"1"}, "body": {"First."}, "kind": {"public"}}
	s.post("/issues/1/comments", member, form).want(t, 200, "First.\n\nDear customer,")
	s.post("/issues/1/comments", s.as("other"), form).want(t, 404)
	s.post(path+"/templates/1/delete", lead, url.Values{}).want(t, 303)
	s.get("/issues/1", member).want(t, 200, `!name="template"`)
}

func TestLabelsAndUsualAssigneeOfAProject(t *testing.T) {
	s := newSite(t)
	lead := s.as("lead")
	path := s.pathOf("/projects/%d", s.sup.ID)
	s.get(path, lead).want(t, 200, "No labels yet", `<option value="member">Member</option>`)
	form := url.Values{"key": {"SUP"}, "name": {"Support"}, "description": {""}, "default_assignee": {"member"}}
	s.post(path, lead, form).want(t, 303)
	s.get(path, lead).want(t, 200, `<option value="member" selected>Member</option>`)
	m := s.mail(s.inbox, plainMail)
	issue, err := s.store.IssueByNumber(t.Context(), *m.IssueNumber)
	s.ok(err)
	if issue.AssigneeID == nil || *issue.AssigneeID != s.users["member"].ID {
		t.Errorf("the mail goes to %v, want the member", issue.AssigneeID)
	}
	s.ok(s.store.CreateLabel(t.Context(), &models.Label{ProjectID: s.sup.ID, Name: "Roof", Folded: "roof"}))
	s.get(path, s.as("member")).want(t, 200, "Roof", "!Delete label Roof")
	s.post(path+"/labels/1/delete", s.as("member"), url.Values{}).want(t, 403)
	s.post(path+"/labels/1/delete", lead, url.Values{}).want(t, 303)
	s.get(path, lead).want(t, 200, "!Roof")
}

// A text for answers and a label are changed where they are; what cannot be taken stands in the form again.
func TestTemplatesAndLabelsAreChangedInPlace(t *testing.T) {
	s := newSite(t)
	lead, member := s.as("lead"), s.as("member")
	path := s.pathOf("/projects/%d", s.sup.ID)
	s.post(path+"/templates", lead, url.Values{"template_name": {"Hello"}, "template_body": {"Dear customer,"}}).want(t, 303)
	sent := url.Values{"edit_name": {"Greeting"}, "edit_body": {"Dear Sir or Madam,"}}
	s.post(path+"/templates/1", member, sent).want(t, 403)
	s.post(path+"/templates/9", lead, sent).want(t, 404)
	s.post(s.pathOf("/projects/%d", s.ops.ID)+"/templates/1", s.as("admin"), sent).want(t, 404)
	s.post(path+"/templates/1", lead, url.Values{"edit_name": {" "}, "edit_body": {"kept words"}}).
		want(t, 422, "Give the template a name", "kept words</textarea>", `<details class="fold grow" open>`)
	s.post(path+"/templates/1", lead, sent).want(t, 303)
	s.get(path, member).want(t, 200, "Greeting", "Dear Sir or Madam,", "!Hello", "!edit_body")
	s.get(path+"/template-versions/1", lead).want(t, 200, "Dear customer,")

	for _, name := range []string{"Roof", "Door"} {
		s.ok(s.store.CreateLabel(t.Context(), &models.Label{ProjectID: s.sup.ID, Name: name, Folded: strings.ToLower(name)}))
	}
	s.mail(s.inbox, plainMail)
	s.ok(s.store.SetLabels(t.Context(), 1, []int64{1}))
	s.post(path+"/labels/1", member, url.Values{"edit_name": {"Top"}}).want(t, 403)
	s.post(path+"/labels/1", lead, url.Values{"edit_name": {""}}).want(t, 422, "Enter a name for the label")
	s.post(path+"/labels/1", lead, url.Values{"edit_name": {"DOOR"}}).want(t, 422, "has a label &#34;DOOR&#34; already", `value="DOOR"`)
	s.post(path+"/labels/1", lead, url.Values{"edit_name": {"a, b"}}).want(t, 422, "cannot be a label")
	s.post(path+"/labels/9", lead, url.Values{"edit_name": {"Top"}}).want(t, 404)
	s.post(path+"/labels/1", lead, url.Values{"edit_name": {"roof"}}).want(t, 303) // The same in another case.
	s.post(path+"/labels/1", lead, url.Values{"edit_name": {"Top floor"}}).want(t, 303)
	s.get("/issues/1", member).want(t, 200, "Top floor", "!Roof")
	s.get("/issues?q="+url.QueryEscape(`label:"top floor"`), member).want(t, 200, "#1")
	s.get(s.pathOf("/audit?object=project:%d", s.sup.ID), s.as("admin")).want(t, 200, "Label renamed", "Label:</span> roof → Top floor", "Answer template changed")
}
