package handlers

import (
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// apiRetentionOut is for how long what is kept, and where retention is.
type apiRetentionOut struct {
	Enabled   bool                  `json:"enabled"` // Without it nothing is removed.
	TraceDays int                   `json:"trace_days"`
	LogDays   int                   `json:"log_days"`
	GoneDays  int                   `json:"gone_days"` // Of mails whose inbox was deleted.
	LastRun   *time.Time            `json:"last_run"`
	Stopped   string                `json:"stopped"` // Code of why nothing is removed; "": nothing stands in the way.
	Report    apiRetentionReportOut `json:"report"`  // Of the last run that has removed something.
}

// apiRetentionIn is what can be set of it.
type apiRetentionIn struct {
	Enabled   *bool `json:"enabled"`
	TraceDays *int  `json:"trace_days"`
	LogDays   *int  `json:"log_days"`
	GoneDays  *int  `json:"gone_days"`
}

// apiRetentionReportOut is what a run has removed, or would remove.
type apiRetentionReportOut struct {
	At       *time.Time            `json:"at"`
	Messages int                   `json:"messages"` // That lose their octets.
	Octets   int64                 `json:"octets"`
	Traces   int                   `json:"traces"`
	Lines    int                   `json:"lines"` // Of the inbound log that lose sender and subject.
	Events   int                   `json:"events"`
	Inboxes  []apiRetentionPartOut `json:"inboxes"`
}

// apiRetentionPartOut is the part of a report about one inbox.
type apiRetentionPartOut struct {
	Inbox    int64      `json:"inbox"`
	Days     int        `json:"days"`
	Messages int        `json:"messages"`
	Octets   int64      `json:"octets"`
	Held     int        `json:"held"`    // Kept by a legal hold.
	Waiting  int        `json:"waiting"` // Kept because they wait for a person or for the server.
	Oldest   *time.Time `json:"oldest"`
}

// apiHoldOut is a legal hold.
type apiHoldOut struct {
	Key       string    `json:"key"` // "issue:12", "contact:7" or "inbox:3".
	Name      string    `json:"name"`
	Reason    string    `json:"reason"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"` // "" for a command line.
}

// apiHoldIn is a legal hold to be set.
type apiHoldIn struct {
	Key    *string `json:"key"`
	Reason *string `json:"reason"`
}

// apiPastRoutes are the routes about what is kept for how long.
func apiPastRoutes() []apiRoute {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	out, report := reflect.TypeFor[apiRetentionOut](), reflect.TypeFor[apiRetentionReportOut]()
	return []apiRoute{
		{method: get, path: "/inboxes/:id/reset", handle: apiInboxResetShow, summary: "Show what a reset of the ledger would have fetched again", out: reflect.TypeFor[apiResetOut](), status: 200},
		{method: post, path: "/inboxes/:id/reset", handle: apiInboxReset, summary: "Have what had no effect fetched from the server and decided on again",
			in: reflect.TypeFor[apiResetIn](), out: reflect.TypeFor[apiResetOut](), status: 200},
		{method: get, path: "/retention", handle: apiRetentionShow, summary: "Show for how long what is kept", out: out, status: 200},
		{method: patch, path: "/retention", handle: apiRetentionUpdate, summary: "Change for how long what is kept", in: reflect.TypeFor[apiRetentionIn](), out: out, status: 200},
		{method: get, path: "/retention/preview", handle: apiRetentionPreview, summary: "Show what would be removed now; nothing is", out: report, status: 200},
		{method: post, path: "/retention/run", handle: apiRetentionRun, summary: "Remove now what is past its days", out: report, status: 200},
		{method: post, path: "/retention/confirm", handle: apiRetentionConfirm, summary: "Say that the clock is right, after nothing was removed because of it", out: out, status: 200},
		{method: get, path: "/holds", handle: apiHoldList, summary: "List the legal holds", out: reflect.TypeFor[apiHoldOut](), list: true, status: 200},
		{method: post, path: "/holds", handle: apiHoldSet, summary: "Keep the mails of an issue, a contact or an inbox until it is released", in: reflect.TypeFor[apiHoldIn](), status: 204},
		{method: del, path: "/holds/:key", handle: apiHoldRelease, summary: "End a legal hold", status: 204},
	}
}

func apiReportOf(r models.RetentionReport) apiRetentionReportOut {
	out := apiRetentionReportOut{Messages: r.Messages(), Octets: r.Octets(), Traces: r.Traces, Lines: r.Lines, Events: r.Events, Inboxes: []apiRetentionPartOut{}}
	if !r.At.IsZero() {
		out.At = apiTimeOrNil(&r.At)
	}
	for _, p := range r.Inboxes {
		out.Inboxes = append(out.Inboxes, apiRetentionPartOut{
			Inbox: p.InboxID, Days: p.Days, Messages: p.Messages, Octets: p.Octets, Held: p.Held, Waiting: p.Waiting, Oldest: apiTimeOrNil(p.Oldest),
		})
	}
	return out
}

func apiRetentionShow(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	r, err := h.Gateway.Retention(c.Request.Context())
	if err != nil {
		return err
	}
	st, err := h.Gateway.RetentionState(c.Request.Context())
	if err != nil {
		return err
	}
	out := apiRetentionOut{Enabled: r.Enabled, TraceDays: r.TraceDays, LogDays: r.LogDays, GoneDays: r.GoneDays, Stopped: st.Stopped, Report: apiReportOf(st.Report)}
	if !st.LastRun.IsZero() {
		out.LastRun = apiTimeOrNil(&st.LastRun)
	}
	c.JSON(http.StatusOK, out)
	return nil
}

func apiRetentionUpdate(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	r, err := h.Gateway.Retention(c.Request.Context())
	if err != nil {
		return err
	}
	var in apiRetentionIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	apiSet(&r.Enabled, in.Enabled)
	apiSet(&r.TraceDays, in.TraceDays)
	apiSet(&r.LogDays, in.LogDays)
	apiSet(&r.GoneDays, in.GoneDays)
	if err := h.Gateway.SetRetention(c.Request.Context(), apiUser(c), r); err != nil {
		return err
	}
	return apiRetentionShow(h, c)
}

func apiRetentionPreview(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	r, err := h.Gateway.Retention(c.Request.Context())
	if err != nil {
		return err
	}
	report, err := h.Gateway.RetentionPreview(c.Request.Context(), r)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiReportOf(report))
	return nil
}

