package handlers

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// apiOutgoingOut is a mail of the outbox in the API.
type apiOutgoingOut struct {
	ID            int64      `json:"id"`
	Kind          string     `json:"kind"`  // access, ack, alarm, answer, forward, notice or refusal.
	State         string     `json:"state"` // draft, queued, accepted, failed, bounced or cancelled.
	Recipient     string     `json:"recipient"`
	Subject       string     `json:"subject"`
	Issue         *int64     `json:"issue"`
	Comment       *int64     `json:"comment"`
	Inbox         *int64     `json:"inbox"`
	Account       int64      `json:"account"`
	MessageID     string     `json:"message_id"`
	Attempts      int        `json:"attempts"`
	NextAttemptAt *time.Time `json:"next_attempt_at"`
	Code          string     `json:"code"`   // Why it is not accepted; "" when there is nothing to say.
	Answer        string     `json:"answer"` // The server's last words.
	CreatedAt     time.Time  `json:"created_at"`
	ExpiresAt     time.Time  `json:"expires_at"`
	AcceptedAt    *time.Time `json:"accepted_at"`
	BouncedAt     *time.Time `json:"bounced_at"`
}

func apiOutgoingOf(o models.Outgoing) apiOutgoingOut {
	out := apiOutgoingOut{
		ID: o.ID, Kind: string(o.Kind), State: string(o.State), Recipient: o.Recipient, Subject: o.Content.Subject, Comment: o.CommentID,
		Inbox: o.InboxID, Account: o.AccountID, MessageID: o.RFCMessageID, Attempts: o.Attempts, NextAttemptAt: apiTimeOrNil(o.NextAttemptAt),
		Code: o.Code, Answer: o.Answer, CreatedAt: apiTime(o.CreatedAt), ExpiresAt: apiTime(o.ExpiresAt),
		AcceptedAt: apiTimeOrNil(o.AcceptedAt), BouncedAt: apiTimeOrNil(o.BouncedAt),
	}
	if o.IssueNumber != 0 {
		out.Issue = &o.IssueNumber
	}
	return out
}

// outgoingStates are the states of a mail that goes out, in the order in which people see them.
func outgoingStates() []models.OutgoingState {
	return []models.OutgoingState{
		models.OutgoingDraft, models.OutgoingQueued, models.OutgoingAccepted, models.OutgoingFailed, models.OutgoingBounced, models.OutgoingCancelled,
	}
}

// apiOutboxInboxes are the inboxes whose mail the person sees; nil stands for all mail. models.ErrForbidden for who
// configures none.
func (h *Handlers) apiOutboxInboxes(ctx context.Context, by *models.User) ([]int64, error) {
	a, err := h.Tracker.Access(ctx, by)
	if err != nil || a.Admin() {
		return nil, err
	}
	if !a.ConfiguresAny() {
		return nil, models.ErrForbidden
	}
	seen, _, err := h.apiInboxes(ctx, by)
	ids := []int64{}
	for _, v := range seen {
		ids = append(ids, v.ID)
	}
	return ids, err
}

func apiOutboxList(h *Handlers, c *gin.Context) error {
	ids, err := h.apiOutboxInboxes(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	q, err := apiQuery(c, "state", "limit", "cursor")
	if err != nil {
		return err
	}
	f := gateway.OutboxFilter{State: models.OutgoingState(q["state"]), InboxIDs: ids, Cursor: q["cursor"]}
	if f.State != "" && !slices.Contains(outgoingStates(), f.State) {
		return apiBadQuery("E-API-06", "state", "draft, queued, accepted, failed, bounced, cancelled")
	}
	if f.Limit, err = apiLimit(q, 50); err != nil {
		return err
	}
	rows, next, err := h.Gateway.Outbox(c.Request.Context(), f)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiItems(rows, next, apiOutgoingOf))
	return nil
}

// apiOutgoingInPath returns the mail that the path names; models.ErrNotFound for one that the person does not see.
func (h *Handlers) apiOutgoingInPath(c *gin.Context) (models.Outgoing, error) {
	id, err := apiID(c, "id")
	if err != nil {
		return models.Outgoing{}, err
	}
	ids, err := h.apiOutboxInboxes(c.Request.Context(), apiUser(c))
	if err != nil {
		return models.Outgoing{}, err
	}
	o, err := h.Gateway.Outgoing(c.Request.Context(), id)
	if err == nil && ids != nil && (o.InboxID == nil || !slices.Contains(ids, *o.InboxID)) {
		err = models.ErrNotFound
	}
	return o, err
}

func apiOutboxShow(h *Handlers, c *gin.Context) error {
	o, err := h.apiOutgoingInPath(c)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiOutgoingOf(o))
	return nil
}

// apiOutboxChange does something to a mail and answers with what has become of it.
func apiOutboxChange(change func(*gateway.Gateway, context.Context, *models.User, int64) error) apiFunc {
	return func(h *Handlers, c *gin.Context) error {
		o, err := h.apiOutgoingInPath(c)
		if err != nil {
			return err
		}
		if err := change(h.Gateway, c.Request.Context(), apiUser(c), o.ID); err != nil {
			return err
		}
		return apiOutboxShow(h, c)
	}
}

// apiSuppressionOut is an address that gets no mail.
type apiSuppressionOut struct {
	Address   string     `json:"address"`
	Reason    string     `json:"reason"` // hard_bounce, soft_bounces, refused or manual.
	Detail    string     `json:"detail"`
	Issue     *int64     `json:"issue"`
	CreatedAt time.Time  `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"` // Null: until somebody releases it.
}

// apiSuppressionIn is an address that is to get no mail.
type apiSuppressionIn struct {
	Address *string `json:"address"`
	Detail  *string `json:"detail"`
}

func apiSuppressionOf(s models.Suppression) apiSuppressionOut {
	out := apiSuppressionOut{Address: s.Address, Reason: s.Reason, Detail: s.Detail, CreatedAt: apiTime(s.CreatedAt), ExpiresAt: apiTimeOrNil(s.ExpiresAt)}
	if s.IssueNumber != 0 {
		out.Issue = &s.IssueNumber
	}
	return out
}

func apiSuppressionList(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	q, err := apiQuery(c, "limit", "cursor")
	if err != nil {
		return err
	}
	limit, err := apiLimit(q, 200)
	if err != nil {
		return err
	}
	all, err := h.Gateway.Suppressions(c.Request.Context())
	if err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b models.Suppression) int { return strings.Compare(suppressionPlace(a), suppressionPlace(b)) })
	next := ""
	page := slices.DeleteFunc(all, func(s models.Suppression) bool { return q["cursor"] != "" && suppressionPlace(s) <= q["cursor"] })
	if len(page) > limit {
		page = page[:limit]
		next = suppressionPlace(page[limit-1])
	}
	c.JSON(http.StatusOK, apiItems(page, next, apiSuppressionOf))
	return nil
}

// suppressionPlace orders the addresses that get no mail as their list does: the newest first.
func suppressionPlace(s models.Suppression) string {
	return fmt.Sprintf("%016x%x", math.MaxInt64-s.CreatedAt.UnixMicro(), s.Address)
}

func apiSuppressionAdd(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	var in apiSuppressionIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	if in.Address == nil {
		return models.InvalidList{apiMissing("address")}
	}
	detail := ""
	apiSet(&detail, in.Detail)
	return apiEmpty(c, h.Gateway.Suppress(c.Request.Context(), apiUser(c), *in.Address, detail))
}

func apiSuppressionRelease(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	return apiEmpty(c, h.Gateway.Release(c.Request.Context(), apiUser(c), c.Param("address")))
}
