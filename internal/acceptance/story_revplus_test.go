package acceptance_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/mailtest"
)

const plantScript = `function onEmail(mail, ctx) {
	const value = name => (mail.text.match(new RegExp("^" + name + ": (.*)$", "m")) || [])[1]
	if (value("Status") === "test") return {reject: "Probealarm"}
	log("Anlage", value("Anlage"))
	return {title: value("Anlage") + ": " + value("Meldung").trim(), priority: "urgent", labels: ["bma"], fields: {Linie: value("Linie")}}
}`

// REV Plus: three accounts, each with a way of its own: a script reads the mails of machines, mails are recorded under
// numbers and leave the maildrop, what third parties send goes to the case that is under way; answers are signed and, as
// soon as a signed mail has brought the certificate, encrypted.
func TestREVPlusStoryEachAccountWorksInItsOwnWay(t *testing.T) {
	t.Parallel()
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: map[string]string{"alarm": "secret", "belege": "secret", "lage": "secret"}})
	out, err := mailtest.NewServers(mailtest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	out.AddUser("anna", "secret", "anna@kunde.example")
	out.AddUser("bernd", "secret", "bernd@kunde.example")
	anna := newCertificate(t, "anna@kunde.example")
	p := newProgram(t)
	p.settings = []string{"LETTERBOX_SMIME_ROOTS=" + anna}
	p.prepare()
	p.start()
	p.addProject()

	account := func(login string, address string, more object) int64 {
		return p.addInbox(with(at(address), object{"name": login, "address": login + "@here.example", "username": login}, more))
	}
	alarm := account("alarm", d.IMAPAddr, object{"after": "seen"})
	intake := account("belege", d.POP3Addr, object{"receive": "pop3", "pop3_after": "delete", "intake": true})
	third := account("lage", d.IMAPAddr, object{"after": "leave", "attach_to_active": "attach_only"})
	p.stage("script", func() { p.machinesWrite(d, alarm) })
	p.stage("active case", func() { p.thirdPartiesWrite(d, third) })
	p.stage("intake and answers", func() { p.customersWrite(d, out, intake, anna) })
	p.stop()
}

// machinesWrite goes through the script of an account.
func (p *program) machinesWrite(d *mailtest.Dovecot, inbox int64) {
	t := p.t
	path := fmt.Sprintf("/inboxes/%d/script", inbox)
	p.call("PUT", path, object{"source": plantScript}, nil)
	from := "Brandmeldeanlage <bma@anlage.example>"
	deliverTo(t, d, "alarm",
		letterOf("1@anlage.example", from, "alarm@here.example", "Meldung", nil, plain("Anlage: Halle 3\nMeldung: Rauch\nLinie: 17")),
		letterOf("2@anlage.example", from, "alarm@here.example", "Probe", nil, plain("Anlage: Halle 3\nStatus: test")),
		letterOf("3@anlage.example", from, "alarm@here.example", "Störung", nil, plain("Anlage: Halle 4\nLinie: 2")))
	log := p.ends(inbox, "Meldung: created accepted_new #1", "Probe: rejected script_rejected", "Störung: quarantined script_failed")
	var made struct {
		Title, Priority string
		Labels          []string
	}
	p.call("GET", "/issues/1", nil, &made)
	if got, want := fmt.Sprint(made), "{Halle 3: Rauch urgent [bma]}"; got != want {
		t.Errorf("the issue of the script is %s, want %s", got, want)
	}
	k := p.desk()
	contains(t, "the page of the mail", k.page(fmt.Sprintf("/messages/%d", log[0].ID)), "Anlage Halle 3")
	contains(t, "the page of the refused mail", k.page(fmt.Sprintf("/messages/%d", log[1].ID)), "Probealarm")
	contains(t, "the page of the mail that the script could not read", k.page(fmt.Sprintf("/messages/%d", log[2].ID)), "TypeError")

	// The script is mended: tried on the mails that came, put in force, and the mail is processed again.
	mended := strings.Replace(plantScript, `value("Meldung").trim()`, `(value("Meldung") || "Störung")`, 1)
	type trial struct {
		Message int64
		Title   string
		Failure any
	}
	var tried struct{ Items []trial }
	p.call("POST", path+"/try", object{"source": mended, "count": 1}, &tried)
	if diff := cmp.Diff([]trial{{log[2].ID, "Halle 4: Störung", nil}}, tried.Items); diff != "" {
		t.Errorf("tried (-want +got):\n%s", diff)
	}
	p.call("PUT", path, object{"source": mended}, nil)
	var again message
	if p.call("POST", fmt.Sprintf("/messages/%d/reprocess", log[2].ID), nil, &again); again.State != "created" {
		t.Errorf("processed again: %s %s, want created", again.State, again.Reason)
	}
	if n := d.Count("alarm", "INBOX", "SEEN"); n != 2 {
		t.Errorf("%d mails are marked as read, want those with a result", n)
	}
}

