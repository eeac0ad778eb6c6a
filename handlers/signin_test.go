package handlers

import (
	"context"
	"net/url"
	"strings"
	"testing"
)

func demoThat(sent *int) func(context.Context) error {
	return func(context.Context) error { *sent++; return nil }
}

func TestSignInAndOut(t *testing.T) {
	s := newSite(t)
	form := url.Values{"login": {"member"}, "password": {s.password("member")}, "to": {"/issues/1"}}
	got := s.post("/signin", "", form)
	got.want(t, 303)
	if to := got.Header.Get("Location"); to != "/issues/1" {
		t.Errorf("leads to %q, want /issues/1", to)
	}
	line := got.Header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(line, want) {
			t.Errorf("cookie %q lacks %s", line, want)
		}
	}
	cookie := got.setCookie("letterbox")
	s.get("/issues", cookie).want(t, 200, "Sign out")
	s.post("/signout", cookie, url.Values{}).want(t, 303)
	s.get("/issues", cookie).want(t, 303)
}

func TestCookieIsBoundToHostAndHTTPS(t *testing.T) {
	s := newSiteWith(t, func(d *Deps) { d.Secure = true })
	got := s.post("/signin", "", url.Values{"login": {"member"}, "password": {s.password("member")}})
	line := got.Header.Get("Set-Cookie")
	if !strings.HasPrefix(line, "__Host-letterbox=") || !strings.Contains(line, "Secure") || strings.Contains(line, "Domain") {
		t.Errorf("cookie = %q, want __Host- and Secure without Domain", line)
	}
}

func TestSignInGetsANewSecret(t *testing.T) {
	s := newSite(t)
	before := s.as("other")
	got := s.post("/signin", before, url.Values{"login": {"member"}, "password": {s.password("member")}})
	if after := got.setCookie("letterbox"); after == "" || after == before {
		t.Errorf("cookie after sign-in = %q, want a new one", after)
	}
	s.get("/issues", before).want(t, 303) // The one before is worth nothing.
}

func TestWrongSignInsLookAlike(t *testing.T) {
	s := newSite(t)
	s.password("member")
	wrong := s.post("/signin", "", url.Values{"login": {"member"}, "password": {"wrong"}})
	unknown := s.post("/signin", "", url.Values{"login": {"nobody"}, "password": {"wrong"}})
	wrong.want(t, 422, "User name or password is not right.", `value="member"`, "!wrong\"")
	strip := func(a answer, login string) string {
		_, main, _ := strings.Cut(strings.ReplaceAll(a.Body, login, "LOGIN"), "<main")
		return main
	}
	if got, want := strip(unknown, "nobody"), strip(wrong, "member"); got != want {
		t.Errorf("an unknown login is told apart:\n%s\n%s", got, want)
	}
}

func TestSignInIsThrottledWhateverTheHeadersSay(t *testing.T) {
	s := newSite(t)
	form := url.Values{"login": {"member"}, "password": {"wrong"}}
	for i := range 11 {
		got := s.post("/signin", "", form, "X-Forwarded-For", "10.0.0."+strings.Repeat("1", i%3+1), "X-Real-IP", "10.9.9.9")
		if i == 10 {
			got.want(t, 429, "Too many sign-in attempts")
			if got.Header.Get("Retry-After") == "" {
				t.Error("Retry-After is missing")
			}
		}
	}
}

func TestNobodyIsSentToAnotherSite(t *testing.T) {
	for address, want := range map[string]string{
		"/issues/7?x=1": "/issues/7?x=1", "": "/issues", "//evil.example": "/issues", "https://evil.example": "/issues",
		`/\evil.example`: "/issues", "/\tevil": "/issues", "javascript:alert(1)": "/issues", "issues": "/issues",
	} {
		if got := local(address); got != want {
			t.Errorf("local(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestSetupLinkWorksOnce(t *testing.T) {
	s := emptySite(t, nil)
	s.get("/", "").want(t, 200, "Open the setup link")
	token, err := s.h.Tracker.NewSetupToken(t.Context())
	s.ok(err)
	s.get("/setup", "").want(t, 404)
	s.get("/setup?token=wrong", "").want(t, 404)
	s.get("/setup?token="+token, "", "Accept-Language", "de-AT,de;q=0.9").want(t, 200, "Konto anlegen", token)
	form := url.Values{"token": {token}, "login": {"anna"}, "name": {"Anna"}, "address": {"anna@example.org"}, "password": {"short"}}
	s.post("/setup", "", form).want(t, 422, "at least", `value="Anna"`, "!short\"")
	form.Set("password", "a long enough secret")
	got := s.post("/setup", "", form)
	got.want(t, 303)
	if got.setCookie("letterbox") == "" {
		t.Error("the first admin is not signed in")
	}
	s.get("/setup?token="+token, "").want(t, 404)
	form.Set("login", "second")
	s.post("/setup", "", form).want(t, 404)
}

func TestPreferencesAreKept(t *testing.T) {
	s := newSite(t)
	got := s.post("/preferences", "", url.Values{"language": {"de"}, "theme": {"dark"}, "back": {"/signin"}})
	got.want(t, 303)
	cookies := got.setCookie(languageCookie) + "; " + got.setCookie(themeCookie)
	s.get("/signin", cookies).want(t, 200, `<html lang="de" data-theme="dark">`, "Benutzername")
	cookie := s.as("member")
	s.post("/preferences", cookie, url.Values{"language": {"de"}, "back": {"/issues"}}).want(t, 303)
	s.post("/preferences", cookie, url.Values{"theme": {"light"}, "back": {"/issues"}}).want(t, 303)
	s.get("/issues", cookie).want(t, 200, `<html lang="de" data-theme="light">`, "Vorgänge")
	s.get("/issues", s.as("member")).want(t, 200, `<html lang="de" data-theme="light">`) // In another browser too.
	s.post("/preferences", cookie, url.Values{"theme": {"system"}, "back": {"/issues"}}).want(t, 303)
	s.get("/issues", cookie).want(t, 200, `<html lang="de">`)
}

func TestEndedAccessEndsTheSession(t *testing.T) {
	s := newSite(t)
	cookie, admin := s.as("member"), s.as("admin")
	id := s.users["member"].ID
	s.post(s.pathOf("/users/%d/access", id), admin, url.Values{"disabled": {"true"}}).want(t, 303)
	s.get("/issues", cookie).want(t, 303)
}

func TestLastAdminStays(t *testing.T) {
	s := newSite(t)
	s.password("admin")
	s.post(s.pathOf("/users/%d/role", s.users["admin"].ID), s.as("admin"), url.Values{"role": {"member"}}).
		want(t, 422, "last person who can administer")
}
