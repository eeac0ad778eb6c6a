package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// foldersView is what the page about the folders of an inbox shows.
type foldersView struct {
	gateway.InboxView
	Folders folderChoice
	Why     string // Why there is no tree; "" when there is one.
}

// folderFields are the fields of the page about folders.
func folderFields() []string {
	return []string{"version", "folders", "confirm_folders", "create_folders", "move_to", "move_rejected_to", "move_failed_to"}
}

// inboxFolders shows the folders of the account of an inbox: which are read, and where mail is moved to.
func inboxFolders(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	f := v.newForm("inbox", inboxValues(in.Inbox, in.Rules))
	f.values["create_folders"], f.values["confirm_folders"] = "true", ""
	found, err := v.foldersOf(in)
	return v.showFolders(http.StatusOK, in, f, found, err)
}

// foldersOf asks the server for its folders; a source without folders has none.
func (v *visit) foldersOf(in gateway.InboxView) ([]mailbox.Folder, error) {
	if in.Settings.Receive != "imap" {
		return nil, nil
	}
	var found []mailbox.Folder
	err := v.discreetly(in.Settings, func() (err error) {
		found, err = v.h.Gateway.Folders(v.ctx(), in.ID)
		return err
	})
	return found, err
}

func (v *visit) showFolders(status int, in gateway.InboxView, f *form, found []mailbox.Folder, failed error) error {
	data := foldersView{InboxView: in, Folders: v.choice(f, found)}
	p, isProblem := errors.AsType[*mailbox.Problem](failed)
	switch {
	case isProblem:
		data.Why = v.l.T(p.Code, v.checkWords(p.Args))
	case failed != nil:
		return fmt.Errorf("ask for the folders: %w", failed)
	case len(found) == 0:
		data.Why = v.l.T("folders.none")
	}
	return v.render(status, "inbox_folders", view{
		Title: v.l.T("folders.title", "name", in.Name), Section: "inboxes", Form: f, Data: data,
	})
}

// inboxFoldersUpdate changes which folders are read and where mail is moved to, and makes the targets when that is wanted;
// "create" makes them as they are set.
func inboxFoldersUpdate(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	f, err := v.readForm("inbox", folderFields()...)
	if err != nil {
		return err
	}
	if v.PostForm("do") == "create" {
		return v.createTargets(in)
	}
	version, err := strconv.ParseInt(f.get("version"), 10, 64)
	if err != nil || version <= 0 || in.Settings.Receive != "imap" {
		return errUnreadable
	}
	v.takeFolders(f)
	d := apiDraftOf(in)
	d.Settings.Folders = f.lines("folders")
	d.Settings.MoveTo, d.Settings.MoveRejectedTo, d.Settings.MoveFailedTo = f.get("move_to"), f.get("move_rejected_to"), f.get("move_failed_to")
	found, failed := v.foldersOf(in)
	if failed == nil {
		v.askFolders(f, found, d.Settings.Folders)
	}
	if f.Failed() {
		return v.showFolders(http.StatusUnprocessableEntity, in, f, found, failed)
	}
	in, err = v.h.Gateway.UpdateInbox(v.ctx(), v.me, in.ID, version, d)
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		if in, err = v.inbox(); err != nil {
			return err
		}
		return v.showFolders(http.StatusUnprocessableEntity, in, f, found, failed)
	}
	if err != nil {
		return err
	}
	if f.yes("create_folders") && slices.ContainsFunc(targetsOf(in.Settings), func(name string) bool { return name != "" }) {
		return v.createTargets(in)
	}
	v.say("ok", "flash.inbox_saved", "name", in.Name)
	return v.redirect(fmt.Sprintf("/inboxes/%d", in.ID))
}

// targetsOf are the folders that mail is moved to.
func targetsOf(s models.InboxSettings) []string {
	return []string{s.MoveTo, s.MoveRejectedTo, s.MoveFailedTo}
}

// createTargets makes the folders into which the mail of an inbox is moved.
func (v *visit) createTargets(in gateway.InboxView) error {
	err := v.discreetly(in.Settings, func() error { return v.h.Gateway.CreateTargets(v.ctx(), v.me, in.ID) })
	if p, ok := errors.AsType[*mailbox.Problem](err); ok {
		found := gateway.CheckReport{Phases: []gateway.CheckPhase{{Phase: p.Phase, State: "failed", Code: p.Code, Args: p.Args}}}
		return v.showInbox(http.StatusOK, in, v.report(checked{id: in.ID, s: in.Settings}, found))
	}
	if err != nil {
		return fmt.Errorf("create folders: %w", err)
	}
	v.say("ok", "flash.folders_created", "name", in.Name)
	return v.redirect(fmt.Sprintf("/inboxes/%d", in.ID))
}