// thirdPartiesWrite goes through the case that is under way.
func (p *program) thirdPartiesWrite(d *mailtest.Dovecot, inbox int64) {
	t := p.t
	var lead issue
	p.call("POST", "/issues", object{"project": "SUP", "title": "Hochwasser"}, &lead)
	p.call("PUT", fmt.Sprintf("/issues/%d/active", lead.Number), nil, nil)
	pages := make([]string, 3)
	var want []string
	for i, name := range []string{"Lageplan.pdf", "Pegel.csv", "Foto.jpg"} {
		content := []byte("content of " + name)
		pages[i] = "Content-Type: application/octet-stream; name=" + name + "\nContent-Disposition: attachment; filename=" + name + "\nContent-Transfer-Encoding: base64\n\n" + wrapped(content)
		want = append(want, file(name, content))
	}
	slices.Sort(want)
	raw := letterOf("1@partner.example", "Wasserwerk <lage@partner.example>", "lage@here.example", "Unterlagen", nil,
		multipart("mixed", append([]string{"Content-Type: text/plain\n\nAnbei.\n"}, pages...)...))
	deliverTo(t, d, "lage", raw)
	p.ends(inbox, fmt.Sprintf("Unterlagen: commented accepted_comment #%d", lead.Number))
	var got []string
	for _, f := range list[attachment](p, fmt.Sprintf("/issues/%d/attachments", lead.Number)) {
		got = append(got, fmt.Sprintf("%s %d %s", f.Name, f.Size, f.SHA256))
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files of the case (-want +got):\n%s", diff)
	}
	p.call("DELETE", fmt.Sprintf("/issues/%d/active", lead.Number), nil, nil)
	deliverTo(t, d, "lage", bytes.ReplaceAll(raw, []byte("Unterlagen"), []byte("Nachtrag")))
	if m := p.arrives(inbox, "Nachtrag"); m.State != "created" {
		t.Errorf("without a case under way: %s %s, want an issue of its own", m.State, m.Reason)
	}
	if n := d.Count("lage", "INBOX", "SEEN"); n != 0 {
		t.Errorf("%d mails are marked as read, want none", n)
	}
}

