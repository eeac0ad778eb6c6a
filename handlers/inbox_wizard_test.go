package handlers

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/internal/secret"
	"letterbox/models"
)

// steps walks through the wizard as a browser without scripts does.
type steps struct {
	t      *testing.T
	s      *site
	cookie string
	page   *paper
}

func (s *site) wizard(t *testing.T, who string) *steps {
	t.Helper()
	w := &steps{t: t, s: s, cookie: s.as(who)}
	w.see(s.get("/inboxes/add", w.cookie), 200)
	return w
}

func (w *steps) see(a answer, status int, texts ...string) {
	w.t.Helper()
	a.want(w.t, status, texts...)
	w.page = w.s.read(w.t, w.cookie, "wizard", a)
}

// press fills fields, presses a button and expects a page with these texts.
func (w *steps) press(words string, fields []string, texts ...string) {
	w.t.Helper()
	w.see(w.page.set(fields...).press(w.t, words), 200, texts...)
}

func (w *steps) refused(words string, fields []string, texts ...string) {
	w.t.Helper()
	w.see(w.page.set(fields...).press(w.t, words), 422, texts...)
}

// server splits an address into what a form wants.
func server(t *testing.T, addr string) (host, port string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

// From nothing to an inbox, without a script: a wrong password, a wrong port, a self-signed certificate and a folder
// that is none of the usual ones on the way.
func TestWizardLeadsToAnInboxOverIMAP(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	for _, folder := range []string{"Projekte/Drucker", "Sent"} {
		if err := d.CreateFolder("alice", folder); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		if err := d.Deliver("alice", fmt.Appendf(nil, "From: Anna <anna%d@there.example>\r\nSubject: Mail %d\r\nMessage-ID: <%d@there.example>\r\n\r\nText\r\n", i, i, i)); err != nil {
			t.Fatal(err)
		}
	}
	s := newSite(t)
	w := s.wizard(t, "lead")
	w.refused("Continue", []string{"address", "support"}, `href="#f-address"`)
	w.press("Enter the server myself", []string{"address", "support@here.example", "project", fmt.Sprint(s.sup.ID)}, "Step 2 of 3", `value="support@here.example"`)
	host, port := server(t, d.IMAPSAddr)
	_, plain := server(t, d.IMAPAddr)

	w.refused("Check connection", []string{"host", host, "port", plain, "security", "tls", "username", "alice@here.example"}, "Enter the password", `href="#f-password"`)
	w.press("Check connection", []string{"password", "guess"}, "E-TLS-04", "Set STARTTLS", "!guess")
	w.press("Set STARTTLS", nil, "E-TLS-01", "Trust this certificate", d.Certificate.Fingerprint, "Letterbox test server", "localhost, 127.0.0.1", "!guess")
	w.press("Trust this certificate", nil, "E-AUTH-01", "Try “alice” as the user name", "!guess")
	w.press("Try “alice” as the user name", nil, "E-AUTH-01", "!as the user name")
	w.press("Check again", []string{"password", "secret"}, `<h2 class="state ok">`, "!value=\"secret\"")
	w.press("Back", nil, `value="support@here.example"`)
	w.press("Enter the server myself", nil, `value="pinned" selected`)
	w.press("Check connection", []string{"port", port, "security", "tls"}, `<h2 class="state ok">`)

	w.press("Continue", nil, "Step 3 of 3", "3 messages in INBOX.", "The oldest is of", "Drucker", "mail of your own", `value="from_now" checked`)
	w.press("Preview", nil, "What the last mails would become", "anna2@there.example", "Mail 0", "is unknown and")
	w.press("Preview", []string{"allow_unknown", "true"}, "New issue", "!is unknown and")
	w.page.fields["folder"] = []string{"INBOX", "Sent"}
	w.refused("Add inbox", nil, "Sent is the &#34;Sent&#34; folder. Your own replies would be read as new issues", "Read these folders all the same")
	w.page.fields["folder"] = []string{"INBOX", "Nowhere"}
	w.refused("Add inbox", nil, "Folder Nowhere does not exist")
	w.page.fields["folder"] = []string{"INBOX", "Projekte/Drucker"}
	w.page.set("after", "move", "move_to", "Erledigt/2026", "create_folders", "true")
	got := w.page.press(t, "Add inbox")
	got.want(t, 303)

	all, err := s.h.Gateway.Inboxes(t.Context())
	s.ok(err)
	in := all[len(all)-1]
	for _, one := range all {
		if one.Address == "support@here.example" {
			in = one
		}
	}
	if got.Header.Get("Location") != fmt.Sprintf("/inboxes/%d", in.ID) {
		t.Errorf("redirected to %q, want the new inbox %d", got.Header.Get("Location"), in.ID)
	}
	set := in.Settings
	if !in.PasswordSet || !in.Enabled || in.ProjectID != s.sup.ID || strings.Join(set.Folders, "|") != "INBOX|Projekte/Drucker" ||
		set.TLSVerify != "pinned" || set.Username != "alice" || set.Security != "tls" || set.ImportSince != "from_now" || !in.Rules.AllowUnknown {
		t.Errorf("the inbox is %+v with %+v", in.Inbox, in.Rules)
	}
	if n := d.Count("alice", "INBOX", "SEEN"); n != 0 {
		t.Errorf("%d messages are marked as read, want none: nothing has been changed", n)
	}
	report, err := s.h.Gateway.CheckInbox(t.Context(), in.ID, nil)
	s.ok(err)
	if names := fmt.Sprint(report.Folders); !report.OK || !strings.Contains(names, "Erledigt/2026") {
		t.Errorf("the check of the new inbox: %t, folders %s; want the target folder to be there", report.OK, names)
	}
}

func TestWizardLeadsToAnInboxOverPOP3(t *testing.T) {
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{Issued: true})
	if err != nil {
		t.Fatal(err)
	}
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{Certificate: cert})
	if err := d.Deliver("bob", []byte("From: anna@there.example\r\nSubject: One\r\n\r\nText\r\n")); err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	w := s.wizard(t, "admin")
	w.press("Enter the server myself", []string{"address", "bob@here.example", "project", fmt.Sprint(s.sup.ID)})
	host, port := server(t, d.POP3SAddr)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, nobody := server(t, closed.Addr().String())
	_ = closed.Close()
	w.press("Check connection", []string{"receive", "pop3", "host", host, "port", nobody, "security", "tls", "username", "bob", "password", "secret"},
		"E-NET-01", "Try port 995", "Try port 110")
	root := cert.CertPEM[strings.LastIndex(string(cert.CertPEM), "-----BEGIN"):]
	w.press("Check again", []string{"port", port}, "E-TLS-01", "Letterbox test authority")
	w.press("Check again", []string{"tls_verify", "ca", "ca_pem", "no certificate"}, "E-TLS-09")
	w.press("Check again", []string{"tls_verify", "ca", "ca_pem", string(root)}, `<h2 class="state ok">`, "1 message")
	w.press("Continue", nil, "1 message in the mailbox.", "!f-folders")
	w.press("Preview", []string{"allow_unknown", "true"}, "anna@there.example", "New issue")
	w.refused("Add inbox", []string{"import_since", "date", "import_date", ""}, "Choose the date", `href="#f-import_date"`)
	got := w.page.set("import_since", "archive").press(t, "Add inbox")
	got.want(t, 303)
	page := got.Header.Get("Location")
	s.get(page, w.cookie).want(t, 200, "bob@here.example", "password set", "Own issuer")
	if n := d.Count("bob", "INBOX", "ALL"); n != 1 {
		t.Errorf("the maildrop holds %d messages, want 1: nothing has been changed", n)
	}
}

