package handlers

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"letterbox/gateway"
	"letterbox/models"
)

// retentionView is what the page of retention shows.
type retentionView struct {
	models.Retention
	State   models.RetentionState
	Preview models.RetentionReport
	Holds   []gateway.Held
	Kinds   []option
}

// retentionShow shows for how long what is kept, what would be removed now, and what is held.
func retentionShow(v *visit) error {
	r, err := v.h.Gateway.Retention(v.ctx())
	if err != nil {
		return err
	}
	hold := v.newForm("hold", map[string]string{"kind": v.Query("kind"), "object": v.Query("object"), "reason": ""})
	return v.showRetention(http.StatusOK, r, v.newForm("retention", retentionValues(r)), hold)
}

func retentionValues(r models.Retention) map[string]string {
	return map[string]string{
		"enabled": yesNo(r.Enabled), "trace_days": strconv.Itoa(r.TraceDays), "log_days": strconv.Itoa(r.LogDays), "gone_days": strconv.Itoa(r.GoneDays),
	}
}

// showRetention shows the page; r is what the preview reckons with.
func (v *visit) showRetention(status int, r models.Retention, f, hold *form) error {
	data := struct {
		retentionView
		Hold *form
	}{retentionView{Retention: r}, hold}
	var err error
	if data.State, err = v.h.Gateway.RetentionState(v.ctx()); err != nil {
		return err
	}
	if data.Preview, err = v.h.Gateway.RetentionPreview(v.ctx(), r); err != nil {
		return err
	}
	if data.Holds, err = v.h.Gateway.Holds(v.ctx()); err != nil {
		return err
	}
	for _, kind := range []models.HoldKind{models.HoldIssue, models.HoldContact, models.HoldInbox} {
		data.Kinds = append(data.Kinds, option{string(kind), v.l.T("hold.kind." + string(kind))})
	}
	return v.render(status, "retention_show", view{Title: v.l.T("retention.title"), Section: "retention", Form: f, Data: data})
}

// retentionUpdate saves the settings, shows what they would remove, removes it now, or confirms the clock.
func retentionUpdate(v *visit) error {
	f, err := v.readForm("retention", "enabled", "trace_days", "log_days", "gone_days", "do")
	if err != nil {
		return err
	}
	switch f.get("do") {
	case "confirm":
		if err := v.h.Gateway.ConfirmRetention(v.ctx(), v.me); err != nil {
			return err
		}
		v.say("ok", "flash.retention_confirmed")
		return v.redirect("/retention")
	case "run":
		return v.retain()
	}
	r := models.Retention{
		Enabled: f.yes("enabled"), TraceDays: int(f.number("trace_days", "E-FORM-01", 3650)), LogDays: int(f.number("log_days", "E-FORM-01", 3650)),
		GoneDays: int(f.number("gone_days", "E-FORM-01", 3650)),
	}
	hold := v.newForm("hold", map[string]string{"kind": "", "object": "", "reason": ""})
	if f.Failed() || f.get("do") == "preview" {
		status := http.StatusOK
		if f.Failed() {
			status = http.StatusUnprocessableEntity
		}
		return v.showRetention(status, r, f, hold)
	}
	if err := v.h.Gateway.SetRetention(v.ctx(), v.me, r); err != nil {
		return err
	}
	v.say("ok", "flash.retention_saved")
	return v.redirect("/retention")
}

// retain makes a run now and says what it has removed.
func (v *visit) retain() error {
	report, err := v.h.Gateway.Retain(v.ctx(), v.me)
	stopped, wrong := errors.AsType[*gateway.RetentionStopped](err)
	switch {
	case wrong:
		v.say("warn", stopped.Code)
	case errors.Is(err, gateway.ErrRetentionOff):
		v.say("warn", "flash.retention_off")
	case errors.Is(err, gateway.ErrRetentionBusy):
		v.say("warn", "flash.retention_busy")
	case err != nil:
		return err
	default:
		v.say("ok", "flash.retention_run", "messages", strconv.Itoa(report.Messages()), "size", v.l.Size(report.Octets()),
			"traces", strconv.Itoa(report.Traces), "lines", strconv.Itoa(report.Lines))
	}
	return v.redirect("/retention")
}

// holdSet puts an issue, a contact or an inbox under a legal hold. A contact may be named by its address.
func holdSet(v *visit) error {
	f, err := v.readForm("hold", "kind", "object", "reason")
	if err != nil {
		return err
	}
	h := models.Hold{Kind: models.HoldKind(f.get("kind")), Reason: f.get("reason")}
	h.ObjectID, err = strconv.ParseInt(strings.TrimPrefix(f.get("object"), "#"), 10, 64)
	if err != nil && h.Kind == models.HoldContact {
		if h.ObjectID, err = v.contactByAddress(f.get("object")); err != nil {
			return err
		}
	}
	err = v.h.Gateway.SetHold(v.ctx(), v.me, h)
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		r, err := v.h.Gateway.Retention(v.ctx())
		if err != nil {
			return err
		}
		return v.showRetention(http.StatusUnprocessableEntity, r, v.newForm("retention", retentionValues(r)), f)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.hold_set")
	return v.redirect("/retention#holds")
}

// holdRelease ends a legal hold.
func holdRelease(v *visit) error {
	f, err := v.readForm("hold", "kind", "object")
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(f.get("object"), 10, 64)
	if err != nil {
		return models.ErrNotFound
	}
	if err := v.h.Gateway.ReleaseHold(v.ctx(), v.me, models.HoldKind(f.get("kind")), id); err != nil {
		return err
	}
	v.say("ok", "flash.hold_released")
	return v.redirect("/retention#holds")
}
