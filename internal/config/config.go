// Package config reads the settings of the program.
//
// A setting comes from, strongest first: a command line flag, the environment, the file that the variable with the
// suffix _FILE names, a TOML file, the default. The struct [Config] is the only list of settings: flags, variables,
// the example file and its comments are all made from its tags. Everything that is wrong is reported at once, each
// with where it was found, and a key that does not exist names the nearest one that does.
package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
)

// Config is every setting of the program. DB and SecretKey hold secrets: String and LogValue leave them out.
type Config struct {
	// Listen is the address of the web server, HOST:PORT; port 0 takes a free one.
	Listen string `key:"listen" default:"127.0.0.1:8080" doc:"Address of the web server, HOST:PORT. Port 0 takes a free one."`
	// DB is sqlite:PATH or mysql:USER:PASSWORD@tcp(HOST:PORT)/DATABASE. Load fills it in when it was not set.
	DB string `key:"db" secret:"true" doc:"Database: sqlite:PATH or mysql:USER:PASSWORD@tcp(HOST:PORT)/DATABASE. Empty: letterbox.db in the data folder."`
	// Data is the folder for the embedded database and the secret key.
	Data string `key:"data" default:"data" doc:"Folder for the embedded database and the secret key. It is created when it is not there."`
	// BaseURL is where people reach the server, without a slash at the end; "" when not set.
	BaseURL string `key:"base_url" doc:"Where people reach the server, for example https://issues.example.org. It stands in links; with https cookies are sent over TLS only. Empty: http:// and the address it listens on."`
	// SecretKey is the key ring that encrypts stored credentials, see package secret; "" for the file in Data.
	SecretKey string `key:"secret_key" secret:"true" flag:"none" doc:"Keys that encrypt stored credentials: ID:BASE64 of 32 octets, several separated by commas, the first one encrypts. Empty: secret.key in the data folder, created at the first start."`
	// AllowedNetworks are the networks that mail hosts may lie in besides public addresses.
	AllowedNetworks []netip.Prefix `key:"allowed_networks" doc:"Networks that mail servers may lie in besides public addresses, for example 10.0.0.0/8. Every port is allowed inside them."`
	// AllowUnverifiedTLS lets admins switch off the check of a mail server's certificate for an inbox.
	AllowUnverifiedTLS bool `key:"allow_unverified_tls" default:"true" doc:"Whether admins may switch off the check of a mail server's certificate for one inbox: true or false. With false, inboxes that have it off do not connect."`
	// InboxesPerProject is how many inboxes a project may have; 0 for any number.
	InboxesPerProject int `key:"inboxes_per_project" default:"0" doc:"How many inboxes a project may have. 0: any number."`
	// SMIMEKeys is the folder with our S/MIME certificates and private keys; "" for none.
	SMIMEKeys string `key:"smime_keys" doc:"Folder with S/MIME keys that open encrypted mail: PEM files (*.pem), each with one private key and its certificate. Old keys stay there for old mail."`
	// SMIMERoots is a PEM file with the issuers of certificates that are accepted; "" for those of the system.
	SMIMERoots string `key:"smime_roots" doc:"PEM file with the issuers whose S/MIME certificates are accepted. Empty: the issuers that the system trusts."`
	// OAuthAuthorities are the hosts of identity providers that may be used besides those of Microsoft and Google.
	OAuthAuthorities []string `key:"oauth_authorities" doc:"Identity providers that mail accounts may sign in with besides Microsoft and Google: host names, with the port where it is not 443."`
	// OAuthRoots is a PEM file with the issuers of their certificates; "" for those of the system.
	OAuthRoots string `key:"oauth_roots" doc:"PEM file with the issuers of the certificates of identity providers. Empty: the issuers that the system trusts."`
	// OIDCIssuer is the identity provider that people may sign in with; "" for none.
	OIDCIssuer string `key:"oidc_issuer" doc:"Identity provider that people may sign in with (OpenID Connect), exactly as it names itself: https://id.example.org/realm. Empty: none."`
	// OIDCClientID is what Letterbox is registered as there.
	OIDCClientID string `key:"oidc_client_id" doc:"Client ID of Letterbox at that identity provider. The page to register there is the base URL with /signin/oidc/callback."`
	// OIDCClientSecret is the secret of that client; "" for a client that has none.
	OIDCClientSecret string `key:"oidc_client_secret" secret:"true" flag:"none" doc:"Client secret of Letterbox at that identity provider."`
	// OIDCName is what people call the identity provider; "" for the host of OIDCIssuer.
	OIDCName string `key:"oidc_name" doc:"What people call the identity provider; it stands on the button of the sign-in page. Empty: its host name."`
	// OIDCCreate are the domains whose people get an account when they sign in for the first time.
	OIDCCreate []string `key:"oidc_create" doc:"Domains of verified addresses whose people become members when they sign in with the identity provider for the first time; * for every domain. Empty: only people who were added before come in."`
	// OIDCTrustAddress has an address count when the identity provider does not say whether it is verified.
	OIDCTrustAddress bool `key:"oidc_trust_address" default:"false" doc:"Whether addresses count when the identity provider does not say whether it has verified them: true or false. Only for one whose accounts you administer yourself."`
	// SMTPListen is where mail servers hand mail in, HOST:PORT or unix:PATH; "" for nowhere.
	SMTPListen string `key:"smtp_listen" doc:"Address on which mail servers hand mail in for inboxes that receive by push, HOST:PORT or unix:PATH. For a mail server before Letterbox, never for the internet. Empty: none."`
	// SMTPProtocol is lmtp or smtp.
	SMTPProtocol string `key:"smtp_protocol" default:"lmtp" doc:"Protocol spoken there: lmtp (an answer for each recipient) or smtp."`
	// SMTPCertificate and SMTPKey are PEM files for STARTTLS; "" for none.
	SMTPCertificate string `key:"smtp_certificate" doc:"PEM file with the certificate for STARTTLS there. Empty: STARTTLS is not offered."`
	SMTPKey         string `key:"smtp_key" doc:"PEM file with the private key of that certificate."`
	// Role is what this process does: all, web or gateway.
	Role Role `key:"role" default:"all" doc:"What this process does: all, web (pages and API only) or gateway (mail only)."`
	// LogLevel is the least level that is logged.
	LogLevel slog.Level `key:"log_level" default:"info" doc:"Least level of the program log: debug, info, warn or error."`
	// LogFormat is text or json.
	LogFormat string `key:"log_format" default:"text" doc:"Format of the program log: text or json."`
}

