package handlers

import (
	"net/http"
	"strconv"

	"letterbox/models"
)

// notifyShow shows of what the person is told by mail.
func notifyShow(v *visit) error {
	n, err := v.h.Tracker.NotifySettings(v.ctx(), v.me)
	if err != nil {
		return err
	}
	return v.showNotify(http.StatusOK, v.newForm("notify", map[string]string{
		"assigned": string(n.Assigned), "mentioned": string(n.Mentioned), "watching": string(n.Watching), "new_issue": string(n.NewIssue),
		"digest_at": n.DigestAt, "quiet_from": n.QuietFrom, "quiet_to": n.QuietTo, "weekend": strconv.FormatBool(n.Weekend), "time_zone": n.TimeZone,
	}))
}

func (v *visit) showNotify(status int, f *form) error {
	address := ""
	if len(v.me.Addresses) > 0 {
		address = v.me.Addresses[0]
	}
	return v.render(status, "notify_edit", view{Title: v.l.T("notify.title"), Section: "profile", Form: f, Data: address})
}

// notifyUpdate changes of what the person is told by mail.
func notifyUpdate(v *visit) error {
	f, err := v.readForm("notify", "assigned", "mentioned", "watching", "new_issue", "digest_at", "quiet_from", "quiet_to", "weekend", "time_zone")
	if err != nil {
		return err
	}
	by := func(name string) models.NotifyBy { return models.NotifyBy(f.get(name)) }
	err = v.h.Tracker.SetNotifySettings(v.ctx(), v.me, models.NotifySettings{
		Assigned: by("assigned"), Mentioned: by("mentioned"), Watching: by("watching"), NewIssue: by("new_issue"),
		DigestAt: f.get("digest_at"), QuietFrom: f.get("quiet_from"), QuietTo: f.get("quiet_to"), Weekend: f.yes("weekend"), TimeZone: f.get("time_zone"),
	})
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showNotify(http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.notify_saved")
	return v.redirect("/profile/notifications")
}
