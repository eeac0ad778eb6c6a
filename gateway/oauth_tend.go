package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/gateway/oauth"
	"letterbox/models"
)

// How often what signs in with OAuth 2.0 is looked after.
const (
	tendDevices = time.Second      // While somebody signs in with another device.
	tendNothing = 30 * time.Second // Otherwise: another process may have begun such a sign-in and ended.
	tendTokens  = time.Minute
)

// tendOAuth goes on with sign-ins on other devices, renews tokens before their end and reminds of secrets that end, until
// ctx is done. Any number of processes may do so at once.
func (g *Gateway) tendOAuth(ctx context.Context) {
	var tended, busy time.Time
	for {
		pause := tendNothing
		if time.Since(busy) < tendTokens {
			pause = tendDevices
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-g.devices:
			t.Stop()
			busy = time.Now()
		case <-t.C:
		}
		due, err := g.pollDevices(ctx)
		if due {
			busy = time.Now()
		}
		if err == nil && time.Since(tended) > tendTokens {
			tended = time.Now()
			err = g.renewTokens(ctx)
		}
		if err != nil && ctx.Err() == nil {
			g.Log.LogAttrs(ctx, slog.LevelError, "sign-ins could not be looked after, trying again", slog.Any("err", err))
		}
	}
}

// pollDevices asks about the sign-ins with other devices that are under way, and reports whether there were any to ask
// about.
func (g *Gateway) pollDevices(ctx context.Context) (some bool, err error) {
	due, err := g.Store.DueDeviceGrants(ctx, now())
	if err != nil {
		return false, err
	}
	for _, grant := range due {
		if err := g.pollDevice(ctx, grant); err != nil && !errors.Is(err, models.ErrConflict) && !errors.Is(err, models.ErrNotFound) {
			return true, err
		}
	}
	return len(due) > 0, nil
}

func (g *Gateway) pollDevice(ctx context.Context, grant models.OAuthGrant) error {
	o := OAuthOwner(grant.Owner)
	if now().After(grant.ExpiresAt) {
		return g.Store.NextDeviceGrant(ctx, grant, nil, "E-OAUTH-22", "", grant.WaitSeconds)
	}
	next := now().Add(time.Duration(grant.WaitSeconds) * time.Second)
	if err := g.Store.NextDeviceGrant(ctx, grant, &next, "", "", grant.WaitSeconds); err != nil {
		return err // Somebody else asks.
	}
	grant.NextAt = &next
	t, c, app, err := g.oauthApp(ctx, o)
	if err != nil {
		return err
	}
	data, err := g.grantData(o, grant)
	if err != nil {
		return err
	}
	token, done, slower, err := g.oauth.Poll(ctx, app, data.Device)
	if err == nil && !done {
		if slower { // RFC 8628, 3.5.
			next = next.Add(5 * time.Second)
			return g.Store.NextDeviceGrant(ctx, grant, &next, "", "", grant.WaitSeconds+5)
		}
		return nil
	}
	if err == nil {
		by, uerr := g.Store.UserByID(ctx, grant.UserID)
		if uerr != nil {
			return uerr
		}
		err = g.connected(ctx, &by, o, t, c, token)
	}
	p, ok := errors.AsType[*mailbox.Problem](err)
	if !ok {
		return err
	}
	if p.Code == "E-OAUTH-01" || p.Code == "E-OAUTH-12" { // Later perhaps.
		return nil
	}
	args, merr := json.Marshal(p.Args)
	if merr != nil {
		return merr
	}
	err = g.Store.NextDeviceGrant(ctx, grant, nil, p.Code, string(args), grant.WaitSeconds)
	g.Changed("oauth")
	return err
}

// renewTokens fetches new tokens before the old ones end, so that a secret that is dead shows while mail still flows, and
// reminds of secrets that will end.
func (g *Gateway) renewTokens(ctx context.Context) error {
	all, err := g.Store.OAuthCredentials(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		t, err := g.oauthTarget(ctx, OAuthOwner(c.Owner))
		if errors.Is(err, models.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if *t.auth != oauth.ClientFlow && *t.auth != oauth.UserFlow {
			continue
		}
		g.remind(ctx, t, c)
		if c.RefreshAt == nil || now().Before(*c.RefreshAt) || t.isInbox && !t.inbox.Enabled {
			continue
		}
		b := &bearing{g: g, owner: OAuthOwner(c.Owner), auth: *t.auth, protocol: t.protocol, settings: *t.settings}
		if _, err := b.token(ctx); err != nil && ctx.Err() == nil {
			g.Log.LogAttrs(ctx, slog.LevelDebug, "access token not renewed", slog.String("owner", c.Owner), slog.Any("err", err))
		}
	}
	return nil
}

// reminders are how many days before the end of a secret somebody is reminded.
func reminders() []int { return []int{30, 7, 1, -1} }

// remind says once, at each of the marks, that a secret ends soon.
func (g *Gateway) remind(ctx context.Context, t *oauthTarget, c models.OAuthCredential) {
	v := g.oauthView(OAuthOwner(c.Owner), t, c)
	days, known := v.DaysLeft()
	if !known || v.SecretEnds == nil {
		return
	}
	if time.Now().After(*v.SecretEnds) {
		days = -1
	}
	mark := 0
	for _, m := range reminders() {
		if days <= m {
			mark = m
		}
	}
	if mark == 0 || c.Reminded != 0 && mark >= c.Reminded {
		return
	}
	first := false
	err := g.Store.WithTx(ctx, func(ctx context.Context) (err error) {
		if first, err = g.Store.OAuthReminded(ctx, c.Owner, c.Reminded, mark); err != nil || !first {
			return err
		}
		return g.tellSecretEnds(ctx, t, v, days)
	})
	if err != nil && ctx.Err() == nil {
		g.Log.LogAttrs(ctx, slog.LevelError, "reminder of a client secret not written, trying again", slog.String("owner", c.Owner), slog.Any("err", err))
	}
	if err != nil || !first {
		return
	}
	g.sendSoon()
	g.Log.LogAttrs(ctx, slog.LevelError, "client secret ends", slog.String("owner", c.Owner), slog.Int("days", days))
	g.Changed("oauth")
}
