package handlers

import (
	"net/url"
	"regexp"
	"testing"
)

func TestPersonSignsOutOtherBrowsers(t *testing.T) {
	s := newSite(t)
	s.password("member")
	form := url.Values{"login": {"member"}, "password": {"correct horse member battery"}}
	phone := s.post("/signin", "", form, "User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 20_0) Version/20.0 Safari/604.1").setCookie("letterbox")
	desk, library := s.as("member"), s.as("member")
	page := s.get("/profile", desk)
	page.want(t, 200, "Safari · iPhone", "127.0.0.1", "this browser")
	id := regexp.MustCompile(`name="session" value="([0-9a-f]+)"><button[^>]*Safari`).FindStringSubmatch(page.Body)
	if id == nil {
		t.Fatalf("the phone cannot be signed out:\n%s", shortened(page.Body))
	}
	s.post("/profile/sessions/end", s.as("lead"), url.Values{"session": {id[1]}}).want(t, 404)
	s.get("/profile", phone).want(t, 200)
	s.post("/profile/sessions/end", desk, url.Values{"session": {id[1]}}).want(t, 303)
	s.get("/profile", phone).want(t, 303)
	s.get("/profile", library).want(t, 200)
	s.post("/profile/sessions/end", desk, url.Values{}).want(t, 303)
	s.get("/profile", library).want(t, 303)
	s.get("/profile", desk).want(t, 200, "!Sign out everywhere else")
}

func TestAdminSignsSomebodyOutEverywhere(t *testing.T) {
	s := newSite(t)
	member := s.as("member")
	path := s.pathOf("/users/%d", s.users["member"].ID)
	s.get(path, s.as("admin")).want(t, 200, "Sign out everywhere")
	s.post(path+"/sessions/end", s.as("lead"), url.Values{}).want(t, 403)
	s.post(path+"/sessions/end", s.as("admin"), url.Values{}).want(t, 303)
	s.get("/profile", member).want(t, 303)
}

func TestBrowserNames(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0":                                              "Firefox · Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Safari/537.36 Edg/150": "Edge · Windows",
		"Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0 Mobile Safari/537.36":            "Chrome · Android",
		"curl/8.5": "curl", "": "", "<script>": "",
	} {
		if got := browserName(agent); got != want {
			t.Errorf("browserName(%q) = %q, want %q", agent, got, want)
		}
	}
}
