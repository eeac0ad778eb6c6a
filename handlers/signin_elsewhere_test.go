package handlers

import (
	"html"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"letterbox/internal/identity"
	"letterbox/internal/oauthtest"
	"letterbox/models"
	"letterbox/tracker"
)

// elsewhere is a site whose people may sign in with a provider that runs here.
type elsewhere struct {
	*site
	provider *oauthtest.Provider
}

func newElsewhere(t *testing.T, admits ...string) elsewhere {
	t.Helper()
	p := oauthtest.Start(t)
	s := newSiteWith(t, func(d *Deps) {
		d.SignOn = identity.New(identity.Settings{Issuer: p.URL, ClientID: p.ClientID, Secret: p.Secret, Name: "Firm ID"}, (&net.Dialer{}).DialContext, p.Roots)
		d.SignOnAdmits = func(address string) bool { return len(admits) > 0 && strings.HasSuffix(address, admits[0]) }
	})
	return elsewhere{s, p}
}

// begin goes to the provider as user and returns the cookie of the browser and where it is sent back to.
func (e elsewhere) begin(user, to string) (cookie, back string) {
	e.t.Helper()
	e.provider.Set(func(p *oauthtest.Provider) { p.User = user })
	got := e.post("/signin/oidc", "", url.Values{"to": {to}})
	got.want(e.t, 200, "On to "+e.provider.Host)
	_, rest, _ := strings.Cut(got.Body, `id="go" href="`)
	address, _, _ := strings.Cut(rest, `"`)
	u, err := url.Parse(html.UnescapeString(address))
	e.ok(err)
	b, err := url.Parse(e.provider.Return(u.Query()))
	e.ok(err)
	return got.setCookie("letterbox_oidc"), b.RequestURI()
}

func (e elsewhere) signIn(user string) answer {
	e.t.Helper()
	cookie, back := e.begin(user, "/work")
	return e.get(back, cookie)
}

func TestPeopleSignInWithTheIdentityProvider(t *testing.T) {
	e := newElsewhere(t)
	e.get("/signin", "").want(t, 200, "Sign in with Firm ID", `action="/signin/oidc"`)
	got := e.signIn("member@example.org")
	got.want(t, 303)
	if to := got.Header.Get("Location"); to != "/work" {
		t.Errorf("leads to %q, want /work", to)
	}
	session := got.setCookie("letterbox")
	e.get("/work", session).want(t, 200, "Member")

	// Who somebody is stays, whatever address the provider names from now on.
	e.provider.Set(func(p *oauthtest.Provider) {
		p.Claims = func(c map[string]any) { c["email"], c["email_verified"] = "changed@example.org", false }
	})
	e.signIn("member@example.org").want(t, 303)
	e.get(e.pathOf("/users/%d", e.users["member"].ID), e.as("admin")).want(t, 200, e.provider.URL, "Disconnect")

	out := e.post("/signout", session, url.Values{})
	out.want(t, 303)
	e.get(out.Header.Get("Location"), "").want(t, 200, "Sign out of Firm ID, too", e.provider.URL+"/signout?client_id="+e.provider.ClientID)
	e.get("/work", session).want(t, 303)
}

func TestSignInElsewhereBelongsToOneBrowserAndOneTime(t *testing.T) {
	e := newElsewhere(t)
	cookie, back := e.begin("member@example.org", "https://evil.example/")
	other, _ := e.begin("other@example.org", "")
	if got := e.get(back, ""); got.setCookie("letterbox") != "" {
		t.Error("an answer without a browser of ours opens a session")
	}
	if got := e.get(back, other); got.Status != 400 || got.setCookie("letterbox") != "" {
		t.Errorf("an answer in another browser = %d, want 400 and no session", got.Status)
	}
	first := e.get(back, cookie)
	first.want(t, 303)
	if to := first.Header.Get("Location"); to != "/issues" {
		t.Errorf("leads to %q, want /issues", to)
	}
	if got := e.get(back, cookie); got.setCookie("letterbox") != "" {
		t.Error("an answer opens a second session")
	}
}

