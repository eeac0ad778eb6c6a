package handlers

import (
	"context"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// apiInbox returns an inbox that the person sees; models.ErrNotFound for every other one.
func (h *Handlers) apiInbox(ctx context.Context, by *models.User, id int64) (gateway.InboxView, error) {
	a, err := h.Tracker.Access(ctx, by)
	if err != nil {
		return gateway.InboxView{}, err
	}
	v, err := h.Gateway.Inbox(ctx, id)
	if err != nil {
		return gateway.InboxView{}, err
	}
	if !a.SeesInbox(v.Inbox) {
		return gateway.InboxView{}, models.ErrNotFound
	}
	if !a.Admin() {
		v = v.Discreet()
	}
	return v, nil
}

// apiDiscreetly does something with the server of an inbox for the eyes of the caller.
func (h *Handlers) apiDiscreetly(c *gin.Context, s models.InboxSettings, do func() error) error {
	a, err := h.Tracker.Access(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	return h.Gateway.Discreetly(c.Request.Context(), a.Admin(), s, do)
}

// apiInboxInPath is apiInbox for the number in the path.
func (h *Handlers) apiInboxInPath(c *gin.Context) (gateway.InboxView, error) {
	id, err := apiID(c, "id")
	if err != nil {
		return gateway.InboxView{}, err
	}
	return h.apiInbox(c.Request.Context(), apiUser(c), id)
}

// apiInboxVersionInPath is apiInboxInPath with the number of the version in the path.
func (h *Handlers) apiInboxVersionInPath(c *gin.Context) (v gateway.InboxView, version int64, err error) {
	if v, err = h.apiInboxInPath(c); err != nil {
		return v, 0, err
	}
	version, err = apiID(c, "version")
	return v, version, err
}

// apiInboxes lists the inboxes that the person sees. all is true for those who see every one.
func (h *Handlers) apiInboxes(ctx context.Context, by *models.User) (seen []gateway.InboxView, all bool, err error) {
	a, err := h.Tracker.Access(ctx, by)
	if err != nil {
		return nil, false, err
	}
	views, err := h.Gateway.Inboxes(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, v := range views {
		if !a.SeesInbox(v.Inbox) {
			continue
		}
		if !a.Admin() {
			v = v.Discreet()
		}
		seen = append(seen, v)
	}
	return seen, a.Admin(), nil
}

// apiProjectKeys returns the keys of the projects that the person sees.
func (h *Handlers) apiProjectKeys(ctx context.Context, by *models.User) (map[int64]string, error) {
	projects, err := h.Tracker.Projects(ctx, by)
	if err != nil {
		return nil, err
	}
	keys := make(map[int64]string, len(projects))
	for _, p := range projects {
		keys[p.ID] = p.Key
	}
	return keys, nil
}

func apiInboxList(h *Handlers, c *gin.Context) error {
	ctx := c.Request.Context()
	seen, _, err := h.apiInboxes(ctx, apiUser(c))
	if err != nil {
		return err
	}
	keys, err := h.apiProjectKeys(ctx, apiUser(c))
	if err != nil {
		return err
	}
	return apiPaged(c, seen, func(v gateway.InboxView) int64 { return v.ID }, func(v gateway.InboxView) map[string]any {
		return apiInboxOf(v, keys[v.ProjectID])
	})
}

// apiInboxAnswer writes one inbox.
func (h *Handlers) apiInboxAnswer(c *gin.Context, status int, v gateway.InboxView) error {
	keys, err := h.apiProjectKeys(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	c.JSON(status, apiInboxOf(v, keys[v.ProjectID]))
	return nil
}

func apiInboxShow(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	return h.apiInboxAnswer(c, http.StatusOK, v)
}

func apiInboxCreate(h *Handlers, c *gin.Context) error {
	a, err := h.Tracker.Access(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	if !a.ConfiguresAny() {
		return models.ErrForbidden
	}
	d := gateway.InboxDraft{Enabled: true, Settings: models.DefaultInboxSettings(), Rules: models.DefaultRules()}
	if _, err := h.apiReadInbox(c, &d); err != nil {
		return err
	}
	if err := mayTrust(h.Gateway, a, models.InboxSettings{}, d); err != nil {
		return err
	}
	v, err := h.Gateway.CreateInbox(c.Request.Context(), apiUser(c), d)
	if err != nil {
		return err
	}
	c.Header("Location", apiPrefix+"/inboxes/"+strconv.FormatInt(v.ID, 10))
	return h.apiInboxAnswer(c, http.StatusCreated, v)
}

func apiInboxUpdate(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	d := apiDraftOf(v)
	version, err := h.apiReadInbox(c, &d)
	if err != nil {
		return err
	}
	a, err := h.Tracker.Access(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	if err := mayTrust(h.Gateway, a, v.Settings, d); err != nil {
		return err
	}
	version = apiExpected(c, &version, v.Version) // What was left out is taken from this version, so it must still be the one in force.
	if v, err = h.Gateway.UpdateInbox(c.Request.Context(), apiUser(c), v.ID, version, d); err != nil {
		return err
	}
	return h.apiInboxAnswer(c, http.StatusOK, v)
}

func apiInboxDelete(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	return apiEmpty(c, h.Gateway.DeleteInbox(c.Request.Context(), apiUser(c), v.ID))
}
