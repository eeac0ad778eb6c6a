package handlers

import (
	"fmt"
	"log/slog"
	"net/http"

	"letterbox/gateway"
	"letterbox/models"
)

// view is what an action gives to a page.
type view struct {
	Title   string // In the language of the reader.
	Section string // Which entry of the side bar it belongs to.
	Form    *form  // Nil on pages without a form to check.
	Live    string // Topics of changes that reload the page, parted by blanks; "" for none.
	Find    string // What stands in the search box.
	Data    any
}

// page is what a template sees.
type page struct {
	view
	Lang, Theme, Nonce, Path, Version string
	Me                                *models.User
	Admin, Configures, MayCreate      bool
	Works                             bool // On a project: not only a reporter.
	Projects                          []models.Project
	Failing                           int          // Inboxes of ours that need somebody.
	HooksOff                          int          // Webhooks that were switched off because they did not work; for admins.
	Unread                            int          // What the person was told and has not read.
	Waiting                           string       // How many issues wait in triage, "" for none; above a hundred it ends.
	NoMail                            *noMail      // Nil while mail is read.
	SignedIn                          *sessionSpan // Nil without a session.
	Demo                              bool
	Flash                             *flash
}

// render answers with a page.
func (v *visit) render(status int, name string, w view) error {
	if v.Request.Method == http.MethodPost {
		w.Live = "" // Fetched anew it would be another page: what was typed, and why it was refused, would be gone.
	}
	p := page{
		view: w, Lang: v.l.Lang, Theme: v.theme, Nonce: v.GetString(nonceKey), Path: v.Request.URL.RequestURI(),
		Version: v.h.Version, Me: v.me, Flash: v.said(), Demo: v.h.Demo != nil,
		Admin: v.access.Admin(), Configures: v.access.ConfiguresAny(), Works: v.access.WorksAnywhere(),
	}
	p.SignedIn = v.span()
	if v.me != nil && status < 500 {
		v.fillFrame(&p)
	}
	body, err := v.h.views.Render(v.l.Lang, name, p)
	if err != nil {
		return err
	}
	v.Header("Content-Language", v.l.Lang)
	v.Data(status, "text/html; charset=utf-8", body)
	return nil
}

// fillFrame adds what the side bar shows. A page without it is better than none, so a failure is only logged.
func (v *visit) fillFrame(p *page) {
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		v.h.Log.WarnContext(v.ctx(), "side bar not filled", slog.Any("err", err))
		return
	}
	p.MayCreate = len(projects) > 0
	for _, one := range projects {
		if one.ArchivedAt == nil && len(p.Projects) < 12 {
			p.Projects = append(p.Projects, one)
		}
	}
	if p.Unread, err = v.h.Tracker.Unread(v.ctx(), v.me); err != nil {
		v.h.Log.WarnContext(v.ctx(), "side bar not filled", slog.Any("err", err))
	}
	if p.Works {
		if p.Waiting, err = v.waiting(); err != nil {
			v.h.Log.WarnContext(v.ctx(), "side bar not filled", slog.Any("err", err))
		}
	}
	if p.NoMail, err = v.noMail(); err != nil {
		v.h.Log.WarnContext(v.ctx(), "side bar not filled", slog.Any("err", err))
	}
	if !p.Configures {
		return
	}
	if p.Admin && v.h.Webhooks != nil {
		if p.HooksOff, err = v.h.Webhooks.SwitchedOff(v.ctx()); err != nil {
			v.h.Log.WarnContext(v.ctx(), "side bar not filled", slog.Any("err", err))
		}
	}
	if p.Failing, err = v.h.Gateway.FailingInboxes(v.ctx(), v.access.SeesInbox); err != nil {
		v.h.Log.WarnContext(v.ctx(), "side bar not filled", slog.Any("err", err))
	}
}

// mostWaiting is up to how many issues in triage are counted.
const mostWaiting = 99

// waiting says how many issues wait to be sorted: "", "5" or "99+".
func (v *visit) waiting() (string, error) {
	switch n, err := v.h.Tracker.Waiting(v.ctx(), v.me, mostWaiting+1); {
	case err != nil || n == 0:
		return "", err
	case n > mostWaiting:
		return v.l.Number(mostWaiting) + "+", nil
	default:
		return v.l.Number(int64(n)), nil
	}
}

// inboxes returns the inboxes that the person may configure.
func (v *visit) inboxes() ([]gateway.InboxView, error) {
	all, err := v.h.Gateway.Inboxes(v.ctx())
	if err != nil {
		return nil, fmt.Errorf("list inboxes: %w", err)
	}
	var mine []gateway.InboxView
	for _, in := range all {
		if v.access.SeesInbox(in.Inbox) {
			mine = append(mine, v.discreet(in))
		}
	}
	return mine, nil
}
