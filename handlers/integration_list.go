package handlers

import (
	"net/http"
)

// integrationRow is one way in which Letterbox and other programs work together.
type integrationRow struct {
	Key    string // Of its name and what it is for: "integration.KEY" and "integration.KEY.hint".
	Link   string // Where it is set up; "" when that is not a page.
	Health health
	Places []option // Where it is used: address and name.
}

// integrationList shows on one page what connects Letterbox with other programs, how that is doing, and what to give to
// somebody who helps.
func integrationList(v *visit) error {
	rows := []integrationRow{{Key: "api", Link: apiPrefix + "/openapi.json", Health: health{"ok", "check", v.l.T("integration.on")}}}
	accounts, err := v.h.Gateway.SendingAccounts(v.ctx())
	if err != nil {
		return err
	}
	bad := 0
	for _, a := range accounts {
		if a.TroubleCode != "" {
			bad++
		}
	}
	rows = append(rows, integrationRow{Key: "sending", Link: "/sending", Health: v.connected(len(accounts), bad)})
	if v.h.Webhooks != nil {
		hooks, err := v.h.Webhooks.List(v.ctx())
		if err != nil {
			return err
		}
		bad = 0
		for _, w := range hooks {
			if w.OffReason != "" || w.FailingSince != nil {
				bad++
			}
		}
		rows = append(rows, integrationRow{Key: "webhooks", Link: "/webhooks", Health: v.connected(len(hooks), bad)})
	}
	inboxes, err := v.inboxes()
	if err != nil {
		return err
	}
	scripts, apps := integrationRow{Key: "scripts", Link: "/scripts"}, integrationRow{Key: "oauth"}
	for _, in := range inboxes {
		if !in.Rules.Script.Empty() {
			scripts.Places = append(scripts.Places, option{number(in.ID) + "/script", in.Name})
		}
		if in.Settings.Auth == "oauth2_client" || in.Settings.Auth == "oauth2_user" {
			apps.Places = append(apps.Places, option{number(in.ID) + "/oauth", in.Name})
		}
	}
	scripts.Health, apps.Health = v.connected(len(scripts.Places), 0), v.connected(len(apps.Places), 0)
	keys, err := v.h.Gateway.SMIMEKeys(v.ctx())
	if err != nil {
		return err
	}
	provider := health{"calm", "dots", v.l.T("integration.off")}
	if v.h.SignOn != nil {
		provider = health{"ok", "check", v.l.T("integration.on")}
	}
	rows = append(rows, scripts, apps, integrationRow{Key: "smime", Link: "/smime", Health: v.connected(len(keys), 0)}, integrationRow{Key: "signon", Health: provider})
	return v.render(http.StatusOK, "integration_list", view{Title: v.l.T("integration.title"), Section: "integrations", Data: rows})
}

// connected says how many there are, and how many of them need somebody.
func (v *visit) connected(n, bad int) health {
	switch {
	case bad > 0:
		return health{"bad", "cross", v.l.T("integration.bad", "n", n, "bad", bad)}
	case n > 0:
		return health{"ok", "check", v.l.T("integration.count", "n", n)}
	}
	return health{"calm", "dots", v.l.T("integration.none")}
}

// diagnosisFile sends what somebody who helps has to know, as a file.
func diagnosisFile(v *visit) error {
	return v.h.diagnosis(v.Context, v.me, v.Query("names") == "true")
}
