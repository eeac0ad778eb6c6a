package handlers

import (
	"context"
	"crypto/rand"
	"fmt"
	"mime"
	"strings"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/models"
	"letterbox/tracker"
)

// MailDocument is the document around the HTML of a mail, for tests that look at it in a browser.
func MailDocument(body string) []byte { return mailDocument("", "Mail", body) }

// MailHeaders sets the headers of that document.
func MailHeaders(set func(name, value string)) { mailHeaders(set, "") }

// Site is a Letterbox with real storage and two projects, for tests with a browser.
type Site = site

// NewSite makes a site.
func NewSite(t *testing.T) *Site {
	t.Helper()
	return newSite(t)
}

// Page is the address of a page.
func (s *site) Page(path string) string { return s.url + path }

// SignIn is a fresh sign-in of a person: name and value of the cookie.
func (s *site) SignIn(name string) (cookie, value string) {
	cookie, value, _ = strings.Cut(s.as(name), "=")
	return cookie, value
}

// TakeIn takes a mail through all steps: by the inbox of SUP, or by the one for everything.
func (s *site) TakeIn(global bool, from, subject, text string) {
	s.t.Helper()
	in := s.inbox
	if global {
		in = s.global
	}
	s.mail(in, "From: "+from+"\nTo: support@letterbox.example\nSubject: "+mime.QEncoding.Encode("utf-8", subject)+"\nMessage-ID: <"+rand.Text()+"@customer.example>\n"+
		"Date: "+time.Now().Format(time.RFC1123Z)+"\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n"+text+"\n")
}

// Member makes somebody a member of SUP.
func (s *site) Member(name string) {
	s.t.Helper()
	s.ok(s.h.Tracker.SetMember(s.t.Context(), s.users["admin"], s.sup.ID, name, models.ProjectMember))
}

// UnsubscribeLink is the page that a mail to somebody about an issue leads to.
func (s *site) UnsubscribeLink(name string, issue int64) string {
	s.t.Helper()
	token, err := s.h.Gateway.UnsubscribeToken(s.t.Context(), s.users[name].ID, gateway.Unsubscription{Issue: issue, Reason: "watching"})
	s.ok(err)
	return "/unsubscribe/" + token
}

// Muted reports whether somebody wants no mails about an issue.
func (s *site) Muted(name string, issue int64) bool {
	s.t.Helper()
	yes, err := s.h.Tracker.Muted(s.t.Context(), s.users[name], issue)
	s.ok(err)
	return yes
}

// Old makes an issue of an earlier time and returns its number.
func (s *site) Old(at time.Time, title, text string) int64 {
	s.t.Helper()
	i := models.Issue{ProjectID: s.sup.ID, Title: title, Description: text, State: models.IssueClosed, ReporterID: s.users["lead"].ID, CreatedAt: at, UpdatedAt: at}
	s.ok(s.store.WithTx(s.t.Context(), func(ctx context.Context) error {
		if err := s.store.CreateIssue(ctx, &i); err != nil {
			return err
		}
		return s.store.IndexText(ctx, i.Number, 0, title, text)
	}))
	return i.Number
}

// State tells of an issue: state, key of the project, login of who has it, and the issue that it was merged into.
func (s *site) State(number int64) string {
	s.t.Helper()
	i, err := s.h.Tracker.Issue(s.t.Context(), s.users["admin"], number)
	s.ok(err)
	out := []string{string(i.State), i.Project.Key}
	if i.Assignee != nil && i.Assignee.Login != nil {
		out = append(out, *i.Assignee.Login)
	}
	if i.MergedInto != nil {
		out = append(out, fmt.Sprint("into ", *i.MergedInto))
	}
	return strings.Join(out, " ")
}

// Work has somebody change an issue and write on it; what is "" stays as it is.
func (s *site) Work(who string, number int64, state, assignee, priority, label, comment string, internal bool) {
	s.t.Helper()
	var p tracker.IssuePatch
	if to := models.IssueState(state); state != "" {
		p.State = &to
	}
	if assignee != "" {
		p.Assignee = &assignee
	}
	if priority != "" {
		p.Priority = &priority
	}
	if label != "" {
		p.AddLabels = []string{label}
	}
	if state != "" {
		_, err := s.h.Tracker.UpdateIssue(s.t.Context(), s.users[who], number, 0, p)
		s.ok(err)
	}
	if comment != "" {
		_, err := s.h.Tracker.Comment(s.t.Context(), s.users[who], number, tracker.CommentDraft{Body: comment, Internal: internal})
		s.ok(err)
	}
}

// Intake has SUP give its mails intake numbers.
func (s *site) Intake() {
	s.t.Helper()
	s.ok(s.setRules(func(d *gateway.InboxDraft) { d.Rules.Intake = true }))
}
