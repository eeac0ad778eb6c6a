package handlers

import (
	"slices"
	"strings"

	"letterbox/gateway/mailbox"
	"letterbox/models"
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

// askFolders notes what is to be checked about the folders that are to be read: those that are not there, and, unless the
// person has said that they are meant, those that hardly hold mail from others.
func (v *visit) askFolders(f *form, found []mailbox.Folder, chosen []string) {
	if len(found) == 0 {
		return // The server does not tell.
	}
	for _, name := range chosen {
		if !slices.ContainsFunc(found, func(f mailbox.Folder) bool { return !f.NoSelect && sameFolder(name, f) }) {
			f.refuse("folders", "E-IMAP-01", "folder", name, "list", folderNames(found))
		}
	}
	if f.yes("confirm_folders") {
		return
	}
	for _, d := range doubtful(found, chosen) {
		code, purpose := "E-INBOX-17", mailbox.Purpose(d)
		if mailbox.Ours(purpose) {
			code = "E-IMAP-03"
		}
		f.refuse("folders", code, "folder", d.Name, "use", v.l.T("folder.use."+purpose))
	}
}

// DoubtsFolders reports whether folders that were chosen are hardly meant to be read: then the person may say that they
// are.
func (f *form) DoubtsFolders() bool {
	return slices.ContainsFunc(f.errs, func(e *models.Invalid) bool { return e.Code == "E-IMAP-03" || e.Code == "E-INBOX-17" })
}

// folderNames are the first folders that can be read.
func folderNames(found []mailbox.Folder) string {
	var names []string
	for _, f := range found {
		if !f.NoSelect && len(names) < 30 {
			names = append(names, f.Name)
		}
	}
	return strings.Join(names, ", ")
}
