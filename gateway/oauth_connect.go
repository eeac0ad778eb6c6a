package gateway

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
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

// grantLife is how long somebody may take to sign in at the provider.
const grantLife = 15 * time.Minute

// ErrStrangeAnswer says that an answer of an identity provider belongs to no sign-in that this person has begun.
var ErrStrangeAnswer = errors.New("answer belongs to no sign-in that was begun here")

// grantData is what is secret about a sign-in that was begun.
type grantData struct {
	Verifier string `json:"verifier,omitempty"`
	Nonce    string `json:"nonce,omitempty"`
	Device   string `json:"device,omitempty"`
}

// oauthApp loads what is registered for an owner.
func (g *Gateway) oauthApp(ctx context.Context, o OAuthOwner) (*oauthTarget, models.OAuthCredential, oauth.App, error) {
	t, err := g.oauthTarget(ctx, o)
	if err != nil {
		return nil, models.OAuthCredential{}, oauth.App{}, err
	}
	c, err := g.Store.OAuthCredential(ctx, string(o))
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return nil, c, oauth.App{}, err
	}
	c.Owner = string(o)
	app, err := g.app(o, *t.auth, t.protocol, *t.settings, c)
	if err == nil && !oauth.Allowed(app.Authority, g.OAuthHosts) {
		err = &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-15", Args: map[string]string{"authority": app.Authority}, Err: errors.New("authority is not allowed")}
	}
	return t, c, app, err
}

// BeginOAuth begins the sign-in of a person in the browser and returns where the browser is to be sent. redirect is the
// page that it comes back to. A failure is a [*mailbox.Problem].
func (g *Gateway) BeginOAuth(ctx context.Context, by *models.User, o OAuthOwner, redirect string) (string, error) {
	t, _, app, err := g.oauthApp(ctx, o)
	if err != nil {
		return "", err
	}
	r := oauth.Request{State: rand.Text() + rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(), Redirect: redirect}
	if !t.settings.Shared {
		r.Hint = t.username
	}
	address, err := g.oauth.SignInURL(ctx, app, r)
	if err != nil {
		return "", err
	}
	grant := models.OAuthGrant{Kind: "code", Redirect: redirect, StateHash: stateHash(r.State)}
	return address, g.beginGrant(ctx, by, o, grant, grantData{Verifier: r.Verifier, Nonce: r.Nonce}, grantLife)
}

func stateHash(state string) []byte {
	sum := sha256.Sum256([]byte(state))
	return sum[:]
}

func (g *Gateway) beginGrant(ctx context.Context, by *models.User, o OAuthOwner, grant models.OAuthGrant, data grantData, life time.Duration) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	if grant.DataEnc, err = g.seal(o, "grant", string(text)); err != nil {
		return err
	}
	grant.Owner, grant.UserID, grant.CreatedAt, grant.ExpiresAt = string(o), by.ID, now(), now().Add(life)
	return g.Store.WithTx(ctx, func(ctx context.Context) error {
		if grant.Kind == "device" {
			if err := g.Store.DeleteDeviceGrants(ctx, string(o)); err != nil {
				return err
			}
		}
		return g.Store.AddOAuthGrant(ctx, &grant)
	})
}

// OAuthAnswer is what the browser brings back from the identity provider.
type OAuthAnswer struct {
	State, Code, Issuer, Error string
}

// FinishOAuth ends the sign-in of a person in the browser. An answer that belongs to none that by has begun is
// [ErrStrangeAnswer]: nothing is sent to the provider then. Other failures are a [*mailbox.Problem].
func (g *Gateway) FinishOAuth(ctx context.Context, by *models.User, a OAuthAnswer) (OAuthOwner, error) {
	if a.State == "" || len(a.State) > 200 || len(a.Code) > 8<<10 {
		return "", ErrStrangeAnswer
	}
	grant, err := g.Store.TakeOAuthGrant(ctx, stateHash(a.State))
	if errors.Is(err, models.ErrNotFound) {
		return "", ErrStrangeAnswer
	}
	if err != nil {
		return "", err
	}
	o := OAuthOwner(grant.Owner)
	if grant.UserID != by.ID || now().After(grant.ExpiresAt) {
		return "", ErrStrangeAnswer
	}
	t, c, app, err := g.oauthApp(ctx, o)
	if err != nil {
		return o, err
	}
	if good, err := g.oauth.Answers(ctx, app, a.Issuer); err != nil {
		return o, err
	} else if !good {
		return "", ErrStrangeAnswer
	}
	if a.Code == "" {
		return o, oauth.Declined(app, a.Error)
	}
	data, err := g.grantData(o, grant)
	if err != nil {
		return o, err
	}
	token, err := g.oauth.Exchange(ctx, app, a.Code, data.Verifier, grant.Redirect, data.Nonce)
	if err != nil {
		return o, err
	}
	return o, g.connected(ctx, by, o, t, c, token)
}

