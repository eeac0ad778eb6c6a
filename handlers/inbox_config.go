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

// configView is what the page of something kept as a file shows beside the file.
type configView struct {
	configPage
	Shown       bool         // Whether the file in the form has been compared.
	Changes     []ruleChange // What it would change.
	Conflicting bool
	Rows        []configVersionRow
}

// configVersionRow is one version in the list.
type configVersionRow struct {
	Version int64
	At      time.Time
	By      string
	What    string // What made it, in words.
	Changed string // What it changed; "" for the first one.
	Now     bool
}

// configVersionView is what the page of one version shows.
type configVersionView struct {
	configPage
	Row     configVersionRow
	Against int64        // The version that it is compared with; 0 for none.
	Changes []ruleChange // Against that version.
	Restore []ruleChange // What restoring it would change.
	Others  []int64      // What it can be compared with, newest first.
}

// configAction is a page about what is kept as a file.
type configAction func(v *visit, of configOf) error

// ofInbox, ofTemplates and ofScripts make such a page one of an inbox, of the answer templates of a project, and of the
// shared scripts.
func ofInbox(do configAction) func(v *visit) error { return ofConfig((*visit).inboxConfigOf, do) }

func ofTemplates(do configAction) func(v *visit) error {
	return ofConfig((*visit).templateConfigOf, do)
}

func ofScripts(do configAction) func(v *visit) error { return ofConfig((*visit).scriptConfigOf, do) }

func ofConfig(find func(v *visit) (configOf, error), do configAction) func(v *visit) error {
	return func(v *visit) error {
		of, err := find(v)
		if err != nil {
			return err
		}
		return do(v, of)
	}
}

// configShow shows a file, and its versions.
func configShow(v *visit, of configOf) error {
	raw, err := of.export()
	if err != nil {
		return err
	}
	return v.showConfig(http.StatusOK, of, v.newForm("config", map[string]string{"config": string(raw), "shown": ""}), configView{})
}

// configFile sends the file.
func configFile(v *visit, of configOf) error {
	raw, err := of.export()
	if err != nil {
		return err
	}
	return download(v.Context, of.download, "application/octet-stream", int64(len(raw)), bytes.NewReader(raw))
}

// configUpdate shows what a file would change, and then makes just that change.
func configUpdate(v *visit, of configOf) error {
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
		return v.refuseConfig(of, f, err)
	}
	if file != "" {
		f.values["config"] = strings.ReplaceAll(file, "\r\n", "\n")
	}
	found, err := of.take([]byte(f.text("config")), true, "")
	if err != nil {
		return v.refuseConfig(of, f, err)
	}
	shown := gateway.Digest(found)
	if !apply || shown != f.get("shown") {
		data := configView{Shown: true, Changes: v.changesOf(of, found), Conflicting: apply}
		f.values["shown"] = shown
		status := http.StatusOK
		if apply {
			status = http.StatusConflict
		}
		return v.showConfig(status, of, f, data)
	}
	if _, err := of.take([]byte(f.text("config")), false, shown); err != nil {
		return v.refuseConfig(of, f, err)
	}
	v.say("ok", of.Applied)
	return v.redirect(of.File)
}

// refuseConfig shows the file again with what is to be checked, or that somebody else was faster.
func (v *visit) refuseConfig(of configOf, f *form, err error) error {
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
		return v.showConfig(http.StatusUnprocessableEntity, of, f, configView{})
	}
	if errors.Is(err, models.ErrConflict) {
		f.values["shown"] = ""
		return v.showConfig(http.StatusConflict, of, f, configView{Conflicting: true})
	}
	return err
}

func (v *visit) showConfig(status int, of configOf, f *form, data configView) error {
	data.configPage = of.configPage
	var all []kept
	if of.versions != nil {
		var err error
		if all, err = of.versions(); err != nil {
			return err
		}
	}
	for i, one := range all {
		row := v.configVersionRow(one)
		row.Now = i == 0
		if i+1 < len(all) {
			var names []string
			for _, c := range keptChanges(all[i+1], one) {
				names = append(names, v.configLabel(c.Field))
			}
			row.Changed = strings.Join(names, ", ")
		}
		data.Rows = append(data.Rows, row)
	}
	return v.render(status, "inbox_config", view{Title: of.Heading, Section: of.Section, Form: f, Data: data})
}

func (v *visit) configVersionRow(one kept) configVersionRow {
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

// configVersion shows what a version changed, or how it differs from another one, and what restoring it would change.
func configVersion(v *visit, of configOf) error {
	n, err := v.id("version")
	if err != nil {
		return err
	}
	one, err := of.version(n)
	if err != nil {
		return err
	}
	data := configVersionView{configPage: of.configPage, Row: v.configVersionRow(one), Against: n - 1}
	all, err := of.versions()
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
		other, err := of.version(data.Against)
		if err != nil {
			return err
		}
		data.Changes = v.configChanges(keptChanges(other, one))
	}
	now, err := of.now()
	if err != nil {
		return err
	}
	to := one // Secrets stay.
	to.inbox.Password, to.inbox.ClientSecret, to.inbox.Certificate = now.inbox.Password, now.inbox.ClientSecret, now.inbox.Certificate
	data.Restore = v.configChanges(keptChanges(now, to))
	return v.render(http.StatusOK, "inbox_version", view{Title: v.l.T("config.version_title", "n", n, "name", of.Name), Section: of.Section, Data: data})
}

// configRestore makes something what it was in a version.
func configRestore(v *visit, of configOf) error {
	n, err := v.id("version")
	if err != nil {
		return err
	}
	_, err = of.restore(n, false)
	if _, refused := invalid(err); refused { // What was good once and is not any more, or a password that has to be given again.
		raw, werr := of.export()
		if werr != nil {
			return werr
		}
		return v.refuseConfig(of, v.newForm("config", map[string]string{"config": string(raw), "shown": ""}), withoutLines(err))
	}
	if err != nil {
		return err
	}
	v.say("ok", of.Restored, "n", fmt.Sprint(n))
	return v.redirect(of.File)
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

// changesOf puts the differences that a file makes in words.
func (v *visit) changesOf(of configOf, found []gateway.ConfigChange) (out []ruleChange) {
	for _, one := range found {
		changes := v.configChanges(one.Changes)
		for i := range changes {
			if of.Labels != "" {
				changes[i].Label = v.l.T(of.Labels + one.Changes[i].Field)
			}
			if of.many {
				changes[i].Label = one.Name + ": " + changes[i].Label
			}
		}
		out = append(out, changes...)
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
			case "client_secret", "certificate", "sending.password", "sending.client_secret", "sending.certificate":
				of = "password"
			case "on_failure":
				of = "script_on_failure"
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
