package handlers

import (
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// apiTripOut is a test mail that was sent to an inbox.
type apiTripOut struct {
	MessageID string    `json:"message_id"` // Ask with it whether the mail has arrived.
	To        string    `json:"to"`
	SentAt    time.Time `json:"sent_at"`
}

// apiTripStateOut says where a test mail is.
type apiTripStateOut struct {
	Arrived    bool       `json:"arrived"`
	ReceivedAt *time.Time `json:"received_at"`
	Message    int64      `json:"message"` // Of the inbound log; 0 while it has not arrived.
	State      string     `json:"state"`   // Of the message: "ignored", once it is recognised.
	Reason     string     `json:"reason"`  // "test_mail".
}

// apiTripRoutes are those about test mails.
func apiTripRoutes() []apiRoute {
	return []apiRoute{
		{method: http.MethodPost, path: "/inboxes/:id/test-mail", handle: apiTripSend, out: reflect.TypeFor[apiTripOut](), status: 202,
			summary: "Send a test mail to an inbox by its own sending account; it becomes no issue"},
		{method: http.MethodGet, path: "/inboxes/:id/test-mail", handle: apiTripShow, query: []string{"message_id"}, out: reflect.TypeFor[apiTripStateOut](), status: 200,
			summary: "Show whether a test mail has arrived"},
	}
}

func apiTripSend(h *Handlers, c *gin.Context) error {
	in, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	sent, err := h.Gateway.SendTestMail(c.Request.Context(), apiUser(c), in.ID)
	if problem, ok := errors.AsType[*mailbox.Problem](err); ok {
		if apiAdmin(h, c) != nil { // Others are not told what answers inside a network.
			return &apiBadRequest{status: http.StatusConflict, code: "E-TRIP-02"}
		}
		return &apiBadRequest{status: http.StatusConflict, code: problem.Code, args: problem.Args}
	}
	if errors.Is(err, models.ErrNotFound) {
		return &apiBadRequest{status: http.StatusConflict, code: "E-TRIP-01"}
	}
	if err != nil {
		return err
	}
	c.JSON(http.StatusAccepted, apiTripOut{MessageID: sent.MessageID, To: sent.To, SentAt: apiTime(sent.SentAt)})
	return nil
}

func apiTripShow(h *Handlers, c *gin.Context) error {
	in, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	q, err := apiQuery(c, "message_id")
	if err != nil {
		return err
	}
	m, err := h.Gateway.ArrivedTestMail(c.Request.Context(), in.ID, q["message_id"])
	if errors.Is(err, models.ErrNotFound) {
		c.JSON(http.StatusOK, apiTripStateOut{})
		return nil
	}
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiTripStateOut{Arrived: true, ReceivedAt: apiTimeOrNil(&m.ReceivedAt), Message: m.ID, State: string(m.State), Reason: m.Reason})
	return nil
}
