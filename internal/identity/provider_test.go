package identity

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"letterbox/internal/oauthtest"
)

const redirect = "https://issues.example.org/signin/oidc/callback"

func providerOf(p *oauthtest.Provider, change func(*Settings)) *Provider {
	s := Settings{Issuer: p.URL, ClientID: p.ClientID, Secret: p.Secret}
	if change != nil {
		change(&s)
	}
	return New(s, (&net.Dialer{}).DialContext, p.Roots)
}

// visit goes to the provider, agrees there and returns what the browser brings back.
func visit(t *testing.T, p *oauthtest.Provider, mine *Provider, r Request) Answer {
	t.Helper()
	address, err := mine.SignInURL(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	back, err := url.Parse(p.Return(u.Query()))
	if err != nil {
		t.Fatal(err)
	}
	q := back.Query()
	return Answer{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error")}
}

func request() Request {
	return Request{State: "a state", Nonce: "a nonce", Verifier: strings.Repeat("v", 43), Redirect: redirect}
}

func TestPersonIsNamedByTheProvider(t *testing.T) {
	p := oauthtest.Start(t)
	p.Set(func(p *oauthtest.Provider) {
		p.RedirectURIs = []string{redirect}
		p.Claims = func(c map[string]any) { c["name"] = "Anna Berg" }
	})
	mine := providerOf(p, nil)
	r := request()
	got, err := mine.Finish(t.Context(), r, visit(t, p, mine, r))
	if err != nil {
		t.Fatal(err)
	}
	if want := (Person{Issuer: p.URL, Subject: "subject of support@here.example", Address: "support@here.example", Name: "Anna Berg"}); got != want {
		t.Errorf("person = %+v, want %+v", got, want)
	}
	if got, want := mine.SignOutURL(t.Context()), p.URL+"/signout?client_id="+p.ClientID; got != want {
		t.Errorf("SignOutURL = %q, want %q", got, want)
	}
}

func TestAddressCountsOnlyWhenVerified(t *testing.T) {
	p := oauthtest.Start(t)
	for _, test := range []struct {
		name  string
		value any
		trust bool
		want  string
	}{
		{"verified", true, false, "support@here.example"},
		{"verified, as a string", "true", false, "support@here.example"},
		{"not verified", false, false, ""},
		{"not verified, and trusted", false, true, ""},
		{"nothing is said", nil, false, ""},
		{"nothing is said, and trusted", nil, true, "support@here.example"},
		{"a number", 1, true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p.Set(func(p *oauthtest.Provider) {
				p.Claims = func(c map[string]any) {
					c["email_verified"] = test.value
					if test.value == nil {
						delete(c, "email_verified")
					}
				}
			})
			mine := providerOf(p, func(s *Settings) { s.TrustAddress = test.trust })
			r := request()
			got, err := mine.Finish(t.Context(), r, visit(t, p, mine, r))
			if err != nil || got.Address != test.want {
				t.Errorf("address = %q, %v, want %q", got.Address, err, test.want)
			}
		})
	}
}

func TestWhatProvesNobodyIsRefused(t *testing.T) {
	claim := func(name string, value any) func(*oauthtest.Provider) {
		return func(p *oauthtest.Provider) { p.Claims = func(c map[string]any) { c[name] = value } }
	}
	for _, test := range []struct {
		name   string
		change func(*oauthtest.Provider)
		answer func(*Answer)
		want   Cause
	}{
		{"signed with a foreign key", func(p *oauthtest.Provider) { p.Forged = true }, nil, Unproven},
		{"not signed", func(p *oauthtest.Provider) { p.Unsigned = true }, nil, Unproven},
		{"of another issuer", claim("iss", "https://evil.example"), nil, Unproven},
		{"for another client", claim("aud", "another"), nil, Unproven},
		{"for several clients, and used by another", func(p *oauthtest.Provider) {
			p.Claims = func(c map[string]any) { c["aud"], c["azp"] = []string{p.ClientID, "another"}, "another" }
		}, nil, Unproven},
		{"expired", claim("exp", time.Now().Add(-time.Minute).Unix()), nil, Unproven},
		{"with another nonce", claim("nonce", "of another request"), nil, Unproven},
		{"without a nonce", claim("nonce", ""), nil, Unproven},
		{"without a subject", claim("sub", ""), nil, Unproven},
		{"another state", nil, func(a *Answer) { a.State = "forged" }, Unproven},
		{"another issuer in the answer", nil, func(a *Answer) { a.Issuer = "https://evil.example" }, Unproven},
		{"no issuer in the answer", nil, func(a *Answer) { a.Issuer = "" }, Unproven},
		{"a code of nobody", nil, func(a *Answer) { a.Code = "guessed" }, Refused},
		{"declined", func(p *oauthtest.Provider) { p.Declined = true }, nil, Declined},
		{"the client is not known", func(p *oauthtest.Provider) { p.Secret = "another" }, nil, Refused},
		{"server trouble", func(p *oauthtest.Provider) {
			p.Refuse = &oauthtest.Refusal{Status: http.StatusBadGateway, Error: "<b>secret</b>"}
		}, nil, Refused},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := oauthtest.Start(t)
			mine := providerOf(p, nil)
			if test.change != nil {
				p.Set(test.change)
			}
			r := request()
			a := visit(t, p, mine, r)
			if test.answer != nil {
				test.answer(&a)
			}
			got, err := mine.Finish(t.Context(), r, a)
			var failed *Error
			if !errors.As(err, &failed) || failed.Cause != test.want {
				t.Fatalf("Finish = %+v, %v, want cause %s", got, err, test.want)
			}
			for _, secret := range []string{"app-s3cret", a.Code, "at-", "<b>"} {
				if len(secret) > 2 && strings.Contains(err.Error(), secret) {
					t.Errorf("the error %q holds %q", err, secret)
				}
			}
		})
	}
}

func TestVerifierOfAnotherBrowserIsRefused(t *testing.T) {
	p := oauthtest.Start(t)
	mine := providerOf(p, nil)
	r := request()
	a := visit(t, p, mine, r)
	r.Verifier = strings.Repeat("w", 43)
	var failed *Error
	if _, err := mine.Finish(t.Context(), r, a); !errors.As(err, &failed) || failed.Cause != Refused {
		t.Errorf("Finish = %v, want it refused", err)
	}
}

func TestProviderThatIsNotThereIsUnreachable(t *testing.T) {
	p := oauthtest.Start(t)
	for name, change := range map[string]func(*Settings){
		"another issuer":       func(s *Settings) { s.Issuer = p.URL + "/realm" },
		"an unknown issuer":    func(s *Settings) { s.Issuer = p.URL + "/a/b" },
		"an unknown server":    func(s *Settings) { s.Issuer = "https://127.0.0.1:1" },
		"a server without TLS": func(s *Settings) { s.Issuer = strings.Replace(p.IntrospectURL, "/introspect?token=", "", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			var failed *Error
			if _, err := providerOf(p, change).SignInURL(t.Context(), request()); !errors.As(err, &failed) || failed.Cause != Unreachable {
				t.Errorf("SignInURL = %v, want cause unreachable", err)
			}
			if got := providerOf(p, change).SignOutURL(t.Context()); got != "" {
				t.Errorf("SignOutURL = %q, want none", got)
			}
		})
	}
	untrusting := New(Settings{Issuer: p.URL, ClientID: "x"}, (&net.Dialer{}).DialContext, nil)
	if _, err := untrusting.SignInURL(t.Context(), request()); err == nil {
		t.Error("a certificate of nobody is trusted")
	}
}
