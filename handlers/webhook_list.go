package handlers

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/internal/webhook"
	"letterbox/models"
)

// webhookRow is a webhook in the list.
type webhookRow struct {
	models.Webhook
	For    string // Key of the project, or that of all of them.
	Health health
}

// webhookList shows the webhooks and how they are doing.
func webhookList(v *visit) error {
	all, err := v.h.Webhooks.List(v.ctx())
	if err != nil {
		return err
	}
	projects, err := v.webhookProjects()
	if err != nil {
		return err
	}
	var rows []webhookRow
	for _, w := range all {
		row := webhookRow{Webhook: w, Health: v.webhookHealth(w)}
		for _, p := range projects {
			if p.Value == number(webhookDraft(w).ProjectID) {
				row.For = p.Text
			}
		}
		rows = append(rows, row)
	}
	return v.render(http.StatusOK, "webhook_list", view{Title: v.l.T("webhook.title"), Section: "webhooks", Live: "webhook", Data: rows})
}

func (v *visit) webhookHealth(w models.Webhook) health {
	switch {
	case w.OffReason != "":
		return health{"bad", "cross", v.l.T("webhook.switched_off")}
	case w.SecretEnc == "":
		return health{"bad", "cross", v.l.T("webhook.no_secret")}
	case !w.Enabled:
		return health{"calm", "pause", v.l.T("webhook.off")}
	case w.FailingSince != nil:
		return health{"warn", "warn", v.l.T("webhook.failing", "since", v.l.Since(w.FailingSince.Local(), time.Now()))}
	}
	return health{"ok", "check", v.l.T("webhook.on")}
}

// webhookProjects are what a webhook can be for.
func (v *visit) webhookProjects() ([]option, error) {
	out := []option{{"", v.l.T("webhook.all_projects")}}
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	for _, p := range projects {
		out = append(out, option{number(p.ID), p.Key + " · " + p.Name})
	}
	return out, err
}

// webhookView is what the page of one webhook shows.
type webhookView struct {
	Hook       models.Webhook
	Health     health
	Reason     string // Why it was switched off.
	Projects   []option
	Events     []webhookEvent
	Deliveries []deliveryRow
	Secret     string // Shown once, after it was made.
	Next       string
}

// webhookEvent is a type of event with a box to tick.
type webhookEvent struct {
	Type, Text string
	Chosen     bool
}

// deliveryRow is an event that was sent, or is to be.
type deliveryRow struct {
	models.Delivery
	Health   health
	Sentence string
}

func webhookFields() []string { return []string{"name", "url", "project", "enabled", "version"} }

// webhookNew shows an empty form.
func webhookNew(v *visit) error {
	f := v.newForm("webhook", map[string]string{"name": "", "url": "", "project": "", "enabled": "true", "version": "0"})
	return v.showWebhook(http.StatusOK, models.Webhook{Events: models.EventTypes()}, f, "")
}

// webhookShow shows a webhook with what was sent to it.
func webhookShow(v *visit) error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	return v.showWebhook(http.StatusOK, w, v.webhookForm(w), "")
}

func (v *visit) webhookForm(w models.Webhook) *form {
	return v.newForm("webhook", map[string]string{
		"name": w.Name, "url": w.URL, "project": number(webhookDraft(w).ProjectID), "enabled": yesNo(w.Enabled), "version": strconv.FormatInt(w.Version, 10),
	})
}

func (v *visit) webhook() (models.Webhook, error) {
	id, err := v.id("id")
	if err != nil {
		return models.Webhook{}, err
	}
	return v.h.Webhooks.Get(v.ctx(), id)
}

func (v *visit) showWebhook(status int, w models.Webhook, f *form, secret string) error {
	data, err := webhookView{Hook: w, Secret: secret, Health: v.webhookHealth(w)}, error(nil)
	if data.Projects, err = v.webhookProjects(); err != nil {
		return err
	}
	for _, kind := range models.EventTypes() {
		data.Events = append(data.Events, webhookEvent{kind, v.l.T("webhook.event." + kind), slices.Contains(w.Events, kind)})
	}
	if w.OffReason != "" {
		data.Reason = v.l.T(w.OffReason)
	}
	title := v.l.T("webhook.new_title")
	if w.ID != 0 {
		title = w.Name
		list, next, err := v.h.Webhooks.Deliveries(v.ctx(), w.ID, 50, v.Query("cursor"))
		if err != nil {
			return err
		}
		for _, d := range list {
			data.Deliveries = append(data.Deliveries, v.deliveryRow(d))
		}
		if next != "" {
			data.Next = address("/webhooks/"+number(w.ID), nil, "cursor", next)
		}
	}
	live := ""
	if secret == "" && !f.Failed() && w.ID != 0 {
		live = "webhook"
	}
	return v.render(status, "webhook_edit", view{Title: title, Section: "webhooks", Live: live, Form: f, Data: data})
}

func (v *visit) deliveryRow(d models.Delivery) deliveryRow {
	text := v.l.T("webhook.delivery." + string(d.State))
	row := deliveryRow{Delivery: d, Health: health{"calm", "dots", text}}
	switch d.State {
	case models.DeliveryDone:
		row.Health = health{"ok", "check", text}
	case models.DeliveryFailed:
		row.Health = health{"bad", "cross", text}
	case models.DeliveryCancelled:
		row.Health = health{"calm", "pause", text}
	case models.DeliveryQueued:
		if d.Code != "" {
			row.Health = health{"warn", "warn", v.l.T("webhook.delivery.retried")}
		}
	}
	if d.Code != "" {
		row.Sentence = v.l.T(d.Code)
	}
	return row
}

// webhookDrafted reads the form of a webhook.
func (v *visit) webhookDrafted() (*form, webhook.Draft, error) {
	f, err := v.readForm("webhook", webhookFields()...)
	if err != nil {
		return nil, webhook.Draft{}, err
	}
	d := webhook.Draft{Name: f.get("name"), URL: f.get("url"), Enabled: f.yes("enabled"), Events: v.PostFormArray("events")}
	if text := strings.TrimSpace(f.get("project")); text != "" {
		if d.ProjectID, err = strconv.ParseInt(text, 10, 64); err != nil {
			d.ProjectID = -1 // There is none.
		}
	}
	return f, d, nil
}
