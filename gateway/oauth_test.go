package gateway_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/internal/mailtest"
	"letterbox/internal/netguard"
	"letterbox/internal/oauthtest"
	"letterbox/internal/secret"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

const redirectPage = "https://issues.here.example/oauth/callback"

// bank is an installation with an identity provider and a Dovecot that asks it.
type bank struct {
	t        *testing.T
	store    *store.Store
	gateway  *gateway.Gateway
	provider *oauthtest.Provider
	dovecot  *mailtest.Dovecot
	admin    models.User
	project  models.Project
	ring     *secret.Ring
	logged   *strings.Builder
	mu       *sync.Mutex
}

// lockedLog collects what is logged.
type lockedLog struct {
	mu  *sync.Mutex
	out *strings.Builder
}

func (l lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

func newBank(t *testing.T, o mailtest.DovecotOptions) *bank {
	t.Helper()
	return newBankOn(t, testdb.Open(t), o)
}

func newBankOn(t *testing.T, s *store.Store, o mailtest.DovecotOptions) *bank {
	t.Helper()
	b := &bank{t: t, store: s, provider: oauthtest.Start(t), logged: &strings.Builder{}, mu: &sync.Mutex{}}
	if o.Introspect != "none" {
		o.Introspect, o.Users = b.provider.IntrospectURL, map[string]string{"support": "unused-password"}
		b.dovecot = mailtest.StartDovecot(t, o)
	}
	var err error
	if b.ring, err = secret.Parse(secret.Generate()); err != nil {
		t.Fatal(err)
	}
	b.gateway = b.process()
	tr := tracker.New(tracker.Deps{Store: s, Log: slog.New(slog.DiscardHandler)})
	if b.project, err = tr.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "SUP", Name: "Support"}); err != nil {
		t.Fatal(err)
	}
	b.admin, err = tr.CreateUser(t.Context(), tracker.CommandLine(), tracker.UserDraft{Login: "root", Name: "Root", Role: models.RoleAdmin, Password: "long enough 1"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// process is another process on the same database.
func (b *bank) process() *gateway.Gateway {
	log := slog.New(slog.NewTextHandler(lockedLog{b.mu, b.logged}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	near := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	return gateway.New(gateway.Deps{
		Store: b.store, Tracker: tracker.New(tracker.Deps{Store: b.store, Log: log}), Secrets: b.ring, Log: log, Texts: catalogueTexts(b.t),
		Dial: netguard.Dialer(near), DialWeb: netguard.WebDialer(near), OAuthHosts: []string{b.provider.Host}, OAuthRoots: b.provider.Roots,
	})
}

func (b *bank) log() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.logged.String()
}

// inbox adds an inbox on the Dovecot that signs in with OAuth 2.0.
func (b *bank) inbox(protocol, auth string) gateway.InboxView {
	b.t.Helper()
	s := models.DefaultInboxSettings()
	s.Receive, s.Security, s.TLSVerify, s.CAPEM = protocol, "tls", "ca", string(b.dovecot.Certificate.CertPEM)
	s.Auth, s.Username, s.ImportSince, s.PollInterval = auth, "support", "all", time.Second
	address := b.dovecot.IMAPSAddr
	if protocol == "pop3" {
		address = b.dovecot.POP3SAddr
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		b.t.Fatal(err)
	}
	s.Host = host
	s.Port, _ = strconv.Atoi(port)
	rules := models.DefaultRules()
	rules.AllowUnknown = true
	v, err := b.gateway.CreateInbox(b.t.Context(), &b.admin, gateway.InboxDraft{
		Name: "Support " + protocol, Address: "support@here.example", ProjectID: b.project.ID, Enabled: true, Settings: s, Rules: rules,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return v
}

// app registers the app of an owner; change may alter the draft.
func (b *bank) app(o gateway.OAuthOwner, auth string, change func(*gateway.OAuthDraft)) {
	b.t.Helper()
	if err := b.trySet(o, auth, change); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bank) trySet(o gateway.OAuthOwner, auth string, change func(*gateway.OAuthDraft)) error {
	secret := b.provider.Secret
	d := gateway.OAuthDraft{Auth: auth, Secret: &secret, Settings: models.OAuthSettings{
		Provider: "other", Authority: b.provider.URL, ClientID: b.provider.ClientID, Scope: "mail openid offline_access",
	}}
	if change != nil {
		change(&d)
	}
	return b.gateway.SetOAuth(b.t.Context(), &b.admin, o, 0, d)
}

// connect signs a person in as a browser would.
func (b *bank) connect(o gateway.OAuthOwner) error {
	b.t.Helper()
	address, err := b.gateway.BeginOAuth(b.t.Context(), &b.admin, o, redirectPage)
	if err != nil {
		return err
	}
	a := b.comeBack(address)
	_, err = b.gateway.FinishOAuth(b.t.Context(), &b.admin, a)
	return err
}

// comeBack is what the browser brings back from the page at address.
func (b *bank) comeBack(address string) gateway.OAuthAnswer {
	b.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.t.Fatal(err)
	}
	back, err := url.Parse(b.provider.Return(u.Query()))
	if err != nil {
		b.t.Fatal(err)
	}
	q := back.Query()
	return gateway.OAuthAnswer{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error")}
}

// checked is the code of the phase that failed, as "phase code", or "ok".
func (b *bank) checked(g *gateway.Gateway, inbox int64) string {
	b.t.Helper()
	r, err := g.CheckInbox(b.t.Context(), inbox, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	if r.OK {
		return "ok"
	}
	for _, p := range r.Phases {
		if p.State == "failed" {
			return string(p.Phase) + " " + p.Code
		}
	}
	return "nothing failed"
}

func code(err error) string {
	if p, ok := errors.AsType[*mailbox.Problem](err); ok {
		return p.Code
	}
	if list, ok := errors.AsType[models.InvalidList](err); ok {
		return list[0].Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func TestAppSignsInAtDovecotOverIMAPAndPOP3(t *testing.T) {
	for _, test := range []struct {
		protocol string
		o        mailtest.DovecotOptions
	}{{"imap", mailtest.DovecotOptions{}}, {"imap", mailtest.DovecotOptions{NoBearer: true}}, {"pop3", mailtest.DovecotOptions{}}, {"pop3", mailtest.DovecotOptions{NoBearer: true}}} {
		name := test.protocol + " OAUTHBEARER"
		if test.o.NoBearer {
			name = test.protocol + " XOAUTH2"
		}
		t.Run(name, func(t *testing.T) {
			b := newBank(t, test.o)
			b.provider.Set(func(p *oauthtest.Provider) { p.User = "support" })
			in := b.inbox(test.protocol, "oauth2_client")
			if got := b.checked(b.gateway, in.ID); got != "token E-OAUTH-08" {
				t.Errorf("check before a secret is there: %s, want token E-OAUTH-08", got)
			}
			b.app(gateway.OAuthInbox(in.ID), "oauth2_client", nil)
			if got := b.checked(b.gateway, in.ID); got != "ok" {
				t.Fatalf("check: %s", got)
			}
			b.provider.RevokeAccess() // The stored one is worth nothing any more: another one is fetched.
			if err := b.dovecot.Deliver("support", post("anna@there.example", "1@there.example", "Printer", "It is on fire.")); err != nil {
				t.Fatal(err)
			}
			b.run(b.gateway)
			b.until("the mail is an issue", func() bool {
				_, err := b.store.IssueByNumber(t.Context(), 1)
				return err == nil
			})
			if strings.Contains(b.log(), "at-") || strings.Contains(b.log(), b.provider.Secret) {
				t.Error("a token or a secret stands in the log")
			}
		})
	}
}

func (b *bank) run(g *gateway.Gateway) (stop func()) {
	ctx, cancel := context.WithCancel(b.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = g.Run(ctx)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	b.t.Cleanup(stop)
	return stop
}

func (b *bank) until(what string, ok func() bool) {
	b.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			b.t.Fatalf("waited in vain: %s\n%s", what, b.log())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestOAuthFailuresAreToldApart(t *testing.T) {
	b := newBank(t, mailtest.DovecotOptions{})
	b.provider.Set(func(p *oauthtest.Provider) { p.User, p.Tenant = "support", "tenant-1" })
	in := b.inbox("imap", "oauth2_client")
	o := gateway.OAuthInbox(in.ID)
	expired := func(d *gateway.OAuthDraft) { d.Settings.SecretExpiresOn = "2024-01-31" }
	for _, test := range []struct {
		name   string
		auth   string
		refuse *oauthtest.Refusal
		change func(*gateway.OAuthDraft)
		want   string
	}{
		{"authority is silent", "oauth2_client", nil, func(d *gateway.OAuthDraft) { d.Settings.Authority += "/nobody" }, "token E-OAUTH-01"},
		{"tenant is unknown", "oauth2_client", nil, func(d *gateway.OAuthDraft) { d.Settings.Tenant = "other-tenant" }, "token E-OAUTH-02"},
		{"client ID is unknown", "oauth2_client", nil, func(d *gateway.OAuthDraft) { d.Settings.ClientID = "nobody" }, "token E-OAUTH-02"},
		{"client ID is unknown to Google", "oauth2_client", &oauthtest.Refusal{Status: 401, Error: "invalid_client", Text: "The OAuth client was not found."}, nil, "token E-OAUTH-02"},
		{"consent is withdrawn", "oauth2_client", &oauthtest.Refusal{Status: 400, Error: "invalid_grant", Code: 65001}, nil, "token E-OAUTH-03"},
		{"consent is needed", "oauth2_client", &oauthtest.Refusal{Status: 400, Error: "invalid_grant", Text: "Token has been expired or revoked."}, nil, "token E-OAUTH-03"},
		{"secret has expired", "oauth2_client", &oauthtest.Refusal{Status: 401, Error: "invalid_client", Code: 7000222}, nil, "token E-OAUTH-04"},
		{"secret has expired as is noted", "oauth2_client", &oauthtest.Refusal{Status: 401, Error: "invalid_client", Text: "Invalid client secret"}, expired, "token E-OAUTH-04"},
		{"common tenant", "oauth2_client", &oauthtest.Refusal{Status: 400, Error: "invalid_request", Code: 50194}, nil, "token E-OAUTH-05"},
		{"secret is wrong", "oauth2_client", &oauthtest.Refusal{Status: 401, Error: "invalid_client", Code: 7000215}, nil, "token E-OAUTH-11"},
		{"too many requests", "oauth2_client", &oauthtest.Refusal{Status: 429, Error: "temporarily_unavailable"}, nil, "token E-OAUTH-12"},
		{"provider is down", "oauth2_client", &oauthtest.Refusal{Status: 503, Error: ""}, nil, "token E-OAUTH-12"},
		{"other refusal", "oauth2_client", &oauthtest.Refusal{Status: 400, Error: "invalid_scope"}, nil, "token E-OAUTH-13"},
		{"nobody has signed in", "oauth2_user", nil, nil, "token E-OAUTH-08"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b.provider.Set(func(p *oauthtest.Provider) { p.Refuse = test.refuse })
			b.app(o, test.auth, func(d *gateway.OAuthDraft) {
				d.Settings.Tenant = "tenant-1"
				if test.change != nil {
					test.change(d)
				}
			})
			if got := b.checked(b.gateway, in.ID); got != test.want {
				t.Errorf("check: %s, want %s", got, test.want)
			}
		})
	}
	b.provider.Set(func(p *oauthtest.Provider) { p.Refuse = nil })
	t.Run("app has a token and no right to the mailbox", func(t *testing.T) {
		b.provider.Set(func(p *oauthtest.Provider) { p.User = "somebody-else" }) // Dovecot: another user's token.
		b.app(o, "oauth2_client", func(d *gateway.OAuthDraft) { d.Settings.Tenant = "tenant-1" })
		if got := b.checked(b.gateway, in.ID); got != "signin E-OAUTH-06" {
			t.Errorf("check: %s, want signin E-OAUTH-06", got)
		}
	})
	t.Run("person has a token that the server does not take", func(t *testing.T) {
		b.provider.Set(func(p *oauthtest.Provider) { p.User = "shared-user" })
		b.app(o, "oauth2_user", func(d *gateway.OAuthDraft) { d.Settings.Tenant, d.Settings.Shared = "tenant-1", true })
		if err := b.connect(o); err != nil {
			t.Fatal(err)
		}
		if got := b.checked(b.gateway, in.ID); got != "signin E-OAUTH-09" {
			t.Errorf("check: %s, want signin E-OAUTH-09", got)
		}
	})
	t.Run("somebody else signed in", func(t *testing.T) {
		b.provider.Set(func(p *oauthtest.Provider) { p.User = "boss@here.example" })
		b.app(o, "oauth2_user", func(d *gateway.OAuthDraft) { d.Settings.Tenant = "tenant-1" })
		if got := code(b.connect(o)); got != "E-OAUTH-07" {
			t.Errorf("connect: %s, want E-OAUTH-07", got)
		}
	})
	t.Run("no permanent access", func(t *testing.T) {
		b.provider.Set(func(p *oauthtest.Provider) { p.User, p.NoRefresh = "support", true })
		if got := code(b.connect(o)); got != "E-OAUTH-21" {
			t.Errorf("connect: %s, want E-OAUTH-21", got)
		}
	})
	for _, text := range []string{"app-s3cret", "at-", "rt-", "BEGIN"} {
		if strings.Contains(b.log(), text) {
			t.Errorf("%q stands in the log", text)
		}
	}
}

func TestOAuthDraftsAreChecked(t *testing.T) {
	b := newBank(t, mailtest.DovecotOptions{Introspect: "none"})
	s := models.DefaultInboxSettings()
	s.Host, s.Auth, s.Username = "mail.here.example", "oauth2_client", "support"
	in, err := b.gateway.CreateInbox(t.Context(), &b.admin, gateway.InboxDraft{Name: "A", Address: "support@here.example", ProjectID: b.project.ID, Settings: s, Rules: models.DefaultRules()})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(*gateway.OAuthDraft)
		want   string
	}{
		{"good", func(*gateway.OAuthDraft) {}, ""},
		{"authority without TLS", func(d *gateway.OAuthDraft) { d.Settings.Authority = "http://" + b.provider.Host }, "E-OAUTH-15"},
		{"authority that nobody has allowed", func(d *gateway.OAuthDraft) { d.Settings.Authority = "https://id.there.example" }, "E-OAUTH-15"},
		{"authority that begins like Microsoft's", func(d *gateway.OAuthDraft) {
			d.Settings.Authority = "https://login.microsoftonline.com.there.example"
		}, "E-OAUTH-15"},
		{"authority with somebody in it", func(d *gateway.OAuthDraft) {
			d.Settings.Authority = "https://login.microsoftonline.com@there.example"
		}, "E-OAUTH-15"},
		{"Microsoft's for everybody", func(d *gateway.OAuthDraft) {
			d.Settings = models.OAuthSettings{Provider: "microsoft", Tenant: "common", ClientID: "x"}
		}, "E-OAUTH-05"},
		{"Microsoft's without a tenant", func(d *gateway.OAuthDraft) {
			d.Settings = models.OAuthSettings{Provider: "microsoft", ClientID: "x"}
		}, "E-OAUTH-05"},
		{"Microsoft's with a person", func(d *gateway.OAuthDraft) {
			d.Auth, d.Settings = "oauth2_user", models.OAuthSettings{Provider: "microsoft", ClientID: "x"}
		}, ""},
		{"Google without a person", func(d *gateway.OAuthDraft) {
			d.Settings = models.OAuthSettings{Provider: "google", ClientID: "x"}
		}, "E-OAUTH-16"},
		{"tenant with a way out", func(d *gateway.OAuthDraft) { d.Settings.Tenant = "../x" }, "E-OAUTH-17"},
		{"no client ID", func(d *gateway.OAuthDraft) { d.Settings.ClientID = " " }, "E-OAUTH-17"},
		{"date", func(d *gateway.OAuthDraft) { d.Settings.SecretExpiresOn = "31.01.2027" }, "E-OAUTH-18"},
		{"certificate", func(d *gateway.OAuthDraft) { d.Certificate = &d.Settings.Provider }, "E-OAUTH-19"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := code(b.trySet(gateway.OAuthInbox(in.ID), "oauth2_client", test.change)); got != test.want {
				t.Errorf("SetOAuth = %s, want %s", got, test.want)
			}
		})
	}
	for _, change := range []func(*models.InboxSettings){
		func(s *models.InboxSettings) { s.Security = "none" }, func(s *models.InboxSettings) { s.TLSVerify = "off" },
		func(s *models.InboxSettings) { s.Security = "starttls_if_available" },
	} {
		s := s
		change(&s)
		_, err := b.gateway.UpdateInbox(t.Context(), &b.admin, in.ID, 0, gateway.InboxDraft{Name: "A", Address: "support@here.example", ProjectID: b.project.ID, Settings: s, Rules: models.DefaultRules()})
		if got := code(err); got != "E-OAUTH-20" {
			t.Errorf("inbox with %s and %s = %s, want E-OAUTH-20", s.Security, s.TLSVerify, got)
		}
	}
}
