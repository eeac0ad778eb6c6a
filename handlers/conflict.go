package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/models"
	"letterbox/tracker"
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
	c := &conflict{Comment: u.comment}
	c.Text, c.Address = v.l.T("E-409-EDIT", v.whoAndWhen(who, at)), fmt.Sprintf("/issues/%d/state", u.number)
	if u.comment {
		c.Text, c.Address = v.l.T("E-409", v.whoAndWhen(who, at)), fmt.Sprintf("/issues/%d/comments", u.number)
	}
	stored := issueValues(now)
	for _, name := range issueProperties {
		if !slices.Contains(u.changed, name) {
			u.values[name] = stored[name] // What the person has not touched follows the other one's change.
			continue
		}
		if stored[name] != u.get(name) {
			c.Differs = append(c.Differs, difference{v.l.T("issue." + name), v.issueValue(now, name, stored[name]), v.issueValue(now, name, u.get(name))})
		}
	}
	return v.showIssueWith(http.StatusConflict, u.number, u.form, c)
}

// issueValues are the properties of an issue as the form has them.
func issueValues(i tracker.IssueRow) map[string]string {
	out := map[string]string{"state": i.StateWord().Value(), "priority": i.PriorityWord().Value(), "project": i.Project.Key, "assignee": "", "due": ""}
	if i.Assignee != nil && i.Assignee.Login != nil {
		out["assignee"] = *i.Assignee.Login
	}
	if i.DueOn != nil {
		out["due"] = i.DueOn.UTC().Format(time.DateOnly)
	}
	names := make([]string, 0, len(i.Labels))
	for _, l := range i.Labels {
		names = append(names, l.Name)
	}
	out["labels"] = strings.Join(names, ", ")
	return out
}

// issueValue is a property of an issue as people read it.
func (v *visit) issueValue(i tracker.IssueRow, name, value string) string {
	switch {
	case slices.Contains(models.ValueKind(name).Bases(), value) && (name == "state" || name == "priority"):
		return v.l.T(name + "." + value)
	case name == "assignee" && value == "":
		return v.l.T("issue.nobody")
	case name == "assignee" && i.Assignee != nil && i.Assignee.Login != nil && *i.Assignee.Login == value:
		return i.Assignee.Name
	case value == "":
		return v.l.T("conflict.empty")
	}
	return value
}

// inboxConflict tells what somebody else has changed of an inbox: what is stored now beside what was entered.
func (v *visit) inboxConflict(in gateway.InboxView, d gateway.InboxDraft) (*conflict, error) {
	who, at, err := v.h.Tracker.InboxChange(v.ctx(), v.me, in.Inbox)
	if err != nil {
		return nil, err
	}
	return &conflict{Text: v.l.T("E-409-INBOX", v.whoAndWhen(who, at)), Differs: v.inboxDifferences(in, d)}, nil
}

// inboxDifferences are the fields in which a draft differs from an inbox as it is stored.
func (v *visit) inboxDifferences(in gateway.InboxView, d gateway.InboxDraft) []difference {
	var out []difference
	mine := models.Inbox{Name: d.Name, Address: d.Address, ProjectID: d.ProjectID, Global: d.Global, Enabled: d.Enabled, Settings: d.Settings}
	theirs, yours := inboxValues(in.Inbox, in.Rules), inboxValues(mine, d.Rules)
	theirs["poll_interval"], yours["poll_interval"] = v.l.Duration(in.Settings.PollInterval), v.l.Duration(d.Settings.PollInterval) // With its unit.
	for _, name := range inboxFields() {
		if name == "version" || name == "poll_unit" || theirs[name] == yours[name] {
			continue
		}
		out = append(out, difference{v.l.T("inbox." + name), v.inboxValue(name, theirs[name]), v.inboxValue(name, yours[name])})
	}
	if d.Password != nil {
		out = append(out, difference{v.l.T("inbox.password"), "•••", v.l.T("inbox.changes.password")})
	}
	return out
}

// inboxValue is the value of a field of an inbox as people read it.
func (v *visit) inboxValue(name, value string) string {
	switch {
	case v.l.Has("choice." + name + "." + value):
		return v.l.T("choice." + name + "." + value)
	case value == "true" || value == "false":
		return v.l.T("switch." + value)
	case name == "project":
		id, _ := strconv.ParseInt(value, 10, 64)
		options, err := v.projectOptions(id)
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
