package handlers

import (
	"net/http"

	"letterbox/models"
)

// suppressionRow is an address that gets no mail.
type suppressionRow struct {
	models.Suppression
	Why string
}

// suppressionList shows the addresses that get no mail.
func suppressionList(v *visit) error {
	return v.showSuppressions(http.StatusOK, v.newForm("suppression", map[string]string{"address": "", "detail": ""}))
}

func (v *visit) showSuppressions(status int, f *form) error {
	all, err := v.h.Gateway.Suppressions(v.ctx())
	if err != nil {
		return err
	}
	rows := make([]suppressionRow, 0, len(all))
	for _, s := range all {
		rows = append(rows, suppressionRow{s, v.l.T("suppression.reason." + s.Reason)})
	}
	return v.render(status, "suppression_list", view{Title: v.l.T("suppression.title"), Section: "outbox", Form: f, Data: rows})
}

// suppressionAdd keeps mail from an address.
func suppressionAdd(v *visit) error {
	f, err := v.readForm("suppression", "address", "detail")
	if err != nil {
		return err
	}
	err = v.h.Gateway.Suppress(v.ctx(), v.me, f.get("address"), f.get("detail"))
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showSuppressions(http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.suppressed", "address", f.get("address"))
	return v.redirect("/suppressions")
}

// suppressionRelease lets an address get mail again.
func suppressionRelease(v *visit) error {
	address := v.PostForm("address")
	if err := v.h.Gateway.Release(v.ctx(), v.me, address); err != nil {
		return err
	}
	v.say("ok", "flash.released", "address", address)
	return v.redirect("/suppressions")
}
