package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// tripView is a test mail on its way: sent, taken, arrived.
type tripView struct {
	gateway.InboxView
	Mail   string    // Message-ID; "" when none was sent.
	SentAt time.Time // Zero when none was sent.
	Why    string    // Why it could not be sent, in words; "" when it was.
	Came   *models.Message
	Took   time.Duration // From sending to arrival, in whole seconds, rounded up.
}

// inboxTrip shows where a test mail is.
func inboxTrip(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	data := tripView{InboxView: in, Mail: v.Query("mail")}
	if ms, err := strconv.ParseInt(v.Query("at"), 10, 64); err == nil && data.Mail != "" {
		data.SentAt = time.UnixMilli(ms)
		m, err := v.h.Gateway.ArrivedTestMail(v.ctx(), in.ID, data.Mail)
		if err != nil && !errors.Is(err, models.ErrNotFound) {
			return err
		}
		if err == nil {
			data.Came, data.Took = &m, max(0, m.ReceivedAt.Sub(data.SentAt)).Truncate(time.Second)+time.Second
		}
	}
	return v.showTrip(http.StatusOK, data)
}

func (v *visit) showTrip(status int, data tripView) error {
	live := ""
	if data.Mail != "" && (data.Came == nil || data.Came.Reason == "") {
		live = "message" // It shows by itself when the mail is there.
	}
	return v.render(status, "inbox_trip", view{Title: v.l.T("trip.title", "name", data.Name), Section: "inboxes", Live: live, Data: data})
}

// inboxTripSend sends a test mail, or has the server looked at again for one that is on its way.
func inboxTripSend(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	page := fmt.Sprintf("/inboxes/%d/trip", in.ID)
	if v.PostForm("do") == "look" {
		if err := v.h.Gateway.Poll(v.ctx(), in.ID); err != nil {
			return err
		}
		return v.redirect(page + "?" + url.Values{"mail": {v.PostForm("mail")}, "at": {v.PostForm("at")}}.Encode())
	}
	sent, err := v.h.Gateway.SendTestMail(v.ctx(), v.me, in.ID)
	if problem, ok := errors.AsType[*mailbox.Problem](err); ok {
		data := tripView{InboxView: in, Why: v.l.T("trip.not_sent")}
		if v.access.Admin() { // Others are not told what answers inside a network.
			data.Why = v.l.T(problem.Code, inWords(v.l, problem.Args))
		}
		return v.showTrip(http.StatusUnprocessableEntity, data)
	}
	if errors.Is(err, models.ErrNotFound) {
		return v.showTrip(http.StatusUnprocessableEntity, tripView{InboxView: in, Why: v.l.T("E-TRIP-01")})
	}
	if err != nil {
		return err
	}
	return v.redirect(page + "?" + url.Values{"mail": {sent.MessageID}, "at": {strconv.FormatInt(sent.SentAt.UnixMilli(), 10)}}.Encode())
}
