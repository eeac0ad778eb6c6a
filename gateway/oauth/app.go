package oauth

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// The two ways to sign in.
const (
	ClientFlow = "oauth2_client" // The app alone.
	UserFlow   = "oauth2_user"   // A person has signed in once.
)

// App is what is registered with the identity provider, with its secrets. It has no String and is never logged.
type App struct {
	Provider  string // microsoft, google, other.
	Authority string
	Tenant    string
	ClientID  string
	Scope     string
	Secret    string
	// Certificate holds the certificate and the private key of the app in PEM; it counts before Secret.
	Certificate string
}

// Preset is what is known of a provider.
type Preset struct {
	Authority string
	NeedsUser bool // It has no sign-in of an app alone.
	Tenant    bool // It has tenants.
}

// Presets returns what is known of each provider.
func Presets() map[string]Preset {
	return map[string]Preset{
		"microsoft": {Authority: "https://login.microsoftonline.com", Tenant: true},
		"google":    {Authority: "https://accounts.google.com", NeedsUser: true},
		"other":     {},
	}
}

// Scope returns the least that has to be asked for (SEC-11); protocol is imap, pop3 or smtp.
func Scope(provider, flow, protocol string) string {
	switch {
	case provider == "microsoft" && flow == ClientFlow:
		return "https://outlook.office365.com/.default"
	case provider == "microsoft":
		right := map[string]string{"imap": "IMAP.AccessAsUser.All", "pop3": "POP.AccessAsUser.All", "smtp": "SMTP.Send"}[protocol]
		return "https://outlook.office.com/" + right + " offline_access openid email"
	case provider == "google":
		return "https://mail.google.com/ openid email"
	case flow == UserFlow:
		return "openid email offline_access"
	}
	return ""
}

// hosts are those that belong to an authority beside its own.
func hosts(authority string) []string {
	switch authority {
	case "accounts.google.com":
		return []string{"oauth2.googleapis.com", "www.googleapis.com"}
	case "login.microsoftonline.com":
		return []string{"login.microsoft.com"}
	}
	return nil
}

// Authority checks the address of an identity provider: https, a host and perhaps a path, nothing else. It reports the
// host with its port.
func Authority(text string) (host string, ok bool) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
		return "", false
	}
	return strings.ToLower(u.Host), true
}

// known reports whether everybody may use the identity provider with that host.
func known(host string) bool {
	return slices.Contains([]string{
		"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "accounts.google.com",
	}, host)
}

// Allowed reports whether an authority may be used: those of Microsoft and Google, and the hosts in more ("id.example.org",
// "id.example.org:8443").
func Allowed(authority string, more []string) bool {
	host, ok := Authority(authority)
	return ok && (known(host) || slices.ContainsFunc(more, func(m string) bool {
		m = strings.ToLower(strings.TrimSpace(m))
		name, _, err := net.SplitHostPort(m)
		return m == host || err == nil && net.JoinHostPort(name, "443") == m && name == host
	}))
}

// base is where the addresses of the provider are published (OpenID Connect Discovery, 4).
func (a App) base() string {
	b := strings.TrimRight(a.Authority, "/")
	if a.Tenant != "" {
		b += "/" + url.PathEscape(a.Tenant)
	}
	if a.Provider == "microsoft" {
		b += "/v2.0"
	}
	return b
}
