package handlers

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

const longEnough = "quite a long new one"

// follow opens a link as a browser does and returns the page with its cookie.
func (s *site) follow(link string) (answer, string) {
	s.t.Helper()
	at := strings.TrimPrefix(link, s.url)
	first := s.get(at, "")
	if first.Status != 303 || first.Header.Get("Location") != "/password" || first.Header.Get("Referrer-Policy") != "no-referrer" {
		s.t.Fatalf("GET the link = %d to %q with %q", first.Status, first.Header.Get("Location"), first.Header.Get("Referrer-Policy"))
	}
	cookie := first.setCookie(linkCookie)
	return s.get("/password", cookie), cookie
}

func TestAdminInvitesAndThePersonChoosesItsPassword(t *testing.T) {
	var log bytes.Buffer
	s := newSiteWith(t, func(d *Deps) {
		d.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	admin := s.as("admin")
	s.get("/users", admin).want(t, 200, "/users/invite")
	s.get("/users/invite", admin).want(t, 200, "Invite a person", "you get the link", "!hand_over")
	form := url.Values{"address": {"mia@example.org"}, "name": {"Mia"}, "role": {"member"}, "project": {decimal(s.sup.ID)}, "member_role": {"member"}}
	s.post("/users/invite", admin, url.Values{"address": {"nobody"}, "role": {"member"}}).want(t, 422, "not an email address")
	made := s.post("/users/invite", admin, form)
	made.want(t, 201, "shown only now")
	link := regexp.MustCompile(`id="link">([^<]+)<`).FindStringSubmatch(made.Body)
	if link == nil || !strings.HasPrefix(link[1], s.url+"/password/") {
		t.Fatalf("no link on the page: %v", link)
	}
	token := strings.TrimPrefix(link[1], s.url+"/password/")
	page, cookie := s.follow(link[1])
	page.want(t, 200, "Welcome to Letterbox", "for the user name mia.", `value="mia"`, `autocomplete="new-password"`, "!"+token)
	s.post("/password", cookie, url.Values{"password": {"password123"}}).want(t, 422, "first that are tried")
	s.post("/password", cookie, url.Values{"password": {longEnough}}, "Sec-Fetch-Site", "cross-site").want(t, 403)
	chosen := s.post("/password", cookie, url.Values{"password": {longEnough}})
	chosen.want(t, 303)
	if to := chosen.Header.Get("Location"); to != "/signin" {
		t.Errorf("after choosing: to %q, want the sign-in", to)
	}
	s.post("/password", cookie, url.Values{"password": {longEnough}}).want(t, 404, "worth nothing any more")
	s.post("/signin", "", url.Values{"login": {"mia"}, "password": {longEnough}}).want(t, 303)
	audit, _, err := s.store.Audits(t.Context(), store.AuditFilter{Limit: 200})
	s.ok(err)
	actions := map[string]bool{}
	for _, line := range audit {
		actions[line.Action] = true
		if strings.Contains(line.Detail, token) {
			t.Errorf("the audit line %s holds the token", line.Action)
		}
	}
	for _, want := range []string{"user.create", "member.set", "user.invite", "user.password"} {
		if !actions[want] {
			t.Errorf("no audit line %s", want)
		}
	}
	if strings.Contains(log.String(), token) {
		t.Error("the log holds the token")
	}
}

// The address of a contact is no obstacle, and the pages say what has become of the contact.
func TestContactIsInvitedOnThePage(t *testing.T) {
	s := newSite(t)
	anna, err := s.h.Tracker.CreateUser(t.Context(), tracker.CommandLine(), tracker.UserDraft{Name: "Anna", Addresses: []string{"anna@firm.example"}, Role: models.RoleCustomer})
	s.ok(err)
	admin, id := s.as("admin"), decimal(anna.ID)
	address, name := anna.Addresses[0], anna.Name
	s.post("/users/"+id+"/role", admin, url.Values{"role": {"member"}}).want(t, 422, "is a contact. Invite the address "+address)
	s.post("/users/invite", admin, url.Values{"address": {address}, "role": {"member"}}, "Accept-Language", "de").
		want(t, 201, name+" war ein Kontakt, ist jetzt ein Benutzer und behält")
	s.get("/contacts/"+id, admin).want(t, 404)
	s.get("/users/"+id, admin).want(t, 200, address, "the link is good until")
}

func TestLinkIsReplacedAndTakenBackOnThePageOfThePerson(t *testing.T) {
	s := newSite(t)
	admin, id := s.as("admin"), decimal(s.users["member"].ID)
	first := s.post("/users/"+id+"/invite", admin, url.Values{})
	first.want(t, 201)
	second := s.post("/users/"+id+"/invite", admin, url.Values{})
	at := regexp.MustCompile(`id="link">([^<]+)<`)
	old, _ := s.follow(at.FindStringSubmatch(first.Body)[1])
	old.want(t, 404)
	s.get("/users/"+id, admin).want(t, 200, "Invited; the link is good until")
	link := at.FindStringSubmatch(second.Body)[1]
	good, _ := s.follow(link)
	good.want(t, 200)
	s.post("/users/"+id+"/invite/revoke", admin, url.Values{}).want(t, 303)
	gone, _ := s.follow(link)
	gone.want(t, 404)
	s.get("/users/"+id, admin).want(t, 200, "!Invited; the link is good until")
}

// What the page says is the same for everybody, and it says nothing where no mail can go.
func TestForgottenPasswordPageTellsNothing(t *testing.T) {
	s := newSite(t)
	s.get("/signin", "").want(t, 200, "/signin/forgotten")
	s.get("/signin/forgotten", "").want(t, 200, "No email can be sent", "!<input id=\"f-login\"")
	s.sending("")
	s.h.Gateway.BaseURL = "https://issues.example.org"
	s.password("member")
	s.get("/signin/forgotten", "").want(t, 200, "f-login")
	known := s.post("/signin/forgotten", "", url.Values{"login": {"member@example.org"}})
	unknown := s.post("/signin/forgotten", "", url.Values{"login": {"nobody@example.org"}})
	known.want(t, 200, "If there is such an account")
	nonce := regexp.MustCompile(`nonce="[^"]*"`)
	if a, b := nonce.ReplaceAllString(known.Body, ""), nonce.ReplaceAllString(unknown.Body, ""); a != b {
		t.Error("the answers for somebody and nobody differ")
	}
	for range 2 {
		s.post("/signin/forgotten", "", url.Values{"login": {"nobody"}}).want(t, 200)
	}
	s.post("/signin/forgotten", "", url.Values{"login": {"nobody"}}).want(t, 200)
	many := s.post("/signin/forgotten", "", url.Values{"login": {"nobody"}})
	many.want(t, 429, "Too many")
	if many.Header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
}

// A link in a mail leads to where the operator has said that people reach the server, whatever host a request names (SEC-72).
func TestHostOfARequestStandsInNoMail(t *testing.T) {
	s := newSite(t)
	s.sending("")
	s.h.Gateway.BaseURL, s.h.BaseURL = "https://issues.example.org", "https://issues.example.org"
	req := httptest.NewRequest("POST", "/users/"+decimal(s.users["member"].ID)+"/invite", nil)
	req.Host = "evil.example"
	for name, value := range map[string]string{"Cookie": s.as("admin"), "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"} {
		req.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	s.h.router().ServeHTTP(rec, req)
	answer{Status: rec.Code, Body: rec.Body.String()}.want(t, 201, "https://issues.example.org/password/", "!evil.example")
}

func TestPeopleAreInvitedByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	made := w.get("admin", "POST", "/invitations", `{"address":"mia@here.example","role":"member","projects":[{"project":"SUP","role":"reporter"}]}`, 201)
	link, _ := made["link"].(string)
	if made["mailed"] != false || !strings.Contains(link, "/password/") {
		t.Fatalf("invited: %v, want a link to hand over", made)
	}
	id := decimal(int64(made["user"].(map[string]any)["id"].(float64)))
	if got := w.get("admin", "GET", "/users/"+id+"/invitation", "", 200); got["link"] != nil || got["expires_at"] != made["expires_at"] {
		t.Errorf("shown again: %v, want the time only", got)
	}
	again := w.get("admin", "POST", "/users/"+id+"/invitation", `{"mail":false}`, 201)
	_, token, _ := strings.Cut(link, "/password/")
	if _, _, err := w.h.Tracker.LinkedUser(t.Context(), token, "192.0.2.1"); err == nil || again["link"] == made["link"] {
		t.Error("the link from before still counts")
	}
	w.get("admin", "DELETE", "/users/"+id+"/invitation", "", 204)
	w.get("admin", "GET", "/users/"+id+"/invitation", "", 404)
	w.get("admin", "POST", "/invitations", `{"address":"mia@here.example"}`, 422)
	w.get("admin", "POST", "/invitations", `{"address":"x@here.example","projects":[{"project":"NONE","role":"member"}]}`, 422)
	w.get("admin", "POST", "/invitations", `{"address":"x@here.example","role":"customer"}`, 422)
	w.get("admin", "POST", "/invitations", `{"address":"x@here.example","password_hash":"x"}`, 422)
}
