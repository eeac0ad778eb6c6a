package identity

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

const (
	requestTimeout = 15 * time.Second
	answerLimit    = 1 << 20 // Octets.
	keepEndpoints  = time.Hour
)

// Settings are what the operator says of the provider.
type Settings struct {
	Issuer   string // "https://id.example.org/realm", exactly as the provider names itself.
	ClientID string
	Secret   string // "" for a client that has none.
	Name     string // What people call it; the host of Issuer when "".
	// TrustAddress has an address count when the provider does not say whether it is verified. What it says is not
	// verified never counts.
	TrustAddress bool
}

// DialFunc opens a connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Provider is an identity provider that people sign in with. Its methods may be called from any goroutine.
type Provider struct {
	settings Settings
	client   *http.Client

	mu   sync.Mutex
	seen *found
}

// found is what the provider says of itself.
type found struct {
	provider *oidc.Provider
	at       time.Time

	SignOut     string   `json:"end_session_endpoint"`
	NamesItself bool     `json:"authorization_response_iss_parameter_supported"` // RFC 9207.
	Methods     []string `json:"token_endpoint_auth_methods_supported"`
	Keys        string   `json:"jwks_uri"`
	UserInfo    string   `json:"userinfo_endpoint"`
}

// New returns a provider. dial opens its connections, guarded; roots are the certificates that it trusts, those of the
// system when nil. Nothing is asked before somebody signs in.
func New(s Settings, dial DialFunc, roots *x509.CertPool) *Provider {
	if s.Name == "" {
		s.Name = s.Issuer
		if u, err := url.Parse(s.Issuer); err == nil {
			s.Name = u.Hostname()
		}
	}
	return &Provider{settings: s, client: &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("identity provider redirects") },
		Transport: bounded{&http.Transport{
			DialContext: dial, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, ResponseHeaderTimeout: requestTimeout,
		}},
	}}
}

// Name is what people call the provider.
func (p *Provider) Name() string { return p.settings.Name }

// bounded refuses what is not HTTPS and cuts answers that are too long.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errors.New("identity provider names an address without TLS")
	}
	res, err := b.next.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, answerLimit), res.Body}
	}
	return res, err
}

// discover asks the provider for its addresses (OpenID Connect Discovery 1.0, 4). What it says is kept for an hour.
func (p *Provider) discover(ctx context.Context) (*found, error) {
	p.mu.Lock()
	seen := p.seen
	p.mu.Unlock()
	if seen != nil && time.Since(seen.at) < keepEndpoints {
		return seen, nil
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.settings.Issuer)
	if err != nil {
		return nil, fail(Unreachable, fmt.Errorf("discovery: %s", short(err)))
	}
	f := &found{provider: provider, at: time.Now()}
	if err := provider.Claims(f); err != nil {
		return nil, fail(Unreachable, fmt.Errorf("discovery: %s", short(err)))
	}
	for _, address := range []string{provider.Endpoint().AuthURL, provider.Endpoint().TokenURL, f.Keys} {
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
			return nil, fail(Unreachable, errors.New("discovery names an address that is none of HTTPS"))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = f
	return f, nil
}

// Request is one sign-in. Each has values of its own that cannot be guessed.
type Request struct {
	State, Nonce, Verifier string
	Redirect               string // The page of ours that the browser comes back to.
}

func (p *Provider) config(f *found, r Request) oauth2.Config {
	c := oauth2.Config{
		ClientID: p.settings.ClientID, ClientSecret: p.settings.Secret, Endpoint: f.provider.Endpoint(), RedirectURL: r.Redirect,
		Scopes: []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail},
	}
	// Without a word of the provider it is the Authorization field (OpenID Connect Discovery 1.0, 3).
	c.Endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if p.settings.Secret == "" || len(f.Methods) > 0 && !slices.Contains(f.Methods, "client_secret_basic") {
		c.Endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return c
}

// SignInURL returns where the browser is sent (OpenID Connect Core 1.0, 3.1.2.1). The error is an [*Error].
func (p *Provider) SignInURL(ctx context.Context, r Request) (string, error) {
	f, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	c := p.config(f, r)
	return c.AuthCodeURL(r.State, oidc.Nonce(r.Nonce), oauth2.S256ChallengeOption(r.Verifier)), nil
}

// SignOutURL returns the page on which people sign out at the provider (OpenID Connect RP-Initiated Logout 1.0, 2);
// "" when it has none, or cannot be asked.
func (p *Provider) SignOutURL(ctx context.Context) string {
	f, err := p.discover(ctx)
	if err != nil {
		return ""
	}
	u, err := url.Parse(f.SignOut)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	q := u.Query()
	q.Set("client_id", p.settings.ClientID)
	u.RawQuery = q.Encode()
	return u.String()
}

// short is the text of an error in one line that fits into a log: libraries quote what servers answer.
func short(err error) string {
	text := strings.Join(strings.Fields(err.Error()), " ")
	if r := []rune(text); len(r) > 300 {
		text = string(r[:300]) + "…"
	}
	return text
}