func apiRetentionRun(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	report, err := h.Gateway.Retain(c.Request.Context(), apiUser(c))
	stopped, wrong := errors.AsType[*gateway.RetentionStopped](err)
	switch {
	case wrong:
		return &apiBadRequest{status: http.StatusConflict, code: stopped.Code}
	case errors.Is(err, gateway.ErrRetentionOff):
		return &apiBadRequest{status: http.StatusConflict, code: "E-KEEP-04"}
	case errors.Is(err, gateway.ErrRetentionBusy):
		return &apiBadRequest{status: http.StatusConflict, code: "E-KEEP-05"}
	case err != nil:
		return err
	}
	c.JSON(http.StatusOK, apiReportOf(report))
	return nil
}

func apiRetentionConfirm(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	if err := h.Gateway.ConfirmRetention(c.Request.Context(), apiUser(c)); err != nil {
		return err
	}
	return apiRetentionShow(h, c)
}

func apiHoldList(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	all, err := h.Gateway.Holds(c.Request.Context())
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiItems(all, "", func(one gateway.Held) apiHoldOut {
		return apiHoldOut{
			Key: string(one.Kind) + ":" + strconv.FormatInt(one.ObjectID, 10), Name: one.Name, Reason: one.Reason, CreatedAt: apiTime(one.CreatedAt), CreatedBy: one.Who,
		}
	}))
	return nil
}

// holdKey reads "issue:12".
func holdKey(key string) (models.HoldKind, int64, bool) {
	kind, text, _ := strings.Cut(key, ":")
	id, err := strconv.ParseInt(text, 10, 64)
	return models.HoldKind(kind), id, err == nil && id > 0
}

func apiHoldSet(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	var in apiHoldIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "key", "reason"); faults != nil {
		return faults
	}
	kind, id, ok := holdKey(*in.Key)
	if !ok {
		return models.InvalidList{{Field: "key", Code: "E-HOLD-02"}}
	}
	return apiEmpty(c, h.Gateway.SetHold(c.Request.Context(), apiUser(c), models.Hold{Kind: kind, ObjectID: id, Reason: *in.Reason}))
}

func apiHoldRelease(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	kind, id, ok := holdKey(c.Param("key"))
	if !ok {
		return models.ErrNotFound
	}
	return apiEmpty(c, h.Gateway.ReleaseHold(c.Request.Context(), apiUser(c), kind, id))
}
