package handlers

import (
	"errors"
	"net/http"
	"strconv"

	"letterbox/models"
)

// webhookCreate adds a webhook and shows its secret, this once.
func webhookCreate(v *visit) error {
	f, d, err := v.webhookDrafted()
	if err != nil {
		return err
	}
	w, secret, err := v.h.Webhooks.Create(v.ctx(), v.me, d)
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showWebhook(http.StatusUnprocessableEntity, models.Webhook{Events: d.Events}, f, "")
	}
	if err != nil {
		return err
	}
	return v.showWebhook(http.StatusCreated, w, v.webhookForm(w), secret)
}

// webhookUpdate changes a webhook.
func webhookUpdate(v *visit) error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	f, d, err := v.webhookDrafted()
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(f.get("version"), 10, 64)
	if err != nil {
		return errUnreadable
	}
	_, err = v.h.Webhooks.Update(v.ctx(), v.me, w.ID, version, d)
	if list, ok := invalid(err); ok {
		w.Events = d.Events
		f.take(list, nil)
		return v.showWebhook(http.StatusUnprocessableEntity, w, f, "")
	}
	if errors.Is(err, models.ErrConflict) {
		w.Events = d.Events
		f.refuse("version", "E-HOOK-14")
		f.values["version"] = strconv.FormatInt(w.Version, 10)
		return v.showWebhook(http.StatusConflict, w, f, "")
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.webhook_saved")
	return v.redirect("/webhooks/" + number(w.ID))
}

// webhookDelete removes a webhook and what was sent to it.
func webhookDelete(v *visit) error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	if err := v.h.Webhooks.Delete(v.ctx(), v.me, w.ID); err != nil {
		return err
	}
	v.say("ok", "flash.webhook_deleted", "name", w.Name)
	return v.redirect("/webhooks")
}

// webhookRotate gives a webhook another secret and shows it, this once.
func webhookRotate(v *visit) error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	secret, err := v.h.Webhooks.Rotate(v.ctx(), v.me, w.ID)
	if err != nil {
		return err
	}
	if w, err = v.webhook(); err != nil {
		return err
	}
	return v.showWebhook(http.StatusOK, w, v.webhookForm(w), secret)
}

// webhookTest sends an event that says nothing.
func webhookTest(v *visit) error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	if _, err := v.h.Webhooks.Test(v.ctx(), v.me, w.ID); err != nil {
		return v.webhookRefused(w, err)
	}
	v.say("ok", "flash.webhook_test")
	return v.redirect("/webhooks/" + number(w.ID))
}

// webhookReplay sends an event again.
func webhookReplay(v *visit) error {
	w, err := v.webhook()
	if err != nil {
		return err
	}
	event, err := v.id("delivery")
	if err != nil {
		return err
	}
	if _, err := v.h.Webhooks.Replay(v.ctx(), v.me, w.ID, event); err != nil {
		return v.webhookRefused(w, err)
	}
	v.say("ok", "flash.webhook_replay")
	return v.redirect("/webhooks/" + number(w.ID))
}

// webhookRefused says that a webhook which is off sends nothing.
func (v *visit) webhookRefused(w models.Webhook, err error) error {
	if !errors.Is(err, models.ErrConflict) {
		return err
	}
	v.say("warn", "flash.webhook_off")
	return v.redirect("/webhooks/" + number(w.ID))
}
