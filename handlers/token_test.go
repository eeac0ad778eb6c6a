package handlers

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"letterbox/models"
	"letterbox/tracker"
)

// A person makes a token in the browser: it is shown once, works, and is worthless after a click.
func TestPersonMakesATokenAndTakesItAway(t *testing.T) {
	s := newSite(t)
	password := s.password("member")
	cookie := s.as("member")
	s.get("/profile", cookie).want(t, 200, `href="/profile/tokens"`)
	s.get("/profile/tokens", cookie).want(t, 200, "No token yet", "after one year", "Current password")

	sent := url.Values{"name": {"backup <b>"}, "days": {"90"}, "current": {"guessed"}}
	s.post("/profile/tokens", cookie, sent).want(t, 422, "The current password is not right", `href="#f-current"`, "!guessed", "backup &lt;b&gt;")
	sent.Set("current", password)
	for _, days := range []string{"-1", "x", "99999"} {
		sent.Set("days", days)
		s.post("/profile/tokens", cookie, sent).want(t, 422, "Choose when the token ends", "!"+password)
	}
	sent.Set("days", "90")
	made := s.post("/profile/tokens", cookie, sent)
	made.want(t, 200, "It is shown only now", "!"+password)
	if got := made.Header.Get("Cache-Control"); !strings.Contains(got, "no-store") {
		t.Errorf("the page with the token may be kept: %q", got)
	}
	found := regexp.MustCompile(`id="token">([^<]+)<`).FindStringSubmatch(made.Body)
	if found == nil {
		t.Fatal("no token on the page")
	}
	page := s.get("/profile/tokens", cookie)
	page.want(t, 200, "backup &lt;b&gt;", "never used", "!"+found[1])

	if got := s.withToken("PATCH", "/api/v1/users/"+decimal(s.users["member"].ID), found[1], `{"name":"Mia"}`); got != 200 {
		t.Errorf("a change with the token answers %d", got)
	}
	s.get("/profile/tokens", cookie).want(t, 200, "!never used")
	list, err := s.h.Tracker.Tokens(t.Context(), s.users["member"], s.users["member"].ID)
	s.ok(err)
	if len(list) != 1 || list[0].ExpiresAt == nil || time.Until(*list[0].ExpiresAt).Round(time.Hour) != 90*24*time.Hour {
		t.Fatalf("tokens = %+v, want one of 90 days", list)
	}
	remove := "/profile/tokens/" + decimal(list[0].ID) + "/remove"
	s.post(remove, s.as("lead"), nil).want(t, 404)
	s.post(remove, cookie, nil).want(t, 303)
	if got := s.withToken("GET", "/api/v1/issues", found[1], ""); got != 401 {
		t.Errorf("a token that was removed answers %d", got)
	}
}

// A token for reading changes nothing, one that has ended opens nothing, and nobody has any number of them.
func TestTokensHaveLimits(t *testing.T) {
	s := newSite(t)
	me := s.users["member"]
	reading, row, err := s.h.Tracker.AddToken(t.Context(), me, me.ID, tracker.TokenDraft{Name: "report", ReadOnly: true, Days: 1})
	s.ok(err)
	path := "/api/v1/users/" + decimal(me.ID)
	if got := s.withToken("GET", path, reading, ""); got != 200 {
		t.Errorf("GET answers %d", got)
	}
	for _, method := range []string{"PATCH", "POST", "PUT", "DELETE"} {
		target := path
		switch method {
		case "POST":
			target = "/api/v1/views"
		case "PUT":
			target = "/api/v1/issues/1/watch"
		case "DELETE":
			target = path + "/sessions"
		}
		if got := s.withToken(method, target, reading, `{"name":"Changed"}`); got != 403 {
			t.Errorf("%s with a token for reading answers %d, want 403", method, got)
		}
	}
	ended := row
	past := time.Now().Add(-time.Second)
	ended.ExpiresAt = &past
	if row.Expired(time.Now()) || !row.Expired(row.CreatedAt.AddDate(0, 0, 1)) || !ended.Expired(time.Now()) || (models.Token{}).Expired(time.Now()) {
		t.Error("a token ends at another time")
	}
	s.ok(s.store.DeleteToken(t.Context(), me.ID, row.ID))
	ended.ID = 0
	s.ok(s.store.CreateToken(t.Context(), &ended))
	if got := s.withToken("GET", path, reading, ""); got != 401 {
		t.Errorf("a token that has ended answers %d, want 401", got)
	}
	s.get("/profile/tokens", s.as("member")).want(t, 200, "Ended", "Reading only")
	for {
		_, _, err := s.h.Tracker.AddToken(t.Context(), me, me.ID, tracker.TokenDraft{})
		if list, ok := invalid(err); ok {
			if list[0].Code != "E-TOKEN-03" {
				t.Errorf("refused with %s", list[0].Code)
			}
			break
		}
		s.ok(err)
	}
	if list, err := s.h.Tracker.Tokens(t.Context(), me, me.ID); err != nil || len(list) != 100 {
		t.Errorf("%d tokens, %v, want 100", len(list), err)
	}
}

