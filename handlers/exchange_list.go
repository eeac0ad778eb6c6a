package handlers

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// exchangeView is what the list of mails in both directions shows.
type exchangeView struct {
	Rows        []exchangeRow
	Inboxes     []option
	Filtered    bool
	First, Next string
}

// exchangeRow is one mail.
type exchangeRow struct {
	Out                                 bool
	At                                  time.Time
	Address, Subject, Inbox, Page, Kind string
	Issue                               int64 // 0: none.
	Health                              health
	Sentence                            string
}

// exchangeList shows mails in and out of the inboxes that a person configures, the latest first. Inboxes that are left
// out of it stand in the inbound log all the same.
func exchangeList(v *visit) error {
	f := v.newForm("log", map[string]string{"inbox": v.Query("inbox"), "direction": v.Query("direction")})
	if f.get("direction") != "" && oneOf(f.get("direction"), "in", "out") == "" {
		return models.ErrNotFound
	}
	mine, err := v.inboxesByID()
	if err != nil {
		return err
	}
	q := gateway.ExchangeFilter{Direction: models.Direction(f.get("direction")), Cursor: v.Query("cursor"), Limit: 50}
	if q.InboxIDs, err = v.chosenInboxes(f.get("inbox"), mine); err != nil {
		return err
	}
	data := exchangeView{Filtered: f.get("inbox") != "" || q.Direction != "", Inboxes: []option{{"", v.l.T("log.inbox.all")}}}
	for _, in := range v.sorted(mine) {
		if in.Settings.HideInMessages {
			q.Without = append(q.Without, in.ID)
			continue
		}
		data.Inboxes = append(data.Inboxes, option{strconv.FormatInt(in.ID, 10), in.Name})
	}
	rows, next, err := v.h.Gateway.Exchange(v.ctx(), q)
	if list, ok := invalid(err); ok && list[0].Field == "cursor" {
		return models.ErrNotFound
	}
	if err != nil {
		return err
	}
	for _, x := range rows {
		data.Rows = append(data.Rows, v.exchangeRow(x, mine))
	}
	keep := url.Values{"inbox": {f.get("inbox")}, "direction": {f.get("direction")}}
	if q.Cursor != "" {
		data.First = address("/messages/both", keep)
	}
	if next != "" {
		data.Next = address("/messages/both", keep, "cursor", next)
	}
	return v.render(http.StatusOK, "exchange_list", view{Title: v.l.T("exchange.title"), Section: "messages", Live: "message,outbox", Form: f, Data: data})
}

func (v *visit) exchangeRow(x models.Exchanged, inboxes map[int64]gateway.InboxView) exchangeRow {
	if o := x.Out; o != nil {
		row := exchangeRow{Out: true, At: o.CreatedAt, Address: o.Recipient, Subject: o.Content.Subject, Kind: string(o.Kind), Issue: o.IssueNumber,
			Page: "/outbox?issue=" + strconv.FormatInt(o.IssueNumber, 10), Health: v.outgoingHealth(*o), Sentence: v.outgoingSentence(*o)}
		if o.InboxID != nil {
			row.Inbox = inboxes[*o.InboxID].Name
		}
		if o.IssueNumber == 0 {
			row.Page = "/outbox"
		}
		return row
	}
	m := x.In
	row := exchangeRow{At: m.ReceivedAt, Address: m.FromAddress, Subject: m.Subject, Inbox: inboxes[m.InboxID].Name,
		Page: "/messages/" + strconv.FormatInt(m.ID, 10), Health: v.outcome(*m), Sentence: v.sentence(*m, nil)}
	if m.IssueNumber != nil {
		row.Issue = *m.IssueNumber
	}
	return row
}

// apiExchangedOut is a mail that came in or went out.
type apiExchangedOut struct {
	Direction string    `json:"direction"` // "in" or "out".
	At        time.Time `json:"at"`
	Address   string    `json:"address"` // Who wrote it, or who gets it.
	Subject   string    `json:"subject"`
	Inbox     *int64    `json:"inbox"`
	Issue     *int64    `json:"issue"`
	Message   *int64    `json:"message"`  // In the inbound log, when it came in.
	Outgoing  *int64    `json:"outgoing"` // In the outbox, when it went out.
	State     string    `json:"state"`    // Of the message, or of the mail in the outbox.
}

func apiExchangedOf(x models.Exchanged) apiExchangedOut {
	if o := x.Out; o != nil {
		out := apiExchangedOut{Direction: "out", At: apiTime(o.CreatedAt), Address: o.Recipient, Subject: o.Content.Subject, Inbox: o.InboxID, Outgoing: &o.ID, State: string(o.State)}
		if o.IssueNumber != 0 {
			out.Issue = &o.IssueNumber
		}
		return out
	}
	m := x.In
	return apiExchangedOut{Direction: "in", At: apiTime(m.ReceivedAt), Address: m.FromAddress, Subject: m.Subject, Inbox: &m.InboxID, Issue: m.IssueNumber, Message: &m.ID, State: string(m.State)}
}

func apiExchangeList(h *Handlers, c *gin.Context) error {
	q, err := apiQuery(c, "inbox", "direction", "limit", "cursor")
	if err != nil {
		return err
	}
	f := gateway.ExchangeFilter{Direction: models.Direction(q["direction"]), Cursor: q["cursor"]}
	if q["direction"] != "" && oneOf(q["direction"], "in", "out") == "" {
		return apiBadQuery("E-API-06", "direction", "in, out")
	}
	if f.Limit, err = apiLimit(q, 50); err != nil {
		return err
	}
	ctx := c.Request.Context()
	if f.InboxIDs, err = h.apiLogInboxes(ctx, apiUser(c), q["inbox"]); err != nil {
		return err
	}
	if f.Without, err = h.hiddenInboxes(ctx); err != nil {
		return err
	}
	rows, next, err := h.Gateway.Exchange(ctx, f)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiItems(rows, next, apiExchangedOf))
	return nil
}

// hiddenInboxes are those whose mail is left out of the list of mails in both directions.
func (h *Handlers) hiddenInboxes(ctx context.Context) (ids []int64, err error) {
	all, err := h.Gateway.Inboxes(ctx)
	for _, in := range all {
		if in.Settings.HideInMessages {
			ids = append(ids, in.ID)
		}
	}
	return ids, err
}
