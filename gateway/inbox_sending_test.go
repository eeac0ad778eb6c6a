package gateway_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/gateway"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// The sending account of an inbox is part of its file: it comes back from it, and a second time there is nothing to do.
func TestSendingAccountOfAnInboxIsInItsFile(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		d := newDen(t, s)
		g := d.process(nil)
		in := d.inbox(g, nil)
		if without := d.exports(g); !strings.Contains(without, "sending: null") {
			t.Fatalf("without an account of its own:\n%s", without)
		}
		password := "sm4p"
		settings := models.DefaultSendingSettings()
		settings.Host, settings.Username, settings.Security, settings.Port = "smtp.here.example", "support", "starttls", 587
		settings.TLSVerify, settings.Fingerprint, settings.Signature, settings.Tagged, settings.PerMinute = "pinned", strings.Repeat("ab", 32), "Ihr Support\nHere", true, 30
		a, err := g.CreateSendingAccount(t.Context(), nil, gateway.SendingDraft{Place: "inbox:" + fmt.Sprint(in.ID), Address: "support@here.example", Name: "Support", Settings: settings, Password: &password})
		if err != nil {
			t.Fatal(err)
		}
		file := d.exports(g)
		if strings.Contains(file, password) {
			t.Error("the file holds the password")
		}
		if all, err := d.imports(g, file, nil); err != nil || all[0].Differs() {
			t.Errorf("the file of what is there differs: %+v, %v", all, err)
		}
		if err := g.DeleteSendingAccount(t.Context(), nil, a.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := d.imports(g, file, nil); !strings.Contains(lines(err), "sending.password E-CONF-05") {
			t.Errorf("a new account keeps a password that nobody has given: %s", lines(err))
		}
		at := strings.Index(file, "sending:")
		given := file[:at] + strings.Replace(file[at:], "password: keep", "password: ${env:HAVE_SMTP}", 1)
		if _, err := d.imports(g, given, nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d.exports(g), file); diff != "" {
			t.Errorf("exported again (-got +want):\n%s", diff)
		}
		if all, err := d.imports(g, given, nil); err != nil || all[0].Differs() {
			t.Errorf("imported again, there is something to do: %+v, %v", all, err)
		}
		made, err := s.SendingAccountAt(t.Context(), "inbox:"+fmt.Sprint(in.ID))
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := d.ring.Open(made.PasswordEnc, gateway.SendingSecretPlace(made.ID)); plain != "secret of HAVE_SMTP" || made.Settings.TrustedAt == nil || err != nil {
			t.Errorf("password %q, trusted at %v, %v", plain, made.Settings.TrustedAt, err)
		}
		for text, want := range map[string]string{
			"{settings: {port: 70000}}": "3 sending.port E-SEND-05", "{address: nobody}": "3 sending.address E-SEND-03", "{password: secret}": "3 sending.password E-CONF-04",
			"{settings: {host: other.example}}": "3 sending.password E-INBOX-07", "{hots: x}": "3 sending.hots E-API-12",
		} {
			if _, err := d.imports(g, "inboxes:\n  - name: Support\n    sending: "+text+"\n", nil); lines(err) != want {
				t.Errorf("%s: %q, want %q", text, lines(err), want)
			}
		}
	})
}