func TestOnlyInvitedPeopleComeInFromElsewhere(t *testing.T) {
	e := newElsewhere(t, "@firm.example")
	m := e.mail(e.inbox, plainMail) // Makes a customer of anna@customer.example.
	if m.IssueNumber == nil {
		t.Fatal("the mail made no issue")
	}
	_, err := e.h.Tracker.DisableUser(t.Context(), tracker.CommandLine(), e.users["reporter"].ID, true)
	e.ok(err)
	for _, test := range []struct {
		name   string
		user   string
		change func(c map[string]any)
		status int
		text   string
	}{
		{"a stranger", "nobody@elsewhere.example", nil, 422, "Nobody with the address nobody@elsewhere.example"},
		{"a customer", "anna@customer.example", nil, 422, "Nobody with the address"},
		{"somebody who is locked out", "reporter@example.org", nil, 422, "Nobody with the address"},
		{"an address that is not verified", "member@example.org", func(c map[string]any) { c["email_verified"] = false }, 422, "no verified e-mail address"},
		{"a token that proves nothing", "member@example.org", func(c map[string]any) { c["aud"] = "another" }, 400, "does not prove who you are"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e.provider.Set(func(p *oauthtest.Provider) { p.Claims = test.change })
			got := e.signIn(test.user)
			got.want(t, test.status, test.text)
			if got.setCookie("letterbox") != "" {
				t.Error("a session is open")
			}
		})
	}
	e.provider.Set(func(p *oauthtest.Provider) { p.Claims = nil })
	// The address has gone to another person at the provider.
	e.signIn("member@example.org").want(t, 303)
	e.provider.Set(func(p *oauthtest.Provider) { p.Claims = func(c map[string]any) { c["sub"] = "somebody new" } })
	e.signIn("member@example.org").want(t, 422, "belongs to another account at Firm ID")
	id := e.users["member"].ID
	e.post(e.pathOf("/users/%d/identities/remove", id), e.as("lead"), url.Values{}).want(t, 403)
	e.post(e.pathOf("/users/%d/identities/remove", id), e.as("admin"), url.Values{}).want(t, 303)
	e.signIn("member@example.org").want(t, 303)
}

func TestPeopleOfAdmittedDomainsBecomeMembers(t *testing.T) {
	e := newElsewhere(t, "@firm.example")
	e.mail(e.inbox, strings.ReplaceAll(strings.ReplaceAll(plainMail, "anna@customer.example", "anna@firm.example"), "printer-1", "firm-1"))
	e.provider.Set(func(p *oauthtest.Provider) { p.Claims = func(c map[string]any) { c["name"] = "Somebody\nNew" } })
	for user, login := range map[string]string{"Member@firm.example": "member2", "anna@firm.example": "anna", "zoë@firm.example": "user"} {
		e.signIn(user).want(t, 303)
		e.signIn(user).want(t, 303)
		u, err := e.store.UserByAddress(t.Context(), user)
		e.ok(err)
		if u.Login == nil || *u.Login != login || u.Role != models.RoleMember || u.PasswordHash != "" {
			t.Errorf("%s is %+v, want a member with the login %s and no password", user, u, login)
		}
	}
}

func TestSecondFactorIsAskedForAfterTheIdentityProvider(t *testing.T) {
	e := newElsewhere(t)
	e.ok(e.h.Tracker.BeginSecondFactor(t.Context(), e.users["member"]))
	setup, err := e.h.Tracker.SecondFactorSetup(t.Context(), e.users["member"])
	e.ok(err)
	code, err := totp.GenerateCode(setup.Secret, time.Now())
	e.ok(err)
	codes, err := e.h.Tracker.ConfirmSecondFactor(t.Context(), e.users["member"], code)
	e.ok(err)
	got := e.signIn("member@example.org")
	got.want(t, 303)
	if to := got.Header.Get("Location"); !strings.HasPrefix(to, "/signin/code?") || got.setCookie("letterbox") != "" {
		t.Fatalf("leads to %q, want the page that asks for a code, and no session", to)
	}
	got = e.post("/signin/code", got.setCookie("letterbox_step"), url.Values{"code": {codes[0]}, "to": {"/work"}})
	got.want(t, 303)
	if got.setCookie("letterbox") == "" {
		t.Error("no session is open")
	}
}

func TestSignInElsewhereIsThrottled(t *testing.T) {
	e := newElsewhere(t)
	for range 60 {
		if _, err := e.h.Tracker.BeginElsewhere(t.Context(), "127.0.0.1", ""); err != nil {
			t.Fatal(err)
		}
	}
	got := e.post("/signin/oidc", "", url.Values{})
	got.want(t, 429, "Too many sign-in attempts")
	if got.Header.Get("Retry-After") == "" {
		t.Error("Retry-After is missing")
	}
}

func TestWithoutAnIdentityProviderThereIsNoSuchSignIn(t *testing.T) {
	s := newSite(t)
	s.get("/signin", "").want(t, 200, "!/signin/oidc")
	s.post("/signin/oidc", "", url.Values{}).want(t, 404)
	s.get("/signin/oidc/callback?code=x&state=y", "").want(t, 404)
	if to := s.post("/signout", s.as("member"), url.Values{}).Header.Get("Location"); to != "/signin" {
		t.Errorf("signing out leads to %q, want /signin", to)
	}
}
