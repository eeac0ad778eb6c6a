package gateway

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/oauth"
	"letterbox/models"
)

// The rhythm of access tokens.
const (
	oauthClaim   = time.Minute            // How long one refresh keeps other processes away.
	oauthWait    = 150 * time.Millisecond // Between two looks at what another process is fetching.
	oauthPatient = 40 * time.Second       // How long it is waited for.
	oauthAhead   = 10 * time.Minute       // A token is renewed this long before its end, or after three quarters of a short life.
	oauthUsable  = 30 * time.Second       // What is left of a token that is still used.
	oauthProof   = 10 * time.Second       // A check takes a token that is younger.
	oauthRetry   = 15 * time.Minute       // A refusal that lasts is not asked for again sooner.
)

// OAuthOwner names what signs in with OAuth 2.0: "inboxes/5" or "sending_accounts/3".
type OAuthOwner string

// OAuthInbox and OAuthSending name an inbox and a sending account.
func OAuthInbox(id int64) OAuthOwner { return OAuthOwner("inboxes/" + itoa(id)) }

// OAuthSending names a sending account.
func OAuthSending(id int64) OAuthOwner { return OAuthOwner("sending_accounts/" + itoa(id)) }

// SecretPlace is what a secret of the sign-in is bound to; column is secret, certificate, refresh, access or grant.
func (o OAuthOwner) SecretPlace(column string) string { return string(o) + "/" + column }

// bearing fetches access tokens for one connection, and remembers which one it has given out.
type bearing struct {
	g        *Gateway
	owner    OAuthOwner
	auth     string
	protocol string
	settings models.OAuthSettings
	force    bool   // A check: the provider is asked, whatever is stored.
	used     string // The token that was given out, sealed.
	fetched  bool   // It was fetched for this connection.
}

// bear gives an account its source of tokens, if it needs one.
func (g *Gateway) bear(a *mailbox.Account, owner OAuthOwner, s models.OAuthSettings, protocol string, force bool) *bearing {
	b := &bearing{g: g, owner: owner, auth: a.Auth, protocol: protocol, settings: s, force: force}
	if a.OAuth() {
		a.Token = b.token
	}
	return b
}

// refused reports whether a connection failed because the server did not take a token that was fetched earlier: it has
// forgotten it then, and another try with a new one is worth while.
func (b *bearing) refused(ctx context.Context, err error) bool {
	p, ok := errors.AsType[*mailbox.Problem](err)
	if !ok || p.Code != "E-OAUTH-06" && p.Code != "E-OAUTH-09" || b.fetched || b.used == "" {
		return false
	}
	if err := b.g.Store.DropOAuthAccess(ctx, string(b.owner), b.used); err != nil {
		b.g.Log.LogAttrs(ctx, slog.LevelWarn, "refused access token not forgotten", slog.String("owner", string(b.owner)), slog.Any("err", err))
		return false
	}
	return true
}

// token returns an access token that is valid for a while. Of all processes only one fetches a new one; the others wait
// for it or use what is left of the old one.
func (b *bearing) token(ctx context.Context) (string, error) {
	b.fetched = false
	patient, cancel := context.WithTimeout(ctx, oauthPatient)
	defer cancel()
	for {
		c, err := b.g.Store.OAuthCredential(ctx, string(b.owner))
		if errors.Is(err, models.ErrNotFound) {
			return "", notConnected()
		}
		if err != nil {
			return "", err
		}
		if b.takes(c) {
			return b.open(c)
		}
		if p := lasting(c); p != nil && !b.force && time.Since(c.UpdatedAt) < oauthRetry {
			return "", p
		}
		claim := rand.Text()
		c, err = b.g.Store.ClaimOAuth(ctx, string(b.owner), claim, oauthClaim)
		if err == nil && b.takes(c) { // Another process has fetched it since we looked.
			if err := b.g.Store.ReleaseOAuth(ctx, string(b.owner), claim); err != nil {
				return "", err
			}
			return b.open(c)
		}
		if err == nil {
			return b.fetch(ctx, c, claim)
		}
		if !errors.Is(err, models.ErrConflict) {
			return "", err
		}
		if usable(c) {
			return b.open(c)
		}
		if !wait(patient, oauthWait, nil) {
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			return "", &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-12", Args: map[string]string{"authority": b.settings.Authority, "text": "-"}, Err: errors.New("another process fetches the token and takes too long")}
		}
	}
}