// What a sending account signs in with by OAuth 2.0 is in the file as references, as that of the inbox itself.
func TestClientSecretOfASendingAccountIsAReferenceInTheFile(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		g.OAuthHosts = []string{"login.here.example"}
		in := d.inbox(g, nil)
		const app = "{provider: other, authority: 'https://login.here.example', tenant: t1, client_id: c1, scope: mail}"
		sending := func(text string) string { return "inboxes:\n  - name: Support\n    sending: {" + text + "}\n" }
		given := sending("address: a@here.example, client_secret: '${env:HAVE_APP}', settings: {host: smtp.here.example, auth: oauth2_client, oauth: " + app + "}")
		if _, err := d.imports(g, given, nil); err != nil {
			t.Fatal(err)
		}
		held := func() string {
			t.Helper()
			a, err := d.store.SendingAccountAt(t.Context(), "inbox:"+fmt.Sprint(in.ID))
			if err != nil {
				t.Fatal(err)
			}
			o := gateway.OAuthSending(a.ID)
			c, err := d.store.OAuthCredential(t.Context(), string(o))
			if err != nil {
				t.Fatal(err)
			}
			plain, err := d.ring.Open(c.SecretEnc, o.SecretPlace("secret"))
			if err != nil {
				t.Fatal(err)
			}
			return plain + " of " + a.Settings.OAuth.ClientID
		}
		if got, want := held(), "secret of HAVE_APP of c1"; got != want {
			t.Errorf("stored: %q, want %q", got, want)
		}
		file := d.exports(g)
		at := strings.Index(file, "sending:")
		if !strings.Contains(file[at:], "client_secret: keep") || strings.Contains(file, "HAVE_APP") {
			t.Errorf("the file says:\n%s", file[at:])
		}
		for name, text := range map[string]string{"of what is there": file, "that was taken in": given} {
			if all, err := d.imports(g, text, nil); err != nil || all[0].Differs() {
				t.Errorf("the file %s differs: %+v, %v", name, all, err)
			}
		}
		for text, want := range map[string]string{
			"client_secret: secret":                                   "3 sending.client_secret E-CONF-04",
			"client_secret: keep, settings: {oauth: {client_id: c2}}": "3 sending.client_secret E-CONF-05",
			"settings: {oauth: {authority: 'https://else.example'}}":  "3 sending.authority E-OAUTH-15",
			"client_secret: keep, settings: {host: other.example}":    "3 sending.client_secret E-CONF-05",
		} {
			if _, err := d.imports(g, sending(text), nil); lines(err) != want {
				t.Errorf("%s: %q, want %q", text, lines(err), want)
			}
		}
		if _, err := d.imports(g, sending("client_secret: '${env:HAVE_OTHER}', settings: {oauth: {client_id: c2}}"), nil); err != nil {
			t.Fatal(err)
		}
		if got, want := held(), "secret of HAVE_OTHER of c2"; got != want {
			t.Errorf("of another app: %q, want %q", got, want)
		}
		if _, err := d.imports(g, sending("client_secret: '${env:HAVE_THIRD}'"), nil); err != nil {
			t.Fatal(err)
		}
		if got, want := held(), "secret of HAVE_THIRD of c2"; got != want {
			t.Errorf("replaced: %q, want %q", got, want)
		}
		if _, err := d.imports(g, "inboxes:\n  - name: Support\n    sending: null\n", nil); err != nil {
			t.Fatal(err)
		}
		if _, err := d.imports(g, file, nil); !strings.Contains(lines(err), "sending.client_secret E-CONF-05") {
			t.Errorf("a new account keeps a secret that nobody has given: %s", lines(err))
		}
	})
}

// Each change of the sending account of an inbox is a version of the inbox, and a version brings it back.
func TestSendingAccountIsInTheVersionsOfItsInbox(t *testing.T) {
	inDen(t, func(t *testing.T, d *den) {
		g := d.process(nil)
		in := d.inbox(g, nil)
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		file := func(sending string) {
			t.Helper()
			_, err := d.imports(g, "inboxes:\n  - name: Support\n    sending: "+sending+"\n", nil)
			do(err)
		}
		file("{address: a@here.example, password: '${env:HAVE_SMTP}', settings: {host: smtp.here.example}}")
		file("{name: Support}")
		a, err := d.store.SendingAccountAt(t.Context(), "inbox:"+fmt.Sprint(in.ID))
		do(err)
		draft := gateway.SendingDraft{Place: a.Place, Address: a.Address, Name: "By hand", Settings: a.Settings}
		_, err = g.UpdateSendingAccount(t.Context(), nil, a.ID, 0, draft)
		do(err)
		file("null")
		restore := func(by *models.User, version int64) {
			t.Helper()
			q, err := g.Restoring(t.Context(), in.ID, version)
			do(err)
			_, err = g.ImportInboxes(t.Context(), by, q)
			do(err)
		}
		restore(nil, 3)
		if back, err := d.store.SendingAccountAt(t.Context(), a.Place); err != nil || back.Name != "Support" || back.PasswordEnc != "" {
			t.Errorf("brought back: %+v %v, want it as in version 3, without the password that is gone", back, err)
		}
		restore(nil, 1)
		if _, err := d.store.SendingAccountAt(t.Context(), a.Place); err != nil {
			t.Errorf("the sending account after a restore of a version without one: %v", err)
		}
		lead := &models.User{ID: 77, Role: models.RoleMember}
		restore(lead, 1) // Who is no admin leaves sending accounts as they are.
		if _, err := d.store.SendingAccountAt(t.Context(), a.Place); err != nil {
			t.Errorf("the sending account after a restore by who may not change it: %v", err)
		}
		var codes []string
		for _, v := range d.kept(g, in.ID) {
			name, _, _ := strings.Cut(v, ":")
			codes = append(codes, name)
		}
		if want := []string{"1 inbox.create", "2 inbox.import", "3 inbox.import", "4 sending.update", "5 inbox.import", "6 inbox.restore"}; !cmp.Equal(codes, want) {
			t.Errorf("versions %q, want %q", codes, want)
		}
		q := func(q *gateway.ConfigImport) { q.Secret = nil }
		if _, err := d.importsAs(g, lead, "inboxes:\n  - name: Support\n    sending: {name: Other}\n", q); lines(err) != "3 sending E-CONF-14" {
			t.Errorf("a file of who is no admin: %s", lines(err))
		}
	})
}
