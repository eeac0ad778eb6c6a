package handlers

import (
	"testing"

	"letterbox/internal/mailtest"
)

// The form of an inbox offers the folders of its account without a script: of the server that was entered, and of the
// one that is stored. What was entered stays, the password unseen.
func TestFoldersAreChosenFromATreeInTheFormOfAnInbox(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Separator: "."})
	for _, folder := range []string{"Sent", "Kalender", "Kunden.Drucker"} {
		if err := d.CreateFolder("alice", folder); err != nil {
			t.Fatal(err)
		}
	}
	host, port := server(t, d.IMAPAddr)
	s := newSite(t)
	cookie := s.as("lead")
	got := s.post("/inboxes/new", cookie, s.draft(map[string]string{"host": host, "port": port, "username": "alice", "password": "guess", "do": "folders",
		"tls_verify": "pinned", "fingerprint": d.Certificate.Fingerprint, "name": "Anlagen"}))
	got.want(t, 200, "E-AUTH-01", `<textarea id="f-folders"`, "!guess")
	got = s.read(t, cookie, "inbox", got).set("password", "secret").press(t, "Get the folders")
	got.want(t, 200, `value="INBOX" checked`, `value="Kunden.Drucker"`, "mail of your own", "Calendar</span>", "!E-AUTH-01", "Entered – leave empty", "!secret\"")
	form := s.read(t, cookie, "inbox", got)
	form.fields["folder"] = []string{"INBOX", "Kunden.Drucker"}
	got = form.set("after", "move", "move_to", "Erledigt", "create_folders", "true").press(t, "Save")
	got.want(t, 303)
	page := got.Header.Get("Location")
	if n := d.Count("alice", "Erledigt", "ALL"); n != 0 {
		t.Errorf("the target folder holds %d messages, want an empty folder", n)
	}
	s.runGateway(t)
	s.await(t, page, cookie, "Connected")

	got = s.get(page+"/edit", cookie)
	got.want(t, 200, `value="INBOX" checked`, `value="Kunden.Drucker" checked`, `<option value="Erledigt">`)
	form = s.read(t, cookie, "inbox", got)
	form.fields["folder"] = []string{"Sent"}
	got = form.press(t, "Save")
	got.want(t, 422, "Your own replies would be read as new issues", `value="Sent" checked`, "Read these folders all the same")
	form = s.read(t, cookie, "inbox", got)
	form.fields["folder"] = []string{"Kunden.Drucker"}
	form.set("move_to", "Fertig.2026").press(t, "Save").want(t, 303)
	if n := d.Count("alice", "Fertig.2026", "ALL"); n != 0 {
		t.Errorf("the new target folder holds %d messages, want an empty folder", n)
	}
	s.get(page+"/edit?folders=Nowhere", cookie).want(t, 200, "not on the server")
}
