package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// oauthView is what the page about the sign-in with OAuth 2.0 shows.
type oauthView struct {
	gateway.OAuthView
	Path     string // Of this page.
	Back     string // Of the inbox or the sending account.
	Redirect string // The page that the provider sends the browser back to.
	Cause    string // Why no token can be had; "".
	Steps    []oauthStep
	Days     int // Whole days that the secret is still valid, when Ends.
	Ends     bool
	Waiting  bool  // A sign-in with another device is under way.
	Adding   int64 // The inbox, while it is being added (inbox_wizard_oauth.go); 0 otherwise.
	Said     string
}

// oauthStep is one step of the checklist.
type oauthStep struct {
	Title, Text, Icon, Kind, State string
	Copy                           []string // What is to be copied from here.
}

func oauthFields() []string {
	return []string{"auth", "provider", "authority", "tenant", "client_id", "client_secret", "secret_expires_on", "certificate", "scope", "shared", "version"}
}

// oauthOwner is what the path names, when the person may configure it.
func (v *visit) oauthOwner() (o gateway.OAuthOwner, path, back string, err error) {
	if strings.HasPrefix(v.Request.URL.Path, "/inboxes/") {
		in, err := v.inbox()
		back = "/inboxes/" + strconv.FormatInt(in.ID, 10)
		return gateway.OAuthInbox(in.ID), back + "/oauth", back, err
	}
	a, err := v.account()
	back = "/sending/accounts/" + strconv.FormatInt(a.ID, 10)
	return gateway.OAuthSending(a.ID), back + "/oauth", back, err
}

// oauthShow shows how an inbox or a sending account signs in with OAuth 2.0.
func oauthShow(v *visit) error {
	o, path, back, err := v.oauthOwner()
	if err != nil {
		return err
	}
	w, err := v.h.Gateway.OAuth(v.ctx(), o)
	if err != nil {
		return err
	}
	s := w.Settings
	if s.Provider == "" {
		s.Provider = providerOf(w.Host)
	}
	auth := w.Auth
	if auth != "oauth2_client" && auth != "oauth2_user" {
		auth = "oauth2_user"
	}
	return v.showOAuth(http.StatusOK, w, path, back, v.newForm("oauth", map[string]string{
		"auth": auth, "provider": s.Provider, "authority": s.Authority, "tenant": s.Tenant, "client_id": s.ClientID, "client_secret": "",
		"secret_expires_on": s.SecretExpiresOn, "certificate": "", "scope": s.Scope, "shared": yesNo(s.Shared), "version": strconv.FormatInt(w.Version, 10),
	}))
}

// providerOf guesses the identity provider of a mail server.
func providerOf(host string) string {
	host = strings.ToLower(host)
	for _, p := range []struct{ end, provider string }{
		{"office365.com", "microsoft"}, {"outlook.com", "microsoft"}, {"gmail.com", "google"}, {"googlemail.com", "google"}, {"google.com", "google"},
	} {
		if host == p.end || strings.HasSuffix(host, "."+p.end) {
			return p.provider
		}
	}
	if host == "" {
		return "microsoft"
	}
	return "other"
}

func (v *visit) showOAuth(status int, w gateway.OAuthView, path, back string, f *form) error {
	data := oauthView{OAuthView: w, Path: path, Back: back, Redirect: v.oauthRedirect()}
	if w.Code != "" {
		data.Cause = v.l.T(w.Code, v.oauthWords(w, w.Args))
	}
	data.Days, data.Ends = w.DaysLeft()
	if d := w.Device; d != nil {
		data.Waiting = d.Code == ""
		if d.Code != "" {
			args := map[string]string{}
			data.Said = v.l.T(d.Code, v.oauthWords(w, args))
		}
	}
	if strings.HasPrefix(path, "/inboxes/") {
		in, err := v.inbox()
		if err != nil {
			return err
		}
		if !in.Enabled && in.StartedAt == nil {
			data.Adding = in.ID
		}
	}
	data.Steps = v.oauthSteps(w, f, data.Redirect)
	f.values["client_secret"], f.values["certificate"] = "", "" // Secrets are write-only.
	section := "inboxes"
	if strings.HasPrefix(path, "/sending") {
		section = "sending"
	}
	return v.render(status, "oauth_edit", view{Title: v.l.T("oauth.title", "name", w.Name), Section: section, Live: "oauth", Form: f, Data: data})
}

// oauthWords are the placeholders of a problem, with what it may lack.
func (v *visit) oauthWords(w gateway.OAuthView, args map[string]string) map[string]string {
	words := v.checkWords(args)
	for name, value := range map[string]string{
		"authority": w.Settings.Authority, "address": w.Address, "host": w.Host, "aadsts": "-", "text": "-", "scope": w.Settings.Scope, "other": "-", "list": "-",
	} {
		if words[name] == "" {
			words[name] = value
		}
	}
	return words
}

