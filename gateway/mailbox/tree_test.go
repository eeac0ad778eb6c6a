package mailbox_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway/mailbox"
)

// groupware is the tree of an account on a groupware server: with umlauts, blanks, hyphens, three levels, folders that
// hold no mail, and one level that the server does not list itself.
func groupware(separator string) []mailbox.Folder {
	var out []mailbox.Folder
	for _, name := range strings.Split("Aufgaben|Entwürfe|Gelöschte-Objekte|Gesendete-Objekte|Journal|Junk-E-Mail|Kalender|Kontakte|Newsletter|"+
		"Newsletter/IBM|Newsletter/Microsoft|Newsletter/United Planet|Newsletter/VMware|Notizen|Postausgang|INBOX|RSS-Feeds/Tagesschau|Firma|"+
		"Firma/Kundenbetreuung|Firma/Kundenbetreuung/kunden|Firma/Kundenbetreuung/kunden/a|Firma/Kundenbetreuung/kunden/e|"+
		"Firma/Qualitätssicherung|Firma/Vertrieb|Vorgeschlagene-Kontakte", "|") {
		f := mailbox.Folder{Name: name, Separator: separator, Messages: -1}
		if separator != "" {
			f.Name = strings.ReplaceAll(name, "/", separator)
		}
		out = append(out, f)
	}
	return out
}

// drawn writes a tree with two blanks for each level.
func drawn(tree []*mailbox.Branch, depth int) string {
	var b strings.Builder
	for _, one := range tree {
		b.WriteString(strings.Repeat("  ", depth) + one.Label)
		if one.Purpose != "" {
			b.WriteString(" [" + one.Purpose + "]")
		}
		if one.Implied {
			b.WriteString(" (implied)")
		}
		b.WriteString("\n" + drawn(one.Children, depth+1))
	}
	return b.String()
}

const drawnGroupware = `INBOX
Aufgaben [tasks]
Entwürfe [drafts]
Gelöschte-Objekte [trash]
Gesendete-Objekte [sent]
Journal [journal]
Junk-E-Mail [junk]
Kalender [calendar]
Kontakte [contacts]
Newsletter
  IBM
  Microsoft
  United Planet
  VMware
Notizen [notes]
Postausgang [outbox]
RSS-Feeds [feeds] (implied)
  Tagesschau
Firma
  Kundenbetreuung
    kunden
      a
      e
  Qualitätssicherung
  Vertrieb
Vorgeschlagene-Kontakte [contacts]
`

func TestTreeOfAGroupwareAccount(t *testing.T) {
	for _, separator := range []string{"/", "."} {
		if diff := cmp.Diff(drawn(mailbox.Tree(groupware(separator)), 0), drawnGroupware); diff != "" {
			t.Errorf("separator %q: got -, want +\n%s", separator, diff)
		}
	}
	flat := drawn(mailbox.Tree(groupware("")), 0)
	if strings.Contains(flat, "  ") || !strings.HasPrefix(flat, "INBOX\n") || !strings.Contains(flat, "\nFirma/Qualitätssicherung\n") || !strings.Contains(flat, "Kalender [calendar]") {
		t.Errorf("a flat folder space gives\n%s", flat)
	}
}

func TestTreeNamesEachFolderOnce(t *testing.T) {
	tree := mailbox.Tree([]mailbox.Folder{
		{Name: "a/b", Separator: "/"}, {Name: "a", Separator: "/", Messages: 3}, {Name: "a/b", Separator: "/"}, {Name: "/odd", Separator: "/"}, {Name: "end/", Separator: "/"},
	})
	if got, want := drawn(tree, 0), "a\n  b\n/odd\nend/\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if tree[0].Messages != 3 || tree[0].NoSelect {
		t.Errorf("the parent is %+v, want the folder that the server listed later", tree[0].Folder)
	}
}

func TestPurposeIsWhatTheServerSaysOrElseTheName(t *testing.T) {
	for _, test := range []struct {
		folder mailbox.Folder
		want   string
	}{
		{mailbox.Folder{Name: "Firma", Use: "sent"}, "sent"},
		{mailbox.Folder{Name: "INBOX.Sent Items", Separator: "."}, "sent"},
		{mailbox.Folder{Name: "GESENDETE_ELEMENTE", Separator: "/"}, "sent"},
		{mailbox.Folder{Name: "Kunden/Sent", Separator: "/"}, ""},
		{mailbox.Folder{Name: "INBOX", Separator: "/"}, ""},
		{mailbox.Folder{Name: "Gesendetes Material", Separator: "/"}, ""},
	} {
		if got := mailbox.Purpose(test.folder); got != test.want {
			t.Errorf("Purpose(%q) = %q, want %q", test.folder.Name, got, test.want)
		}
	}
}

func TestNearestFolderIsFoundByItsLastLevels(t *testing.T) {
	for _, separator := range []string{"/", "."} {
		for name, want := range map[string]string{
			"Kundenbetreuung/kunden/a": "Firma/Kundenbetreuung/kunden/a", "qualitätssicherung": "Firma/Qualitätssicherung",
			"Firma > Kundenbetreuung/kunden/e": "Firma/Kundenbetreuung/kunden/e", "United Planet": "Newsletter/United Planet", "Nirgends": "", "": "",
		} {
			if got, want := mailbox.Nearest(groupware(separator), name), strings.ReplaceAll(want, "/", separator); got != want {
				t.Errorf("separator %q: Nearest(%q) = %q, want %q", separator, name, got, want)
			}
		}
	}
	twice := []mailbox.Folder{{Name: "a/x", Separator: "/"}, {Name: "b/x", Separator: "/"}}
	if got := mailbox.Nearest(twice, "x"); got != "" {
		t.Errorf("Nearest = %q, want nothing: there are two", got)
	}
}
