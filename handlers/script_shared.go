package handlers

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/rule"
	"letterbox/gateway/script"
	"letterbox/models"
)

// sharedScriptRow is a shared script in the list.
type sharedScriptRow struct {
	models.SharedScript
	Uses []gateway.ScriptUse
}

// sharedScriptList shows the scripts that admins write once, and where they are run.
func sharedScriptList(v *visit) error {
	all, err := v.h.Gateway.SharedScripts(v.ctx())
	if err != nil {
		return err
	}
	uses, err := v.h.Gateway.ScriptUses(v.ctx())
	if err != nil {
		return err
	}
	var rows []sharedScriptRow
	for _, s := range all {
		rows = append(rows, sharedScriptRow{s, uses[s.Folded]})
	}
	return v.render(http.StatusOK, "script_shared_list", view{Title: v.l.T("scripts.title"), Section: "integrations", Data: rows})
}

// sharedScriptView is what the page of a shared script shows beside its fields.
type sharedScriptView struct {
	ID       int64 // 0 for a new one.
	Name     string
	Version  int64
	Keys     []string
	Tried    *scriptTrial
	Inboxes  []option
	Uses     []gateway.ScriptUse
	Versions []scriptVersionRow
	Conflict bool
}

// scriptVersionRow is one version of a shared script.
type scriptVersionRow struct {
	Version int64
	By      string
	At      time.Time
	What    string // What made it, in words; "" where that is not known any more.
	InForce bool
	Changes []ruleChange // Against the version before.
}

func sharedScriptFields() []string {
	return []string{"base", "name", "script", "script_on_failure", "everyone", "inbox", "source", "count", "pasted"}
}

// sharedScriptNew shows the form of a new shared script.
func sharedScriptNew(v *visit) error {
	return v.showSharedScript(http.StatusOK, models.SharedScript{}, v.sharedScriptForm(models.SharedScript{Source: exampleScript}), sharedScriptView{})
}

// sharedScriptShow shows a shared script with its versions.
func sharedScriptShow(v *visit) error {
	s, err := v.sharedScript()
	if err != nil {
		return err
	}
	return v.showSharedScript(http.StatusOK, s, v.sharedScriptForm(s), sharedScriptView{})
}

func (v *visit) sharedScriptForm(s models.SharedScript) *form {
	return v.newForm("scripts", map[string]string{
		"base": number(s.Version), "name": s.Name, "script": s.Source, "script_on_failure": or(s.OnFailure, "set_aside"), "everyone": yesNo(s.Everyone),
		"inbox": "", "source": "latest", "count": "10", "pasted": "",
	})
}

// sharedScript is the shared script in the path.
func (v *visit) sharedScript() (models.SharedScript, error) {
	id, err := v.id("id")
	if err != nil {
		return models.SharedScript{}, err
	}
	return v.h.Gateway.SharedScript(v.ctx(), id)
}

func (v *visit) showSharedScript(status int, s models.SharedScript, f *form, data sharedScriptView) error {
	data.ID, data.Name, data.Version, data.Keys = s.ID, s.Name, s.Version, script.Keys()
	inboxes, err := v.inboxes()
	if err != nil {
		return err
	}
	for _, in := range inboxes {
		data.Inboxes = append(data.Inboxes, option{number(in.ID), in.Name})
	}
	title := v.l.T("scripts.new")
	if s.ID != 0 {
		title = v.l.T("scripts.one", "name", s.Name)
		uses, err := v.h.Gateway.ScriptUses(v.ctx())
		if err != nil {
			return err
		}
		data.Uses = uses[s.Folded]
		if f.get("inbox") == "" && len(data.Uses) > 0 {
			f.values["inbox"] = number(data.Uses[0].InboxID) // Where a trial tells most.
		}
		if data.Versions, err = v.scriptVersions(s); err != nil {
			return err
		}
	}
	return v.render(status, "script_shared", view{Title: title, Section: "integrations", Form: f, Data: data})
}

// scriptVersions describes the versions of a shared script, newest first.
func (v *visit) scriptVersions(s models.SharedScript) ([]scriptVersionRow, error) {
	all, err := v.h.Gateway.SharedScriptVersions(v.ctx(), s.ID)
	if err != nil {
		return nil, err
	}
	as := func(one models.SharedScript) models.RuleVersion {
		return models.RuleVersion{
			Version: one.Version, CreatedBy: one.CreatedBy, CreatedAt: one.CreatedAt,
			Rules: models.Rules{Script: models.Script{Source: one.Source, OnFailure: one.OnFailure}},
		}
	}
	var versions []models.RuleVersion
	for _, one := range all {
		versions = append(versions, as(one))
	}
	told, err := v.ruleVersionRows(versions, s.Version)
	if err != nil {
		return nil, err
	}
	var rows []scriptVersionRow
	for i, one := range told {
		row := scriptVersionRow{Version: one.Version, By: one.By, At: one.At, InForce: one.InForce}
		if all[i].Action != "" {
			row.What = v.l.T("audit.action." + all[i].Action)
		}
		if i+1 < len(all) {
			row.Changes = v.ruleChanges(versions[i+1].Rules, versions[i].Rules)
			if was, is := all[i+1].Everyone, all[i].Everyone; was != is {
				row.Changes = append(row.Changes, ruleChange{Label: v.l.T("scripts.everyone"), Before: v.inboxValue("everyone", strconv.FormatBool(was)), After: v.inboxValue("everyone", strconv.FormatBool(is))})
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// trySharedScript shows what the script in the form says to mails of an inbox; nothing is written.
func (v *visit) trySharedScript(f *form, draft models.SharedScript) (*scriptTrial, error) {
	id, err := strconv.ParseInt(f.get("inbox"), 10, 64)
	if err != nil {
		return nil, models.InvalidList{{Field: "inbox", Code: "E-SCRIPT-13"}}
	}
	all, err := triedOn(f,
		func(mail io.Reader) (gateway.Tried, error) { return v.h.Gateway.TryShared(v.ctx(), id, draft, mail) },
		func(n int) ([]gateway.Tried, error) { return v.h.Gateway.TrySharedOnLatest(v.ctx(), id, draft, n) })
	if err != nil {
		return nil, err
	}
	return v.scriptTrial(all, or(rule.Fold(draft.Name), "?")), nil
}