func TestWizardWithAPresetNeedsNoServer(t *testing.T) {
	s := newSite(t)
	for _, test := range []struct{ address, provider, host, port, user, hint string }{
		{"max@gmx.de", "auto", "imap.gmx.net", "993", "max@gmx.de", "Allow POP3/IMAP once"},
		{"max@web.de", "auto", "imap.web.de", "993", "max", "POP3 at most every 15 minutes"},
		{"support@firm.example", "strato", "imap.strato.de", "993", "support@firm.example", "user name is the e-mail address"},
		{"support@firm.example", "microsoft365", "outlook.office365.com", "993", "support@firm.example", "switched off sign-in with a password"},
	} {
		w := s.wizard(t, "lead")
		w.press("Continue", []string{"address", test.address, "project", fmt.Sprint(s.sup.ID), "provider", test.provider},
			"Step 2 of 3", test.hint, "from the list of providers", test.host+":"+test.port)
		for name, want := range map[string]string{"host": test.host, "port": test.port, "username": test.user, "receive": "imap", "security": "tls"} {
			if got := w.page.fields.Get(name); got != want {
				t.Errorf("%s, %s: %s = %q, want %q", test.address, test.provider, name, got, want)
			}
		}
	}
	w := s.wizard(t, "lead")
	w.press("Continue", []string{"address", "max@web.de", "project", fmt.Sprint(s.sup.ID)})
	w.press("Use this one", nil, "Step 2 of 3")
	if got := w.page.fields.Get("host") + " " + w.page.fields.Get("poll_interval"); got != "pop3.web.de 900" {
		t.Errorf("the other proposal fills in %q, want pop3.web.de and 900 seconds", got)
	}
}

