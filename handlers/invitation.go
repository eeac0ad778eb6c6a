package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"letterbox/models"
	"letterbox/tracker"
)

// inviteView is what the form for inviting somebody shows beside its fields.
type inviteView struct {
	Projects []option
	Mails    bool // Links can go out by mail.
}

// invitedView is what an admin is told of a link: this once.
type invitedView struct {
	tracker.Invitation
	Link string // "" when it goes out by mail.
}

// inviteForm asks whom to invite.
func inviteForm(v *visit) error {
	return v.showInvite(http.StatusOK, v.newForm("invite", map[string]string{
		"address": "", "name": "", "role": "member", "login": "", "language": "", "project": "", "member_role": "member", "hand_over": "",
	}))
}

func (v *visit) showInvite(status int, f *form) error {
	data := inviteView{Projects: []option{{Text: v.l.T("invite.no_project")}}}
	all, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.ArchivedAt == nil {
			data.Projects = append(data.Projects, option{strconv.FormatInt(p.ID, 10), p.Key + " · " + p.Name})
		}
	}
	if data.Mails, err = v.h.Gateway.SendsLinks(v.ctx()); err != nil {
		return err
	}
	return v.render(status, "invite", view{Title: v.l.T("invite.title"), Section: "users", Form: f, Data: data})
}

// invite adds a person and has it choose its own password.
func invite(v *visit) error {
	f, err := v.readForm("invite", "address", "name", "role", "login", "language", "project", "member_role", "hand_over")
	if err != nil {
		return err
	}
	d := tracker.InvitationDraft{
		Address: f.get("address"), Name: f.get("name"), Login: f.get("login"), Role: models.Role(f.get("role")), Language: f.get("language"),
		HandOver: f.yes("hand_over"),
	}
	if f.get("project") != "" {
		id, _ := strconv.ParseInt(f.get("project"), 10, 64)
		d.Projects = []models.Member{{ProjectID: id, Role: models.ProjectRole(f.get("member_role"))}}
	}
	made, err := v.h.Tracker.Invite(v.ctx(), v.me, d)
	if list, ok := invalid(err); ok {
		f.take(list, map[string]string{"addresses": "address", "projects": "project"})
		return v.showInvite(http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return v.showInvited(made)
}

// showInvited says that the link is on its way, or shows it, this once.
func (v *visit) showInvited(made tracker.Invitation) error {
	if made.Mailed {
		if made.Contact {
			v.say("ok", "flash.invited_contact", "name", made.User.Name)
		} else {
			v.say("ok", "flash.invited", "name", made.User.Name)
		}
		return v.redirect(fmt.Sprintf("/users/%d", made.User.ID))
	}
	return v.render(http.StatusCreated, "invited", view{
		Title: v.l.T("invite.title"), Section: "users", Data: invitedView{made, v.h.linkOf(v.Request, made.Token)},
	})
}

// linkOf is the address of the page where a password is chosen. Where nobody has said how people reach the server, it is the
// address by which the admin who asks has reached it; such a link is only shown, and never stands in a mail.
func (h *Handlers) linkOf(r *http.Request, token string) string {
	base := h.BaseURL
	if base == "" {
		base = "http://" + r.Host
		if h.Secure {
			base = "https://" + r.Host
		}
	}
	return base + "/password/" + token
}

// userInvite makes another link for somebody who is here already.
func userInvite(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	f, err := v.readForm("user", "hand_over")
	if err != nil {
		return err
	}
	made, err := v.h.Tracker.InviteAnew(v.ctx(), v.me, id, f.yes("hand_over"))
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showUser(http.StatusUnprocessableEntity, id, f)
	}
	if err != nil {
		return err
	}
	return v.showInvited(made)
}

// userUninvite makes the link of somebody worthless.
func userUninvite(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.h.Tracker.RevokeInvitation(v.ctx(), v.me, id); err != nil && !errors.Is(err, models.ErrNotFound) {
		return err
	}
	v.say("ok", "flash.uninvited")
	return v.redirect(fmt.Sprintf("/users/%d", id))
}

// invitation is the link that a person has been sent or given; nil when there is none.
func (v *visit) invitation(id int64) (*models.PasswordLink, error) {
	l, err := v.h.Tracker.InvitationOf(v.ctx(), v.me, id)
	if errors.Is(err, models.ErrNotFound) {
		return nil, nil
	}
	return &l, err
}
