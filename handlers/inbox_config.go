package handlers

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/inboxfile"
	"letterbox/models"
)

// configView is what the page of an inbox as a file shows beside the file.
type configView struct {
	gateway.InboxView
	Shown    bool         // Whether the file in the form has been compared.
	Changes  []ruleChange // What it would change.
	Conflict bool
	Versions []configVersionRow
}

// configVersionRow is one version of an inbox in the list.
type configVersionRow struct {
	Version int64
	At      time.Time
	By      string
	What    string // What made it, in words.
	Changed string // The settings that it changed; "" for the first one.
	Now     bool
}

// configVersionView is what the page of one version shows.
type configVersionView struct {
	gateway.InboxView
	Row     configVersionRow
	Against int64        // The version that it is compared with; 0 for none.
	Changes []ruleChange // Against that version.
	Restore []ruleChange // What restoring it would change.
	Others  []int64      // What it can be compared with, newest first.
}

// inboxConfig shows all that is set of an inbox as a file, and its versions.
func inboxConfig(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	raw, err := v.h.Gateway.ExportInboxes(v.ctx(), in.ID)
	if err != nil {
		return err
	}
	return v.showConfig(http.StatusOK, in, v.newForm("config", map[string]string{"config": string(raw), "shown": ""}), configView{})
}

// inboxConfigFile sends the file.
func inboxConfigFile(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	raw, err := v.h.Gateway.ExportInboxes(v.ctx(), in.ID)
	if err != nil {
		return err
	}
	return download(v.Context, fmt.Sprintf("letterbox-inbox-%d.yaml", in.ID), "application/octet-stream", int64(len(raw)), bytes.NewReader(raw))
}

// inboxConfigUpdate shows what a file would change, and then makes just that change.
func inboxConfigUpdate(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	file, err := v.uploaded("file", maxUpload)
	if err != nil {
		return err
	}
	f, err := v.readForm("config", "config", "shown")
	if err != nil {
		return err
	}
	apply := v.Request.PostForm.Get("do") == "apply" && file == ""
	if len(file) > inboxfile.MaxOctets { // Too much to show.
		_, err := inboxfile.Read([]byte(file))
		return v.refuseConfig(in, f, err)
	}
	if file != "" {
		f.values["config"] = strings.ReplaceAll(file, "\r\n", "\n")
	}
	entries, err := oneInbox([]byte(f.text("config")))
	if err != nil {
		return v.refuseConfig(in, f, err)
	}
	q := v.h.mayImport(v.me, v.access, gateway.ConfigImport{Entries: entries, Inbox: in.ID, Dry: true})
	all, err := v.h.Gateway.ImportInboxes(v.ctx(), v.me, q)
	if err != nil {
		return v.refuseConfig(in, f, err)
	}
	shown := gateway.Digest(all)
	if !apply || shown != f.get("shown") {
		data := configView{Shown: true, Changes: v.configChanges(all[0].Changes), Conflict: apply}
		f.values["shown"] = shown
		status := http.StatusOK
		if apply {
			status = http.StatusConflict
		}
		return v.showConfig(status, in, f, data)
	}
	q.Dry, q.Shown = false, shown
	if _, err := v.h.Gateway.ImportInboxes(v.ctx(), v.me, q); err != nil {
		return v.refuseConfig(in, f, err)
	}
	v.say("ok", "flash.config_applied")
	return v.redirect(fmt.Sprintf("/inboxes/%d/config", in.ID))
}

// refuseConfig shows the file again with what is to be checked, or that somebody else was faster.
func (v *visit) refuseConfig(in gateway.InboxView, f *form, err error) error {
	if list, ok := invalid(err); ok {
		for _, e := range list {
			one := *e
			args := map[string]string{"n": fmt.Sprint(e.Line), "field": e.Field, "text": f.sentence(e)}
			code := "E-CONF-20"
			if e.Line == 0 {
				code = "E-CONF-21"
			}
			one.Field, one.Code, one.Args = "config", code, args
			f.errs = append(f.errs, &one)
		}
		return v.showConfig(http.StatusUnprocessableEntity, in, f, configView{})
	}
	if errors.Is(err, models.ErrConflict) {
		f.values["shown"] = ""
		return v.showConfig(http.StatusConflict, in, f, configView{Conflict: true})
	}
	return err
}

func (v *visit) showConfig(status int, in gateway.InboxView, f *form, data configView) error {
	data.InboxView = in
	all, err := v.h.Gateway.ConfigVersions(v.ctx(), in.ID)
	if err != nil {
		return err
	}
	for i, one := range all {
		row := v.configVersionRow(one)
		row.Now = i == 0
		if i+1 < len(all) {
			var names []string
			for _, c := range gateway.CompareConfig(all[i+1].Config, one.Config) {
				names = append(names, v.configLabel(c.Field))
			}
			row.Changed = strings.Join(names, ", ")
		}
		data.Versions = append(data.Versions, row)
	}
	return v.render(status, "inbox_config", view{Title: v.l.T("config.title", "name", in.Name), Section: "inboxes", Form: f, Data: data})
}