// oauthRedirect is the page that a provider sends the browser back to, as it is to be registered there.
func (v *visit) oauthRedirect() string {
	base := v.h.BaseURL
	if base == "" {
		base = "http://" + v.Request.Host
	}
	return base + "/oauth/callback"
}

// oauthUpdate changes how an inbox or a sending account signs in, and goes on to the sign-in where that is asked for.
func oauthUpdate(v *visit) error {
	o, path, back, err := v.oauthOwner()
	if err != nil {
		return err
	}
	f, err := v.readForm("oauth", oauthFields()...)
	if err != nil {
		return err
	}
	do := v.PostForm("do")
	if do == "disconnect" {
		if err := v.h.Gateway.DisconnectOAuth(v.ctx(), v.me, o); err != nil {
			return err
		}
		v.say("ok", "flash.oauth_disconnected")
		return v.redirect(path)
	}
	version, err := strconv.ParseInt(f.get("version"), 10, 64)
	if err != nil || version <= 0 {
		return errUnreadable
	}
	err = v.h.Gateway.SetOAuth(v.ctx(), v.me, o, version, oauthDraft(f))
	if list, ok := invalid(err); ok {
		f.take(list, nil)
	} else if errors.Is(err, models.ErrConflict) {
		f.refuse("provider", "E-SEND-08")
	} else if err != nil {
		return err
	}
	w, err := v.h.Gateway.OAuth(v.ctx(), o)
	if err != nil {
		return err
	}
	if f.Failed() {
		f.values["version"] = strconv.FormatInt(w.Version, 10)
		return v.showOAuth(http.StatusUnprocessableEntity, w, path, back, f)
	}
	switch do {
	case "connect":
		return v.oauthConnect(o, w, path)
	case "device":
		err := v.h.Gateway.BeginDevice(v.ctx(), v.me, o)
		if p, ok := errors.AsType[*mailbox.Problem](err); ok {
			return v.oauthFailed(w, p, path)
		}
		if err != nil {
			return err
		}
		return v.redirect(path + "#device")
	}
	v.say("ok", "flash.oauth_saved")
	return v.redirect(path)
}

func oauthDraft(f *form) gateway.OAuthDraft {
	d := gateway.OAuthDraft{Auth: f.get("auth"), Settings: models.OAuthSettings{
		Provider: f.get("provider"), Authority: f.get("authority"), Tenant: f.get("tenant"), ClientID: f.get("client_id"), Scope: f.get("scope"),
		SecretExpiresOn: f.get("secret_expires_on"), Shared: f.yes("shared"),
	}}
	if secret := f.get("client_secret"); secret != "" {
		d.Secret = &secret
	}
	if pem := f.get("certificate"); pem != "" {
		d.Certificate = &pem
	}
	return d
}

// oauthConnect sends the browser to the provider. A redirect as the answer to a form would be one to another site, which
// the policy of our pages forbids: a page of ours goes on by itself.
func (v *visit) oauthConnect(o gateway.OAuthOwner, w gateway.OAuthView, path string) error {
	address, err := v.h.Gateway.BeginOAuth(v.ctx(), v.me, o, v.oauthRedirect())
	if p, ok := errors.AsType[*mailbox.Problem](err); ok {
		return v.oauthFailed(w, p, path)
	}
	if err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	return v.render(http.StatusOK, "oauth_leave", view{Title: v.l.T("oauth.leave", "host", u.Host), Section: "inboxes", Data: address})
}

func (v *visit) oauthFailed(w gateway.OAuthView, p *mailbox.Problem, path string) error {
	var args []string
	for name, value := range v.oauthWords(w, p.Args) {
		args = append(args, name, value)
	}
	v.say("bad", p.Code, args...)
	return v.redirect(path)
}

// oauthCallback takes what the browser brings back from the provider.
func oauthCallback(v *visit) error {
	o, err := v.h.Gateway.FinishOAuth(v.ctx(), v.me, gateway.OAuthAnswer{
		State: v.Query("state"), Code: v.Query("code"), Issuer: v.Query("iss"), Error: v.Query("error"),
	})
	if errors.Is(err, gateway.ErrStrangeAnswer) {
		return errUnreadable
	}
	kind, id, _ := strings.Cut(string(o), "/")
	path := "/inboxes/" + id + "/oauth"
	if kind == "sending_accounts" {
		path = "/sending/accounts/" + id + "/oauth"
	}
	if p, ok := errors.AsType[*mailbox.Problem](err); ok {
		w, werr := v.h.Gateway.OAuth(v.ctx(), o)
		if werr != nil {
			return werr
		}
		return v.oauthFailed(w, p, path)
	}
	if err != nil {
		return err
	}
	v.say("ok", "flash.oauth_connected")
	return v.redirect(path)
}
