package oauth

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"letterbox/gateway/mailbox"
)

const (
	requestTimeout = 20 * time.Second
	answerLimit    = 256 << 10
	keepEndpoints  = time.Hour
)

// Client talks to identity providers. Its methods may be called from any goroutine.
type Client struct {
	http *http.Client
	mu   sync.Mutex
	seen map[string]found
}

type found struct {
	Endpoints
	at time.Time
}

// Endpoints are the addresses of an identity provider.
type Endpoints struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	Device        string `json:"device_authorization_endpoint"`
	NamesItself   bool   `json:"authorization_response_iss_parameter_supported"` // RFC 9207.
}

// New returns a client. dial opens its connections, guarded; roots are the certificates that it trusts, those of the
// system when nil.
func New(dial mailbox.DialFunc, roots *x509.CertPool) *Client {
	return &Client{seen: map[string]found{}, http: &http.Client{
		Timeout:       requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("identity provider redirects") },
		Transport: &http.Transport{
			DialContext: dial, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
			ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, ResponseHeaderTimeout: requestTimeout,
		},
	}}
}

// Discover asks where the provider of an app is. What it says is kept for an hour.
func (c *Client) Discover(ctx context.Context, a App) (Endpoints, error) {
	base := a.base()
	c.mu.Lock()
	f, ok := c.seen[base]
	c.mu.Unlock()
	if ok && time.Since(f.at) < keepEndpoints {
		return f.Endpoints, nil
	}
	var e Endpoints
	status, body, err := c.do(ctx, http.MethodGet, base+"/.well-known/openid-configuration", nil)
	if err != nil {
		return e, a.unreachable(err)
	}
	if status != http.StatusOK {
		var said refusal
		if json.Unmarshal(body, &said) == nil && said.Error != "" { // Microsoft tells an unknown tenant here.
			return e, a.problem(status, said)
		}
		return e, a.unreachable(fmt.Errorf("discovery answered with %d", status))
	}
	if err := json.Unmarshal(body, &e); err != nil || e.Token == "" || e.Issuer == "" {
		return e, a.unreachable(errors.New("discovery answered with something else"))
	}
	own, _ := Authority(a.Authority)
	for _, address := range []string{e.Token, e.Authorization, e.Device} {
		if address == "" {
			continue
		}
		host, ok := endpoint(address)
		if !ok || host != own && !slices.Contains(hosts(own), host) {
			return Endpoints{}, a.unreachable(errors.New("discovery names an address outside of the authority"))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[base] = found{e, time.Now()}
	return e, nil
}

// endpoint returns the host of an address of a provider, which may have a query.
func endpoint(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return "", false
	}
	return strings.ToLower(u.Host), true
}

// do makes one request. The error never holds what was sent.
func (c *Client) do(ctx context.Context, method, address string, form url.Values) (int, []byte, error) {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return 0, nil, fmt.Errorf("address of the identity provider: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, answerLimit+1))
	if err == nil && len(data) > answerLimit {
		err = errors.New("identity provider answers with too much")
	}
	return res.StatusCode, data, err
}

// post asks the provider for something. to is filled from a good answer.
func (c *Client) post(ctx context.Context, a App, address string, form url.Values, to any) error {
	status, body, err := c.do(ctx, http.MethodPost, address, form)
	if err != nil {
		return a.unreachable(err)
	}
	if status == http.StatusOK {
		if err := json.Unmarshal(body, to); err != nil {
			return a.unreachable(errors.New("identity provider answered with something else"))
		}
		return nil
	}
	var said refusal
	_ = json.Unmarshal(body, &said) // What cannot be read has no error code.
	return a.problem(status, said)
}
