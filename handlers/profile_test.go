package handlers

import (
	"net/url"
	"testing"

	"letterbox/models"
)

func TestProfileKeepsNameLanguageAndTheme(t *testing.T) {
	s := newSite(t)
	cookie := s.as("member")
	s.get("/profile", cookie).want(t, 200, "Profile", `value="Member"`, "member@example.org", "data-keys")
	form := url.Values{"name": {"Mia Member"}, "language": {"de"}, "theme": {"dark"}}
	got := s.post("/profile", cookie, form)
	got.want(t, 303)
	if line := got.setCookie(languageCookie); line != languageCookie+"=de" {
		t.Errorf("the browser keeps %q, want German for the pages before sign-in", line)
	}
	s.get("/profile", cookie).want(t, 200, `<html lang="de" data-theme="dark"`, `value="Mia Member"`, `<option value="dark" selected>`)
	form = url.Values{"name": {"Mia Member"}, "language": {""}, "theme": {"system"}}
	s.post("/profile", cookie, form).want(t, 303)
	s.get("/profile", cookie).want(t, 200, `<html lang="en">`, `<option value="system" selected>`)
	s.get("/users/"+s.pathOf("%d", s.users["member"].ID), s.as("admin")).want(t, 200, "Mia Member")
}

func TestProfileSaysWhatToCheckAndKeepsTheRest(t *testing.T) {
	s := newSite(t)
	cookie := s.as("member")
	tests := []struct {
		name string
		form url.Values
		want []string
	}{
		{"no name", url.Values{"name": {" "}, "language": {"de"}, "theme": {"dark"}}, []string{`href="#f-name"`, `<option value="dark" selected>`}},
		{"unknown language", url.Values{"name": {"Mia"}, "language": {"xx"}, "theme": {"dark"}}, []string{`href="#f-language"`, `value="Mia"`}},
		{"unknown theme", url.Values{"name": {"Mia"}, "language": {"de"}, "theme": {"pink"}}, []string{`href="#f-theme"`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.post("/profile", cookie, test.form).want(t, 422, test.want...)
		})
	}
	s.get("/profile", cookie).want(t, 200, `value="Member"`)
}

// Who finds an open browser cannot take the account over, and who has changed the password is alone again.
func TestPasswordIsChangedOnlyByWhoKnowsIt(t *testing.T) {
	s := newSite(t)
	old := s.password("member")
	here, elsewhere := s.as("member"), s.as("member")
	fresh := "a wholly new passphrase"
	s.post("/profile/password", here, url.Values{"current": {"guessed"}, "password": {fresh}}).
		want(t, 422, "The current password is not right", `href="#f-current"`, "!guessed", "!"+fresh)
	s.post("/profile/password", here, url.Values{"current": {old}, "password": {"short"}}).want(t, 422, `href="#f-password"`, "!"+old)
	s.get("/profile", elsewhere).want(t, 200)

	got := s.post("/profile/password", here, url.Values{"current": {old}, "password": {fresh}})
	got.want(t, 303)
	s.get("/profile", elsewhere).want(t, 303)
	s.get("/profile", here).want(t, 303)
	s.get("/profile", got.setCookie("letterbox")).want(t, 200, "Change password")
	s.post("/signin", "", url.Values{"login": {"member"}, "password": {old}}).want(t, 422)
	s.post("/signin", "", url.Values{"login": {"member"}, "password": {fresh}}).want(t, 303)
}

func TestGuessingTheCurrentPasswordIsSlowedDown(t *testing.T) {
	s := newSite(t)
	s.password("member")
	cookie := s.as("member")
	for range 30 {
		got := s.post("/profile/password", cookie, url.Values{"current": {"guessed"}, "password": {"a wholly new passphrase"}})
		if got.Status == 429 {
			got.want(t, 429, "Too many sign-in attempts", `href="#f-current"`)
			return
		}
	}
	t.Error("30 guesses are answered, want them slowed down")
}

func TestSideBarCountsTheInboxesThatNeedSomebody(t *testing.T) {
	s := newSite(t)
	for _, id := range []int64{s.inbox.ID, s.global.ID} {
		s.ok(s.store.SaveInboxStatus(t.Context(), &models.InboxStatus{InboxID: id, State: models.InboxFailing, Args: map[string]string{}}))
	}
	s.get("/profile", s.as("admin")).want(t, 200, "2 inboxes need attention")
	s.get("/profile", s.as("lead")).want(t, 200, "1 inbox needs attention")
	s.get("/profile", s.as("member")).want(t, 200, "!need attention", "!needs attention")
}
