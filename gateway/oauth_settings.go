package gateway

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway/oauth"
	"letterbox/models"
)

// OAuthDraft is all that a person or a program can set of a sign-in with OAuth 2.0.
type OAuthDraft struct {
	Auth     string // "oauth2_client" or "oauth2_user".
	Settings models.OAuthSettings
	// Secret and Certificate replace what is stored, "" clears. Nil leaves it, unless authority, tenant or client ID
	// change: then it is cleared, because it was given for another app.
	Secret      *string
	Certificate *string // Certificate and private key in PEM.
}

// OAuthView is a sign-in with OAuth 2.0 as people see it. It never holds a secret or a token.
type OAuthView struct {
	Owner     OAuthOwner
	Name      string // Of the inbox or the sending account.
	Address   string
	Username  string
	Protocol  string // imap, pop3 or smtp.
	Host      string
	Version   int64
	Auth      string
	Settings  models.OAuthSettings
	ProjectID int64 // Of an inbox.
	Global    bool

	SecretSet      bool
	CertificateSet bool
	CertificateEnd *time.Time // Last moment of the app's certificate.
	Connected      bool       // A person has signed in, or an app has a secret.
	Account        string     // Who signed in.
	ConnectedAt    *time.Time
	AccessEnds     *time.Time // Nil when there is no token now.
	Granted        string     // Scopes, as the provider says.
	Code           string
	Args           map[string]string
	TroubleAt      *time.Time
	SecretEnds     *time.Time // First moment at which the secret, or the certificate, does not count any more, as far as known.
	Device         *models.OAuthGrant
}

// Dead reports whether only a person can help.
func (v OAuthView) Dead() bool { return oauth.Lasting(v.Code) && v.Code != "E-OAUTH-08" }

// DaysLeft is how many whole days the secret is still valid; false when nobody knows.
func (v OAuthView) DaysLeft() (int, bool) {
	if v.SecretEnds == nil {
		return 0, false
	}
	return int(time.Until(*v.SecretEnds).Hours()) / 24, true
}

// oauthTarget is the inbox or the sending account that signs in.
type oauthTarget struct {
	inbox    models.Inbox
	sending  models.SendingAccount
	isInbox  bool
	auth     *string
	settings *models.OAuthSettings
	protocol string
	host     string
	address  string
	username string
	version  int64
}

func (g *Gateway) oauthTarget(ctx context.Context, o OAuthOwner) (t *oauthTarget, err error) {
	kind, text, _ := strings.Cut(string(o), "/")
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, models.ErrNotFound
	}
	t = &oauthTarget{}
	switch kind {
	case "inboxes":
		if t.inbox, err = g.Store.InboxByID(ctx, id); err != nil {
			return nil, err
		}
		s := &t.inbox.Settings
		t.isInbox, t.auth, t.settings, t.protocol, t.host = true, &s.Auth, &s.OAuth, s.Receive, s.Host
		t.address, t.username, t.version = t.inbox.Address, s.Username, t.inbox.Version
	case "sending_accounts":
		if t.sending, err = g.Store.SendingAccountByID(ctx, id); err != nil {
			return nil, err
		}
		s := &t.sending.Settings
		t.auth, t.settings, t.protocol, t.host = &s.Auth, &s.OAuth, "smtp", s.Host
		t.address, t.username, t.version = t.sending.Address, s.Username, t.sending.Version
	default:
		return nil, models.ErrNotFound
	}
	return t, nil
}

// saveTarget writes the target back: whoever visits it begins anew, and troubles are forgotten.
func (g *Gateway) saveTarget(ctx context.Context, t *oauthTarget) error {
	if t.isInbox {
		return g.Store.UpdateInbox(ctx, &t.inbox, t.version)
	}
	return g.Store.UpdateSendingAccount(ctx, &t.sending, t.version)
}

// wakeTarget has what was changed take effect at once.
func (g *Gateway) wakeTarget(t *oauthTarget) {
	if t.isInbox {
		g.inboxChanged(t.inbox.ID)
	} else {
		g.sendSoon()
		g.Changed("sending")
	}
	g.Changed("oauth")
}

// saidFor is how long it is said that a sign-in with another device was not finished in time.
const saidFor = time.Hour

// OAuth returns how something signs in with OAuth 2.0.
func (g *Gateway) OAuth(ctx context.Context, o OAuthOwner) (OAuthView, error) {
	t, err := g.oauthTarget(ctx, o)
	if err != nil {
		return OAuthView{}, err
	}
	c, err := g.Store.OAuthCredential(ctx, string(o))
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return OAuthView{}, err
	}
	v := g.oauthView(o, t, c)
	d, err := g.Store.DeviceGrant(ctx, string(o))
	if at := now(); err == nil && at.Before(d.ExpiresAt.Add(saidFor)) {
		d.DataEnc = ""
		if !at.Before(d.ExpiresAt) && d.Code == "" {
			d.Code = "E-OAUTH-22"
		}
		v.Device = &d
	} else if err != nil && !errors.Is(err, models.ErrNotFound) {
		return OAuthView{}, err
	}
	return v, nil
}

