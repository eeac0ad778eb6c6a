package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

// conflict tells that somebody else was faster: who and when, and what differs.
type conflict struct {
	Text    string
	Differs []difference
	Comment bool   // There is a comment that could be sent alone.
	Address string // Where applying goes.
}

// difference is one property in both versions.
type difference struct{ Label, Theirs, Yours string }

// whoAndWhen are the placeholders of the sentence about a change by somebody else.
func (v *visit) whoAndWhen(who models.User, at time.Time) map[string]string {
	at, today := at.Local(), time.Now()
	clock := v.l.Clock(at)
	if at.YearDay() != today.YearDay() || at.Year() != today.Year() {
		clock = v.l.Date(at) + ", " + clock
	}
	name := who.Name
	if name == "" {
		name = v.l.T("person.system")
	}
	return map[string]string{"user": name, "time": clock}
}

// showIssueConflict shows an issue that somebody else has changed meanwhile, with the input kept and three ways on:
// apply it, send only the comment, or discard it.
func (v *visit) showIssueConflict(u update) error {
	now, err := v.h.Tracker.Issue(v.ctx(), v.me, u.number)
	if err != nil {
		return err
	}
	who, at, err := v.h.Tracker.LastChange(v.ctx(), v.me, u.number)
	if err != nil {
		return err
	}
	c := &conflict{
		Text: v.l.T("E-409", v.whoAndWhen(who, at)), Comment: u.comment, Address: fmt.Sprintf("/issues/%d/state", u.number),
	}
	if u.comment {
		c.Address = fmt.Sprintf("/issues/%d/comments", u.number)
	}
	if s := u.patch.State; s != nil && *s != now.State {
		c.Differs = append(c.Differs, difference{v.l.T("issue.state"), v.l.T("state." + string(now.State)), v.l.T("state." + string(*s))})
	}
	given, name := "", v.l.T("issue.nobody")
	if now.Assignee != nil && now.Assignee.Login != nil {
		given, name = *now.Assignee.Login, now.Assignee.Name
	}
	if to := u.patch.Assignee; to != nil && *to != given {
		c.Differs = append(c.Differs, difference{v.l.T("issue.assignee"), name, *to})
		if *to == "" {
			c.Differs[len(c.Differs)-1].Yours = v.l.T("issue.nobody")
		}
	}
	// What the person has not touched follows the other one's change.
	if u.patch.State == nil {
		u.values["state"] = string(now.State)
	}
	if u.patch.Assignee == nil {
		u.values["assignee"] = given
	}
	return v.showIssueWith(http.StatusConflict, u.number, u.form, c)
}

// inboxConflict tells what somebody else has changed of an inbox: what is stored now beside what was entered.
func (v *visit) inboxConflict(in gateway.InboxView, d gateway.InboxDraft) (*conflict, error) {
	who, at, err := v.h.Tracker.InboxChange(v.ctx(), v.me, in.Inbox)
	if err != nil {
		return nil, err
	}
	c := &conflict{Text: v.l.T("E-409-INBOX", v.whoAndWhen(who, at))}
	mine := models.Inbox{Name: d.Name, Address: d.Address, ProjectID: d.ProjectID, Global: d.Global, Enabled: d.Enabled, Settings: d.Settings}
	theirs, yours := inboxValues(in.Inbox, in.Rules), inboxValues(mine, d.Rules)
	for _, name := range inboxFields() {
		if name == "version" || theirs[name] == yours[name] {
			continue
		}
		c.Differs = append(c.Differs, difference{v.l.T("inbox." + name), v.inboxValue(name, theirs[name]), v.inboxValue(name, yours[name])})
	}
	return c, nil
}

// inboxValue is the value of a field of an inbox as people read it.
func (v *visit) inboxValue(name, value string) string {
	switch {
	case v.l.Has("choice." + name + "." + value):
		return v.l.T("choice." + name + "." + value)
	case value == "true" || value == "false":
		return v.l.T("switch." + value)
	case name == "project":
		options, err := v.projectOptions()
		for _, o := range options {
			if err == nil && o.Value == value {
				return o.Text
			}
		}
	case value == "":
		return v.l.T("conflict.empty")
	}
	return strings.ReplaceAll(value, "\n", ", ")
}
