package handlers

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

// accountListView is what the page of sending shows.
type accountListView struct {
	Rows     []accountRow
	Breakers []breakerRow
}

// accountRow is a sending account in the list.
type accountRow struct {
	gateway.SendingView
	For    string // For what it is used, in words.
	Health health
	Cause  string
	Badges []badge
}

// breakerRow is a place where acknowledgements rest.
type breakerRow struct {
	models.Breaker
	Inbox string
}

// accountList shows the sending accounts and how they are doing.
func accountList(v *visit) error {
	all, err := v.h.Gateway.SendingAccounts(v.ctx())
	if err != nil {
		return err
	}
	places, err := v.places()
	if err != nil {
		return err
	}
	data := accountListView{}
	for _, a := range all {
		row := accountRow{SendingView: a, For: a.Place, Badges: v.badges(asInbox(a.Settings)), Health: health{"ok", "check", v.l.T("sending.works")}}
		for _, p := range places {
			if p.Value == a.Place {
				row.For = p.Text
			}
		}
		if a.TroubleCode != "" {
			row.Health = health{"bad", "cross", v.l.T("sending.failing", "since", v.l.Since(a.TroubleAt.Local(), time.Now()))}
			row.Cause = v.l.T(a.TroubleCode, v.checkWords(a.Trouble))
		}
		data.Rows = append(data.Rows, row)
	}
	breakers, err := v.h.Gateway.Breakers(v.ctx())
	if err != nil {
		return err
	}
	for _, b := range breakers {
		row := breakerRow{Breaker: b, Inbox: b.Place}
		for _, p := range places {
			if p.Value == b.Place {
				row.Inbox = p.Text
			}
		}
		data.Breakers = append(data.Breakers, row)
	}
	return v.render(http.StatusOK, "account_list", view{Title: v.l.T("sending.title"), Section: "sending", Live: "sending", Data: data})
}

// places are what an account can be for: everything, a project, an inbox.
func (v *visit) places() ([]option, error) {
	out := []option{{"default", v.l.T("sending.place.default")}}
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return nil, err
	}
	for _, p := range projects {
		out = append(out, option{fmt.Sprintf("project:%d", p.ID), v.l.T("sending.place.project", "name", p.Name)})
	}
	inboxes, err := v.inboxes()
	if err != nil {
		return nil, err
	}
	for _, in := range inboxes {
		out = append(out, option{fmt.Sprintf("inbox:%d", in.ID), v.l.T("sending.place.inbox", "name", in.Name)})
	}
	return out, nil
}

// accountResume lets acknowledgements of an inbox out again.
func accountResume(v *visit) error {
	place := v.PostForm("place")
	if !strings.HasPrefix(place, "inbox:") {
		return errUnreadable
	}
	if err := v.h.Gateway.ResetBreaker(v.ctx(), v.me, place); err != nil {
		return err
	}
	v.say("ok", "flash.breaker_reset")
	return v.redirect("/sending")
}

// accountDelete removes a sending account.
func accountDelete(v *visit) error {
	id, err := v.id("id")
	if err != nil {
		return err
	}
	if err := v.h.Gateway.DeleteSendingAccount(v.ctx(), v.me, id); err != nil {
		return err
	}
	v.say("ok", "flash.sending_deleted")
	return v.redirect("/sending")
}