// customersWrite goes through mails that are recorded, and through answers with S/MIME.
func (p *program) customersWrite(d *mailtest.Dovecot, out *mailtest.Servers, inbox int64, anna string) {
	t := p.t
	sender := with(at(out.SMTPAddr), object{
		"address": "belege@here.example", "name": "Belege", "security": "none", "auth": "none", "smime_sign": true, "smime_encrypt": "if_possible",
	})
	p.call("POST", "/sending-accounts", sender, nil)
	deliverTo(t, d, "belege", letterOf("1@kunde.example", "Bernd <bernd@kunde.example>", "belege@here.example", "Ohne Siegel", nil, plain("Bitte buchen.")),
		openssl(t, "Content-Type: text/plain\r\n\r\nSigned by me.\r\n", "cms", "-sign", "-signer", anna, "-md", "sha256",
			"-from", "Anna <anna@kunde.example>", "-to", "belege@here.example", "-subject", "Mit Siegel"))
	log := p.quiet(inbox, 2)
	await(t, time.Minute, func() error { // A deletion waits for a second look.
		if n := d.Count("belege", "INBOX", "ALL"); n != 0 {
			return fmt.Errorf("%d mails are left in the maildrop", n)
		}
		return nil
	})
	k := p.desk()
	var numbers []int64
	for _, m := range log {
		for _, i := range list[struct{ ID, Number int64 }](p, fmt.Sprintf("/issues/%d/intakes", *m.Issue)) {
			numbers = append(numbers, i.Number)
			contains(t, "the form of the intake", k.page(fmt.Sprintf("/intakes/%d", i.ID)), "Copy 1 of 4", "Copy 4 of 4", m.Subject)
		}
	}
	if !slices.Equal(numbers, []int64{1, 2}) {
		t.Errorf("the mails are recorded under %d, want 1 and 2", numbers)
	}

	for _, m := range log {
		p.call("POST", fmt.Sprintf("/issues/%d/comments", *m.Issue), object{"body": "Gebucht, Ihr Beleg."}, nil)
	}
	for _, o := range list[struct{ ID int64 }](p, "/outbox") { // An answer waits for its writer to think again.
		p.call("POST", fmt.Sprintf("/outbox/%d/send", o.ID), nil, nil)
	}
	for _, login := range []string{"anna", "bernd"} {
		await(t, time.Minute, func() error {
			if len(out.Mails(login)) != 1 {
				return fmt.Errorf("%s has %d mails, want 1", login, len(out.Mails(login)))
			}
			return nil
		})
	}
	ours := k.certificate(1)
	clear := out.Mails("bernd")[0]
	contains(t, "the answer that is signed", string(openssl(t, string(clear), "cms", "-verify", "-CAfile", ours)), "Gebucht")
	sealed := out.Mails("anna")[0]
	if bytes.Contains(sealed, []byte("Gebucht")) || !bytes.Contains(sealed, []byte("enveloped-data")) {
		t.Errorf("the answer to who has a certificate is not encrypted:\n%s", sealed)
	}
	inner := openssl(t, string(sealed), "cms", "-decrypt", "-recip", anna, "-inkey", anna)
	contains(t, "the answer that was encrypted", string(openssl(t, string(inner), "cms", "-verify", "-CAfile", ours)), "Gebucht")

	deliverTo(t, d, "belege", openssl(t, "Content-Type: text/plain\r\n\r\nOnly for you.\r\n", "cms", "-encrypt", "-aes256",
		"-from", "Anna <anna@kunde.example>", "-to", "belege@here.example", "-subject", "Vertraulich", ours))
	m := p.arrives(inbox, "Vertraulich")
	var opened issue
	if p.call("GET", fmt.Sprintf("/issues/%d", *m.Issue), nil, &opened); !strings.Contains(opened.Description, "Only for you.") {
		t.Errorf("what was encrypted for us reads %q", opened.Description)
	}
}

// certificate downloads a certificate of ours and returns the file with it, in PEM.
func (k *desk) certificate(id int64) string {
	k.p.t.Helper()
	resp, err := k.client.Get(fmt.Sprintf("%s/smime/keys/%d/certificate", k.p.url, id))
	if err != nil {
		k.p.t.Fatal(err)
	}
	defer resp.Body.Close()
	var raw bytes.Buffer
	if _, err := raw.ReadFrom(resp.Body); err != nil || resp.StatusCode != 200 {
		k.p.t.Fatalf("download the certificate: status %d, %v", resp.StatusCode, err)
	}
	path := filepath.Join(k.p.t.TempDir(), "ours.pem")
	if err := os.WriteFile(path, openssl(k.p.t, raw.String(), "x509", "-outform", "PEM"), 0o600); err != nil {
		k.p.t.Fatal(err)
	}
	return path
}

// newCertificate makes a certificate for mail with its key, in one file.
func newCertificate(t *testing.T, address string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "person.pem")
	both := openssl(t, "", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "-", "-out", "-", "-days", "30",
		"-subj", "/CN="+url.QueryEscape(address), "-addext", "subjectAltName=email:"+address, "-addext", "extendedKeyUsage=emailProtection",
		"-addext", "keyUsage=digitalSignature,keyAgreement")
	if err := os.WriteFile(path, both, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// openssl runs it on octets and returns what it writes.
func openssl(t *testing.T, in string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "openssl", args...)
	cmd.Stdin = strings.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, stderr.Bytes())
	}
	return out
}