func (g *Gateway) grantData(o OAuthOwner, grant models.OAuthGrant) (grantData, error) {
	var data grantData
	text, err := g.unseal(o, "grant", grant.DataEnc)
	if err == nil {
		err = json.Unmarshal([]byte(text), &data)
	}
	return data, err
}

// connected keeps the tokens of a person who has signed in. The right one must have: whose mailbox it is, or, where
// several share it, anybody.
func (g *Gateway) connected(ctx context.Context, by *models.User, o OAuthOwner, t *oauthTarget, c models.OAuthCredential, token oauth.Token) error {
	if who := token.Account; who != "" && !t.settings.Shared && !strings.EqualFold(who, t.username) && !strings.EqualFold(who, t.address) {
		return &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-07", Args: map[string]string{"other": who, "address": t.address}, Err: errors.New("somebody else signed in")}
	}
	if token.Refresh == "" {
		return &mailbox.Problem{Phase: mailbox.PhaseToken, Code: "E-OAUTH-21", Args: map[string]string{"scope": "offline_access"}, Err: errors.New("provider gave no refresh token")}
	}
	at := now()
	err := g.Store.WithTx(ctx, func(ctx context.Context) error {
		fresh, err := g.oauthTarget(ctx, o)
		if err != nil {
			return err
		}
		if otherApp(*t.settings, *fresh.settings) {
			return models.ErrConflict
		}
		row := c
		if err := g.setTokens(&row, token, o); err != nil {
			return err
		}
		row.Account, row.ConnectedAt, row.Code, row.Args, row.TroubleAt = token.Account, &at, "", "", nil
		if err := g.Store.SetOAuthCredential(ctx, row); err != nil {
			return err
		}
		if err := g.Store.DeleteDeviceGrants(ctx, string(o)); err != nil {
			return err
		}
		if err := g.saveTarget(ctx, fresh); err != nil { // Whoever visits it begins anew.
			return err
		}
		return g.audit(ctx, by, "oauth.connect", string(o), map[string]string{"account": token.Account, "scope": token.Scope})
	})
	if err != nil {
		return fmt.Errorf("keep the tokens of a sign-in: %w", err)
	}
	g.Log.LogAttrs(ctx, slog.LevelInfo, "signed in with identity provider", slog.String("owner", string(o)))
	g.wakeTarget(t)
	return nil
}

// BeginDevice begins a sign-in with another device: OAuth shows what is to be entered where. It goes on in the background.
func (g *Gateway) BeginDevice(ctx context.Context, by *models.User, o OAuthOwner) error {
	_, _, app, err := g.oauthApp(ctx, o)
	if err != nil {
		return err
	}
	d, err := g.oauth.Device(ctx, app)
	if err != nil {
		return err
	}
	next := now().Add(d.Interval)
	grant := models.OAuthGrant{
		Kind: "device", StateHash: stateHash(rand.Text()), UserCode: d.UserCode, VerifyAt: d.VerifyAt, WaitSeconds: int(d.Interval / time.Second), NextAt: &next,
	}
	if err := g.beginGrant(ctx, by, o, grant, grantData{Device: d.Code}, d.Life); err != nil {
		return err
	}
	select {
	case g.devices <- struct{}{}:
	default: // It is looked after already.
	}
	return nil
}

// DisconnectOAuth forgets the tokens and who signed in. The app's secret stays.
func (g *Gateway) DisconnectOAuth(ctx context.Context, by *models.User, o OAuthOwner) error {
	var t *oauthTarget
	err := g.Store.WithTx(ctx, func(ctx context.Context) (err error) {
		if t, err = g.oauthTarget(ctx, o); err != nil {
			return err
		}
		c, err := g.Store.OAuthCredential(ctx, string(o))
		if err != nil {
			return err
		}
		c = models.OAuthCredential{Owner: c.Owner, SecretEnc: c.SecretEnc, CertificateEnc: c.CertificateEnc, Reminded: c.Reminded}
		if err := g.Store.SetOAuthCredential(ctx, c); err != nil {
			return err
		}
		if err := g.saveTarget(ctx, t); err != nil {
			return err
		}
		return g.audit(ctx, by, "oauth.disconnect", string(o), nil)
	})
	if err == nil {
		g.wakeTarget(t)
	}
	return err
}
