package handlers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// treeTime bounds how long a form waits for the folders of a server before it is shown without them.
const treeTime = 3 * time.Second

// folderChoice is a part of a form: the folders of an account, to be read and to be moved to.
type folderChoice struct {
	Form    *form
	Tree    []*branch // None: the folders are written one to a line.
	Targets []string  // Folders that mail may be moved to.
}

// choice offers what a server has told; chosen are the folders that stand in the form.
func (v *visit) choice(f *form, found []mailbox.Folder) folderChoice {
	c := folderChoice{Form: f, Tree: v.branches(mailbox.Tree(found), f.lines("folders"))}
	if len(c.Tree) > 0 {
		for _, name := range f.lines("folders") {
			if !slices.ContainsFunc(found, func(one mailbox.Folder) bool { return !one.NoSelect && sameFolder(name, one) }) {
				c.Tree = append(c.Tree, &branch{Name: name, Label: name, Why: v.l.T("folder.missing"), Messages: -1, CanChoose: true, Chosen: true})
			}
		}
	}
	for _, one := range found {
		if !one.NoSelect && len(c.Targets) < 500 {
			c.Targets = append(c.Targets, one.Name)
		}
	}
	return c
}

// readInboxForm reads the form of an inbox that was sent, with the folders that were ticked in it and the password that was
// entered before.
func (v *visit) readInboxForm() (*form, error) {
	f, err := v.readForm("inbox", inboxFields()...)
	if err != nil {
		return nil, err
	}
	v.takeFolders(f)
	_, err = v.keepPassword(f, v.PostForm("sealed"))
	return f, err
}

// takeFolders puts the folders that were ticked in a tree where those stand that are written.
func (v *visit) takeFolders(f *form) {
	if chosen := v.Request.PostForm["folder"]; len(chosen) > 0 {
		f.values["folders"] = strings.Join(chosen, "\n")
	}
}

// knownFolders asks the server of an inbox that works for its folders, for a short while: the form of an inbox whose
// server does not answer must not keep anybody waiting.
func (v *visit) knownFolders(in gateway.InboxView, f *form) []mailbox.Folder {
	if in.ID == 0 || in.Settings.Receive != "imap" || in.Status.State != models.InboxActive || !sameServer(f, in.Settings) {
		return nil
	}
	ctx, cancel := context.WithTimeout(v.ctx(), treeTime)
	defer cancel()
	found, err := v.h.Gateway.Folders(ctx, in.ID)
	if err != nil { // Known to be a mail server, since it works.
		return nil // The folders are written then; the button says why.
	}
	return found
}

// sameServer reports whether a form is about the account that is stored.
func sameServer(f *form, s models.InboxSettings) bool {
	return f.get("receive") == s.Receive && strings.EqualFold(f.get("host"), s.Host) && f.get("username") == s.Username
}

// connectionOf is a draft with nothing but what is needed to look at the server: what is to be checked about the rest, or
// a folder that is not there, must not keep its tree from being shown.
func connectionOf(d gateway.InboxDraft) gateway.InboxDraft {
	plain, s := models.DefaultInboxSettings(), &d.Settings
	s.Folders, s.ImportSince, s.Select, s.After, s.POP3After = plain.Folders, plain.ImportSince, plain.Select, "leave", "keep"
	s.MoveTo, s.MoveRejectedTo, s.MoveFailedTo = "", "", ""
	d.Rules = models.DefaultRules()
	return d
}

// askDraft asks the server that was entered for its folders and shows the form again with them, or with why there are none.
func (v *visit) askDraft(in gateway.InboxView, f *form, d gateway.InboxDraft) error {
	if f.Failed() {
		return v.showInboxForm(http.StatusUnprocessableEntity, in, f, d.Rules, nil)
	}
	plain := connectionOf(d)
	found, err := v.checkFor(gateway.CheckOf{Inbox: in.ID, Project: d.ProjectID}, plain.Settings, func(each func(gateway.CheckPhase)) (gateway.CheckReport, error) {
		return v.h.Gateway.CheckDraft(v.ctx(), in.ID, plain, each)
	})(nil)
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showInboxForm(http.StatusUnprocessableEntity, in, f, d.Rules, nil)
	}
	if err != nil {
		return fmt.Errorf("ask for the folders: %w", err)
	}
	data := inboxFormView{Folders: v.choice(f, found.Folders)}
	if !found.OK {
		data.Report = v.report(checked{s: plain.Settings}, found)
	}
	return v.renderInboxForm(http.StatusOK, in, f, data)
}

// doubtFolders notes what is to be checked about folders that were not read before, where the server tells.
func (v *visit) doubtFolders(in gateway.InboxView, f *form, d gateway.InboxDraft) {
	if d.Settings.Receive == "imap" && !slices.Equal(d.Settings.Folders, in.Settings.Folders) {
		v.askFolders(f, v.knownFolders(in, f), d.Settings.Folders)
	}
}

// makeTargets makes the folders that mail of an inbox is moved to, when somebody wants that and they are not those of
// before, and leads to the inbox.
func (v *visit) makeTargets(in gateway.InboxView, f *form, before models.InboxSettings) error {
	now := targetsOf(in.Settings)
	fresh := in.Settings.After != before.After || !slices.Equal(now, targetsOf(before))
	if f.yes("create_folders") && in.Settings.Receive == "imap" && in.Settings.After == "move" && fresh {
		err := v.discreetly(in.Settings, func() error { return v.h.Gateway.CreateTargets(v.ctx(), v.me, in.ID) })
		if p, ok := errors.AsType[*mailbox.Problem](err); ok {
			v.say("warn", "flash.folders_not_created", "cause", v.l.T(p.Code, v.checkWords(p.Args)))
		} else if err != nil {
			return fmt.Errorf("create folders: %w", err)
		}
	}
	return v.redirect(fmt.Sprintf("/inboxes/%d", in.ID))
}

// keepPassword seals a password that was just entered into a form, or opens the one that was entered before and travels
// with it. It returns what travels on; "" when nothing was entered, or for another server.
func (v *visit) keepPassword(f *form, sealed string) (string, error) {
	host := f.get("host")
	if typed := f.text("password"); typed != "" {
		sealed, err := v.h.Gateway.SealEntered(v.me, host, typed)
		if err != nil {
			return "", fmt.Errorf("seal the password: %w", err)
		}
		return sealed, nil
	}
	password, ok := v.h.Gateway.OpenEntered(v.me, host, sealed)
	if !ok {
		return "", nil // For another server, or too old: it has to be entered again.
	}
	f.values["password"] = password // A field of this kind is never shown with its value.
	return sealed, nil
}