// Whoever signs in with OAuth 2.0 leaves the wizard for the steps at the provider and comes back to the same check,
// without a script. The inbox rests until then.
func TestWizardGoesOnAfterTheStepsOfOAuth(t *testing.T) {
	s := newSite(t)
	s.wizard(t, "lead").press("Continue", []string{"address", "support@firm.example", "project", fmt.Sprint(s.sup.ID), "provider", "microsoft365"},
		"Sign in with Microsoft", "!f-password", "!Check connection")
	w := s.wizard(t, "lead")
	w.press("Enter the server myself", []string{"address", "support@here.example", "project", fmt.Sprint(s.sup.ID)}, "f-password")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	s.ok(err)
	host, port := server(t, closed.Addr().String())
	s.ok(closed.Close())
	got := w.page.set("host", host, "port", port, "security", "none", "confirm_plain", "UNENCRYPTED").press(t, "Sign in with OAuth 2.0")
	got.want(t, 422, "OAuth 2.0 needs an encrypted connection")
	w.see(got, 422)
	got = w.page.set("security", "tls").press(t, "Sign in with OAuth 2.0")
	got.want(t, 303)
	all, err := s.h.Gateway.Inboxes(t.Context())
	s.ok(err)
	in := all[len(all)-1]
	path := fmt.Sprintf("/inboxes/%d/oauth", in.ID)
	if got.Header.Get("Location") != path || in.Enabled || in.Settings.Auth != "oauth2_user" || in.Settings.OAuth.Provider != "other" {
		t.Fatalf("redirected to %s, inbox %+v; want %s and an inbox at rest", got.Header.Get("Location"), in.Inbox, path)
	}
	s.get(path, w.cookie).want(t, 200, `aria-current="step"`, "Sign in and check", "/oauth/callback", "!go-on")
	secret := "hidden"
	s.ok(s.h.Gateway.SetOAuth(t.Context(), nil, gateway.OAuthInbox(in.ID), in.Version, gateway.OAuthDraft{
		Auth: "oauth2_client", Settings: models.OAuthSettings{Provider: "microsoft", Tenant: "firm.example", ClientID: "5e1f"}, Secret: &secret,
	}))
	page := s.read(t, w.cookie, "go-on", s.get(path, w.cookie))
	w.see(page.press(t, "Check the connection and go on"), 200, "Step 2 of 3", "Signs in with OAuth 2.0.", `id="report"`, port, "!f-password")
	w.press("Check again", nil, "did not work", "!f-password")
	if back := w.page.press(t, "Back"); back.Header.Get("Location") != path {
		t.Errorf("Back leads to %q, want %q", back.Header.Get("Location"), path)
	}
	s.ok(s.h.Gateway.SetEnabled(t.Context(), nil, in.ID, true))
	w.page.press(t, "Check again").want(t, 404) // It is no inbox at rest any more.
}

// zone is a DNS that knows one service.
type zone struct{ port int }

func (zone) LookupMX(context.Context, string) ([]*net.MX, error) { return nil, nil }

func (z zone) LookupSRV(_ context.Context, service, _, _ string) (string, []*net.SRV, error) {
	if service != "imaps" {
		return "", nil, nil
	}
	return "", []*net.SRV{{Target: "mail.firm.example.", Port: uint16(z.port)}}, nil
}

func TestServerThatTheDomainNamesIsShownBeforeAPasswordIsAsked(t *testing.T) {
	d := mailtest.StartDovecot(t, mailtest.DovecotOptions{})
	_, port := server(t, d.IMAPSAddr)
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	ring, err := secret.Parse(secret.Generate())
	s.ok(err)
	s.h.Gateway = gateway.New(gateway.Deps{
		Store: s.store, Tracker: s.h.Tracker, Secrets: ring, Log: slog.New(slog.DiscardHandler), Resolver: zone{number},
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, d.IMAPSAddr)
		},
	})
	w := s.wizard(t, "lead")
	w.press("Continue", []string{"address", "alice@firm.example", "project", fmt.Sprint(s.sup.ID)},
		"mail.firm.example:"+port, "found by DNS – is this server name right?", `value="mail.firm.example"`)
	w.press("Check connection", []string{"username", "alice", "password", "secret"}, "E-TLS-07", "!E-AUTH")
}

func TestEnteredPasswordIsForItsPersonAndItsServerOnly(t *testing.T) {
	s := newSite(t)
	lead, admin := s.users["lead"], s.users["admin"]
	sealed, err := s.h.Gateway.SealEntered(lead, "mail.firm.example", "very secret")
	s.ok(err)
	for _, test := range []struct {
		by   *models.User
		host string
		want bool
	}{{lead, "mail.firm.example", true}, {lead, "MAIL.firm.example", true}, {admin, "mail.firm.example", false}, {lead, "evil.example", false}} {
		got, ok := s.h.Gateway.OpenEntered(test.by, test.host, sealed)
		if ok != test.want || ok && got != "very secret" {
			t.Errorf("OpenEntered(%s, %s) = %q, %t, want %t", test.by.Name, test.host, got, ok, test.want)
		}
	}
	if _, ok := s.h.Gateway.OpenEntered(lead, "mail.firm.example", sealed[:len(sealed)-2]); ok {
		t.Error("what was tampered with is opened")
	}
}

func TestWizardKeepsToTheProjectsOfThePerson(t *testing.T) {
	s := newSite(t)
	w := s.wizard(t, "lead")
	w.page.set("address", "x@here.example", "project", fmt.Sprint(s.ops.ID)).press(t, "Enter the server myself").want(t, 403)
	w.page.set("project", fmt.Sprint(s.sup.ID), "global", "true").press(t, "Enter the server myself").want(t, 403)
	s.get("/inboxes/add", s.as("member")).want(t, 403)
}