// takes reports whether a stored token is good enough for this connection.
func (b *bearing) takes(c models.OAuthCredential) bool {
	return fresh(c) && (!b.force || time.Since(c.UpdatedAt) < b.g.proof)
}

func notConnected() *mailbox.Problem {
	return &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-08", Err: errors.New("nothing to sign in with is stored")}
}

func fresh(c models.OAuthCredential) bool {
	return c.AccessEnc != "" && c.RefreshAt != nil && now().Before(*c.RefreshAt)
}

func usable(c models.OAuthCredential) bool {
	return c.AccessEnc != "" && c.AccessExpiresAt != nil && now().Add(oauthUsable).Before(*c.AccessExpiresAt)
}

// lasting is the stored refusal when only a person can end it; nil otherwise.
func lasting(c models.OAuthCredential) *mailbox.Problem {
	if !oauth.Lasting(c.Code) {
		return nil
	}
	return &mailbox.Problem{Phase: mailbox.PhaseToken, Code: c.Code, Args: argsOf(c.Args), Err: errors.New("refused before, and nothing has changed since")}
}

func argsOf(text string) map[string]string {
	m := map[string]string{}
	if text != "" {
		_ = json.Unmarshal([]byte(text), &m) // Shown without its placeholders when it cannot be read.
	}
	return m
}

func (b *bearing) open(c models.OAuthCredential) (string, error) {
	b.used = c.AccessEnc
	return b.g.unseal(b.owner, "access", c.AccessEnc)
}

// unseal opens one column of a credential; "" stays "".
func (g *Gateway) unseal(o OAuthOwner, column, sealed string) (string, error) {
	if sealed == "" {
		return "", nil
	}
	plain, err := g.Secrets.Open(sealed, o.SecretPlace(column))
	if err != nil {
		return "", &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-KEY-01", Err: err}
	}
	return plain, nil
}

func (g *Gateway) seal(o OAuthOwner, column, plain string) (string, error) {
	if plain == "" {
		return "", nil
	}
	sealed, err := g.Secrets.Seal(plain, o.SecretPlace(column))
	if err != nil {
		return "", fmt.Errorf("seal %s: %w", column, err)
	}
	return sealed, nil
}

// app puts together what is registered with the provider.
func (g *Gateway) app(o OAuthOwner, auth, protocol string, s models.OAuthSettings, c models.OAuthCredential) (oauth.App, error) {
	a := oauth.App{Provider: s.Provider, Authority: s.Authority, Tenant: s.Tenant, ClientID: s.ClientID, Scope: strings.TrimSpace(s.Scope)}
	if a.Scope == "" {
		a.Scope = oauth.Scope(s.Provider, auth, protocol)
	}
	var err error
	if a.Secret, err = g.unseal(o, "secret", c.SecretEnc); err != nil {
		return a, err
	}
	a.Certificate, err = g.unseal(o, "certificate", c.CertificateEnc)
	return a, err
}

// fetch fetches a token under a claim, and keeps what came of it.
func (b *bearing) fetch(ctx context.Context, c models.OAuthCredential, claim string) (string, error) {
	t, err := b.ask(ctx, c)
	// What the provider gave must not be lost because a visit ends now: it may have replaced the refresh token.
	keep, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err != nil {
		return "", b.keepTrouble(keep, c, claim, err)
	}
	if err := b.g.setTokens(&c, t, b.owner); err != nil {
		return "", err
	}
	recovered := c.Code != ""
	c.Code, c.Args, c.TroubleAt = "", "", nil
	if err := b.g.Store.FinishOAuth(keep, c, claim); err != nil && !errors.Is(err, models.ErrFenced) {
		return "", fmt.Errorf("keep an access token: %w", err)
	}
	if recovered {
		b.g.Log.LogAttrs(ctx, slog.LevelInfo, "sign-in with access token works again", slog.String("owner", string(b.owner)))
		b.g.Changed("oauth")
	}
	b.used, b.fetched = c.AccessEnc, true
	return t.Access, nil
}

