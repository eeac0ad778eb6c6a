package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"letterbox/models"
	"letterbox/tracker"
)

// issueNew shows the form for a new issue.
func issueNew(v *visit) error {
	return v.showIssueForm(http.StatusOK, v.newForm("issue", map[string]string{
		"project": v.Query("project"), "title": v.Query("title"), "description": "", "reporter": "", "name": "", "priority": "normal", "assignee": "", "due": "", "labels": "",
	}))
}

func (v *visit) showIssueForm(status int, f *form) error {
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return err
	}
	var options []option
	for _, p := range projects {
		if p.ArchivedAt == nil {
			options = append(options, option{p.Key, p.Key + " · " + p.Name})
		}
	}
	var levels []option
	for _, p := range models.Priorities() {
		levels = append(levels, option{p.String(), v.l.T("priority." + p.String())})
	}
	similar, err := v.similar(f, options)
	if err != nil {
		return err
	}
	return v.render(status, "issue_new", view{Title: v.l.T("issue.create"), Section: "issues", Form: f, Data: map[string]any{
		"Similar": similar, "Projects": options, "Priorities": levels, "Preview": v.PostForm("do") == "preview", "Works": v.access.WorksAnywhere(),
	}})
}

// similar are open issues like the one that is about to be made: a hint, which is left out when it takes long.
func (v *visit) similar(f *form, projects []option) ([]tracker.IssueRow, error) {
	key := f.get("project")
	if key == "" && len(projects) > 0 {
		key = projects[0].Value
	}
	if f.get("title") == "" || key == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(v.ctx(), time.Second)
	defer cancel()
	rows, err := v.h.Tracker.Similar(ctx, v.me, key, f.get("title"))
	if err != nil && (ctx.Err() != nil || errors.Is(err, models.ErrNotFound)) {
		return nil, nil
	}
	return rows, err
}

// issueCreate makes an issue and shows it.
func issueCreate(v *visit) error {
	f, err := v.readForm("issue", "project", "title", "description", "reporter", "name", "priority", "assignee", "due", "labels")
	if err != nil {
		return err
	}
	if f.get("title") == "" {
		f.refuse("title", "E-ISSUE-TITLE")
		return v.showIssueForm(http.StatusUnprocessableEntity, f)
	}
	if v.PostForm("do") == "preview" {
		return v.showIssueForm(http.StatusOK, f)
	}
	files, closeFiles, err := v.uploads("files")
	defer closeFiles()
	if err != nil {
		return err
	}
	row, err := v.h.Tracker.OpenIssue(v.ctx(), v.me, tracker.IssueDraft{
		ProjectKey: f.get("project"), Title: f.get("title"), Description: f.text("description"), Reporter: f.get("reporter"), Name: f.get("name"),
		Priority: f.get("priority"), Assignee: f.get("assignee"), Due: f.get("due"), Labels: strings.Split(f.get("labels"), ","), Files: files,
	})
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showIssueForm(http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return v.redirect(fmt.Sprintf("/issues/%d", row.Number))
}
