package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

// outboxView is what the outbox shows.
type outboxView struct {
	Rows        []outboxRow
	State       string
	States      []outboxChip
	First, Next string
	Back        string
}

// outboxChip is a filter of the outbox.
type outboxChip struct {
	State string
	N     int
}

// outboxRow is a mail in the outbox.
type outboxRow struct {
	models.Outgoing
	Health     health
	Sentence   string
	MayCancel  bool
	MaySendNow bool
}

// outboxList shows the mail that goes out: to admins all of it, to others that of the inboxes they configure.
func outboxList(v *visit) error {
	f := gateway.OutboxFilter{State: models.OutgoingState(v.Query("state")), Cursor: v.Query("cursor")}
	f.Issue, _ = strconv.ParseInt(v.Query("issue"), 10, 64)
	var err error
	if f.InboxIDs, err = v.outboxInboxes(); err != nil {
		return err
	}
	rows, next, err := v.h.Gateway.Outbox(v.ctx(), f)
	if err != nil {
		return err
	}
	counts, err := v.h.Gateway.OutboxCounts(v.ctx())
	if err != nil {
		return err
	}
	keep := url.Values{"state": {string(f.State)}}
	if f.Issue != 0 {
		keep.Set("issue", strconv.FormatInt(f.Issue, 10))
	}
	data := outboxView{State: string(f.State), Back: v.Request.URL.RequestURI()}
	for _, s := range outgoingStates() {
		chip := outboxChip{State: string(s)}
		if v.access.Admin() && s != models.OutgoingAccepted {
			chip.N = counts[s]
		}
		data.States = append(data.States, chip)
	}
	for _, o := range rows {
		data.Rows = append(data.Rows, v.outboxRow(o))
	}
	if f.Cursor != "" {
		data.First = address("/outbox", keep)
	}
	if next != "" {
		data.Next = address("/outbox", keep, "cursor", next)
	}
	return v.render(http.StatusOK, "outbox_list", view{Title: v.l.T("outbox.title"), Section: "outbox", Live: "outbox", Data: data})
}

// outboxInboxes are the inboxes whose mail the person sees; nil stands for all mail.
func (v *visit) outboxInboxes() ([]int64, error) {
	if v.access.Admin() {
		return nil, nil
	}
	mine, err := v.inboxes()
	if err != nil {
		return nil, err
	}
	ids := []int64{}
	for _, in := range mine {
		ids = append(ids, in.ID)
	}
	return ids, nil
}

func (v *visit) outboxRow(o models.Outgoing) outboxRow {
	row := outboxRow{Outgoing: o, Health: v.outgoingHealth(o), Sentence: v.outgoingSentence(o)}
	row.MayCancel = o.State == models.OutgoingQueued || o.State == models.OutgoingDraft
	row.MaySendNow = row.MayCancel || o.State == models.OutgoingFailed || o.State == models.OutgoingCancelled
	return row
}

// outgoingHealth says what has become of a mail.
func (v *visit) outgoingHealth(o models.Outgoing) health {
	text := v.l.T("outgoing." + string(o.State))
	switch o.State {
	case models.OutgoingAccepted:
		return health{"ok", "check", text}
	case models.OutgoingFailed, models.OutgoingBounced:
		return health{"bad", "cross", text}
	case models.OutgoingCancelled:
		return health{"calm", "pause", text}
	case models.OutgoingDraft:
		return health{"warn", "warn", text} // Somebody must put something right.
	case models.OutgoingQueued:
		if o.Code != "" {
			return health{"warn", "warn", v.l.T("outgoing.retried")}
		}
	}
	return health{"calm", "dots", text}
}

// outgoingSentence says why a mail is not accepted and what comes next; "" when there is nothing to say.
func (v *visit) outgoingSentence(o models.Outgoing) string {
	args := map[string]string{"address": o.Recipient, "recipient": o.Recipient, "text": o.Answer, "host": "", "n": strconv.Itoa(o.Attempts), "size": "", "max": "", "time": ""}
	if o.State == models.OutgoingQueued && o.Attempts > 0 && o.NextAttemptAt != nil {
		args["time"] = v.l.Clock(o.NextAttemptAt.Local())
		text := v.l.T("E-SMTP-04", args)
		if o.Answer != "" {
			text += " " + v.l.T("outgoing.said", "text", o.Answer)
		}
		return text
	}
	if o.Code == "" || o.State == models.OutgoingAccepted || o.State == models.OutgoingCancelled {
		return ""
	}
	if o.Code == "E-SMTP-03" || o.Answer == "" && o.Code != "E-SMTP-09" {
		if key := "outgoing." + o.Code; v.l.Has(key) {
			return v.l.T(key, args)
		}
	}
	return v.l.T(o.Code, args)
}

// outgoing returns the mail of the path when the person may see it.
func (v *visit) outgoing() (models.Outgoing, error) {
	id, err := v.id("id")
	if err != nil {
		return models.Outgoing{}, err
	}
	o, err := v.h.Gateway.Outgoing(v.ctx(), id)
	if err != nil || v.access.Admin() {
		return o, err
	}
	mine, err := v.outboxInboxes()
	if err != nil {
		return o, err
	}
	for _, in := range mine {
		if o.InboxID != nil && *o.InboxID == in {
			return o, nil
		}
	}
	return o, models.ErrNotFound
}

// outboxSend has a mail sent now.
func outboxSend(v *visit) error {
	o, err := v.outgoing()
	if err != nil {
		return err
	}
	return v.outboxDone(v.h.Gateway.SendNow(v.ctx(), v.me, o.ID), "flash.outbox_sending")
}

// outboxCancel keeps a mail from being sent.
func outboxCancel(v *visit) error {
	o, err := v.outgoing()
	if err != nil {
		return err
	}
	return v.outboxDone(v.h.Gateway.CancelOutgoing(v.ctx(), v.me, o.ID), "flash.outbox_cancelled")
}

func (v *visit) outboxDone(err error, flash string) error {
	switch {
	case errors.Is(err, models.ErrConflict):
		v.say("warn", "flash.outbox_late", "time", v.l.Clock(time.Now()))
	case err != nil:
		return err
	default:
		v.say("ok", flash)
	}
	return v.redirect(local(v.PostForm("back")))
}
