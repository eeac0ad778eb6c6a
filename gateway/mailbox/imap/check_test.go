package imap_test

import (
	"strings"
	"testing"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/mailbox/imap"
	"letterbox/gateway/mailbox/mailboxtest"
	"letterbox/internal/mailtest"
)

// look opens a mailbox as a check does and returns what each phase has noted.
func look(t *testing.T, a mailbox.Account) map[mailbox.Phase]map[string]string {
	t.Helper()
	notes := map[mailbox.Phase]map[string]string{}
	m, err := imap.Open(t.Context(), a, func(s mailbox.Step) { notes[s.Phase] = s.Note })
	if err != nil {
		t.Fatal(err)
	}
	m.Abort()
	return notes
}

func TestCheckWarnsOfFoldersWithMailOfOurOwn(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Separator: "."})
	for _, folder := range []string{"Gesendete Objekte", "Projekte.Sent"} {
		if err := d.CreateFolder("alice", folder); err != nil {
			t.Fatal(err)
		}
	}
	a := mailboxtest.Account(t, d.IMAPAddr)
	for folder, want := range map[string]string{"INBOX": "", "Projekte/Sent": "", "Gesendete Objekte": "E-IMAP-03"} {
		a.Folders = []string{"INBOX", folder}
		note := look(t, a)[mailbox.PhaseFolders]
		if note["code"] != want || want != "" && (note["use"] != "sent" || note["folder"] != folder) {
			t.Errorf("%s: noted %v, want code %q", folder, note, want)
		}
	}
}

func TestCheckWarnsOfAFullMailbox(t *testing.T) {
	for used, want := range map[string]string{"1048576": "E-IMAP-06", "1000": ""} {
		s := &script{caps: "IMAP4rev1 QUOTA", answers: map[string]string{
			"GETQUOTAROOT": "* QUOTAROOT INBOX user\r\n* QUOTA user (STORAGE " + used + " 1048576)\r\nTAG OK done\r\n",
			`LIST "" *`:    "* LIST () NIL INBOX\r\nTAG OK done\r\n",
		}}
		note := look(t, s.start(t))[mailbox.PhaseCounts]
		if note["code"] != want || note["quota"] != "1024 MiB" {
			t.Errorf("%s used: noted %v, want code %q and the quota", used, note, want)
		}
	}
}

// The tree of a groupware account on a server without a separator, whose names are in modified UTF-7 (RFC 3501, 5.1.3).
func TestFoldersOfAFlatAccount(t *testing.T) {
	s := &script{answers: map[string]string{
		`LIST "" ""`: "* LIST (\\Noselect) NIL \"\"\r\nTAG OK done\r\n",
		`LIST "" "*"`: "* LIST () NIL INBOX\r\n* LIST () NIL \"Entw&APw-rfe\"\r\n* LIST () NIL \"Firma/Qualit&AOQ-tssicherung\"\r\n" +
			"* LIST () NIL \"United Planet\"\r\nTAG OK done\r\n",
	}}
	s.answers[`LIST "" *`] = s.answers[`LIST "" "*"`]
	a := s.start(t)
	a.Folders = []string{"Firma/Qualitätssicherung", "United Planet"}
	m, err := imap.Open(t.Context(), a, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Abort()
	folders, err := m.Folders(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range mailbox.Tree(folders) {
		names = append(names, b.Label+":"+b.Purpose)
	}
	if got, want := strings.Join(names, "|"), "INBOX:|Entwürfe:drafts|Firma/Qualitätssicherung:|United Planet:"; got != want {
		t.Errorf("folders %s, want %s", got, want)
	}
	if got := s.commands("EXAMINE"); len(got) != 1 || !strings.Contains(got[0], "Firma/Qualit&AOQ-tssicherung") {
		t.Errorf("opened by %q, want the name as the server writes it", got)
	}
}

func TestMissingFolderIsAnsweredWithTheNearest(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Separator: "."})
	if err := d.CreateFolder("alice", "Firma.Kundenbetreuung.kunden"); err != nil {
		t.Fatal(err)
	}
	a := mailboxtest.Account(t, d.IMAPAddr)
	a.Folders = []string{"Kundenbetreuung/kunden"}
	_, err := imap.Open(t.Context(), a, func(mailbox.Step) {})
	mailboxtest.CheckProblem(t, err, mailbox.PhaseFolders, "E-IMAP-01")
	if p, ok := err.(*mailbox.Problem); !ok || p.Args["suggest"] != "Firma.Kundenbetreuung.kunden" {
		t.Errorf("problem %v, want the folder that was meant", err)
	}
}
