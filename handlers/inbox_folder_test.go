package handlers

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"letterbox/internal/mailtest"
)

// The folders of a groupware account, as its tree shows them.
const groupware = "Aufgaben|Entwürfe|Gelöschte-Objekte|Gesendete-Objekte|Journal|Junk-E-Mail|Kalender|Kontakte|Newsletter|Newsletter/IBM|" +
	"Newsletter/Microsoft|Newsletter/United Planet|Newsletter/VMware|Notizen|Postausgang|RSS-Feeds/Tagesschau|Firma/Kundenbetreuung/kunden/a|" +
	"Firma/Kundenbetreuung/kunden/e|Firma/Qualitätssicherung|Firma/Vertrieb|Vorgeschlagene-Kontakte"

func TestTreeOfAGroupwareAccountIsShownChosenAndRead(t *testing.T) {
	for _, separator := range []string{"/", "."} {
		t.Run("separator "+separator, func(t *testing.T) {
			d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Separator: separator})
			on := func(name string) string { return strings.ReplaceAll(name, "/", separator) }
			for name := range strings.SplitSeq(groupware, "|") {
				if err := d.CreateFolder("alice", on(name)); err != nil {
					t.Fatal(err)
				}
			}
			s := newSite(t)
			w := s.wizard(t, "lead")
			w.press("Enter the server myself", []string{"address", "alice@here.example", "project", fmt.Sprint(s.sup.ID)})
			host, port := server(t, d.IMAPAddr)
			fields := []string{"host", host, "port", port, "username", "alice", "password", "secret", "tls_verify", "pinned", "fingerprint", d.Certificate.Fingerprint}
			// Who names a parent wrongly is led to the folder that was meant.
			w.page.set("folders", "Kundenbetreuung/kunden/a")
			w.press("Check connection", fields, "E-IMAP-01", "Use "+on("Firma/Kundenbetreuung/kunden/a"))
			w.press("Use "+on("Firma/Kundenbetreuung/kunden/a"), nil, `<h2 class="state ok">`)
			w.press("Continue", nil, `value="`+on("Firma/Kundenbetreuung/kunden/a")+`" checked`)
			for name := range strings.SplitSeq(groupware, "|") {
				last := name[strings.LastIndex(name, "/")+1:]
				if !strings.Contains(w.page.Body, `value="`+on(name)+`"`) || !strings.Contains(w.page.Body, ">"+last+"</span>") {
					t.Errorf("%s is not shown", name)
				}
			}
			for _, mark := range []string{"Calendar</span>", "Tasks</span>", "Outbox</span>", "no mail", "mail of your own", "mail that was thrown away"} {
				if !strings.Contains(w.page.Body, mark) {
					t.Errorf("the tree has no mark %q", mark)
				}
			}
			chosen := []string{on("Firma/Qualitätssicherung"), on("Newsletter/United Planet")}
			w.page.fields["folder"] = chosen
			got := w.page.set("allow_unknown", "true").press(t, "Add inbox")
			got.want(t, 303)
			s.runGateway(t)
			page, cookie := got.Header.Get("Location"), w.cookie
			s.await(t, page, cookie, "Connected")
			for i, folder := range chosen {
				mail := fmt.Sprintf("From: anna@there.example\r\nSubject: Mail to folder %d\r\nMessage-ID: <%d@there.example>\r\n\r\nText\r\n", i, i)
				if err := d.Append("alice", folder, []byte(mail)); err != nil {
					t.Fatal(err)
				}
			}
			s.post(page+"/poll", cookie, nil)
			s.await(t, "/issues", cookie, "Mail to folder 0")
			s.await(t, "/issues", cookie, "Mail to folder 1")
		})
	}
}

// runGateway visits the inboxes until the test ends.
func (s *site) runGateway(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.h.Gateway.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
}

// await asks for a page until a text stands in it.
func (s *site) await(t *testing.T, path, cookie, text string) {
	t.Helper()
	var got answer
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if got = s.get(path, cookie); got.Status == 200 && strings.Contains(got.Body, text) {
			return
		}
	}
	t.Fatalf("%s never said %q\n%s", path, text, shortened(got.Body))
}

func TestFoldersOfAnInboxAreChosenAndMadeOnItsPage(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Separator: "."})
	for _, folder := range []string{"Sent", "Kunden.Drucker"} {
		if err := d.CreateFolder("alice", folder); err != nil {
			t.Fatal(err)
		}
	}
	host, port := server(t, d.IMAPAddr)
	s := newSite(t)
	cookie := s.as("lead")
	page := s.post("/inboxes/new", cookie, s.draft(map[string]string{"host": host, "port": port, "username": "alice", "password": "secret",
		"tls_verify": "pinned", "fingerprint": d.Certificate.Fingerprint, "after": "move", "move_to": "Archiv"})).Header.Get("Location")
	got := s.get(page+"/folders", cookie)
	got.want(t, 200, `value="INBOX" checked`, `value="Kunden.Drucker"`, "mail of your own", `value="Archiv"`)
	form := s.read(t, cookie, "folders", got)
	form.fields["folder"] = []string{"Kunden.Drucker", "Sent"}
	got = form.press(t, "Save")
	got.want(t, 422, "Your own replies would be read as new issues", `value="Kunden.Drucker" checked`, `value="Sent" checked`, "Read these folders all the same")
	form = s.read(t, cookie, "folders", got)
	form.fields["folder"] = []string{"Kunden.Drucker"}
	form.set("move_to", "Erledigt/2026").press(t, "Save").want(t, 303)
	s.get(page, cookie).want(t, 200, "Kunden.Drucker")
	s.get(page+"/folders", cookie).want(t, 200, `value="Kunden.Drucker" checked`, `value="Erledigt.2026"`, `!value="INBOX" checked`)
	if n := d.Count("alice", "Erledigt.2026", "ALL"); n != 0 {
		t.Errorf("the new folder holds %d messages, want an empty folder", n)
	}
	form = s.read(t, cookie, "folders", s.get(page+"/folders", cookie))
	form.fields["folder"] = []string{"Nowhere"}
	form.press(t, "Save").want(t, 422, "Folder Nowhere does not exist. Found: ", "!Read these folders all the same")
}
