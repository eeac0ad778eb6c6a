package handlers

import (
	"html"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

func TestSecondFactorFromSetupToSignIn(t *testing.T) {
	s := newSite(t)
	s.password("member")
	cookie := s.as("member")
	s.get("/profile/second-factor", cookie).want(t, 200, "Set up", "!data:image/png")
	s.post("/profile/second-factor/begin", cookie, url.Values{}).want(t, 303)
	page := s.get("/profile/second-factor", cookie)
	page.want(t, 200, `src="data:image/png;base64,`)
	secret := regexp.MustCompile(`[A-Z2-7]{32}`).FindString(page.Body)
	code := func(after time.Duration) string {
		c, err := totp.GenerateCode(secret, time.Now().Add(after))
		s.ok(err)
		return c
	}
	s.post("/profile/second-factor", cookie, url.Values{"code": {"1"}}).want(t, 422, "The code is not right")
	fresh := s.post("/profile/second-factor", cookie, url.Values{"code": {code(-30 * time.Second)}})
	fresh.want(t, 200, "Your recovery codes")
	recovery := regexp.MustCompile(`[a-z2-7]{4}(-[a-z2-7]{4}){3}`).FindString(fresh.Body)
	s.get("/profile/second-factor", cookie).want(t, 200, "10 recovery codes left", "!"+recovery, "!"+secret)

	first := s.post("/signin", "", url.Values{"login": {"member"}, "password": {"correct horse member battery"}, "to": {"/projects"}})
	first.want(t, 303)
	if got, want := first.Header.Get("Location"), "/signin/code?to=%2Fprojects"; got != want {
		t.Errorf("a right password leads to %q, want %q", got, want)
	}
	if got := first.setCookie("letterbox"); got != "" {
		t.Errorf("the password alone opens a session: %q", got)
	}
	step := first.setCookie(stepCookie)
	s.get("/issues", step).want(t, 303)
	s.get("/signin/code", step).want(t, 200, "Second step", `autocomplete="one-time-code"`)
	s.post("/signin/code", step, url.Values{"code": {"000"}, "to": {"/projects"}}).want(t, 422, "The code is not right")
	done := s.post("/signin/code", step, url.Values{"code": {code(0)}, "to": {"/projects"}})
	done.want(t, 303)
	if got, want := html.UnescapeString(done.Header.Get("Location")), "/projects"; got != want {
		t.Errorf("the code leads to %q, want %q", got, want)
	}
	s.get("/projects", done.setCookie("letterbox")).want(t, 200)
	again := s.post("/signin/code", step, url.Values{"code": {code(30 * time.Second)}})
	if got, want := again.Header.Get("Location"), "/signin"; got != want {
		t.Errorf("a step that was used leads to %q, want %q", got, want)
	}
	s.post("/profile/second-factor/remove", cookie, url.Values{"code": {recovery}}).want(t, 303)
	s.post("/signin", "", url.Values{"login": {"member"}, "password": {"correct horse member battery"}}).want(t, 303)
}

func TestAdminHelpsWhoHasLostTheApp(t *testing.T) {
	s := newSite(t)
	path := s.pathOf("/users/%d", s.users["member"].ID)
	s.ok(s.h.Tracker.BeginSecondFactor(t.Context(), s.users["member"]))
	setup, err := s.h.Tracker.SecondFactorSetup(t.Context(), s.users["member"])
	s.ok(err)
	code, err := totp.GenerateCode(setup.Secret, time.Now())
	s.ok(err)
	_, err = s.h.Tracker.ConfirmSecondFactor(t.Context(), s.users["member"], code)
	s.ok(err)
	s.get(path, s.as("admin")).want(t, 200, "Switch the second factor off")
	s.post(path+"/second-factor/remove", s.as("lead"), url.Values{}).want(t, 403)
	s.post(path+"/second-factor/remove", s.as("admin"), url.Values{}).want(t, 303)
	s.get(path, s.as("admin")).want(t, 200, "!Switch the second factor off")
}
