package mailbox

import (
	"slices"
	"strings"
)

// Branch is a folder in the tree of an account.
type Branch struct {
	Folder
	Label    string // The last level of its name.
	Implied  bool   // The server did not list it, only folders below it; it holds no messages.
	Purpose  string // What the folder is for, as [Purpose] says; "" for any mail.
	Children []*Branch
}

// Tree puts the folders of an account into the order of their levels, INBOX first and otherwise as the server listed
// them. Levels that the server left out are added, a folder that it names twice stands once, and an account whose folder
// space is flat has one level.
func Tree(folders []Folder) []*Branch {
	byName := map[string]*Branch{}
	var roots []*Branch
	var place func(f Folder, implied bool) *Branch
	place = func(f Folder, implied bool) *Branch {
		if b := byName[f.Name]; b != nil {
			if b.Implied && !implied {
				b.Folder, b.Implied, b.Purpose = f, false, Purpose(f)
			}
			return b
		}
		b := &Branch{Folder: f, Label: f.Name, Implied: implied, Purpose: Purpose(f)}
		byName[f.Name] = b
		i := -1
		if f.Separator != "" {
			i = strings.LastIndex(f.Name, f.Separator)
		}
		if i <= 0 || i+len(f.Separator) == len(f.Name) {
			roots = append(roots, b)
			return b
		}
		b.Label = f.Name[i+len(f.Separator):]
		parent := place(Folder{Name: f.Name[:i], Separator: f.Separator, NoSelect: true, Messages: -1}, true)
		parent.Children = append(parent.Children, b)
		return b
	}
	for _, f := range folders {
		place(f, false)
	}
	if i := slices.IndexFunc(roots, func(b *Branch) bool { return strings.EqualFold(b.Name, "INBOX") }); i > 0 {
		inbox := roots[i]
		roots = slices.Insert(slices.Delete(roots, i, i+1), 0, inbox)
	}
	return roots
}

// Purpose says what a folder is for: the use that the server states (RFC 6154), or else what its name says in German or
// English, as servers write it that state none. It is "" for a folder of any mail; "calendar", "contacts", "tasks",
// "journal", "notes" and "feeds" hold no mail, "outbox" holds what is about to be sent.
func Purpose(f Folder) string {
	if f.Use != "" {
		return f.Use
	}
	name := f.Name
	if f.Separator != "" {
		name = strings.TrimPrefix(name, "INBOX"+f.Separator)
		if strings.Contains(name, f.Separator) {
			return "" // A folder below others is somebody's own.
		}
	}
	return purposes[strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == ' ' || r == '-' || r == '_' }), " ")]
}

// purposes are the names that servers and mail programs give to folders, in lower case and with blanks.
var purposes = map[string]string{
	"sent": "sent", "sent items": "sent", "sent mail": "sent", "sent messages": "sent",
	"gesendet": "sent", "gesendete objekte": "sent", "gesendete elemente": "sent", "gesendete nachrichten": "sent",
	"drafts": "drafts", "draft": "drafts", "entwürfe": "drafts",
	"trash": "trash", "deleted items": "trash", "deleted messages": "trash", "papierkorb": "trash",
	"gelöschte objekte": "trash", "gelöschte elemente": "trash", "gelöscht": "trash",
	"junk": "junk", "spam": "junk", "junk e mail": "junk", "junk email": "junk", "bulk mail": "junk", "spamverdacht": "junk", "unerwünscht": "junk",
	"outbox": "outbox", "postausgang": "outbox",
	"calendar": "calendar", "kalender": "calendar",
	"contacts": "contacts", "kontakte": "contacts", "suggested contacts": "contacts", "vorgeschlagene kontakte": "contacts",
	"tasks": "tasks", "aufgaben": "tasks", "journal": "journal", "notes": "notes", "notizen": "notes",
	"rss feeds": "feeds", "rss abonnements": "feeds",
}

// Ours reports whether a purpose says that a folder holds what people here wrote themselves: read as incoming mail, it
// would make issues of our own replies.
func Ours(purpose string) bool { return slices.Contains([]string{"sent", "drafts", "outbox"}, purpose) }

// Doubtful reports whether a purpose says that a folder is hardly meant to be read: it holds our own mail, mail that
// was thrown away, or no mail at all.
func Doubtful(purpose string) bool {
	return Ours(purpose) || slices.Contains([]string{"trash", "junk", "calendar", "contacts", "tasks", "journal", "notes", "feeds"}, purpose)
}

// Nearest returns the only folder whose last levels are those of a name that there is not, whatever separator either is
// written with: who types "Support/Printer" may mean "Firm.Support.Printer". "" when there is none or more than one.
func Nearest(folders []Folder, name string) string {
	split := func(name, separator string) []string {
		name = strings.ToLower(name)
		if separator != "" {
			name = strings.ReplaceAll(name, strings.ToLower(separator), "/")
		}
		return strings.FieldsFunc(strings.ReplaceAll(name, ">", "/"), func(r rune) bool { return r == '/' })
	}
	found := ""
	for _, f := range folders {
		want, have := split(name, f.Separator), split(f.Name, f.Separator)
		for i := range want {
			want[i] = strings.TrimSpace(want[i])
		}
		if f.NoSelect || len(want) == 0 || len(have) < len(want) || !slices.Equal(have[len(have)-len(want):], want) {
			continue
		}
		if found != "" {
			return ""
		}
		found = f.Name
	}
	return found
}