func (g *Gateway) oauthView(o OAuthOwner, t *oauthTarget, c models.OAuthCredential) OAuthView {
	v := OAuthView{
		Owner: o, Name: t.inbox.Name, Address: t.address, Username: t.username, Protocol: t.protocol, Host: t.host, Version: t.version,
		Auth: *t.auth, Settings: *t.settings, ProjectID: t.inbox.ProjectID, Global: t.inbox.Global,
		SecretSet: c.SecretEnc != "", CertificateSet: c.CertificateEnc != "", Account: c.Account, ConnectedAt: c.ConnectedAt,
		Granted: c.Granted, Code: c.Code, Args: argsOf(c.Args), TroubleAt: c.TroubleAt,
	}
	if !t.isInbox {
		v.Name = t.address
	}
	if c.AccessEnc != "" {
		v.AccessEnds = c.AccessExpiresAt
	}
	v.Connected = c.RefreshEnc != ""
	if v.Auth == oauth.ClientFlow {
		v.Connected = v.SecretSet || v.CertificateSet
	}
	if last, err := time.Parse(time.DateOnly, t.settings.SecretExpiresOn); err == nil && v.SecretSet {
		end := last.AddDate(0, 0, 1)
		v.SecretEnds = &end
	}
	if pem, err := g.unseal(o, "certificate", c.CertificateEnc); err == nil && pem != "" {
		if leaf, err := appCertificate(pem); err == nil {
			v.CertificateEnd, v.SecretEnds = &leaf.NotAfter, &leaf.NotAfter
		}
	}
	return v
}

