package handlers

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"letterbox/models"
	"letterbox/tracker"
)

// Each person says for itself whose pictures are loaded always, a mail that is not by that sender does not profit from
// it, and it can be taken back.
func TestPicturesOfASenderAreRememberedForThePersonOnly(t *testing.T) {
	s := newSite(t)
	in, err := s.h.Gateway.Inbox(t.Context(), s.inbox.ID)
	s.ok(err)
	in.Rules.SenderCheck, in.Rules.AuthServID = "warn", "mx.here.example"
	_, err = s.h.Gateway.SaveRules(t.Context(), nil, in.ID, in.RuleVersion, in.Rules)
	s.ok(err)
	n := 0
	mail := func(result string) models.Message {
		t.Helper()
		n++
		raw := strings.Replace(withFile, "photo-1", fmt.Sprint("photo-", n), 1)
		if result != "" {
			raw = "Authentication-Results: mx.here.example; dmarc=" + result + " header.from=customer.example\n" + raw
		}
		return s.mail(s.inbox, raw)
	}
	const pixel, named = ` src="https://tracker.example/pixel.png"`, "anna@customer.example"
	html := func(m models.Message) string { return fmt.Sprintf("/issues/%d/mail/%d", *m.IssueNumber, m.ID) }
	page := func(m models.Message) string { return fmt.Sprintf("/issues/%d", *m.IssueNumber) }
	always, never := url.Values{"always": {"true"}}, url.Values{"always": {"false"}}
	member, lead := s.as("member"), s.as("lead")

	verified, unknown, forged := mail("pass"), mail(""), mail("fail")
	s.get(page(verified), member).want(t, 200, "Always load images of "+named)
	s.get(page(forged), member).want(t, 200, "!Always load images of")
	s.post(html(forged)+"/pictures", member, always).want(t, 403)
	s.post(html(verified)+"/pictures", s.as("other"), always).want(t, 404)
	s.post(html(verified)+"/pictures", member, never).want(t, 404)

	answer := s.post(html(verified)+"/pictures", member, always)
	answer.want(t, 303)
	if got, want := answer.Header.Get("Location"), fmt.Sprintf("%s?mail=%d#mail-%d", page(verified), verified.ID, verified.ID); got != want {
		t.Errorf("goes on to %s, want %s", got, want)
	}
	s.get(page(verified)+fmt.Sprintf("?mail=%d", verified.ID), member).want(t, 200, "are always loaded", fmt.Sprintf(`id="mail-%d" open`, verified.ID))
	for _, test := range []struct {
		name string
		m    models.Message
		want string
	}{
		{"verified", verified, pixel},
		{"another verified one", mail("pass"), pixel},
		{"nobody says who it is by", unknown, "!" + pixel},
		{"refuted", forged, "!" + pixel},
	} {
		got := s.get(html(test.m), member)
		got.want(t, 200, test.want)
		loads := strings.Contains(got.Header.Get("Content-Security-Policy"), "https:")
		if want := test.want == pixel; loads != want {
			t.Errorf("%s: the policy lets pictures through: %t, want %t", test.name, loads, want)
		}
		s.get(html(test.m), lead).want(t, 200, "!"+pixel)
	}
	s.get(page(unknown), member).want(t, 200, "not verified that this mail is by its sender")
	s.get("/profile", member).want(t, 200, named, "only in mails whose sender is verified")
	s.get("/profile", lead).want(t, 200, "!"+named)

	// Chosen below a mail that nobody vouches for, the address alone counts; a failed check still does not.
	s.post(fmt.Sprintf("/messages/%d/pictures", unknown.ID), lead, always).want(t, 303)
	s.get(fmt.Sprintf("/messages/%d/html", unknown.ID), lead).want(t, 200, pixel)
	s.get(html(forged), lead).want(t, 200, "!"+pixel)
	s.get(fmt.Sprintf("/messages/%d", unknown.ID), lead).want(t, 200, "are always loaded")
	s.post(fmt.Sprintf("/messages/%d/pictures", unknown.ID), lead, never).want(t, 303)
	s.get(html(unknown), lead).want(t, 200, "!"+pixel)

	whose, list := s.users["member"], func(u *models.User) []string {
		t.Helper()
		all, err := s.h.Tracker.PictureSenders(t.Context(), u)
		s.ok(err)
		out := []string{}
		for _, p := range all {
			out = append(out, fmt.Sprintln(p.Address, p.Verified))
		}
		return out
	}
	if d := cmp.Diff(list(whose), []string{fmt.Sprintln(named, true)}); d != "" {
		t.Errorf("senders of the member (-got +want):\n%s", d)
	}
	all, err := s.h.Tracker.PictureSenders(t.Context(), whose)
	s.ok(err)
	remove := fmt.Sprintf("/profile/pictures/%d/remove", all[0].ID)
	s.post(remove, lead, nil).want(t, 404)
	s.post(remove, member, nil).want(t, 303)
	s.get(html(verified), member).want(t, 200, "!"+pixel)
	s.get("/audit", s.as("admin")).want(t, 200, "Senders of images changed", "!"+named)
}

func TestPicturesOfASenderByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	if got := faults(w.get("member", "POST", "/picture-senders", `{"address":"nonsense"}`, 422)); got != "address E-USER-03" {
		t.Errorf("faults = %q, want one of the address", got)
	}
	made := w.get("member", "POST", "/picture-senders", `{"address":"News@Elsewhere.example"}`, 201)
	again := w.get("member", "POST", "/picture-senders", `{"address":"news@elsewhere.example","verified":true}`, 201)
	if made["id"] != again["id"] || again["address"] != "news@elsewhere.example" || again["verified"] != true {
		t.Errorf("made %v, then %v, want the same one, now verified", made, again)
	}
	path := "/picture-senders/" + decimal(int64(made["id"].(float64)))
	w.get("boss", "GET", path, "", 404)
	w.get("boss", "DELETE", path, "", 404)
	w.get("member", "DELETE", path, "", 204)
	if list := w.get("member", "GET", "/picture-senders", "", 200)["items"].([]any); len(list) != 0 {
		t.Errorf("senders = %v, want none", list)
	}
}

func TestErasedContactIsNoSenderOfPicturesAnyMore(t *testing.T) {
	s := newSite(t)
	m := s.mail(s.inbox, withFile)
	member := s.users["member"]
	_, err := s.h.Tracker.ShowPicturesOf(t.Context(), member, m.FromAddress, false)
	s.ok(err)
	issue, err := s.store.IssueByNumber(t.Context(), *m.IssueNumber)
	s.ok(err)
	_, err = s.h.Tracker.EraseContact(t.Context(), tracker.CommandLine(), issue.ReporterID, true)
	s.ok(err)
	if list, err := s.h.Tracker.PictureSenders(t.Context(), member); err != nil || len(list) != 0 {
		t.Errorf("senders = %v, %v, want none", list, err)
	}
}
