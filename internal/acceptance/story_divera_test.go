package acceptance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/mailtest"
)

// incidentMail is what a control centre sends about an incident: a few words and the data as XML.
func incidentMail(id, from, to, subject, keyword, hurry, note string, more ...string) []byte {
	data := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Einsatz prio=\"" + hurry + "\"><Einsatznummer>2026-00815</Einsatznummer><Stichwort>" + keyword +
		"</Stichwort><Meldebild>" + note + "</Meldebild><Einsatzort><Strasse>Am Hafen</Strasse><Hausnummer>7</Hausnummer>" +
		"<Gemeinde>Überlingen</Gemeinde></Einsatzort></Einsatz>\n"
	return letterOf(id, from, to, subject, more, multipart("mixed", "Content-Type: text/plain; charset=utf-8\n\nDaten der Leitstelle, maschinell erstellt.\n",
		"Content-Type: application/xml; name=einsatz.xml\nContent-Disposition: attachment; filename=einsatz.xml\nContent-Transfer-Encoding: base64\n\n"+wrapped([]byte(data))))
}

// DIVERA 24/7: two mailboxes at the limit; the mails of one incident are one issue, whichever way they come; sender,
// recipient and keywords are checked, so that the mail at its end raises nothing and still stands in the log.
func TestDIVERAStoryOneIncidentIsOneIssue(t *testing.T) {
	t.Parallel()
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	p := newProgram(t)
	// The issuer of the server's certificate is one that the system knows: encryption takes no further step.
	issuers := filepath.Join(t.TempDir(), "issuers.pem")
	if err := os.WriteFile(issuers, d.Certificate.CertPEM, 0o600); err != nil {
		t.Fatal(err)
	}
	p.settings = []string{"LETTERBOX_INBOXES_PER_PROJECT=2", "SSL_CERT_FILE=" + issuers}
	p.prepare()
	p.start()
	p.addProject()
	const centre, alarm = "Leitstelle <alarm@leitstelle.example>", "einsatz@wehr.example"
	checks := object{
		"allowed_senders": []string{"alarm@leitstelle.example"}, "recipients_expected": []string{alarm},
		"subject_keywords": []string{"Einsatzeröffnung", "Einsatzaktualisierung"}, "body_keywords": []string{"maschinell erstellt"},
	}
	first := p.addInbox(with(at(d.IMAPSAddr), checks, object{"name": "Alarmpostfach", "address": alarm, "security": "tls"}))
	second := p.addInbox(with(at(d.POP3Addr), object{"name": "Leitstelle Süd", "address": "sued@wehr.example", "receive": "pop3", "username": "bob"}))

	third := with(at(d.IMAPAddr), object{"name": "Drittes", "address": "x@wehr.example", "project": "SUP", "receive": "imap", "username": "carl", "password": "secret"})
	if got := p.refused("POST", "/inboxes", third, 409); !cmp.Equal(got, []string{"E-INBOX-06"}) {
		t.Errorf("the third inbox is refused with %q, want E-INBOX-06", got)
	}
	k := p.desk()
	contains(t, "the list of inboxes", k.page("/inboxes"), "SUP: 2 of 2 inboxes are in use.", "Leitstelle Süd", "Alarmpostfach")

	if got := p.refused("PATCH", fmt.Sprintf("/inboxes/%d", first), object{"subject_keywords": []string{"Alarm"}}, 422); !cmp.Equal(got, []string{"E-GATE-01"}) {
		t.Errorf("a keyword of five letters is refused with %q, want E-GATE-01", got)
	}
	const xml, lines = "Einsatzdaten als XML (MAÜ-artig)", "Stichwort / Ort / Nummer"
	k.recognise(first, xml, lines)
	k.recognise(second, lines)

	deliverTo(t, d, "alice",
		incidentMail("1@leitstelle.example", centre, alarm, "Einsatzeröffnung 2026-00815", "B2", "2", "Rauch aus Dachstuhl"),
		incidentMail("2@leitstelle.example", "Wer anders <alarm@anders.example>", alarm, "Einsatzeröffnung 2026-00815", "B2", "2", "Gefälscht"),
		incidentMail("3@leitstelle.example", centre, "andere@wehr.example", "Einsatzeröffnung 2026-00815", "B2", "2", "An andere"),
		incidentMail("4@leitstelle.example", centre, "verteiler@leitstelle.example", "EINSATZAKTUALISIERUNG 2026-00815", "B3", "1", "Offene Flammen", "X-Original-To: "+alarm),
		letterOf("5@leitstelle.example", centre, alarm, "Einsatzeröffnung ohne Daten", nil, plain("Von Hand getippt.")),
		incidentMail("6@leitstelle.example", centre, alarm, "Einsatzabschluss 2026-00815", "B3", "4", "Feuer aus"))
	log := p.ends(first,
		"Einsatzeröffnung 2026-00815: created accepted_new #1", "Einsatzeröffnung 2026-00815: rejected sender_not_allowed",
		"Einsatzeröffnung 2026-00815: rejected recipient_unexpected", "EINSATZAKTUALISIERUNG 2026-00815: commented accepted_update #1",
		"Einsatzeröffnung ohne Daten: rejected keyword_body", "Einsatzabschluss 2026-00815: rejected keyword_subject")

	// The other mailbox and the door of the API are open at the same time; another format, the same incident.
	deliverTo(t, d, "bob", letterOf("7@sued.example", "sued@sued.example", "sued@wehr.example", "Nachricht", nil,
		plain("Einsatzstichwort: B4\nEinsatzort: Am Hafen 7\nEinsatznummer: 2026-00815")))
	p.ends(second, "Nachricht: commented accepted_update #1")
	var handed message
	if p.post("/inbound/Alarmpostfach", incidentMail("8@leitstelle.example", centre, alarm, "Einsatzabschluss 2026-00815", "B4", "4", "Rückfahrt"), &handed); handed.Reason != "keyword_subject" {
		t.Errorf("what is handed in is %s %s, want the same checks", handed.State, handed.Reason)
	}

	seen := p.tracked()
	if len(seen.issues) != 1 || len(seen.comments[1]) != 2 {
		t.Errorf("%d issues and %d comments, want one with two", len(seen.issues), len(seen.comments[1]))
	}
	if got, want := seen.issues[1].Title, "B4 – Am Hafen 7"; got != want {
		t.Errorf("title %q, want %q", got, want)
	}
	has(t, "the history", p.changed(1), "field: Stichwort: B2 > Stichwort: B3", "field: Meldebild: Rauch aus Dachstuhl > Meldebild: Offene Flammen",
		"priority: high > urgent", "field: Stichwort: B3 > Stichwort: B4", "title: B2 – Am Hafen 7, Überlingen > B3 – Am Hafen 7, Überlingen")
	contains(t, "the page of the opening mail", k.page(fmt.Sprintf("/messages/%d", log[0].ID)), xml, "2026-00815")
	contains(t, "the page of the mail at the end", k.page(fmt.Sprintf("/messages/%d", log[5].ID)), "Einsatzeröffnung, Einsatzaktualisierung")
	if status, raw := p.send("GET", fmt.Sprintf("/messages/%d/raw", log[5].ID), nil); status != 200 || hash(raw) != log[5].SHA256 {
		t.Errorf("the octets of the mail at the end: status %d, %d octets; want what was received", status, len(raw))
	}
	p.stop()
}
