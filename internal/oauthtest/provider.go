// Package oauthtest is an identity provider for tests: OpenID Connect discovery, client credentials with a secret or a
// certificate, authorisation code with PKCE, refresh and device code, over TLS on loopback. It checks what it is given as
// a strict provider does, and refuses in every way that a test asks for.
package oauthtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"letterbox/internal/mailtest"
)

// TB is the part of testing.TB that this package needs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
	Cleanup(func())
}

// Refusal is an error answer of the token endpoint.
type Refusal struct {
	Status int
	Error  string
	Text   string
	Code   int // Microsoft's number; 0 for none.
}

// Provider is a running identity provider. Its fields may be changed under Lock.
type Provider struct {
	sync.Mutex
	URL           string // "https://127.0.0.1:PORT".
	Host          string
	IntrospectURL string // For Dovecot, without TLS: ".../introspect?token=".
	Roots         *x509.CertPool
	CertPEM       []byte

	ClientID, Secret string
	AppKey           *x509.Certificate // Accepted for private_key_jwt.
	Tenant           string            // The only one; "" for none.
	User             string            // Who signs in in the browser.
	Life             int               // Seconds that a token is valid.
	Issuer           string            // Named in identity tokens and redirects instead of the real one; "" for that.
	NoIssuer         bool              // No iss in redirects.
	NoRefresh        bool              // No refresh tokens.
	RedirectURIs     []string          // Those that are registered; any when empty.
	Refuse           *Refusal          // Every token request is refused so.
	Pending          int               // Device grants are answered "pending" so often.
	Declined         bool              // The person says no.
	DeviceLife       int               // Seconds in which the code for another device is to be entered; 0: 900.
	Delay            time.Duration     // Of the token endpoint.

	Claims   func(map[string]any) // Changes what identity tokens say; nil: nothing.
	Forged   bool                 // Identity tokens are signed with a key that is not published.
	Unsigned bool                 // Identity tokens have no signature.

	TokenRequests []string // Grant types, in order.
	Forms         []map[string]string
	access        map[string]issued
	refresh       map[string]string // Refresh token to user.
	codes         map[string]code
	devices       map[string]string // Device code to user code.
	key           *ecdsa.PrivateKey // Signs identity tokens.
}

type issued struct {
	user    string // "" for the app.
	expires time.Time
}

type code struct {
	user, challenge, redirect, nonce string
}

// Start starts a provider and stops it when the test ends.
func Start(t TB) *Provider {
	t.Helper()
	cert, err := mailtest.NewCertificate(mailtest.CertOptions{})
	if err != nil {
		t.Fatalf("identity provider: %v", err)
	}
	p := &Provider{
		ClientID: "letterbox-app", Secret: "app-s3cret", Life: 3600, User: "support@here.example", Roots: cert.Roots, CertPEM: cert.CertPEM,
		access: map[string]issued{}, refresh: map[string]string{}, codes: map[string]code{}, devices: map[string]string{},
	}
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatalf("identity provider: %v", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", p.discovery)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /authorize", p.consent)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("POST /devicecode", p.device)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /signout", p.signOut)
	srv := httptest.NewUnstartedServer(mux)
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert.TLS}, MinVersion: tls.VersionTLS12}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	p.URL, p.Host = srv.URL, strings.TrimPrefix(srv.URL, "https://")
	plain := httptest.NewServer(http.HandlerFunc(p.introspect))
	t.Cleanup(plain.Close)
	p.IntrospectURL = plain.URL + "/introspect?token="
	return p
}

// Port is the port of the provider.
func (p *Provider) Port() string {
	_, port, _ := net.SplitHostPort(p.Host)
	return port
}

// Valid reports whether a token opens the mailbox of a user: that of a person opens their own, that of the app any.
func (p *Provider) Valid(user, token string) bool {
	p.Lock()
	defer p.Unlock()
	i, ok := p.access[token]
	return ok && time.Now().Before(i.expires) && (i.user == "" || strings.EqualFold(i.user, user))
}

// RevokeAccess makes all access tokens worthless before their time.
func (p *Provider) RevokeAccess() {
	p.Lock()
	defer p.Unlock()
	clear(p.access)
}

// RevokeConsent makes all refresh tokens worthless.
func (p *Provider) RevokeConsent() {
	p.Lock()
	defer p.Unlock()
	clear(p.refresh)
}

// Requests is how many token requests there were.
func (p *Provider) Requests() int {
	p.Lock()
	defer p.Unlock()
	return len(p.TokenRequests)
}

// Set changes the provider.
func (p *Provider) Set(change func(p *Provider)) {
	p.Lock()
	defer p.Unlock()
	change(p)
}

func (p *Provider) issuer() string {
	if p.Issuer != "" {
		return p.Issuer
	}
	return p.URL
}

func (p *Provider) discovery(w http.ResponseWriter, r *http.Request) {
	p.Lock()
	defer p.Unlock()
	head, ok := strings.CutSuffix(r.URL.Path, "/.well-known/openid-configuration")
	tenant := strings.Trim(strings.TrimSuffix(head, "/v2.0"), "/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	if strings.Contains(tenant, "/") {
		http.NotFound(w, r)
		return
	}
	if tenant != p.Tenant && tenant != "organizations" && tenant != "common" {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_tenant", "error_description": "AADSTS90002: Tenant not found.", "error_codes": []int{90002}})
		return
	}
	answer(w, http.StatusOK, map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"jwks_uri": p.URL + "/keys", "end_session_endpoint": p.URL + "/signout", "id_token_signing_alg_values_supported": []string{"ES256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt"},
		"device_authorization_endpoint":         p.URL + "/devicecode", "authorization_response_iss_parameter_supported": !p.NoIssuer,
	})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// introspect tells Dovecot whose a token is (RFC 7662). One of the app is that of every user; Dovecot asks for a name, so
// the one that stands in the token is told.
func (p *Provider) introspect(w http.ResponseWriter, r *http.Request) {
	p.Lock()
	defer p.Unlock()
	token := r.URL.Query().Get("token")
	i, ok := p.access[token]
	user := i.user
	if user == "" {
		user = p.User
	}
	answer(w, http.StatusOK, map[string]any{"active": ok && time.Now().Before(i.expires), "email": user})
}

func random() string { return rand.Text() }
