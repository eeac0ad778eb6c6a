package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"letterbox/gateway"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// inboxFormView is what the form of an inbox shows beside its fields.
type inboxFormView struct {
	ID          int64 // 0 for a new one.
	Name        string
	Projects    []option
	PasswordSet bool
	MaySkip     bool        // The certificate of the server may be left unchecked.
	Confirmed   bool        // The stored connection is unsafe and somebody has confirmed it.
	Report      *report     // Of a check that was asked for.
	Conflict    *conflict   // Nil when nobody was faster.
	Warnings    []formError // What is doubtful about the rules.
	Folders     folderChoice
	Sealed      string // The password that was entered.
	Compared    bool   // Somebody asked what saving would change: Changes.
	Changes     []difference
}

// inboxNew shows the form for a new inbox, with defaults that suit most.
func inboxNew(v *visit) error {
	in := models.Inbox{Enabled: true, Settings: models.DefaultInboxSettings()}
	f := v.newForm("inbox", inboxValues(in, models.DefaultRules()))
	f.values["create_folders"] = "true"
	return v.showInboxForm(http.StatusOK, gateway.InboxView{}, f, models.DefaultRules(), nil)
}

// showInboxForm shows the form of an inbox; rules are those that stand in it, r the check that was asked for or nil.
func (v *visit) showInboxForm(status int, in gateway.InboxView, f *form, rules models.Rules, r *report) error {
	data := inboxFormView{Report: r}
	if in.ID != 0 || f.Failed() || r != nil { // An empty form has nothing to warn of.
		found, err := v.h.Gateway.LintRules(v.ctx(), in.ID, rules)
		if err != nil {
			return err
		}
		found = slices.DeleteFunc(found, func(f rule.Finding) bool { return strings.HasPrefix(f.Code, "E-") })
		data.Warnings = v.findings(found)
	}
	return v.renderInboxForm(status, in, f, data)
}

func (v *visit) renderInboxForm(status int, in gateway.InboxView, f *form, data inboxFormView) error {
	projects, err := v.projectOptions(in.ProjectID)
	if err != nil {
		return err
	}
	if f.values["project"] == "0" && len(projects) == 1 {
		f.values["project"] = projects[0].Value
	}
	title := v.l.T("inbox.add")
	if in.ID != 0 {
		title = v.l.T("inbox.edit_title", "name", in.Name)
	}
	data.ID, data.Name, data.Projects, data.PasswordSet = in.ID, in.Name, projects, in.PasswordSet
	if data.Folders.Form == nil {
		data.Folders = v.choice(f, v.knownFolders(in, f))
	}
	if data.Sealed, err = v.keepPassword(f, ""); err != nil {
		return err
	}
	data.MaySkip = v.access.Admin() && !v.h.Gateway.ForbidUnverified
	data.Confirmed = in.ID != 0 && unsafe(in.Settings) != ""
	return v.render(status, "inbox_edit", view{Title: title, Section: "inboxes", Form: f, Data: data})
}

// inboxCreate adds an inbox, or only checks what was entered.
func inboxCreate(v *visit) error {
	f, err := v.readInboxForm()
	if err != nil {
		return err
	}
	none := gateway.InboxView{}
	none.Settings = models.DefaultInboxSettings()
	d, err := v.inboxDraft(f, none)
	if err != nil {
		return err
	}
	switch v.PostForm("do") {
	case "check":
		return v.checkDraft(none, f, d)
	case "folders":
		return v.askDraft(none, f, d)
	}
	if f.Failed() {
		return v.showInboxForm(http.StatusUnprocessableEntity, none, f, d.Rules, nil)
	}
	in, err := v.h.Gateway.CreateInbox(v.ctx(), v.me, d)
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showInboxForm(http.StatusUnprocessableEntity, none, f, d.Rules, nil)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.inbox_created", "name", in.Name)
	if strings.HasPrefix(in.Settings.Auth, "oauth2_") {
		return v.redirect(fmt.Sprintf("/inboxes/%d/oauth", in.ID))
	}
	return v.makeTargets(in, f, models.InboxSettings{})
}

// inbox returns the inbox of the path when the person may configure it.
func (v *visit) inbox() (gateway.InboxView, error) {
	id, err := v.id("id")
	if err != nil {
		return gateway.InboxView{}, err
	}
	in, err := v.h.Gateway.Inbox(v.ctx(), id)
	if err != nil {
		return in, err
	}
	if !v.access.SeesInbox(in.Inbox) {
		return in, models.ErrNotFound
	}
	return v.discreet(in), nil
}

// inboxVersion returns the inbox and the number of the version of the path.
func (v *visit) inboxVersion() (in gateway.InboxView, version int64, err error) {
	if in, err = v.inbox(); err != nil {
		return in, 0, err
	}
	version, err = v.id("version")
	return in, version, err
}

// inboxEdit shows the form of an inbox. A remedy of a check may propose another security or a certificate to trust;
// nothing of that counts before the form is sent.
func inboxEdit(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	values := inboxValues(in.Inbox, in.Rules)
	for _, name := range fixable() {
		if proposed := v.Query(name); proposed != "" && len(proposed) <= 2000 {
			values[name] = proposed
		}
	}
	values["create_folders"] = "true"
	return v.showInboxForm(http.StatusOK, in, v.newForm("inbox", values), in.Rules, nil)
}

// inboxUpdate changes an inbox, or only checks what was entered.
func inboxUpdate(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	f, err := v.readInboxForm()
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(f.get("version"), 10, 64)
	if err != nil || version <= 0 {
		return errUnreadable
	}
	d, err := v.inboxDraft(f, in)
	if err != nil {
		return err
	}
	switch v.PostForm("do") {
	case "check":
		return v.checkDraft(in, f, d)
	case "folders":
		return v.askDraft(in, f, d)
	case "changes":
		return v.renderInboxForm(http.StatusOK, in, f, inboxFormView{Compared: true, Changes: v.inboxDifferences(in, d)})
	}
	v.doubtFolders(in, f, d)
	if f.Failed() {
		return v.showInboxForm(http.StatusUnprocessableEntity, in, f, d.Rules, nil)
	}
	saved, err := v.h.Gateway.UpdateInbox(v.ctx(), v.me, in.ID, version, d)
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showInboxForm(http.StatusUnprocessableEntity, in, f, d.Rules, nil)
	}
	if errors.Is(err, models.ErrConflict) {
		return v.showInboxConflict(in.ID, f, d)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.inbox_saved", "name", d.Name)
	return v.makeTargets(saved, f, in.Settings)
}

// showInboxConflict shows the form of an inbox that somebody else has changed meanwhile: saving it again applies it.
func (v *visit) showInboxConflict(id int64, f *form, d gateway.InboxDraft) error {
	now, err := v.h.Gateway.Inbox(v.ctx(), id)
	if err != nil {
		return err
	}
	c, err := v.inboxConflict(now, d)
	if err != nil {
		return err
	}
	f.values["version"] = strconv.FormatInt(now.Version, 10)
	return v.renderInboxForm(http.StatusConflict, now, f, inboxFormView{Conflict: c})
}
