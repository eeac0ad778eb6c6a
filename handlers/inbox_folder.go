package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
)

// branch is a folder in the tree of an account as it is shown.
type branch struct {
	Name, Label string
	Purpose     string // What it is for, in words; "" for any mail.
	Why         string // Why it is hardly meant to be read; "" when nothing speaks against it.
	Messages    int    // -1 when not known.
	CanChoose   bool
	Chosen      bool
	Children    []*branch
}

// branches are folders as they are shown; chosen are those that are read.
func (v *visit) branches(tree []*mailbox.Branch, chosen []string) []*branch {
	out := make([]*branch, 0, len(tree))
	for _, b := range tree {
		one := &branch{Name: b.Name, Label: b.Label, Messages: b.Messages, CanChoose: !b.NoSelect, Children: v.branches(b.Children, chosen)}
		one.Chosen = one.CanChoose && slices.ContainsFunc(chosen, func(c string) bool { return sameFolder(c, b.Folder) })
		if key := "folder.use." + b.Purpose; b.Purpose != "" {
			one.Purpose = b.Purpose
			if v.l.Has(key) {
				one.Purpose = v.l.T(key)
			}
		}
		switch {
		case mailbox.Ours(b.Purpose):
			one.Why = v.l.T("folder.ours")
		case b.Purpose == "trash" || b.Purpose == "junk":
			one.Why = v.l.T("folder.thrown")
		case mailbox.Doubtful(b.Purpose):
			one.Why = v.l.T("folder.no_mail")
		}
		out = append(out, one)
	}
	return out
}

// sameFolder reports whether a name that somebody wrote, with "/" or the separator of the server, is that of a folder.
func sameFolder(written string, f mailbox.Folder) bool {
	if written == f.Name || strings.EqualFold(written, "INBOX") && strings.EqualFold(f.Name, "INBOX") {
		return true
	}
	return f.Separator != "" && strings.ReplaceAll(written, "/", f.Separator) == f.Name
}

// doubtful are the chosen folders that are hardly meant to be read.
func doubtful(folders []mailbox.Folder, chosen []string) []mailbox.Folder {
	var out []mailbox.Folder
	for _, f := range folders {
		if mailbox.Doubtful(mailbox.Purpose(f)) && slices.ContainsFunc(chosen, func(c string) bool { return sameFolder(c, f) }) {
			out = append(out, f)
		}
	}
	return out
}

// inboxFolders makes the folders into which the mail of an inbox is moved.
func inboxFolders(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	err = v.h.Gateway.CreateTargets(v.ctx(), v.me, in.ID)
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
