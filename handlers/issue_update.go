package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"letterbox/models"
	"letterbox/tracker"
)

// issueProperties are the fields beside an issue.
var issueProperties = []string{"state", "assignee", "priority", "due", "labels", "project"}

// update is what a person wants of an issue: a comment, other properties, or both.
type update struct {
	*form
	number  int64
	version int64              // Of the issue as the person saw it; 0 when the form has none.
	patch   tracker.IssuePatch // Only what the person has changed.
	changed []string           // Names of these properties.
	comment bool               // There is a text.
}

// readUpdate reads the form of an issue. A property that still is as the person found it is no change of this person,
// so it overwrites nobody else's.
func (v *visit) readUpdate() (update, error) {
	number, err := v.id("number")
	if err != nil {
		return update{}, err
	}
	names := []string{"body", "kind", "version"}
	for _, p := range issueProperties {
		names = append(names, p, "was_"+p)
	}
	f, err := v.readForm("comment", names...)
	if err != nil {
		return update{}, err
	}
	u := update{form: f, number: number, comment: strings.TrimSpace(f.text("body")) != "" || v.hasFiles()}
	for _, name := range issueProperties {
		sent := v.Request.PostForm.Has(name) && (!v.Request.PostForm.Has("was_"+name) || f.get(name) != f.get("was_"+name))
		if sent && (name != "state" || f.get(name) != "") {
			u.changed = append(u.changed, name)
			u.set(name, f.get(name))
		}
	}
	if v.Request.PostForm.Has("version") || u.changes() {
		if u.version, err = strconv.ParseInt(f.get("version"), 10, 64); err != nil || u.version <= 0 {
			return update{}, errUnreadable
		}
	}
	return u, nil
}

// set notes that a property is to have a value.
func (u *update) set(name, value string) {
	switch name {
	case "state":
		state := models.IssueState(value)
		u.patch.State = &state
	case "assignee":
		u.patch.Assignee = &value
	case "priority":
		u.patch.Priority = &value
	case "due":
		u.patch.Due = &value
	case "labels":
		list := strings.Split(value, ",")
		u.patch.Labels = &list
	case "project":
		u.patch.ProjectKey = &value
	}
}

// changes reports whether properties are to change.
func (u update) changes() bool { return len(u.changed) > 0 }

// issueState changes state and assignee. Somebody else's change in between is told, not overwritten. A comment that has
// been begun stays in its field.
func issueState(v *visit) error {
	u, err := v.readUpdate()
	if err != nil {
		return err
	}
	if done, err := v.applyUpdate(u); done || err != nil {
		return err
	}
	if u.comment {
		return v.showIssue(http.StatusOK, u.number, v.commentForm(map[string]string{"body": u.text("body"), "kind": u.get("kind")}))
	}
	v.say("ok", "flash.issue_saved", "key", fmt.Sprintf("#%d", u.number))
	return v.redirect(fmt.Sprintf("/issues/%d", u.number))
}

// applyUpdate changes the properties that a person has changed. It reports true when it has answered because that was
// not possible; nothing is changed then.
func (v *visit) applyUpdate(u update) (answered bool, err error) {
	if !u.changes() {
		_, err := v.h.Tracker.Issue(v.ctx(), v.me, u.number)
		return false, err
	}
	_, err = v.h.Tracker.UpdateIssue(v.ctx(), v.me, u.number, u.version, u.patch)
	if errors.Is(err, models.ErrConflict) {
		return true, v.showIssueConflict(u)
	}
	if list, ok := invalid(err); ok {
		u.take(list, nil)
		return true, v.showIssue(http.StatusUnprocessableEntity, u.number, u.form)
	}
	return false, err
}

// commentCreate adds a comment or an internal note, and changes state and assignee with it when others were chosen.
// After a conflict the person can also send the comment alone.
func commentCreate(v *visit) error {
	u, err := v.readUpdate()
	if err != nil {
		return err
	}
	switch v.PostForm("do") {
	case "comment":
		u.patch, u.changed = tracker.IssuePatch{}, nil
	case "template":
		return v.insertTemplate(u.number, u.form)
	case "preview":
		return v.showIssue(http.StatusOK, u.number, u.form)
	}
	if done, err := v.applyUpdate(u); done || err != nil {
		return err
	}
	if u.changes() && !u.comment {
		v.say("ok", "flash.issue_saved", "key", fmt.Sprintf("#%d", u.number))
		return v.redirect(fmt.Sprintf("/issues/%d", u.number))
	}
	files, closeFiles, err := v.uploads("files")
	defer closeFiles()
	if err != nil {
		return err
	}
	c, mails, err := v.h.answer(v.ctx(), v.me, u.number, tracker.CommentDraft{
		Body: u.text("body"), Internal: u.get("kind") == "internal", Files: files,
	}, v.recipients())
	if list, ok := invalid(err); ok {
		f := v.commentForm(map[string]string{"body": u.text("body"), "kind": u.get("kind")})
		f.take(list, nil)
		return v.showIssue(http.StatusUnprocessableEntity, u.number, f)
	}
	if err != nil {
		return err
	}
	if mails > 0 {
		v.say("ok", "flash.answer_queued", "n", strconv.Itoa(mails))
	}
	return v.redirect(fmt.Sprintf("/issues/%d#comment-%d", u.number, c.ID))
}
