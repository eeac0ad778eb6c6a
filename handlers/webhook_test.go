package handlers

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"letterbox/models"
)

// radar is the form of a webhook.
func radar(change ...string) url.Values {
	form := url.Values{"name": {"Radar"}, "url": {"https://radar.example/in"}, "events": {"issue.created", "inbox.state_changed"}, "enabled": {"true"}, "version": {"0"}}
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	return form
}

func TestWebhookIsAddedTestedAndSentAgainAndItsSecretShownOnce(t *testing.T) {
	s := newSite(t)
	cookie, page := s.as("admin"), "/webhooks/1"
	s.get("/webhooks", cookie).want(t, 200, "No program is told of anything yet")
	s.get("/webhooks/new", cookie).want(t, 200, `name="events" value="issue.closed" checked`)
	s.post("/webhooks/new", cookie, radar("name", "", "url", "ftp://radar.example")).want(t, 422, "Enter a name", "Enter an address", `value="issue.closed"> `)
	s.post("/webhooks/new", cookie, radar()).want(t, 201, "whsec_", "shown this once")
	s.get("/webhooks", cookie).want(t, 200, "Radar", "https://radar.example/in", "All projects", "!whsec_")
	s.get(page, cookie).want(t, 200, "Nothing was sent yet", "!whsec_", `value="issue.created" checked`, `value="issue.closed"> `)
	s.post(page+"/test", cookie, nil).want(t, 303)
	s.get(page, cookie).want(t, 200, "webhook.test", "Waiting", "Attempts: 0")
	if err := s.h.Webhooks.Publish(t.Context(), models.Event{Type: models.IssueCreatedEvent, ProjectID: s.sup.ID}); err != nil {
		t.Fatal(err)
	}
	s.get(page, cookie).want(t, 200, "issue.created", "&#34;project&#34;:&#34;SUP&#34;")
	s.post(page+"/deliveries/2/replay", cookie, nil).want(t, 303)
	s.post(page+"/deliveries/99/replay", cookie, nil).want(t, 404)
	s.post(page+"/rotate", cookie, nil).want(t, 200, "whsec_")
	s.post(page, cookie, radar("version", "1", "name", "Sonar")).want(t, 409, "Somebody has changed the webhook")
	w, err := s.h.Webhooks.Get(t.Context(), 1)
	s.ok(err)
	s.post(page, cookie, radar("version", number(w.Version), "name", "Sonar", "enabled", "", "project", number(s.sup.ID))).want(t, 303)
	s.get(page, cookie).want(t, 200, "Sonar", "Off")
	s.post(page+"/test", cookie, nil).want(t, 303)
	s.post(page+"/delete", cookie, nil).want(t, 303)
	s.get(page, cookie).want(t, 404)
	for _, path := range []string{"/webhooks", "/webhooks/new", page} {
		s.get(path, s.as("lead")).want(t, 403)
	}
}

func TestWebhookThatWasSwitchedOffSaysWhyAndWhatToDo(t *testing.T) {
	s := newSite(t)
	cookie := s.as("admin")
	s.post("/webhooks/new", cookie, radar()).want(t, 201)
	s.post("/webhooks/1/test", cookie, nil).want(t, 303)
	err := s.store.WithTx(t.Context(), func(ctx context.Context) error {
		_, err := s.store.SwitchOffWebhook(ctx, 1, "E-HOOK-15", s.users["admin"].CreatedAt)
		return err
	})
	s.ok(err)
	s.get("/webhooks/1", cookie).want(t, 200, "It has taken nothing for five days", "Not sent", "Switched off")
	s.get("/webhooks", cookie).want(t, 200, "Switched off")
}

func TestWebhooksOfTheAPITellTheirSecretOnce(t *testing.T) {
	w := newAPIWorld(t)
	made := w.get("admin", "POST", "/webhooks", `{"name":"Radar","url":"https://radar.example/","project":"SUP","events":["message.rejected"]}`, 201)
	secret, _ := made["secret"].(string)
	if !strings.HasPrefix(secret, "whsec_") || made["project"] != "SUP" || made["enabled"] != true {
		t.Errorf("made %v, want a secret, SUP and enabled", made)
	}
	if got := w.do("admin", "GET", apiPrefix+"/webhooks/1", "").Body.String(); strings.Contains(got, "whsec_") || strings.Contains(got, "secret") {
		t.Errorf("shown later: %s", got)
	}
	if got := faults(w.get("admin", "PATCH", "/webhooks/1", `{"events":["issue.exploded"]}`, 422)); got != "events E-HOOK-12" {
		t.Errorf("faults %q, want events", got)
	}
	if got := w.get("admin", "PATCH", "/webhooks/1", `{"project":""}`, 200); got["project"] != nil {
		t.Errorf("project = %v, want none", got["project"])
	}
	sent := w.get("admin", "POST", "/webhooks/1/test", "", 202)
	list := w.get("admin", "GET", "/webhooks/1/deliveries", "", 200)["items"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["event_id"] != sent["event_id"] || sent["state"] != "queued" {
		t.Errorf("deliveries %v, want the test %v", list, sent)
	}
	if again := w.get("admin", "POST", "/webhooks/1/rotate", "", 200); again["secret"] == secret {
		t.Error("rotate has left the secret as it was")
	}
	w.get("admin", "PATCH", "/webhooks/1", `{"enabled":false}`, 200)
	w.get("admin", "POST", "/webhooks/1/test", "", 409)
}
