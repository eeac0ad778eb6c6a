package handlers

import (
	"fmt"
	"net/http"

	"letterbox/models"
)

// memberSet makes somebody a member of a project or changes the role there.
func memberSet(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	f, err := v.readForm("member", "login", "role")
	if err != nil {
		return err
	}
	err = v.h.Tracker.SetMember(v.ctx(), v.me, id, f.get("login"), models.ProjectRole(f.get("role")))
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showProject(http.StatusUnprocessableEntity, id, nil, f)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.member_set", "login", f.get("login"))
	return v.redirect(fmt.Sprintf("/projects/%d#members", id))
}

// memberRemove ends a membership.
func memberRemove(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	user, err := v.id("user")
	if err != nil {
		return err
	}
	if err := v.h.Tracker.RemoveMember(v.ctx(), v.me, id, user); err != nil {
		return err
	}
	v.say("ok", "flash.member_removed")
	if user == v.me.ID && !v.access.Admin() {
		return v.redirect("/projects")
	}
	return v.redirect(fmt.Sprintf("/projects/%d#members", id))
}