// OAuths returns all that signs in with OAuth 2.0, by owner.
func (g *Gateway) OAuths(ctx context.Context) ([]OAuthView, error) {
	all, err := g.Store.OAuthCredentials(ctx)
	if err != nil {
		return nil, err
	}
	var out []OAuthView
	for _, c := range all {
		t, err := g.oauthTarget(ctx, OAuthOwner(c.Owner))
		if errors.Is(err, models.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if *t.auth == oauth.ClientFlow || *t.auth == oauth.UserFlow {
			out = append(out, g.oauthView(OAuthOwner(c.Owner), t, c))
		}
	}
	return out, nil
}

func appCertificate(pem string) (*x509.Certificate, error) {
	pair, err := tls.X509KeyPair([]byte(pem), []byte(pem))
	if err != nil {
		return nil, err
	}
	return pair.Leaf, nil
}

// SetOAuth changes how something signs in, when its version is still version; models.ErrConflict otherwise, 0 skips that
// check. A draft that cannot be taken is a models.InvalidList. It takes effect at once.
func (g *Gateway) SetOAuth(ctx context.Context, by *models.User, o OAuthOwner, version int64, d OAuthDraft) error {
	if list := g.completeOAuth(&d); len(list) > 0 {
		return list
	}
	var t *oauthTarget
	run := g.Store.WithTx
	if id, ok := strings.CutPrefix(string(o), "inboxes/"); ok {
		if n, err := strconv.ParseInt(id, 10, 64); err == nil {
			run = func(ctx context.Context, f func(context.Context) error) error {
				return g.versioned(ctx, by, n, "oauth.update", f)
			}
		}
	}
	err := run(ctx, func(ctx context.Context) (err error) {
		if t, err = g.oauthTarget(ctx, o); err != nil {
			return err
		}
		if version != 0 && t.version != version {
			return models.ErrConflict
		}
		security, verify := t.inbox.Settings.Security, t.inbox.Settings.TLSVerify
		if !t.isInbox {
			security, verify = t.sending.Settings.Security, t.sending.Settings.TLSVerify
		}
		if unsafeOAuth(d.Auth, security, verify) {
			return models.InvalidList{{Field: "security", Code: "E-OAUTH-20"}}
		}
		c, err := g.Store.OAuthCredential(ctx, string(o))
		if err != nil && !errors.Is(err, models.ErrNotFound) {
			return err
		}
		if c.Owner = string(o); otherApp(*t.settings, d.Settings) {
			c = models.OAuthCredential{Owner: c.Owner}
		}
		if t.settings.Scope != d.Settings.Scope || *t.auth != d.Auth || d.Secret != nil || d.Certificate != nil {
			c.AccessEnc, c.AccessExpiresAt, c.RefreshAt = "", nil, nil
		}
		for _, p := range []struct {
			to     *string
			column string
			plain  *string
		}{{&c.SecretEnc, "secret", d.Secret}, {&c.CertificateEnc, "certificate", d.Certificate}} {
			if p.plain == nil {
				continue
			}
			if *p.to, err = g.seal(o, p.column, *p.plain); err != nil {
				return err
			}
			c.Reminded = 0
		}
		if t.settings.SecretExpiresOn != d.Settings.SecretExpiresOn {
			c.Reminded = 0
		}
		c.Code, c.Args, c.TroubleAt = "", "", nil
		*t.auth, *t.settings = d.Auth, d.Settings
		if err := g.Store.SetOAuthCredential(ctx, c); err != nil {
			return err
		}
		if t.isInbox && t.inbox.Settings.Username == "" {
			t.inbox.Settings.Username = t.address
		}
		if err := g.saveTarget(ctx, t); err != nil {
			return err
		}
		return g.audit(ctx, by, "oauth.update", string(o), auditOAuth(d))
	})
	if err == nil {
		g.wakeTarget(t)
	}
	return err
}

func auditOAuth(d OAuthDraft) map[string]string {
	s := d.Settings
	m := map[string]string{
		"auth": d.Auth, "provider": s.Provider, "authority": s.Authority, "tenant": s.Tenant, "client_id": s.ClientID, "scope": s.Scope,
		"secret_expires_on": s.SecretExpiresOn,
	}
	if d.Secret != nil {
		m["client_secret"] = "changed"
	}
	if d.Certificate != nil {
		m["certificate"] = "changed"
	}
	return m
}

// completeOAuth fills in what follows from the rest of a draft and returns what is to be checked.
func (g *Gateway) completeOAuth(d *OAuthDraft) models.InvalidList {
	s := &d.Settings
	for _, p := range []*string{&s.Provider, &s.Authority, &s.Tenant, &s.ClientID, &s.Scope, &s.SecretExpiresOn} {
		*p = strings.TrimSpace(*p)
	}
	preset, known := oauth.Presets()[s.Provider]
	if s.Authority == "" {
		s.Authority = preset.Authority
	}
	s.Authority = strings.TrimRight(s.Authority, "/")
	s.Scope = strings.Join(strings.Fields(s.Scope), " ")
	var list models.InvalidList
	refuse := func(field, code string, args map[string]string) {
		list = append(list, &models.Invalid{Field: field, Code: code, Args: args})
	}
	if !known {
		refuse("provider", "E-OAUTH-17", nil)
	}
	if d.Auth != oauth.ClientFlow && d.Auth != oauth.UserFlow {
		refuse("auth", "E-OAUTH-17", nil)
	}
	if !oauth.Allowed(s.Authority, g.OAuthHosts) {
		refuse("authority", "E-OAUTH-15", map[string]string{"authority": s.Authority})
	}
	if d.Auth == oauth.ClientFlow && preset.NeedsUser {
		refuse("auth", "E-OAUTH-16", nil)
	}
	if everybody := slices.Contains([]string{"", "common", "organizations", "consumers"}, strings.ToLower(s.Tenant)); d.Auth == oauth.ClientFlow && everybody && (preset.Tenant || s.Tenant != "") {
		refuse("tenant", "E-OAUTH-05", nil)
	} else if s.Tenant == "" && preset.Tenant {
		s.Tenant = "organizations"
	}
	if strings.ContainsAny(s.Tenant, "/?#@ ") || strings.Trim(s.Tenant, ".") == "" && s.Tenant != "" {
		refuse("tenant", "E-OAUTH-17", nil)
	}
	if s.ClientID == "" || len(s.ClientID) > 255 {
		refuse("client_id", "E-OAUTH-17", nil)
	}
	if len(s.Scope) > 1000 || strings.ContainsFunc(s.Scope, func(r rune) bool { return r < ' ' || r >= 0x7f || r == '"' || r == '\\' }) {
		refuse("scope", "E-OAUTH-17", nil)
	}
	if _, err := time.Parse(time.DateOnly, s.SecretExpiresOn); s.SecretExpiresOn != "" && err != nil {
		refuse("secret_expires_on", "E-OAUTH-18", nil)
	}
	if d.Certificate != nil && *d.Certificate != "" {
		if _, err := appCertificate(*d.Certificate); err != nil {
			refuse("certificate", "E-OAUTH-19", nil)
		}
	}
	return list
}

// unsafeOAuth reports whether a token would go over a connection that is not encrypted, or to a server that nobody has
// checked.
func unsafeOAuth(auth, security, verify string) bool {
	return (auth == oauth.ClientFlow || auth == oauth.UserFlow) && (security == "none" || security == "starttls_if_available" || verify == "off")
}

// otherApp reports whether stored secrets were given for another app.
func otherApp(was, is models.OAuthSettings) bool {
	return was.Authority != is.Authority || was.Tenant != is.Tenant || was.ClientID != is.ClientID || was.Provider != is.Provider
}

// losesOAuth reports whether what an inbox signs in with was given for another server or another app (SEC-12).
func losesOAuth(was, is models.InboxSettings) bool {
	return was.Host != is.Host || was.Port != is.Port || was.Receive != is.Receive || was.TLSVerify != is.TLSVerify ||
		was.Fingerprint != is.Fingerprint || was.CAPEM != is.CAPEM || otherApp(was.OAuth, is.OAuth)
}

func sendingLosesOAuth(was, is models.SendingSettings) bool {
	return was.Host != is.Host || was.Port != is.Port || was.TLSVerify != is.TLSVerify || was.Fingerprint != is.Fingerprint ||
		was.CAPEM != is.CAPEM || otherApp(was.OAuth, is.OAuth)
}
