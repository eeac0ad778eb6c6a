package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"letterbox/models"
	"letterbox/tracker"
)

// issueState changes state and assignee. Somebody else's change in between is told, not overwritten.
func issueState(v *visit) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	f, err := v.readForm("issue", "state", "assignee", "version")
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(f.get("version"), 10, 64)
	if err != nil || version <= 0 {
		return errUnreadable
	}
	patch := tracker.IssuePatch{}
	if state := models.IssueState(f.get("state")); state != "" {
		patch.State = &state
	}
	if _, sent := v.Request.PostForm["assignee"]; sent {
		login := f.get("assignee")
		patch.Assignee = &login
	}
	_, err = v.h.Tracker.UpdateIssue(v.ctx(), v.me, number, version, patch)
	if errors.Is(err, models.ErrConflict) {
		c := v.commentForm(nil)
		c.refuse("state", "E-409-STATE", "state", v.l.T("state."+f.get("state")))
		return v.showIssue(http.StatusConflict, number, c)
	}
	if list, ok := invalid(err); ok {
		c := v.commentForm(nil)
		c.take(list, nil)
		return v.showIssue(http.StatusUnprocessableEntity, number, c)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.issue_saved", "key", fmt.Sprintf("#%d", number))
	return v.redirect(fmt.Sprintf("/issues/%d", number))
}

// commentCreate adds a comment or an internal note, and sets another state with it when one was chosen.
func commentCreate(v *visit) error {
	number, err := v.id("number")
	if err != nil {
		return err
	}
	f, err := v.readForm("comment", "body", "kind")
	if err != nil {
		return err
	}
	c, err := v.h.Tracker.Comment(v.ctx(), v.me, number, tracker.CommentDraft{Body: f.text("body"), Internal: f.get("kind") == "internal"})
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showIssue(http.StatusUnprocessableEntity, number, f)
	}
	if err != nil {
		return err
	}
	return v.redirect(fmt.Sprintf("/issues/%d#comment-%d", number, c.ID))
}
