package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/internal/webhook"
	"letterbox/models"
)

// apiWebhookOut is a webhook in the API. Its secret is in the answer that made it, and in no other.
type apiWebhookOut struct {
	ID           int64      `json:"id"`
	Name         string     `json:"name"`
	Project      *string    `json:"project"` // Key; null: all projects.
	URL          string     `json:"url"`
	Events       []string   `json:"events"`
	Enabled      bool       `json:"enabled"`
	Failures     int        `json:"failures"` // Attempts in a row that came to nothing.
	FailingSince *time.Time `json:"failing_since"`
	OffReason    string     `json:"off_reason"` // Code; "" unless it was switched off because it did not work.
	Version      int64      `json:"version"`
	CreatedAt    time.Time  `json:"created_at"`
}

// apiWebhookNew is a webhook with the secret that signs what is sent to it.
type apiWebhookNew struct {
	apiWebhookOut
	Secret string `json:"secret"`
}

// apiWebhookIn is what can be set of a webhook.
type apiWebhookIn struct {
	Name    *string   `json:"name"`
	Project *string   `json:"project"` // Key; "": all projects.
	URL     *string   `json:"url"`
	Events  *[]string `json:"events"`
	Enabled *bool     `json:"enabled"`
}

// apiDeliveryOut is an event that was sent, or is to be.
type apiDeliveryOut struct {
	ID            int64      `json:"id"`
	EventID       string     `json:"event_id"` // The webhook-id.
	Type          string     `json:"type"`
	Body          string     `json:"body"`
	State         string     `json:"state"` // queued, delivered, failed or cancelled.
	Attempts      int        `json:"attempts"`
	Status        int        `json:"status"` // Of the last answer; 0: there was none.
	Code          string     `json:"code"`
	NextAttemptAt *time.Time `json:"next_attempt_at"`
	CreatedAt     time.Time  `json:"created_at"`
	FinishedAt    *time.Time `json:"finished_at"`
}

func apiDeliveryOf(d models.Delivery) apiDeliveryOut {
	return apiDeliveryOut{
		ID: d.ID, EventID: d.EventID, Type: d.Type, Body: d.Body, State: string(d.State), Attempts: d.Attempts, Status: d.Status, Code: d.Code,
		NextAttemptAt: apiTimeOrNil(d.NextAttemptAt), CreatedAt: apiTime(d.CreatedAt), FinishedAt: apiTimeOrNil(d.FinishedAt),
	}
}

// apiWebhookOf returns how a webhook is written.
func (h *Handlers) apiWebhookOf(c *gin.Context) (func(models.Webhook) apiWebhookOut, error) {
	keys, err := h.apiProjectKeys(c.Request.Context(), apiUser(c))
	if err != nil {
		return nil, err
	}
	return func(w models.Webhook) apiWebhookOut {
		out := apiWebhookOut{
			ID: w.ID, Name: w.Name, URL: w.URL, Events: w.Events, Enabled: w.Enabled, Failures: w.Failures,
			FailingSince: apiTimeOrNil(w.FailingSince), OffReason: w.OffReason, Version: w.Version, CreatedAt: apiTime(w.CreatedAt),
		}
		if w.ProjectID != nil {
			key := keys[*w.ProjectID]
			out.Project = &key
		}
		return out
	}, nil
}

// apiWebhook has only admins do something with the webhooks.
func apiWebhook(do apiFunc) apiFunc {
	return func(h *Handlers, c *gin.Context) error {
		if err := apiAdmin(h, c); err != nil {
			return err
		}
		return do(h, c)
	}
}

func apiWebhookList(h *Handlers, c *gin.Context) error {
	all, err := h.Webhooks.List(c.Request.Context())
	if err != nil {
		return err
	}
	each, err := h.apiWebhookOf(c)
	if err != nil {
		return err
	}
	return apiPaged(c, all, func(w models.Webhook) int64 { return w.ID }, each)
}

