package acceptance_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/mailtest"
)

// companyFolders are the folders of a mailbox as a company grows it, besides INBOX and Trash.
func companyFolders() []string {
	return []string{
		"Aufgaben", "Entwürfe", "Gelöschte-Objekte", "Gesendete-Objekte", "Journal", "Junk-E-Mail", "Kalender", "Kontakte",
		"Newsletter", "Newsletter/IBM", "Newsletter/Microsoft", "Newsletter/United Planet", "Newsletter/VMware", "Notizen", "Postausgang",
		"RSS-Feeds", "RSS-Feeds/Tagesschau", "Firma", "Firma/Kundenbetreuung", "Firma/Kundenbetreuung/kunden",
		"Firma/Kundenbetreuung/kunden/a", "Firma/Kundenbetreuung/kunden/b", "Firma/Kundenbetreuung/kunden/c", "Firma/Qualitätssicherung", "Firma/Vertrieb",
		"Vorgeschlagene-Kontakte",
	}
}

// Intrexx: a tree of folders, written with "/" whatever the server separates them by; the certificate of the server is
// registered while everything runs; what is taken and what becomes of it on the server is chosen for each folder.
func TestIntrexxStoryFoldersCertificateAndFinalAction(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	p.prepare()
	p.start()
	p.addProject()
	k := p.desk()
	for _, separator := range []string{"/", "."} {
		d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Separator: separator}) // Is there until the program has ended.
		p.stage("separated by "+separator, func() { p.companyMailbox(k, d, separator) })
	}
	p.stop()
}