// setTokens seals what a provider gave into a credential.
func (g *Gateway) setTokens(c *models.OAuthCredential, t oauth.Token, o OAuthOwner) (err error) {
	if c.AccessEnc, err = g.seal(o, "access", t.Access); err != nil {
		return err
	}
	if t.Refresh != "" {
		if c.RefreshEnc, err = g.seal(o, "refresh", t.Refresh); err != nil {
			return err
		}
	}
	ends, renew := now().Add(t.Life), now().Add(max(t.Life-oauthAhead, t.Life*3/4))
	c.AccessExpiresAt, c.RefreshAt, c.Granted = &ends, &renew, t.Scope
	return nil
}

// ask asks the provider.
func (b *bearing) ask(ctx context.Context, c models.OAuthCredential) (oauth.Token, error) {
	app, err := b.g.app(b.owner, b.auth, b.protocol, b.settings, c)
	if err != nil {
		return oauth.Token{}, err
	}
	if !oauth.Allowed(app.Authority, b.g.OAuthHosts) {
		return oauth.Token{}, &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-15", Args: map[string]string{"authority": app.Authority}, Err: errors.New("authority is not allowed")}
	}
	if b.auth == oauth.ClientFlow {
		if app.Secret == "" && app.Certificate == "" {
			return oauth.Token{}, notConnected()
		}
		t, err := b.g.oauth.Client(ctx, app)
		return t, b.explain(err)
	}
	refresh, err := b.g.unseal(b.owner, "refresh", c.RefreshEnc)
	if err != nil {
		return oauth.Token{}, err
	}
	if refresh == "" {
		return oauth.Token{}, notConnected()
	}
	t, err := b.g.oauth.Refresh(ctx, app, refresh)
	return t, b.explain(err)
}

// explain uses what is noted here: a secret whose last day is over is expired, whatever the provider calls it.
func (b *bearing) explain(err error) error {
	p, ok := errors.AsType[*mailbox.Problem](err)
	if !ok || p.Code != "E-OAUTH-11" {
		return err
	}
	if last, perr := time.Parse(time.DateOnly, b.settings.SecretExpiresOn); perr == nil && now().After(last.AddDate(0, 0, 1)) {
		p.Code = "E-OAUTH-04"
	}
	return p
}

// keepTrouble keeps why no token could be had, and gives the claim back. It alarms when that is news, on ways that need no
// token: the log, the pages, /healthz and the metrics.
func (b *bearing) keepTrouble(ctx context.Context, c models.OAuthCredential, claim string, cause error) error {
	p, ok := errors.AsType[*mailbox.Problem](cause)
	if ok {
		args, err := json.Marshal(p.Args)
		if err != nil {
			return err
		}
		if c.Code != p.Code {
			at := now()
			c.TroubleAt = &at
			level := slog.LevelWarn
			if oauth.Lasting(p.Code) {
				level = slog.LevelError
			}
			b.g.Log.LogAttrs(ctx, level, "no access token", slog.String("owner", string(b.owner)), slog.String("code", p.Code), slog.Any("err", p.Err))
		}
		c.Code, c.Args = p.Code, string(args)
	}
	if err := b.g.Store.FinishOAuth(ctx, c, claim); err != nil && !errors.Is(err, models.ErrFenced) {
		b.g.Log.LogAttrs(ctx, slog.LevelWarn, "trouble with an access token not kept", slog.String("owner", string(b.owner)), slog.Any("err", err))
	}
	b.g.Changed("oauth")
	return cause
}
