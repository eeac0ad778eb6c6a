package handlers

import (
	"fmt"
	"net/http"
	"slices"

	"letterbox/gateway"
	"letterbox/models"
)

// inboxShowView is what the page of an inbox shows.
type inboxShowView struct {
	inboxRow
	Report   *report
	Warnings []string
	Latest   []messageRow
	Log      string // Address of the inbound log of this inbox.
	Secured  bool   // Its server has a certificate to look at.
	Stuck    bool   // Mail could not be moved to where it belongs.
}

// inboxShow shows how an inbox is doing.
func inboxShow(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	return v.showInbox(http.StatusOK, in, nil)
}

func (v *visit) showInbox(status int, in gateway.InboxView, r *report) error {
	keys, err := v.projectKeys()
	if err != nil {
		return err
	}
	page, err := v.h.Gateway.Messages(v.ctx(), gateway.MessageQuery{InboxIDs: []int64{in.ID}, Limit: 8})
	if err != nil {
		return fmt.Errorf("list messages: %w", err)
	}
	data := inboxShowView{
		inboxRow: v.inboxRow(in, keys), Report: r, Log: fmt.Sprintf("/messages?inbox=%d", in.ID),
		Latest: v.messageRows(page.Items, nil), Secured: in.Settings.Receive == "imap" || in.Settings.Receive == "pop3",
	}
	data.Stuck = in.Settings.Receive == "imap" && in.Settings.After == "move" &&
		slices.ContainsFunc(page.Items, func(m models.Message) bool { return m.SettleState == models.SettleFailed })
	found, err := v.h.Gateway.LintRules(v.ctx(), in.ID, in.Rules)
	if err != nil {
		return err
	}
	for _, f := range v.findings(found) {
		data.Warnings = append(data.Warnings, f.Text)
	}
	switch unsafe(in.Settings) {
	case "W-05":
		data.Warnings = append(data.Warnings, v.l.T("inbox.plain_warning"))
	case "W-06":
		data.Warnings = append(data.Warnings, v.l.T("W-06", "host", in.Settings.Host))
	}
	return v.render(status, "inbox_show", view{
		Title: in.Name, Section: "inboxes", Live: fmt.Sprintf("inbox:%d message", in.ID), Data: data,
	})
}

// inboxPoll has an inbox visited now.
func inboxPoll(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	if err := v.h.Gateway.Poll(v.ctx(), in.ID); err != nil {
		return err
	}
	v.say("ok", "flash.inbox_polled", "name", in.Name)
	return v.redirect(fmt.Sprintf("/inboxes/%d", in.ID))
}

// inboxConfirmDelete asks before an inbox is removed.
func inboxConfirmDelete(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, "inbox_delete", view{Title: v.l.T("inbox.delete"), Section: "inboxes", Data: in})
}

// inboxDelete removes an inbox. Its messages stay in the log, its mail stays on the server.
func inboxDelete(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	if err := v.h.Gateway.DeleteInbox(v.ctx(), v.me, in.ID); err != nil {
		return err
	}
	v.say("ok", "flash.inbox_deleted", "name", in.Name)
	return v.redirect("/inboxes")
}
