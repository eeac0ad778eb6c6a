package gateway_test

import (
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/internal/mailtest"
	"letterbox/internal/oauthtest"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// TestProcessesFetchOneTokenTogether is SEC-11: of processes that need a new token at the same moment, one fetches it.
func TestProcessesFetchOneTokenTogether(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, s *store.Store) {
		b := newBankOn(t, s, mailtest.DovecotOptions{})
		b.provider.Set(func(p *oauthtest.Provider) { p.User = "support" })
		in := b.inbox("imap", "oauth2_user")
		b.app(gateway.OAuthInbox(in.ID), "oauth2_user", nil)
		b.provider.Set(func(p *oauthtest.Provider) { p.Life = 20 }) // Its end is near from the start.
		if err := b.connect(gateway.OAuthInbox(in.ID)); err != nil {
			t.Fatal(err)
		}
		if err := b.store.DropOAuthAccess(t.Context(), string(gateway.OAuthInbox(in.ID)), b.access(in.ID)); err != nil {
			t.Fatal(err)
		}
		b.provider.Set(func(p *oauthtest.Provider) {
			p.Life, p.TokenRequests = 3600, nil
			p.Delay = 300e6 // So that all of them ask while the first one waits.
		})
		var wg sync.WaitGroup
		results := make([]string, 4)
		for i := range results {
			g := b.process()
			g.TakeTokensYoungerThan(time.Hour) // However busy the machine is, the token of the first one counts.
			wg.Go(func() { results[i] = b.checked(g, in.ID) })
		}
		wg.Wait()
		if got := b.provider.Requests(); got != 1 || slices.ContainsFunc(results, func(r string) bool { return r != "ok" }) {
			t.Errorf("%d token requests, checks %v; want 1 and all ok", got, results)
		}
	})
}

