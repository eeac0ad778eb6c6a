package handlers

import (
	"errors"
	"net/http"
	"strconv"

	"letterbox/models"
)

// sharedScriptDrafted reads the form of a shared script.
func (v *visit) sharedScriptDrafted() (*form, models.SharedScript, error) {
	f, err := v.readForm("scripts", sharedScriptFields()...)
	if err != nil {
		return nil, models.SharedScript{}, err
	}
	return f, models.SharedScript{Name: f.get("name"), Source: f.text("script"), OnFailure: f.get("script_on_failure"), Everyone: f.yes("everyone")}, nil
}

// sharedScriptCreate adds a shared script, or tries it before.
func sharedScriptCreate(v *visit) error {
	f, draft, err := v.sharedScriptDrafted()
	if err != nil {
		return err
	}
	data := sharedScriptView{}
	switch v.Request.PostForm.Get("do") {
	case "try":
		data.Tried, err = v.trySharedScript(f, draft)
	case "save":
		var made models.SharedScript
		if made, err = v.h.Gateway.AddSharedScript(v.ctx(), v.me, draft); err == nil {
			v.say("ok", "flash.script_saved", "name", made.Name, "n", "1")
			return v.redirect("/scripts/" + number(made.ID))
		}
	default:
		return errUnreadable
	}
	return v.sharedScriptDone(models.SharedScript{}, f, data, err)
}

// sharedScriptUpdate puts a version of a shared script in force, or tries it.
func sharedScriptUpdate(v *visit) error {
	s, err := v.sharedScript()
	if err != nil {
		return err
	}
	f, draft, err := v.sharedScriptDrafted()
	if err != nil {
		return err
	}
	base, err := f.rulesBase()
	if err != nil {
		return err
	}
	draft.Name = s.Name
	data := sharedScriptView{}
	switch v.Request.PostForm.Get("do") {
	case "try":
		data.Tried, err = v.trySharedScript(f, draft)
	case "save":
		var version int64
		if version, err = v.h.Gateway.ChangeSharedScript(v.ctx(), v.me, s.ID, base, draft); err == nil {
			if version == base {
				v.say("ok", "flash.rules_same")
			} else {
				v.say("ok", "flash.script_saved", "name", s.Name, "n", number(version))
			}
			return v.redirect("/scripts/" + number(s.ID))
		}
	default:
		return errUnreadable
	}
	if errors.Is(err, models.ErrConflict) {
		f.values["base"], data.Conflict = number(s.Version), true
		return v.showSharedScript(http.StatusConflict, s, f, data)
	}
	return v.sharedScriptDone(s, f, data, err)
}

// sharedScriptDone shows the form again, with what is to be checked.
func (v *visit) sharedScriptDone(s models.SharedScript, f *form, data sharedScriptView, err error) error {
	status := http.StatusOK
	if list, ok := invalid(err); ok {
		f.take(list, map[string]string{"mail": "pasted", "source": "script", "on_failure": "script_on_failure"})
		status, err = http.StatusUnprocessableEntity, nil
	}
	if err != nil {
		return err
	}
	return v.showSharedScript(status, s, f, data)
}

// sharedScriptRestore puts an earlier version of a shared script in force again.
func sharedScriptRestore(v *visit) error {
	s, err := v.sharedScript()
	if err != nil {
		return err
	}
	base, err := strconv.ParseInt(v.PostForm("base"), 10, 64)
	if err != nil {
		return errUnreadable
	}
	n, err := strconv.ParseInt(v.PostForm("version"), 10, 64)
	if err != nil {
		return errUnreadable
	}
	version, err := v.h.Gateway.RestoreSharedScript(v.ctx(), v.me, s.ID, base, n)
	if err != nil {
		return v.sharedScriptDone(s, v.sharedScriptForm(s), sharedScriptView{}, err)
	}
	v.say("ok", "flash.rules_restored", "from", number(n), "n", number(version))
	return v.redirect("/scripts/" + number(s.ID))
}

// sharedScriptDelete removes a shared script that no rules in force name.
func sharedScriptDelete(v *visit) error {
	s, err := v.sharedScript()
	if err != nil {
		return err
	}
	if err := v.h.Gateway.DeleteSharedScript(v.ctx(), v.me, s.ID); err != nil {
		return v.sharedScriptDone(s, v.sharedScriptForm(s), sharedScriptView{}, err)
	}
	v.say("ok", "flash.script_deleted", "name", s.Name)
	return v.redirect("/scripts")
}
