package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// apiAttachIn names the issue that a message is to become a comment of.
type apiAttachIn struct {
	Issue *int64 `json:"issue"`
}

// apiAllowOut says whether the sender of a message may write now, and what became of the message.
type apiAllowOut struct {
	Allowed bool          `json:"allowed"` // False: more than the sender stands in the way, and the rules have to be changed.
	Message apiMessageOut `json:"message"`
}

// apiBlockOut says how many senders are new on the list of blocked ones.
type apiBlockOut struct {
	Added int `json:"added"`
}

func apiMessageRelease(h *Handlers, c *gin.Context) error {
	m, err := h.apiAsideMessage(c)
	if err != nil {
		return err
	}
	return h.apiLetIn(c, m, 0)
}

func apiMessageAttach(h *Handlers, c *gin.Context) error {
	m, err := h.apiAsideMessage(c)
	if err != nil {
		return err
	}
	var in apiAttachIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "issue"); faults != nil {
		return faults
	}
	var number int64
	apiSet(&number, in.Issue)
	ctx, me := c.Request.Context(), apiUser(c)
	issue, err := h.Tracker.Issue(ctx, me, number)
	if err != nil {
		return err
	}
	access, err := h.Tracker.Access(ctx, me)
	if err != nil {
		return err
	}
	if !access.WorksOn(issue.ProjectID) {
		return models.ErrForbidden
	}
	return h.apiLetIn(c, m, number)
}

// apiAsideMessage is the message in the path, of an inbox that is still there: without one nothing can be done with it.
func (h *Handlers) apiAsideMessage(c *gin.Context) (models.Message, error) {
	m, _, err := h.apiMessage(c)
	if err != nil {
		return m, err
	}
	_, err = h.apiInbox(c.Request.Context(), apiUser(c), m.InboxID)
	return m, err
}

// apiLetIn takes a message in whatever the rules say, as a comment on an issue or, for 0, as a new one.
func (h *Handlers) apiLetIn(c *gin.Context, m models.Message, issue int64) error {
	m, err := h.Gateway.ReprocessAs(c.Request.Context(), apiUser(c), m.ID, gateway.Again{LetIn: true, Issue: issue})
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiMessageOf(m))
	return nil
}

func apiMessageAllow(h *Handlers, c *gin.Context) error {
	m, err := h.apiAsideMessage(c)
	if err != nil {
		return err
	}
	ctx, me := c.Request.Context(), apiUser(c)
	rest, err := h.Gateway.AllowSenders(ctx, me, m.InboxID, []models.Message{m})
	if err != nil {
		return err
	}
	if len(rest) == 0 && (m.State == models.MessageRejected || m.State == models.MessageQuarantined) {
		if m, err = h.Gateway.Reprocess(ctx, me, m.ID); err != nil {
			return err
		}
	}
	c.JSON(http.StatusOK, apiAllowOut{Allowed: len(rest) == 0, Message: apiMessageOf(m)})
	return nil
}

func apiMessageBlock(h *Handlers, c *gin.Context) error {
	m, err := h.apiAsideMessage(c)
	if err != nil {
		return err
	}
	added, err := h.Gateway.BlockSenders(c.Request.Context(), apiUser(c), m.InboxID, []models.Message{m})
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiBlockOut{Added: added})
	return nil
}
