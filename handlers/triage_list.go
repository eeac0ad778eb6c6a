package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"letterbox/models"
	"letterbox/tracker"
)

// triageView is what waits to be sorted.
type triageView struct {
	Rows     []tracker.IssueRow
	Projects []option
	Next     string
	Look     int64 // The issue that is looked at alone, with those like it; 0: the whole list.
	Alike    []tracker.IssueRow
}

// triageList shows new mail that nobody has yet, the oldest first; with ?similar=12 that one alone, and those like it.
func triageList(v *visit) error {
	if v.Query("similar") != "" {
		return v.triageOne()
	}
	page, err := v.h.Tracker.Issues(v.ctx(), v.me, tracker.IssueFilter{Triage: true, Sort: "oldest", Limit: 25, Cursor: v.Query("cursor")})
	if _, bad := invalid(err); bad {
		return models.ErrNotFound
	}
	if err != nil {
		return err
	}
	data := triageView{Rows: page.Items}
	if page.Next != "" {
		data.Next = address("/triage", nil, "cursor", page.Next)
	}
	return v.showTriage(data)
}

func (v *visit) triageOne() error {
	data := triageView{Look: issueNumber(v.Query("similar"))}
	row, err := v.h.Tracker.Issue(v.ctx(), v.me, data.Look)
	if err != nil {
		return err
	}
	if !v.access.WorksOn(row.ProjectID) {
		return models.ErrNotFound
	}
	data.Rows = []tracker.IssueRow{row}
	if data.Alike, err = v.h.Tracker.Alike(v.ctx(), v.me, data.Look); err != nil {
		return err
	}
	return v.showTriage(data)
}

func (v *visit) showTriage(data triageView) error {
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return err
	}
	for _, p := range projects {
		if p.ArchivedAt == nil && v.access.WorksOn(p.ID) {
			data.Projects = append(data.Projects, option{p.Key, p.Key + " · " + p.Name})
		}
	}
	return v.render(http.StatusOK, "triage_list", view{Title: v.l.T("nav.triage"), Section: "triage", Live: "issue", Data: data})
}

// triageDo sorts one issue: take it, move it, merge it, link it, or refuse it as spam. When somebody else was faster,
// that is told and nothing is changed.
func triageDo(v *visit) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	f, err := v.readForm("issue", "do", "project", "into", "other", "version")
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(f.get("version"), 10, 64)
	if err != nil || version <= 0 {
		return errUnreadable
	}
	key := fmt.Sprintf("#%d", number)
	err = v.sort(number, version, f)
	switch _, refused := invalid(err); {
	case errors.Is(err, models.ErrConflict):
		v.say("warn", "flash.triage_taken", "key", key)
	case refused:
		_ = v.orSay(err) // Says it.
	case err != nil:
		return err
	default:
		v.say("ok", "flash."+"triage_"+oneOf(f.get("do"), "accept", "move", "merge", "link", "spam"), "key", key, "other", fmt.Sprintf("#%d", issueNumber(f.get("other"))))
	}
	return v.redirect("/triage")
}

// sort does with an issue what was chosen.
func (v *visit) sort(number, version int64, f *form) error {
	switch f.get("do") {
	case "accept":
		open, me := models.IssueOpen, ""
		if v.me.Login != nil {
			me = *v.me.Login
		}
		_, err := v.h.Tracker.UpdateIssue(v.ctx(), v.me, number, version, tracker.IssuePatch{State: &open, Assignee: &me})
		return err
	case "move":
		key := f.get("project")
		_, err := v.h.Tracker.UpdateIssue(v.ctx(), v.me, number, version, tracker.IssuePatch{ProjectKey: &key})
		return err
	case "merge":
		if err := v.stillThere(number, version); err != nil {
			return err
		}
		return v.h.Tracker.Merge(v.ctx(), v.me, number, issueNumber(f.get("into")))
	case "link":
		if err := v.stillThere(number, version); err != nil {
			return err
		}
		return v.h.Tracker.AddLink(v.ctx(), v.me, number, issueNumber(f.get("other")), models.LinkRelates)
	case "spam":
		return v.spam(number, version)
	default:
		return errUnreadable
	}
}

// stillThere reports models.ErrConflict when an issue has changed since the person saw it.
func (v *visit) stillThere(number, version int64) error {
	i, err := v.h.Tracker.Issue(v.ctx(), v.me, number)
	if err == nil && i.Version != version {
		err = models.ErrConflict
	}
	return err
}

// spam closes an issue with the label "spam". Those who configure the inbox block the sender with it.
func (v *visit) spam(number, version int64) error {
	closed := models.IssueClosed
	i, err := v.h.Tracker.UpdateIssue(v.ctx(), v.me, number, version, tracker.IssuePatch{State: &closed, AddLabels: []string{"spam"}})
	if err != nil || i.OriginMessageID == nil {
		return err
	}
	m, _, err := v.h.Gateway.Message(v.ctx(), *i.OriginMessageID)
	if err != nil {
		return err
	}
	inboxes, err := v.inboxes()
	if err != nil {
		return err
	}
	for _, in := range inboxes {
		if in.ID == m.InboxID {
			_, err = v.h.Gateway.BlockSenders(v.ctx(), v.me, m.InboxID, []models.Message{m})
			return err
		}
	}
	return nil
}
