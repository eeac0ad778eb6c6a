package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
)

// resetView is what the page about a reset shows.
type resetView struct {
	gateway.InboxView
	Reset gateway.LedgerReset
}

// inboxReset shows what would be fetched again from the server of an inbox.
func inboxReset(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	var r gateway.LedgerReset
	err = v.discreetly(in.Settings, func() (err error) {
		r, err = v.h.Gateway.ResetPreview(v.ctx(), in.ID)
		return err
	})
	if err != nil {
		return v.notReset(in, err)
	}
	return v.render(http.StatusOK, "inbox_reset", view{Title: v.l.T("reset.title"), Section: "inboxes", Data: resetView{v.discreet(in), r}})
}

// inboxResetDo has it fetched again.
func inboxResetDo(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	older := v.PostForm("older") == "true"
	var r gateway.LedgerReset
	err = v.discreetly(in.Settings, func() (err error) {
		r, err = v.h.Gateway.ResetLedger(v.ctx(), v.me, in.ID, older)
		return err
	})
	if err != nil {
		return v.notReset(in, err)
	}
	n := r.Refused
	if older {
		n += r.Older
	}
	v.say("ok", "flash.inbox_reset", "n", strconv.Itoa(n))
	return v.redirect(fmt.Sprintf("/inboxes/%d", in.ID))
}

// notReset says that the server could not be asked.
func (v *visit) notReset(in gateway.InboxView, err error) error {
	p, asked := errors.AsType[*mailbox.Problem](err)
	if !asked {
		return err
	}
	v.say("warn", "flash.inbox_not_compared", "cause", v.l.T(p.Code, p.Args))
	return v.redirect(fmt.Sprintf("/inboxes/%d", in.ID))
}

// apiResetOut is what would be fetched again from the server of an inbox, or has been put back for it.
type apiResetOut struct {
	Listed  int        `json:"listed"`  // Messages on the server.
	Effect  int        `json:"effect"`  // That became an issue or a comment: they are left alone.
	Refused int        `json:"refused"` // That were refused, ignored or set aside.
	Older   int        `json:"older"`   // That were there before the inbox began and are in the ledger (POP3).
	Unknown int        `json:"unknown"` // That are not in the ledger.
	Octets  int64      `json:"octets"`  // Of refused and older.
	Oldest  *time.Time `json:"oldest"`
}

// apiResetIn says what is to be fetched again.
type apiResetIn struct {
	Older *bool `json:"older"` // Also what was there before the inbox began.
}

func apiInboxResetShow(h *Handlers, c *gin.Context) error { return h.apiReset(c, nil) }

func apiInboxReset(h *Handlers, c *gin.Context) error {
	var in apiResetIn
	if _, err := h.apiInboxInPath(c); err != nil { // Before what was sent is looked at.
		return err
	}
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	older := false
	apiSet(&older, in.Older)
	return h.apiReset(c, &older)
}

// apiReset answers with the preview; with older set it is done.
func (h *Handlers) apiReset(c *gin.Context, older *bool) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	var r gateway.LedgerReset
	err = h.apiDiscreetly(c, v.Settings, func() (err error) {
		if older == nil {
			r, err = h.Gateway.ResetPreview(c.Request.Context(), v.ID)
		} else {
			r, err = h.Gateway.ResetLedger(c.Request.Context(), apiUser(c), v.ID, *older)
		}
		return err
	})
	if err != nil {
		return err
	}
	out := apiResetOut{Listed: r.Listed, Effect: r.Effect, Refused: r.Refused, Older: r.Older, Unknown: r.Unknown, Octets: r.Octets}
	if !r.Oldest.IsZero() {
		out.Oldest = apiTimeOrNil(&r.Oldest)
	}
	c.JSON(http.StatusOK, out)
	return nil
}
