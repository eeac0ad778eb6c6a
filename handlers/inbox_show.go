package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
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
	Events   []inboxEvent
	Failed   string // For how long it had failed before it recovered last; "" when that is not news.
}

// inboxEvent is a change of how the inbox is doing, in words.
type inboxEvent struct {
	At     time.Time
	Health health
	Cause  string
	Code   string
}

// inboxEvents puts in words when the inbox failed and when it worked again.
func (v *visit) inboxEvents(events []models.InboxEvent) []inboxEvent {
	out := make([]inboxEvent, 0, len(events))
	for _, e := range events {
		one := inboxEvent{At: e.At, Code: e.Code, Health: health{"ok", "check", v.l.T("inbox.event.active")}}
		switch e.State {
		case models.InboxRefused:
			one.Health = health{"bad", "cross", v.l.T("inbox.event.refused")}
		case models.InboxFailing:
			one.Health = health{"warn", "warn", v.l.T("inbox.event.failing")}
		}
		if e.State == models.InboxActive && e.Code != "" {
			one.Health = health{"warn", "warn", v.l.T("inbox.event.noticed")}
		}
		if e.Code != "" {
			one.Cause = v.l.T(e.Code, e.Args)
		}
		out = append(out, one)
	}
	return out
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
	if data.More, err = v.h.Gateway.InboxHealth(v.ctx(), in.ID); err != nil {
		return err
	}
	if !v.access.Admin() {
		data.More.Events = gateway.DiscreetEvents(in, data.More.Events)
	}
	data.Events = v.inboxEvents(data.More.Events)
	if from := data.More.FailedFrom; from != nil {
		data.Failed = v.l.Duration(data.More.Events[0].At.Sub(*from).Round(time.Minute))
	}
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
	h, err := v.h.Gateway.InboxHealth(v.ctx(), in.ID)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, "inbox_delete", view{Title: v.l.T("inbox.delete"), Section: "inboxes", Data: struct {
		gateway.InboxView
		Open, Unsettled int
	}{in, h.Backlog.Open, h.Backlog.Unsettled}})
}

// inboxPause pauses an inbox or has it go on.
func inboxPause(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	on, key := v.PostForm("do") == "resume", "flash.inbox_paused"
	if on {
		key = "flash.inbox_resumed"
	}
	err = v.h.Gateway.SetEnabled(v.ctx(), v.me, in.ID, on)
	if list, ok := invalid(err); ok { // Another inbox reads the same folder by now.
		v.say("warn", "flash.inbox_not_resumed", "cause", v.l.T(list[0].Code, list[0].Args))
		return v.redirect(fmt.Sprintf("/inboxes/%d", in.ID))
	}
	if err != nil {
		return err
	}
	v.say("ok", key, "name", in.Name)
	return v.redirect(fmt.Sprintf("/inboxes/%d", in.ID))
}

// inboxDuplicate makes a paused copy of an inbox and leads to its form.
func inboxDuplicate(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		name := v.l.T("inbox.copy_of", "name", in.Name)
		if n > 1 {
			name += " " + strconv.Itoa(n)
		}
		twin, err := v.h.Gateway.DuplicateInbox(v.ctx(), v.me, in.ID, name)
		if list, ok := invalid(err); ok {
			if list[0].Code == "E-INBOX-14" && n < 50 {
				continue
			}
			v.say("warn", "flash.inbox_not_copied", "cause", v.l.T(list[0].Code, list[0].Args))
			return v.redirect(fmt.Sprintf("/inboxes/%d", in.ID))
		}
		if err != nil {
			return err
		}
		v.say("ok", "flash.inbox_copied", "name", name)
		return v.redirect(fmt.Sprintf("/inboxes/%d/edit", twin.ID))
	}
}

// inboxReconcile compares the server's list with the ledger now.
func inboxReconcile(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	to := fmt.Sprintf("/inboxes/%d", in.ID)
	var r gateway.Reconciliation
	err = v.discreetly(in.Settings, func() (err error) {
		r, err = v.h.Gateway.Reconcile(v.ctx(), in.ID)
		return err
	})
	var p *mailbox.Problem
	if errors.As(err, &p) {
		v.say("warn", "flash.inbox_not_compared", "cause", v.l.T(p.Code, p.Args))
		return v.redirect(to)
	}
	if err != nil {
		return err
	}
	kind, key := "ok", "flash.inbox_compared"
	if r.Unaccounted > 0 {
		kind, key = "warn", "flash.inbox_unaccounted"
	}
	v.say(kind, key, "server", v.l.Number(int64(r.Server)), "ledger", v.l.Number(int64(r.Ledger)), "unaccounted", v.l.Number(int64(r.Unaccounted)))
	return v.redirect(to)
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