func (v *visit) configVersionRow(one gateway.ConfigVersion) configVersionRow {
	row := configVersionRow{Version: one.Version, At: one.CreatedAt, By: one.Who, What: one.Action}
	switch {
	case one.CreatedBy == nil:
		row.By = v.l.T("person.system")
	case row.By == "":
		row.By = v.l.T("person.gone")
	}
	if key := "audit.action." + one.Action; v.l.Has(key) {
		row.What = v.l.T(key)
	}
	return row
}

// inboxVersion shows what a version of an inbox changed, or how it differs from another one, and what restoring it would
// change.
func inboxVersion(v *visit) error {
	in, n, err := v.inboxVersion()
	if err != nil {
		return err
	}
	one, err := v.h.Gateway.ConfigVersion(v.ctx(), in.ID, n)
	if err != nil {
		return err
	}
	data := configVersionView{InboxView: in, Row: v.configVersionRow(one), Against: n - 1}
	all, err := v.h.Gateway.ConfigVersions(v.ctx(), in.ID)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.Version != n {
			data.Others = append(data.Others, other.Version)
		}
	}
	if against, err := strconv.ParseInt(v.Query("against"), 10, 64); err == nil && against > 0 {
		data.Against = against
	}
	if data.Against > 0 {
		other, err := v.h.Gateway.ConfigVersion(v.ctx(), in.ID, data.Against)
		if err != nil {
			return err
		}
		data.Changes = v.configChanges(gateway.CompareConfig(other.Config, one.Config))
	}
	now, err := v.h.Gateway.Config(v.ctx(), in.ID)
	if err != nil {
		return err
	}
	to := one.Config // Secrets stay.
	to.Password, to.ClientSecret, to.Certificate = now.Password, now.ClientSecret, now.Certificate
	data.Restore = v.configChanges(gateway.CompareConfig(now, to))
	return v.render(http.StatusOK, "inbox_version", view{Title: v.l.T("config.version_title", "n", n, "name", in.Name), Section: "inboxes", Data: data})
}

// inboxRestore makes an inbox what it was in a version.
func inboxRestore(v *visit) error {
	in, n, err := v.inboxVersion()
	if err != nil {
		return err
	}
	q, err := v.h.Gateway.Restoring(v.ctx(), in.ID, n)
	if err != nil {
		return err
	}
	_, err = v.h.Gateway.ImportInboxes(v.ctx(), v.me, v.h.mayImport(v.me, v.access, q))
	if _, refused := invalid(err); refused { // What was good once and is not any more, or a password that has to be given again.
		raw, werr := v.h.Gateway.ExportInboxes(v.ctx(), in.ID)
		if werr != nil {
			return werr
		}
		return v.refuseConfig(in, v.newForm("config", map[string]string{"config": string(raw), "shown": ""}), withoutLines(err))
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.config_restored", "n", fmt.Sprint(n))
	return v.redirect(fmt.Sprintf("/inboxes/%d/config", in.ID))
}

// withoutLines leaves out the lines of a file that nobody has seen.
func withoutLines(err error) error {
	list, _ := invalid(err)
	out := make(models.InvalidList, 0, len(list))
	for _, e := range list {
		one := *e
		one.Line = 0
		out = append(out, &one)
	}
	return out
}

// configLabel names a setting in words.
func (v *visit) configLabel(field string) string {
	if of, ok := strings.CutPrefix(field, "sending."); ok {
		if of = strings.TrimPrefix(of, "settings."); of == "language" {
			of = "text_language" // As the form calls it.
		}
		label := v.configLabel(of)
		if v.l.Has("sending." + of) {
			label = v.l.T("sending." + of)
		}
		return v.l.T("config.sending", "field", label)
	}
	for _, key := range []string{"inbox." + field, "config.field." + field} {
		if v.l.Has(key) {
			return v.l.T(key)
		}
	}
	return field
}

// configChanges puts the differences of two configurations in words.
func (v *visit) configChanges(list []gateway.RuleChange) []ruleChange {
	out := make([]ruleChange, 0, len(list))
	for _, c := range list {
		one := ruleChange{Label: v.configLabel(c.Field), Added: c.Added, Gone: c.Gone}
		if len(c.Added)+len(c.Gone) == 0 {
			of := c.Field
			switch of {
			case "client_secret", "certificate":
				of = "password"
			case "acknowledgement.mode":
				of = "ack_mode"
			case "project": // By its key.
				of = ""
			}
			one.Before, one.After = v.inboxValue(of, c.Before), v.inboxValue(of, c.After)
		}
		out = append(out, one)
	}
	return out
}
