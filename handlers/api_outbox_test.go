package handlers

import (
	"fmt"
	"testing"

	"letterbox/gateway"
	"letterbox/models"
)

// answered has the member answer issue 1, so that one mail waits in the outbox; it returns the number of the mail.
func (w *apiWorld) answered() int64 {
	w.t.Helper()
	d := gateway.SendingDraft{Place: "default", Address: "support@here.example", Settings: models.DefaultSendingSettings()}
	d.Settings.Host, d.Settings.Port, d.Settings.Security, d.Settings.Auth = "127.0.0.1", 1, "none", "none"
	_, err := w.h.Gateway.CreateSendingAccount(w.t.Context(), nil, d)
	w.ok(err)
	w.get("member", "POST", "/issues/1/comments", `{"body":"On our way."}`, 201)
	items := w.get("admin", "GET", "/outbox", "", 200)["items"].([]any)
	if len(items) != 1 {
		w.t.Fatalf("outbox: got %v, want the answer", items)
	}
	return int64(items[0].(map[string]any)["id"].(float64))
}

func TestOutboxOfTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	path := fmt.Sprintf("/outbox/%d", w.answered())
	mail := w.get("boss", "GET", path, "", 200)
	for key, want := range map[string]any{"kind": "answer", "state": "queued", "recipient": "nora@elsewhere.example", "issue": 1.0, "attempts": 0.0, "code": "", "accepted_at": nil} {
		if mail[key] != want {
			t.Errorf("%s = %v, want %v", key, mail[key], want)
		}
	}
	w.get("stranger", "GET", path, "", 404)
	w.get("onlooker", "GET", path, "", 403)
	w.get("stranger", "POST", path+"/cancel", "", 404)
	if got := w.get("stranger", "GET", "/outbox", "", 200)["items"].([]any); len(got) != 0 {
		t.Errorf("another project's admin sees %v, want nothing", got)
	}
	if got := w.get("boss", "POST", path+"/cancel", "", 200)["state"]; got != "cancelled" {
		t.Errorf("cancelled: state %v", got)
	}
	w.get("boss", "POST", path+"/cancel", "", 409)
	if got := w.get("boss", "GET", "/outbox?state=cancelled", "", 200)["items"].([]any); len(got) != 1 {
		t.Errorf("cancelled mail: %v, want one", got)
	}
	w.get("boss", "GET", "/outbox?state=lost", "", 400)
	if got := w.get("boss", "POST", path+"/send", "", 200)["state"]; got != "queued" {
		t.Errorf("sent now: state %v, want queued", got)
	}
}

func TestSuppressionsOfTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	w.get("boss", "GET", "/suppressions", "", 403)
	if got := faults(w.get("admin", "POST", "/suppressions", `{"address":"nonsense"}`, 422)); got != "address E-SEND-03" {
		t.Errorf("nonsense: %s", got)
	}
	w.get("admin", "POST", "/suppressions", `{"address":"Nora@Elsewhere.example","detail":"asked for it"}`, 204)
	got := w.get("admin", "GET", "/suppressions", "", 200)["items"].([]any)
	if len(got) != 1 || got[0].(map[string]any)["address"] != "nora@elsewhere.example" || got[0].(map[string]any)["detail"] != "asked for it" {
		t.Errorf("suppressions: %v, want nora's", got)
	}
	w.get("admin", "DELETE", "/suppressions/nora@elsewhere.example", "", 204)
	w.get("admin", "DELETE", "/suppressions/nora@elsewhere.example", "", 404)
}

func TestSignInWithOAuthIsSetInTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	path := fmt.Sprintf("/inboxes/%d", w.inbox.ID)
	w.get("boss", "PATCH", path, `{"security":"tls","password":"`+canary+`"}`, 200)
	path += "/oauth"
	if got := faults(w.get("boss", "PATCH", path, `{"auth":"oauth2_client","provider":"microsoft","tenant":"common","client_id":"app"}`, 422)); got != "tenant E-OAUTH-05" {
		t.Errorf("common tenant: %s, want tenant E-OAUTH-05", got)
	}
	set := w.get("boss", "PATCH", path, `{"auth":"oauth2_client","provider":"microsoft","tenant":"firm.example","client_id":"app","client_secret":"`+canary+`","secret_expires_on":"2030-01-31"}`, 200)
	for key, want := range map[string]any{
		"auth": "oauth2_client", "authority": "https://login.microsoftonline.com", "tenant": "firm.example", "client_id": "app", "client_secret_set": true, "secret_expires_on": "2030-01-31", "connected": true,
	} {
		if set[key] != want {
			t.Errorf("%s = %v, want %v", key, set[key], want)
		}
	}
	if got := w.get("boss", "PATCH", path, `{"scope":"a b"}`, 200); got["scope"] != "a b" || got["client_secret_set"] != true || got["tenant"] != "firm.example" {
		t.Errorf("after a change of the scope: %v, want the rest as it was", got)
	}
	if got := w.get("boss", "PATCH", path, `{"client_id":"other"}`, 200)["client_secret_set"]; got != false {
		t.Errorf("another app keeps the secret: %v", got)
	}
	w.get("stranger", "GET", path, "", 404)
	w.get("stranger", "PATCH", path, `{"scope":"x"}`, 404)
	w.answered()
	w.get("boss", "GET", "/sending-accounts/1/oauth", "", 403)
	w.get("admin", "GET", "/sending-accounts/1/oauth", "", 200)
	w.get("admin", "PATCH", "/sending-accounts/1", `{"security":"tls"}`, 200)
	if got := faults(w.get("admin", "PATCH", "/sending-accounts/1/oauth", `{"auth":"oauth2_client","provider":"google","client_id":"app"}`, 422)); got != "auth E-OAUTH-16" {
		t.Errorf("the app alone at Google: %q, want auth E-OAUTH-16", got)
	}
}