func (p *program) companyMailbox(k *desk, d *mailtest.Dovecot, separator string) {
	t := p.t
	there := func(folder string) string { return strings.ReplaceAll(folder, "/", separator) }
	client := openMailClient(t, d.IMAPAddr, "alice")
	for _, folder := range companyFolders() {
		if err := d.CreateFolder("alice", there(folder)); err != nil {
			t.Fatal(err)
		}
	}
	put := func(folder, flags, from, subject string) {
		t.Helper()
		raw := letterOf(subject+"@"+from, from, "firma@here.example", subject, nil, plain("Text of "+subject+", separated by "+separator))
		if flags != "" {
			client.add(there(folder), flags, raw)
		} else if err := d.Append("alice", there(folder), raw); err != nil {
			t.Fatal(err)
		}
	}
	const a, b, c = "Firma/Kundenbetreuung/kunden/a", "Firma/Kundenbetreuung/kunden/b", "Firma/Kundenbetreuung/kunden/c"
	put(a, "", "anna@kunde.example", "One")
	put(b, "", "bernd@kunde.example", "Two")
	put(b, "", "x@spam.example", "Buy")
	put(c, "", "clara@kunde.example", "Not ours")
	put("INBOX", "", "clara@kunde.example", "Not ours either")
	put("Newsletter/IBM", "", "news@ibm.example", "News")
	put("Firma/Qualitätssicherung", "", "pruefer@kunde.example", "Crack")
	put("Firma/Vertrieb", "", "neu@kunde.example", "Offer")
	put("Firma/Vertrieb", `\Seen`, "alt@kunde.example", "Read by a colleague")

	box := func(name string, more object) object {
		address := fmt.Sprintf("%s@%s.example", name, map[string]string{"/": "slash", ".": "dot"}[separator])
		return with(at(d.IMAPSAddr), object{"name": address, "address": address, "username": "alice", "security": "tls", "blocked_senders": []string{"@spam.example"}}, more)
	}
	customers := p.addInbox(box("customers", object{"folders": []string{a, b}, "after": "move", "move_to": "Gelöschte-Objekte", "move_rejected_to": "Junk-E-Mail"}))
	p.awaitCode(customers, "E-TLS-01")

	// The certificate is registered, and everything goes on without a restart.
	path := fmt.Sprintf("/inboxes/%d/certificate", customers)
	page := k.page(path)
	if got := k.entered(page, "fingerprint"); got != d.Certificate.Fingerprint {
		t.Errorf("the page shows the certificate %s, want %s", got, d.Certificate.Fingerprint)
	}
	k.submit(path, url.Values{"version": {k.entered(page, "version")}, "fingerprint": {d.Certificate.Fingerprint}, "password": {"secret"}, "do": {"pin"}})
	known := object{"tls_verify": "pinned", "fingerprint": d.Certificate.Fingerprint}
	p.awaitCode(customers, "")

	var names []string
	for _, f := range list[struct{ Name, Separator string }](p, fmt.Sprintf("/inboxes/%d/folders", customers)) {
		if f.Separator != separator {
			t.Errorf("folder %q is separated by %q, want %q", f.Name, f.Separator, separator)
		}
		names = append(names, f.Name)
	}
	want := []string{"INBOX", "Trash"}
	for _, folder := range companyFolders() {
		want = append(want, there(folder))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(names))); diff != "" {
		t.Errorf("folders (-want +got):\n%s", diff)
	}

	news := p.addInbox(box("news", with(known, object{"folders": []string{"Newsletter/IBM"}, "after": "delete"})))
	quality := p.addInbox(box("quality", with(known, object{"folders": []string{"Firma/Qualitätssicherung"}, "after": "leave", "select": "all"})))
	sales := p.addInbox(box("sales", with(known, object{"folders": []string{"Firma/Vertrieb"}, "after": "seen", "select": "unseen"})))
	for inbox, want := range map[int64][]string{
		customers: {"One created", "Two created", "Buy rejected"}, news: {"News created"}, quality: {"Crack created"}, sales: {"Offer created"},
	} {
		var got []string
		for _, m := range p.quiet(inbox, len(want)) {
			got = append(got, m.Subject+" "+m.State)
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("inbox %d (-want +got):\n%s", inbox, diff)
		}
	}
	held := map[string]int{}
	await(t, time.Minute, func() error { // A deletion waits for a second look.
		for _, folder := range []string{a, b, c, "INBOX", "Gelöschte-Objekte", "Junk-E-Mail", "Newsletter/IBM", "Firma/Qualitätssicherung", "Firma/Vertrieb"} {
			held[folder] = d.Count("alice", there(folder), "ALL")
		}
		if held["Newsletter/IBM"] != 0 {
			return fmt.Errorf("the newsletter is still there")
		}
		return nil
	})
	left := map[string]int{
		a: 0, b: 0, c: 1, "INBOX": 1, "Gelöschte-Objekte": 2, "Junk-E-Mail": 1, "Newsletter/IBM": 0, "Firma/Qualitätssicherung": 1, "Firma/Vertrieb": 2,
	}
	if diff := cmp.Diff(left, held); diff != "" {
		t.Errorf("mails on the server (-want +got):\n%s", diff)
	}
	if n := d.Count("alice", there("Firma/Vertrieb"), "SEEN"); n != 2 {
		t.Errorf("%d mails of the sales are marked as read, want both", n)
	}
	for _, folder := range []string{c, "INBOX", "Firma/Qualitätssicherung"} {
		if n := d.Count("alice", there(folder), "SEEN"); n != 0 {
			t.Errorf("%d mails of %s are marked as read, want none", n, folder)
		}
	}
}

// awaitCode waits until what is wrong with an inbox is this; "": it works.
func (p *program) awaitCode(inbox int64, code string) {
	p.t.Helper()
	await(p.t, time.Minute, func() error {
		var in struct {
			Status struct{ State, Code string } `json:"status"`
		}
		if p.call("GET", fmt.Sprintf("/inboxes/%d", inbox), nil, &in); in.Status.Code != code || code == "" && in.Status.State != "active" {
			return fmt.Errorf("the state of inbox %d is %q %q, want %q", inbox, in.Status.State, in.Status.Code, code)
		}
		return nil
	})
}