// An admin sees the tokens of everybody, and takes them away.
func TestAdminTakesTokensAndAddressesAway(t *testing.T) {
	s := newSite(t)
	me, cookie := s.users["member"], s.as("admin")
	token, row, err := s.h.Tracker.AddToken(t.Context(), me, me.ID, tracker.TokenDraft{Name: "lost laptop"})
	s.ok(err)
	path := "/users/" + decimal(me.ID)
	s.get(path, cookie).want(t, 200, "lost laptop", "never by itself", "!"+token)
	s.post(path+"/tokens/"+decimal(row.ID)+"/remove", s.as("lead"), nil).want(t, 403)
	s.post(path+"/tokens/"+decimal(row.ID)+"/remove", cookie, nil).want(t, 303)
	s.get(path, cookie).want(t, 200, "!lost laptop")

	s.post(path+"/name", cookie, url.Values{"name": {" "}}).want(t, 422, "Enter a name")
	s.post(path+"/name", cookie, url.Values{"name": {"Mia M."}}).want(t, 303)
	s.post(path+"/addresses", cookie, url.Values{"address": {"mia@new.example"}}).want(t, 303)
	s.get(path, cookie).want(t, 200, "Mia M.", "mia@new.example")
	s.post(path+"/addresses/remove", cookie, url.Values{"gone": {"Mia@new.example"}}).want(t, 303)
	s.get(path, cookie).want(t, 200, "!mia@new.example")
	s.post(path+"/addresses/remove", cookie, url.Values{"gone": {"mia@new.example"}}).want(t, 404)

	s.mail(s.inbox, plainMail)
	contacts, _, err := s.h.Tracker.Contacts(t.Context(), s.users["admin"], tracker.ContactFilter{})
	s.ok(err)
	contact := "/users/" + decimal(contacts[0].ID)
	only := contacts[0].Addresses[0]
	s.post(contact+"/addresses/remove", cookie, url.Values{"gone": {only}}).want(t, 422, "is the only address of this contact")
	s.post(contact+"/addresses", cookie, url.Values{"address": {"second@new.example"}}).want(t, 303)
	s.post(contact+"/addresses", cookie, url.Values{"address": {"third@new.example"}}).want(t, 303)
	s.post(contact+"/addresses/remove", cookie, url.Values{"gone": {only}}).want(t, 303)
	s.post(contact+"/addresses", cookie, url.Values{"address": {"fourth@new.example"}}).want(t, 303)
	u, err := s.store.UserByID(t.Context(), contacts[0].ID)
	s.ok(err)
	if got := strings.Join(u.Addresses, " "); got != "second@new.example third@new.example fourth@new.example" {
		t.Errorf("addresses = %s", got)
	}
}

func TestTokensByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	path := "/users/" + decimal(w.users["member"].ID) + "/tokens"
	_, row, err := w.h.Tracker.AddToken(t.Context(), tracker.CommandLine(), w.users["member"].ID, tracker.TokenDraft{Name: "nightly", ReadOnly: true, Days: 30})
	if err != nil {
		t.Fatal(err)
	}
	for _, who := range []string{"member", "admin"} {
		list := w.get(who, "GET", path, "", 200)["items"].([]any)
		last := list[len(list)-1].(map[string]any)
		if len(list) != 2 || last["name"] != "nightly" || last["read_only"] != true || last["expires_at"] == nil || last["token"] != nil || last["hash"] != nil {
			t.Errorf("%s sees %v", who, list)
		}
	}
	w.get("boss", "GET", path, "", 404)
	w.get("boss", "DELETE", path+"/"+decimal(row.ID), "", 404)
	w.get("member", "DELETE", path+"/"+decimal(row.ID), "", 204)
	w.get("member", "DELETE", path+"/"+decimal(row.ID), "", 404)

	address := "/users/" + decimal(w.users["member"].ID) + "/addresses"
	w.get("admin", "POST", address, `{"address":"Mia@here.example"}`, 200)
	w.get("member", "DELETE", address+"/mia@here.example", "", 403)
	w.get("admin", "DELETE", address+"/Mia@here.example", "", 204)
	w.get("admin", "DELETE", address+"/mia@here.example", "", 404)
}

// withToken asks the API and returns the status.
func (s *site) withToken(method, path, token, body string) int {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	s.ok(err)
	r.Header.Set("Authorization", "Bearer "+token)
	if method != http.MethodGet && method != http.MethodHead {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(r)
	s.ok(err)
	s.ok(res.Body.Close())
	return res.StatusCode
}