// Role is what one process does, so that replicas can share the work.
type Role string

// The roles of a process.
const (
	RoleAll     Role = "all"
	RoleWeb     Role = "web"
	RoleGateway Role = "gateway"
)

// Web reports whether the process serves pages and API.
func (r Role) Web() bool { return r == RoleAll || r == RoleWeb }

// Gateway reports whether the process visits inboxes.
func (r Role) Gateway() bool { return r == RoleAll || r == RoleGateway }

// Default returns the settings that hold when nothing is set.
func Default() Config {
	c, err := Load(Source{})
	if err != nil {
		panic(err) // The defaults are constants of this package; its test loads them.
	}
	return c
}

// String names the settings without the secrets.
func (c Config) String() string {
	return fmt.Sprintf("listen %s, data %s, base URL %q, role %s, networks %v", c.Listen, c.Data, c.BaseURL, c.Role, c.AllowedNetworks)
}

// GoString is String, so that no way of printing shows the secrets.
func (c Config) GoString() string { return c.String() }

// LogValue holds the settings without the secrets.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("listen", c.Listen), slog.String("data", c.Data), slog.String("base_url", c.BaseURL),
		slog.String("role", string(c.Role)), slog.Any("allowed_networks", c.AllowedNetworks))
}

// complete fills in what follows from other settings.
func complete(c Config) Config {
	if c.DB == "" {
		c.DB = "sqlite:" + filepath.Join(c.Data, "letterbox.db")
	}
	return c
}
