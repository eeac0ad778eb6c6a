package handlers

import (
	"slices"
	"strings"

	"letterbox/gateway"
)

// oauthSteps are the four steps at the provider, with what the last attempt to sign in says of each.
func (v *visit) oauthSteps(w gateway.OAuthView, f *form, redirect string) []oauthStep {
	provider, auth := f.get("provider"), f.get("auth")
	kind := provider + "." + strings.TrimPrefix(auth, "oauth2_")
	if !slices.Contains([]string{"microsoft.client", "microsoft.user", "google.user", "other.client", "other.user"}, kind) {
		kind = "other.user"
	}
	client, tenant := f.get("client_id"), f.get("tenant")
	if client == "" {
		client = "CLIENT-ID"
	}
	if tenant == "" {
		tenant = "TENANT-ID"
	}
	address := w.Username
	if !strings.Contains(address, "@") {
		address = w.Address
	}
	right := map[string]string{"imap": "IMAP", "pop3": "POP", "smtp": "SMTP"}[w.Protocol]
	copies := [4][]string{}
	switch kind {
	case "microsoft.client":
		app := right + ".AccessAsApp"
		if right == "SMTP" {
			app = "SMTP.SendAsApp"
		}
		copies[0] = []string{app}
		copies[2] = []string{
			"Install-Module ExchangeOnlineManagement", "Connect-ExchangeOnline -Organization " + quoted(tenant),
			"New-ServicePrincipal -AppId " + quoted(client) + " -ObjectId 'OBJECT-ID'",
		}
		copies[3] = []string{"Add-MailboxPermission -Identity " + quoted(address) + " -User 'OBJECT-ID' -AccessRights FullAccess"}
		if right == "SMTP" {
			copies[3] = append(copies[3], "Set-CASMailbox -Identity "+quoted(address)+" -SmtpClientAuthenticationDisabled $false")
		}
	case "microsoft.user":
		app := right + ".AccessAsUser.All"
		if right == "SMTP" {
			app = "SMTP.Send"
		}
		copies[0], copies[2] = []string{redirect}, []string{app, "offline_access"}
	case "google.user":
		copies[0], copies[2] = []string{redirect}, []string{"https://mail.google.com/"}
	case "other.user":
		copies[0] = []string{redirect}
	}
	states := stepStates(w, auth)
	steps := make([]oauthStep, 4)
	for i := range steps {
		n := string(rune('1' + i))
		s := oauthStep{Title: v.l.T("oauth.step." + kind + "." + n), Text: v.l.T("oauth.step." + kind + "." + n + ".how"), Copy: copies[i], Icon: "dots", Kind: "calm"}
		switch states[i] {
		case "ok":
			s.Icon, s.Kind = "check", "ok"
		case "bad":
			s.Icon, s.Kind = "cross", "bad"
		}
		s.State = v.l.T("oauth.state." + states[i])
		steps[i] = s
	}
	return steps
}

// quoted is a text as PowerShell takes it literally.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// stepStates says for each step whether it is done, wrong, or not known: each error belongs to a step, and those before it
// are done then.
func stepStates(w gateway.OAuthView, auth string) [4]string {
	wrong := -1
	switch w.Code {
	case "E-OAUTH-01", "E-OAUTH-02", "E-OAUTH-05", "E-OAUTH-13":
		wrong = 0
	case "E-OAUTH-04", "E-OAUTH-11":
		wrong = 1
	case "E-OAUTH-03":
		wrong = 3
		if auth == "oauth2_client" {
			wrong = 0 // The administrator's consent is missing.
		}
	}
	states := [4]string{"open", "open", "open", "open"}
	done := 0
	switch {
	case wrong >= 0:
		done = wrong
		states[wrong] = "bad"
	case w.AccessEnds != nil: // The provider has given a token; whether the server takes it shows in the check.
		if done = 2; auth == "oauth2_user" {
			done = 4
		}
	}
	for i := range done {
		states[i] = "ok"
	}
	return states
}
