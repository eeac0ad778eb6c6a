package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"letterbox/models"
	"letterbox/tracker"
)

// issueEditView is what the page for title and text shows.
type issueEditView struct {
	Number   int64
	Version  int64
	Conflict *conflict // Nil when nobody was faster.
}

// issueEdit shows the form for title and text of an issue.
func issueEdit(v *visit) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	i, err := v.h.Tracker.Issue(v.ctx(), v.me, number)
	if err != nil {
		return err
	}
	if !v.access.WorksOn(i.ProjectID) {
		return models.ErrForbidden
	}
	return v.showIssueEdit(http.StatusOK, i, v.newForm("issue", map[string]string{"title": i.Title, "description": i.Description}), nil)
}

func (v *visit) showIssueEdit(status int, i tracker.IssueRow, f *form, c *conflict) error {
	return v.render(status, "issue_edit", view{
		Title: v.l.T("issue.edit"), Section: "issues", Form: f, Data: issueEditView{Number: i.Number, Version: i.Version, Conflict: c},
	})
}

// issueRewrite changes title and text. Somebody else's change in between is told, and both inputs are shown.
func issueRewrite(v *visit) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	f, err := v.readForm("issue", "title", "description", "version")
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(f.get("version"), 10, 64)
	if err != nil || version <= 0 {
		return errUnreadable
	}
	title, text := f.get("title"), f.text("description")
	now, err := v.h.Tracker.Issue(v.ctx(), v.me, number)
	if err != nil {
		return err
	}
	if title == "" {
		f.refuse("title", "E-ISSUE-TITLE")
		now.Version = version
		return v.showIssueEdit(http.StatusUnprocessableEntity, now, f, nil)
	}
	_, err = v.h.Tracker.UpdateIssue(v.ctx(), v.me, number, version, tracker.IssuePatch{Title: &title, Description: &text})
	if errors.Is(err, models.ErrConflict) {
		return v.showRewriteConflict(now, f)
	}
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		now.Version = version
		return v.showIssueEdit(http.StatusUnprocessableEntity, now, f, nil)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.issue_saved", "key", fmt.Sprintf("#%d", number))
	return v.redirect(fmt.Sprintf("/issues/%d", number))
}

func (v *visit) showRewriteConflict(now tracker.IssueRow, f *form) error {
	who, at, err := v.h.Tracker.LastChange(v.ctx(), v.me, now.Number)
	if err != nil {
		return err
	}
	c := &conflict{Text: v.l.T("E-409-EDIT", v.whoAndWhen(who, at))}
	for name, theirs := range map[string]string{"title": now.Title, "description": now.Description} {
		if yours := f.text(name); yours != theirs {
			c.Differs = append(c.Differs, difference{v.l.T("issue." + name), theirs, yours})
		}
	}
	return v.showIssueEdit(http.StatusConflict, now, f, c)
}
