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
		"project": v.Query("project"), "title": v.Query("title"), "description": "", "reporter": "", "name": "", "state": "", "priority": "", "assignee": "", "due": "", "labels": "",
	}))
}

// issueChoices is what can be chosen for a new issue of one project, in its own words.
type issueChoices struct {
	Key                        string // Of the project.
	States, Priorities, Assign []option
	Labels                     []models.Label
	Works                      bool // On this project: reporters say title and text only.
}

func (v *visit) showIssueForm(status int, f *form) error {
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return err
	}
	var options []option
	var chosen models.Project
	for _, p := range projects {
		if p.ArchivedAt != nil {
			continue
		}
		options = append(options, option{p.Key, p.Key + " · " + p.Name})
		if chosen.ID == 0 || strings.EqualFold(p.Key, f.get("project")) {
			chosen = p
		}
	}
	choices, err := v.issueChoices(chosen)
	if err != nil {
		return err
	}
	similar, err := v.similar(f, options)
	if err != nil {
		return err
	}
	return v.render(status, "issue_new", view{Title: v.l.T("issue.create"), Section: "issues", Form: f, Data: map[string]any{
		"Similar": similar, "Projects": options, "Choices": choices, "Preview": v.PostForm("do") == "preview", "Works": v.access.WorksAnywhere(),
	}})
}

// issueChoices lists what can be chosen for a new issue of a project. What it has without a choice is the value "".
func (v *visit) issueChoices(p models.Project) (c issueChoices, err error) {
	c.Key = p.Key
	if c.Works = v.access.WorksOn(p.ID); !c.Works {
		return c, nil
	}
	values, err := v.h.Tracker.Values(v.ctx(), v.me, p.ID)
	if err != nil {
		return c, err
	}
	c.States = v.choicesOf(values.States, models.ValueState, string(models.IssueNew))
	c.Priorities = v.choicesOf(values.Priorities, models.ValuePriority, models.PriorityNormal.String())
	if c.Assign, err = v.assignees(p.ID, nil); err != nil {
		return c, err
	}
	if p.DefaultAssigneeID != nil {
		c.Assign[0].Text = v.l.T("issue.assignee.usual")
	}
	c.Labels, err = v.h.Tracker.Labels(v.ctx(), v.me, p.ID)
	return c, err
}

func (v *visit) choicesOf(values models.Values, kind models.ValueKind, usual string) []option {
	var out []option
	first := values.Word(usual, nil).Value()
	for _, w := range values.Words(kind) {
		o := option{w.Value(), v.word(kind, w)}
		if o.Value == first {
			o.Value = ""
		}
		out = append(out, o)
	}
	return out
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
	f, err := v.readForm("issue", "project", "title", "description", "reporter", "name", "state", "priority", "assignee", "due", "labels")
	if err != nil {
		return err
	}
	if v.PostForm("do") == "choices" {
		return v.showIssueForm(http.StatusOK, f)
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
		State: models.IssueState(f.get("state")), Priority: f.get("priority"), Assignee: f.get("assignee"), Due: f.get("due"), Labels: strings.Split(f.get("labels"), ","), Files: files,
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
