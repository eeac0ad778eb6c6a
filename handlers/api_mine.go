package handlers

import (
	"context"
	"strconv"

	"github.com/gin-gonic/gin"

	"letterbox/models"
)

// apiViewOut is a saved filter in the API.
type apiViewOut struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Query  string `json:"query"`
	Sort   string `json:"sort"` // "" for the usual one.
	Look   string `json:"look"` // As in the address of a list: columns=state,due&density=compact&group=state; "" for the usual one.
	Shared bool   `json:"shared"`
	Owner  int64  `json:"owner"`
}

// apiViewIn is what can be set of a saved filter.
type apiViewIn struct {
	Name   *string `json:"name"`
	Query  *string `json:"query"`
	Sort   *string `json:"sort"`
	Look   *string `json:"look"`
	Shared *bool   `json:"shared"`
}

func apiViewOf(v models.View) apiViewOut {
	return apiViewOut{ID: v.ID, Name: v.Name, Query: v.Query, Sort: v.Sort, Look: v.Look, Shared: v.Shared, Owner: v.UserID}
}

func viewID(v models.View) int64 { return v.ID }

func apiViewList(h *Handlers, c *gin.Context) error {
	list, err := h.Tracker.Views(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	return apiPaged(c, list, viewID, apiViewOf)
}

func apiViewShow(h *Handlers, c *gin.Context) error {
	list, err := h.Tracker.Views(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	return apiOne(c, list, viewID, apiViewOf)
}

func apiViewCreate(h *Handlers, c *gin.Context) error {
	var in apiViewIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	var v models.View
	apiSet(&v.Name, in.Name)
	apiSet(&v.Query, in.Query)
	apiSet(&v.Sort, in.Sort)
	apiSet(&v.Look, in.Look)
	apiSet(&v.Shared, in.Shared)
	v, err := h.Tracker.SaveView(c.Request.Context(), apiUser(c), v)
	if err != nil {
		return err
	}
	apiCreated(c, "/views/"+strconv.FormatInt(v.ID, 10), apiViewOf(v))
	return nil
}

func apiViewDelete(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	return apiEmpty(c, h.Tracker.DeleteView(c.Request.Context(), apiUser(c), id))
}

// apiFollow does something of the caller with the issue in the path and answers with nothing.
func apiFollow(c *gin.Context, do func(ctx context.Context, by *models.User, number int64) error) error {
	number, err := apiID(c, "number")
	if err != nil {
		return err
	}
	return apiEmpty(c, do(c.Request.Context(), apiUser(c), number))
}

func apiIssueWatch(h *Handlers, c *gin.Context) error   { return apiFollow(c, h.Tracker.Watch) }
func apiIssueUnwatch(h *Handlers, c *gin.Context) error { return apiFollow(c, h.Tracker.Unwatch) }
func apiIssueMute(h *Handlers, c *gin.Context) error    { return h.apiMuted(c, true) }
func apiIssueUnmute(h *Handlers, c *gin.Context) error  { return h.apiMuted(c, false) }

func (h *Handlers) apiMuted(c *gin.Context, muted bool) error {
	return apiFollow(c, func(ctx context.Context, by *models.User, number int64) error {
		return h.Tracker.Mute(ctx, by, number, muted)
	})
}
