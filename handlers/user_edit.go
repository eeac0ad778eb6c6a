package handlers

import (
	"fmt"
	"net/http"
	"time"

	"letterbox/models"
	"letterbox/tracker"
)

// userView is what the page of a person shows.
type userView struct {
	models.User
	Sessions []sessionRow
	Tokens   []models.Token
	Now      time.Time
	Factor   tracker.SecondFactor

	Identities []models.Identity
	Invited    *models.PasswordLink // Nil when no link is open.
	Mails      bool                 // Links can go out by mail.
}

// userNew shows the form for a new person.
func userNew(v *visit) error {
	return v.showUserNew(http.StatusOK, v.newForm("user", map[string]string{
		"login": "", "name": "", "addresses": "", "role": "member", "password": "", "language": "",
	}))
}

func (v *visit) showUserNew(status int, f *form) error {
	return v.render(status, "user_new", view{Title: v.l.T("user.create"), Section: "users", Form: f})
}

// userCreate adds a person.
func userCreate(v *visit) error {
	f, err := v.readForm("user", "login", "name", "addresses", "role", "password", "language")
	if err != nil {
		return err
	}
	u, err := v.h.Tracker.CreateUser(v.ctx(), v.me, tracker.UserDraft{
		Login: f.get("login"), Name: f.get("name"), Addresses: f.lines("addresses"), Role: models.Role(f.get("role")),
		Password: f.text("password"), Language: f.get("language"),
	})
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showUserNew(http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.user_created", "name", u.Name)
	return v.redirect(fmt.Sprintf("/users/%d", u.ID))
}

// userShow shows one person with what can be changed about it.
func userShow(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	return v.showUser(http.StatusOK, id, nil)
}

// showUser shows a person; sent is a form to be checked, nil otherwise.
func (v *visit) showUser(status int, id int64, sent *form) error {
	u, err := v.h.Tracker.User(v.ctx(), v.me, id)
	if err != nil {
		return err
	}
	f := v.newForm("user", map[string]string{"name": u.Name, "role": string(u.Role), "password": "", "address": "", "hand_over": ""})
	if sent != nil {
		f.errs = sent.errs
		for name, value := range sent.values {
			f.values[name] = value
		}
	}
	u.PasswordHash = oneOf("set", map[bool]string{true: "set"}[u.PasswordHash != ""])
	data := userView{User: u, Now: time.Now()}
	if data.Factor, err = v.h.Tracker.SecondFactorOf(v.ctx(), v.me, id); err != nil {
		return err
	}
	if data.Identities, err = v.h.Tracker.Identities(v.ctx(), v.me, id); err != nil {
		return err
	}
	if data.Sessions, err = v.sessions(id); err != nil {
		return err
	}
	if data.Tokens, err = v.h.Tracker.Tokens(v.ctx(), v.me, id); err != nil {
		return err
	}
	if data.Invited, err = v.invitation(id); err != nil {
		return err
	}
	if data.Mails, err = v.h.Gateway.SendsLinks(v.ctx()); err != nil {
		return err
	}
	return v.render(status, "user_show", view{Title: u.Name, Section: "users", Form: f, Data: data})
}

// changeUser reads one field of the page of a person, changes it and shows the page again.
func (v *visit) changeUser(field, said string, change func(id int64, f *form) error) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	f, err := v.readForm("user", field)
	if err != nil {
		return err
	}
	err = change(id, f)
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showUser(http.StatusUnprocessableEntity, id, f)
	}
	if err != nil {
		return err
	}
	v.say("ok", said)
	return v.redirect(fmt.Sprintf("/users/%d", id))
}

// userRole changes what a person may do; it has to sign in again.
func userRole(v *visit) error {
	return v.changeUser("role", "flash.user_role", func(id int64, f *form) error {
		_, err := v.h.Tracker.SetRole(v.ctx(), v.me, id, models.Role(f.get("role")))
		return err
	})
}

// userPassword gives a person a new password; it has to sign in again.
func userPassword(v *visit) error {
	return v.changeUser("password", "flash.user_password", func(id int64, f *form) error {
		return v.h.Tracker.SetPassword(v.ctx(), v.me, id, f.text("password"))
	})
}

// userAddress gives a person one more address.
func userAddress(v *visit) error {
	return v.changeUser("address", "flash.user_address", func(id int64, f *form) error {
		return v.h.Tracker.AddAddress(v.ctx(), v.me, id, f.get("address"))
	})
}

// userAddressRemove takes an address of a person away.
func userAddressRemove(v *visit) error {
	return v.changeUser("gone", "flash.user_address_gone", func(id int64, f *form) error {
		return v.h.Tracker.RemoveAddress(v.ctx(), v.me, id, f.get("gone"))
	})
}

// userName gives a person another name.
func userName(v *visit) error {
	return v.changeUser("name", "flash.user_name", func(id int64, f *form) error {
		name := f.get("name")
		_, err := v.h.Tracker.PatchUser(v.ctx(), v.me, id, tracker.UserPatch{Name: &name})
		return err
	})
}

// userAccess shuts a person out or lets it in again.
func userAccess(v *visit) error {
	return v.changeUser("disabled", "flash.user_access", func(id int64, f *form) error {
		_, err := v.h.Tracker.DisableUser(v.ctx(), v.me, id, f.yes("disabled"))
		return err
	})
}