func leafOf(t *testing.T, c *mailtest.Certificate) *x509.Certificate {
	t.Helper()
	leaf, err := x509.ParseCertificate(c.TLS.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

func (b *bank) access(inbox int64) string {
	b.t.Helper()
	c, err := b.store.OAuthCredential(b.t.Context(), string(gateway.OAuthInbox(inbox)))
	if err != nil {
		b.t.Fatal(err)
	}
	return c.AccessEnc
}

func TestTokenIsRenewedBeforeItsEnd(t *testing.T) {
	b := newBank(t, mailtest.DovecotOptions{})
	b.provider.Set(func(p *oauthtest.Provider) { p.User, p.Life = "support", 4 })
	in := b.inbox("imap", "oauth2_user")
	b.app(gateway.OAuthInbox(in.ID), "oauth2_user", nil)
	if err := b.connect(gateway.OAuthInbox(in.ID)); err != nil {
		t.Fatal(err)
	}
	first := b.access(in.ID)
	b.until("three quarters of its life are over, and the next visit has another token", func() bool {
		return b.checked(b.gateway, in.ID) == "ok" && b.access(in.ID) != first
	})
}

// TestDeadSecretAlarmsAndReconnectedInboxGoesOn is R-06c: consent is withdrawn, everybody is told, and an inbox that is
// connected again goes on by itself.
func TestDeadSecretAlarmsAndReconnectedInboxGoesOn(t *testing.T) {
	b := newBank(t, mailtest.DovecotOptions{})
	b.provider.Set(func(p *oauthtest.Provider) { p.User = "support" })
	in := b.inbox("imap", "oauth2_user")
	o := gateway.OAuthInbox(in.ID)
	b.app(o, "oauth2_user", nil)
	if err := b.connect(o); err != nil {
		t.Fatal(err)
	}
	b.provider.RevokeConsent()
	b.provider.RevokeAccess()
	b.run(b.gateway)
	b.until("the inbox is refused", func() bool {
		v, err := b.gateway.Inbox(t.Context(), in.ID)
		return err == nil && v.Status.State == models.InboxRefused && v.Status.Code == "E-OAUTH-03"
	})
	all, err := b.gateway.OAuths(t.Context())
	if err != nil || len(all) != 1 || !all[0].Dead() || all[0].Code != "E-OAUTH-03" || all[0].TroubleAt == nil {
		t.Errorf("OAuths = %+v, %v; want one that is dead", all, err)
	}
	if got := strings.Count(b.log(), `level=ERROR msg="no access token"`); got != 1 {
		t.Errorf("%d alarms in the log, want 1", got)
	}
	asked := b.provider.Requests()
	if err := b.gateway.Poll(t.Context(), in.ID); err != nil {
		t.Fatal(err)
	}
	b.until("it was visited once more", func() bool {
		v, err := b.gateway.Inbox(t.Context(), in.ID)
		return err == nil && v.Status.Failures >= 2
	})
	if got := b.provider.Requests(); got != asked {
		t.Errorf("a refusal that lasts was asked for again: %d requests, want %d", got, asked)
	}
	if err := b.dovecot.Deliver("support", post("anna@there.example", "1@there.example", "Printer", "It is on fire.")); err != nil {
		t.Fatal(err)
	}
	if err := b.connect(o); err != nil {
		t.Fatal(err)
	}
	b.until("the mail is an issue", func() bool {
		_, err := b.store.IssueByNumber(t.Context(), 1)
		return err == nil
	})
}

func TestAnswersThatBelongToNoSignInAreRefused(t *testing.T) {
	b := newBank(t, mailtest.DovecotOptions{})
	b.provider.Set(func(p *oauthtest.Provider) { p.User, p.RedirectURIs = "support", []string{redirectPage} })
	in := b.inbox("imap", "oauth2_user")
	o := gateway.OAuthInbox(in.ID)
	b.app(o, "oauth2_user", nil)
	begin := func() gateway.OAuthAnswer {
		address, err := b.gateway.BeginOAuth(t.Context(), &b.admin, o, redirectPage)
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(address)
		if err != nil || u.Query().Get("code_challenge_method") != "S256" || u.Query().Get("redirect_uri") != redirectPage {
			t.Fatalf("sign-in page %s, %v", address, err)
		}
		return b.comeBack(address)
	}
	other := b.admin
	other.ID++
	for _, test := range []struct {
		name   string
		by     models.User
		change func(*gateway.OAuthAnswer)
	}{
		{"no state", b.admin, func(a *gateway.OAuthAnswer) { a.State = "" }},
		{"another state", b.admin, func(a *gateway.OAuthAnswer) { a.State += "x" }},
		{"another person", other, func(*gateway.OAuthAnswer) {}},
		{"another issuer", b.admin, func(a *gateway.OAuthAnswer) { a.Issuer = "https://evil.example" }},
		{"no issuer although it names itself", b.admin, func(a *gateway.OAuthAnswer) { a.Issuer = "" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := begin()
			asked := b.provider.Requests()
			test.change(&a)
			if _, err := b.gateway.FinishOAuth(t.Context(), &test.by, a); !errors.Is(err, gateway.ErrStrangeAnswer) {
				t.Errorf("FinishOAuth = %v, want ErrStrangeAnswer", err)
			}
			if got := b.provider.Requests(); got != asked {
				t.Error("the code was sent to the provider all the same")
			}
		})
	}
	t.Run("state used twice", func(t *testing.T) {
		a := begin()
		if _, err := b.gateway.FinishOAuth(t.Context(), &b.admin, a); err != nil {
			t.Fatal(err)
		}
		if _, err := b.gateway.FinishOAuth(t.Context(), &b.admin, a); !errors.Is(err, gateway.ErrStrangeAnswer) {
			t.Errorf("FinishOAuth = %v, want ErrStrangeAnswer", err)
		}
	})
	t.Run("code of another sign-in", func(t *testing.T) {
		first, second := begin(), begin()
		second.Code = first.Code
		if _, err := b.gateway.FinishOAuth(t.Context(), &b.admin, second); code(err) != "E-OAUTH-03" {
			t.Errorf("FinishOAuth = %v, want E-OAUTH-03: the verifier does not fit", err)
		}
	})
	t.Run("identity token of another issuer", func(t *testing.T) {
		a := begin()
		b.provider.Set(func(p *oauthtest.Provider) { p.Issuer = "https://evil.example" })
		defer b.provider.Set(func(p *oauthtest.Provider) { p.Issuer = "" })
		if _, err := b.gateway.FinishOAuth(t.Context(), &b.admin, a); code(err) != "E-OAUTH-14" {
			t.Errorf("FinishOAuth = %v, want E-OAUTH-14", err)
		}
	})
	t.Run("person says no", func(t *testing.T) {
		b.provider.Set(func(p *oauthtest.Provider) { p.Declined = true })
		defer b.provider.Set(func(p *oauthtest.Provider) { p.Declined = false })
		if _, err := b.gateway.FinishOAuth(t.Context(), &b.admin, begin()); code(err) != "E-OAUTH-03" {
			t.Errorf("FinishOAuth = %v, want E-OAUTH-03", err)
		}
	})
}

func TestSignInWithAnotherDevice(t *testing.T) {
	b := newBank(t, mailtest.DovecotOptions{})
	b.provider.Set(func(p *oauthtest.Provider) { p.User, p.Pending = "support", 1 })
	in := b.inbox("imap", "oauth2_user")
	o := gateway.OAuthInbox(in.ID)
	b.app(o, "oauth2_user", nil)
	if err := b.gateway.BeginDevice(t.Context(), &b.admin, o); err != nil {
		t.Fatal(err)
	}
	v, err := b.gateway.OAuth(t.Context(), o)
	if err != nil || v.Device == nil || v.Device.UserCode != "ABCD-EFGH" || v.Device.VerifyAt != b.provider.URL+"/device" || v.Device.DataEnc != "" {
		t.Fatalf("OAuth = %+v, %v; want what to enter where", v.Device, err)
	}
	b.run(b.gateway)
	b.until("it is connected", func() bool {
		v, err := b.gateway.OAuth(t.Context(), o)
		return err == nil && v.Connected && v.Device == nil
	})
	b.until("the inbox works", func() bool {
		v, err := b.gateway.Inbox(t.Context(), in.ID)
		return err == nil && v.Status.State == models.InboxActive
	})
	b.provider.Set(func(p *oauthtest.Provider) { p.Declined = true })
	if err := b.gateway.BeginDevice(t.Context(), &b.admin, o); err != nil {
		t.Fatal(err)
	}
	b.until("it is told that the person said no", func() bool {
		v, err := b.gateway.OAuth(t.Context(), o)
		return err == nil && v.Device != nil && v.Device.Code == "E-OAUTH-03"
	})
}

func TestCodeThatNobodyEntersRunsOut(t *testing.T) {
	b := newBank(t, mailtest.DovecotOptions{})
	b.provider.Set(func(p *oauthtest.Provider) { p.User, p.Pending, p.DeviceLife = "support", 1000, 1 })
	in := b.inbox("imap", "oauth2_user")
	o := gateway.OAuthInbox(in.ID)
	b.app(o, "oauth2_user", nil)
	if err := b.gateway.BeginDevice(t.Context(), &b.admin, o); err != nil {
		t.Fatal(err)
	}
	b.run(b.gateway)
	b.until("it is told that the code was not entered in time", func() bool {
		v, err := b.gateway.OAuth(t.Context(), o)
		return err == nil && v.Device != nil && v.Device.Code == "E-OAUTH-22" && !v.Connected
	})
	b.until("nobody asks about it any more", func() bool {
		g, err := b.store.DeviceGrant(t.Context(), string(o))
		return err == nil && g.Code == "E-OAUTH-22" && g.NextAt == nil
	})
}

func TestServerWithoutOAuthIsNamed(t *testing.T) {
	b := newBankOn(t, testdb.Open(t), mailtest.DovecotOptions{Introspect: "none"})
	b.dovecot = mailtest.StartDovecot(t, mailtest.DovecotOptions{Users: map[string]string{"support": "x"}})
	in := b.inbox("imap", "oauth2_client")
	b.app(gateway.OAuthInbox(in.ID), "oauth2_client", nil)
	if got := b.checked(b.gateway, in.ID); got != "signin E-OAUTH-10" {
		t.Errorf("check: %s, want signin E-OAUTH-10", got)
	}
}

func TestAppProvesItselfWithACertificate(t *testing.T) {
	b := newBank(t, mailtest.DovecotOptions{})
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.provider.Set(func(p *oauthtest.Provider) {
		p.User, p.AppKey = "support", leafOf(t, cert)
	})
	in := b.inbox("imap", "oauth2_client")
	pem, none := string(cert.CertPEM)+string(cert.KeyPEM), ""
	b.app(gateway.OAuthInbox(in.ID), "oauth2_client", func(d *gateway.OAuthDraft) { d.Secret, d.Certificate = &none, &pem })
	if got := b.checked(b.gateway, in.ID); got != "ok" {
		t.Errorf("check: %s", got)
	}
	v, err := b.gateway.OAuth(t.Context(), gateway.OAuthInbox(in.ID))
	if err != nil || v.CertificateEnd == nil || v.SecretSet || !v.CertificateSet {
		t.Errorf("OAuth = %+v, %v; want a certificate with its end", v, err)
	}
	b.provider.Set(func(p *oauthtest.Provider) {
		other, err := mailtest.NewCertificate(mailtest.CertOptions{})
		if err != nil {
			t.Fatal(err)
		}
		p.AppKey = leafOf(t, other)
	})
	b.app(gateway.OAuthInbox(in.ID), "oauth2_client", func(d *gateway.OAuthDraft) { d.Secret, d.Certificate = &none, &pem })
	if got := b.checked(b.gateway, in.ID); got != "token E-OAUTH-11" {
		t.Errorf("check with a certificate that the provider does not know: %s, want token E-OAUTH-11", got)
	}
}

// TestSecretsGoToNoOtherServer is SEC-12 for OAuth 2.0: what was given for one server or app is forgotten with another.
func TestSecretsGoToNoOtherServer(t *testing.T) {
	b := newBank(t, mailtest.DovecotOptions{})
	b.provider.Set(func(p *oauthtest.Provider) { p.User = "support" })
	in := b.inbox("imap", "oauth2_user")
	o := gateway.OAuthInbox(in.ID)
	prepare := func() gateway.InboxView {
		b.app(o, "oauth2_user", nil)
		if err := b.connect(o); err != nil {
			t.Fatal(err)
		}
		v, err := b.gateway.Inbox(t.Context(), in.ID)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	v := prepare()
	s := v.Settings
	s.Host = "evil.example"
	if _, err := b.gateway.UpdateInbox(t.Context(), &b.admin, in.ID, 0, gateway.InboxDraft{Name: v.Name, Address: v.Address, ProjectID: v.ProjectID, Settings: s, Rules: v.Rules}); err != nil {
		t.Fatal(err)
	}
	if view, err := b.gateway.OAuth(t.Context(), o); err != nil || view.Connected || view.SecretSet {
		t.Errorf("with another server: connected %t, secret %t, %v; want nothing left", view.Connected, view.SecretSet, err)
	}
	prepare()
	if err := b.trySet(o, "oauth2_user", func(d *gateway.OAuthDraft) { d.Settings.ClientID, d.Secret = "another", nil }); err != nil {
		t.Fatal(err)
	}
	if view, err := b.gateway.OAuth(t.Context(), o); err != nil || view.Connected || view.SecretSet {
		t.Errorf("with another app: connected %t, secret %t, %v; want nothing left", view.Connected, view.SecretSet, err)
	}
}

func TestAnswersGoOutWithAnAccessToken(t *testing.T) {
	for _, name := range []string{"OAUTHBEARER", "XOAUTH2"} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t, mailtest.DovecotOptions{Introspect: "none"})
			cert, err := mailtest.NewCertificate(mailtest.CertOptions{})
			if err != nil {
				t.Fatal(err)
			}
			servers, err := mailtest.NewServers(mailtest.Options{Certificate: cert, RequireTLS: true, Token: b.provider.Valid, NoBearer: name == "XOAUTH2"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(servers.Close)
			servers.AddUser("support", "unused", "support@here.example")
			host, port, err := net.SplitHostPort(servers.SMTPAddr)
			if err != nil {
				t.Fatal(err)
			}
			s := models.DefaultSendingSettings()
			s.Host, s.Security, s.TLSVerify, s.CAPEM, s.Auth = host, "starttls", "ca", string(cert.CertPEM), "oauth2_client"
			s.Port, _ = strconv.Atoi(port)
			d := gateway.SendingDraft{Place: "default", Address: "support@here.example", Settings: s}
			a, err := b.gateway.CreateSendingAccount(t.Context(), &b.admin, d)
			if err != nil {
				t.Fatal(err)
			}
			o := gateway.OAuthSending(a.ID)
			b.app(o, "oauth2_client", nil)
			try := func() string {
				v, err := b.gateway.SendingAccount(t.Context(), a.ID)
				if err != nil {
					t.Fatal(err)
				}
				r, err := b.gateway.CheckSending(t.Context(), a.ID, gateway.SendingDraft{Place: "default", Address: "support@here.example", Settings: v.Settings})
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range r.Phases {
					if p.State == "failed" {
						return string(p.Phase) + " " + p.Code
					}
				}
				return "ok"
			}
			if got := try(); got != "ok" {
				t.Errorf("check: %s", got)
			}
			b.provider.RevokeAccess()
			if got := try(); got != "signin E-OAUTH-06" {
				t.Errorf("check with a token that the server does not take: %s, want signin E-OAUTH-06", got)
			}
		})
	}
}