// into puts what was given into a draft.
func (in apiWebhookIn) into(h *Handlers, c *gin.Context, d *webhook.Draft) error {
	apiSet(&d.Name, in.Name)
	apiSet(&d.URL, in.URL)
	apiSet(&d.Enabled, in.Enabled)
	apiSet(&d.Events, in.Events)
	if in.Project == nil {
		return nil
	}
	if d.ProjectID = 0; *in.Project == "" {
		return nil
	}
	p, err := h.Tracker.ProjectByKey(c.Request.Context(), apiUser(c), *in.Project)
	if err == nil {
		d.ProjectID = p.ID
	}
	return err
}

func apiWebhookCreate(h *Handlers, c *gin.Context) error {
	var in apiWebhookIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	d := webhook.Draft{Enabled: true}
	if err := in.into(h, c, &d); err != nil {
		return err
	}
	w, secret, err := h.Webhooks.Create(c.Request.Context(), apiUser(c), d)
	if err != nil {
		return err
	}
	each, err := h.apiWebhookOf(c)
	if err != nil {
		return err
	}
	apiCreated(c, "/webhooks/"+strconv.FormatInt(w.ID, 10), apiWebhookNew{each(w), secret})
	return nil
}

// apiWebhookNamed returns the webhook in the path.
func (h *Handlers) apiWebhookNamed(c *gin.Context) (models.Webhook, error) {
	id, err := apiID(c, "id")
	if err != nil {
		return models.Webhook{}, err
	}
	return h.Webhooks.Get(c.Request.Context(), id)
}

func apiWebhookShow(h *Handlers, c *gin.Context) error {
	w, err := h.apiWebhookNamed(c)
	if err != nil {
		return err
	}
	each, err := h.apiWebhookOf(c)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, each(w))
	return nil
}

func apiWebhookUpdate(h *Handlers, c *gin.Context) error {
	w, err := h.apiWebhookNamed(c)
	if err != nil {
		return err
	}
	var in apiWebhookIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	d := webhookDraft(w)
	if err := in.into(h, c, &d); err != nil {
		return err
	}
	if _, err := h.Webhooks.Update(c.Request.Context(), apiUser(c), w.ID, w.Version, d); err != nil {
		return err
	}
	return apiWebhookShow(h, c)
}

// webhookDraft is a webhook as it could be entered.
func webhookDraft(w models.Webhook) webhook.Draft {
	d := webhook.Draft{Name: w.Name, URL: w.URL, Events: w.Events, Enabled: w.Enabled}
	if w.ProjectID != nil {
		d.ProjectID = *w.ProjectID
	}
	return d
}

func apiWebhookDelete(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err == nil {
		err = h.Webhooks.Delete(c.Request.Context(), apiUser(c), id)
	}
	if err == nil {
		c.Status(http.StatusNoContent)
	}
	return err
}

func apiWebhookRotate(h *Handlers, c *gin.Context) error {
	w, err := h.apiWebhookNamed(c)
	if err != nil {
		return err
	}
	secret, err := h.Webhooks.Rotate(c.Request.Context(), apiUser(c), w.ID)
	if err != nil {
		return err
	}
	if w, err = h.apiWebhookNamed(c); err != nil {
		return err
	}
	each, err := h.apiWebhookOf(c)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiWebhookNew{each(w), secret})
	return nil
}

func apiWebhookTest(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	d, err := h.Webhooks.Test(c.Request.Context(), apiUser(c), id)
	if err == nil {
		c.JSON(http.StatusAccepted, apiDeliveryOf(d))
	}
	return err
}

func apiDeliveryList(h *Handlers, c *gin.Context) error {
	w, err := h.apiWebhookNamed(c)
	if err != nil {
		return err
	}
	q, err := apiQuery(c, "limit", "cursor")
	if err != nil {
		return err
	}
	limit, err := apiLimit(q, 50)
	if err != nil {
		return err
	}
	list, next, err := h.Webhooks.Deliveries(c.Request.Context(), w.ID, limit, q["cursor"])
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiItems(list, next, apiDeliveryOf))
	return nil
}

func apiDeliveryReplay(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	event, err := apiID(c, "delivery")
	if err != nil {
		return err
	}
	d, err := h.Webhooks.Replay(c.Request.Context(), apiUser(c), id, event)
	if err == nil {
		c.JSON(http.StatusAccepted, apiDeliveryOf(d))
	}
	return err
}
