package handlers

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/tracker"
)

func TestInboxOfTheAPIKeepsWhatIsGiven(t *testing.T) {
	w := newAPIWorld(t)
	made := w.get("admin", "POST", "/inboxes", `{"name":"Sales","address":"Sales@Here.example","aliases":["Team@Here.example"," sales@here.example "],"project":"sup","receive":"imap","host":"127.0.0.1",
		"security":"tls","tls_verify":"off","username":"sales","password":"`+canary+`","folders":["INBOX","Erledigt/Ümläut"],"after":"move","move_to":"Done",
		"import_since":"archive","poll_interval":"90s","fetch_timeout":"5m","connect_timeout":"1m30s","idle":false,"allow_unknown":true,
		"blocked_senders":["@spam.example"],"domain_mode":"list","domains":["example.org"],"subject_keywords":["invoice"],"max_message_size":2097152}`, 201)
	for key, want := range map[string]any{
		"name": "Sales", "address": "sales@here.example", "aliases": []any{"team@here.example"}, "project": "SUP", "port": 993.0, "security": "tls", "tls_verify": "off", "username": "sales",
		"password_set": true, "folders": []any{"INBOX", "Erledigt/Ümläut"}, "after": "move", "move_to": "Done", "import_since": "archive",
		"poll_interval": "90s", "fetch_timeout": "5m", "connect_timeout": "90s", "idle": false, "allow_unknown": true,
		"blocked_senders": []any{"@spam.example"}, "domains": []any{"example.org"}, "subject_keywords": []any{"invoice"}, "max_message_size": 2097152.0,
		"batch_size": 50.0, "allow_create": true, "allowed_senders": []any{}, "version": made["version"],
	} {
		if diff := cmp.Diff(want, made[key]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	if _, ok := made["password"]; ok {
		t.Error("the answer has a member password")
	}
	missing := []string{}
	for _, f := range apiInboxFields() {
		if _, ok := made[f.key]; !ok {
			missing = append(missing, f.key)
		}
	}
	if len(missing) > 0 {
		t.Errorf("the answer lacks %v", missing)
	}
}

// SEC-03, through the other door.
func TestOnlyAdminsSwitchOffTheCheckOfCertificatesInTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	body := `{"name":"Sales","project":"SUP","receive":"imap","host":"127.0.0.1","username":"sales","enabled":false,"tls_verify":"off"}`
	if code := w.get("boss", "POST", "/inboxes", body, 403)["code"]; code != "E-403" {
		t.Errorf("code = %v, want E-403", code)
	}
	w.get("boss", "PATCH", "/inboxes/1", `{"tls_verify":"off"}`, 403)
	made := w.get("admin", "POST", "/inboxes", body, 201)
	path := "/inboxes/" + strconv.FormatFloat(made["id"].(float64), 'f', -1, 64)
	w.get("boss", "PATCH", path, `{"batch_size":20}`, 200)
	w.get("boss", "PATCH", path, `{"host":"127.0.0.2","password":"other"}`, 403)
}

func TestInboxChangeTouchesOnlyWhatIsGiven(t *testing.T) {
	w := newAPIWorld(t)
	before := w.get("boss", "GET", "/inboxes/1", "", 200)
	after := w.get("boss", "PATCH", "/inboxes/1", `{"batch_size":20,"allowed_senders":["@elsewhere.example"],"host":null}`, 200)
	for key := range before {
		switch key {
		case "batch_size", "allowed_senders", "version", "rule_version", "updated_at", "status":
			continue
		}
		if diff := cmp.Diff(before[key], after[key]); diff != "" {
			t.Errorf("%s changed (-before +after):\n%s", key, diff)
		}
	}
	if after["batch_size"] != 20.0 || after["rule_version"] != before["rule_version"].(float64)+1 || after["version"] == before["version"] {
		t.Errorf("batch_size %v, rule_version %v, version %v after the change", after["batch_size"], after["rule_version"], after["version"])
	}
}

func TestTwoWhoChangeAnInboxAtOnceAreTold(t *testing.T) {
	w := newAPIWorld(t)
	w.get("boss", "PATCH", "/inboxes/1", `{"batch_size":20,"version":`+strconv.FormatInt(w.inbox.Version, 10)+`}`, 200)
	problem := w.get("admin", "PATCH", "/inboxes/1", `{"batch_size":30,"version":`+strconv.FormatInt(w.inbox.Version, 10)+`}`, 409)
	if problem["code"] != "E-409" {
		t.Errorf("code = %v, want E-409", problem["code"])
	}
}

func TestInboxesStayWhereTheirAdminMayConfigure(t *testing.T) {
	w := newAPIWorld(t)
	for _, tc := range []struct {
		name, who, method, path, body string
		want                          int
	}{
		{"move to a project that is not seen", "boss", "PATCH", "/inboxes/1", `{"project":"DEV"}`, 422},
		{"make it global", "boss", "PATCH", "/inboxes/1", `{"global":true}`, 403},
		{"add a global one", "boss", "POST", "/inboxes", `{"name":"G","project":"SUP","global":true,"receive":"push","auth":"none"}`, 403},
		{"no project", "boss", "POST", "/inboxes", `{"name":"G","receive":"push","auth":"none"}`, 422},
		{"admin moves it", "admin", "PATCH", "/inboxes/1", `{"project":"DEV"}`, 200},
		{"gone for the one it was moved from", "boss", "GET", "/inboxes/1", "", 404},
		{"there for the other", "stranger", "GET", "/inboxes/1", "", 200},
		{"admin makes it global", "admin", "PATCH", "/inboxes/1", `{"global":true}`, 200},
		{"global ones are for admins", "stranger", "GET", "/inboxes/1", "", 404},
		{"and so is their log", "stranger", "GET", "/messages/1", "", 404},
	} {
		if rec := w.do(tc.who, tc.method, apiPrefix+tc.path, tc.body); rec.Code != tc.want {
			t.Errorf("%s = %d, want %d: %s", tc.name, rec.Code, tc.want, rec.Body)
		}
	}
}

func TestAnotherServerNeedsThePasswordAgain(t *testing.T) {
	w := newAPIWorld(t)
	if rec := w.do("boss", "PATCH", apiPrefix+"/inboxes/1", `{"host":"mail.attacker.example"}`); rec.Code == 200 && strings.Contains(rec.Body.String(), `"password_set":true`) {
		t.Errorf("the password is kept for another host: %s", rec.Body)
	}
	changed := w.get("boss", "PATCH", "/inboxes/1", `{"host":"localhost","password":"another"}`, 200)
	if changed["host"] != "localhost" || changed["password_set"] != true {
		t.Errorf("host %v, password_set %v, want localhost and true", changed["host"], changed["password_set"])
	}
}

func TestCheckNamesPhaseCauseAndRemedy(t *testing.T) {
	w := newAPIWorld(t)
	good := w.get("boss", "POST", "/inboxes/1/check", "", 200)
	if good["ok"] != true {
		t.Errorf("check = %v, want ok", good)
	}
	w.get("boss", "PATCH", "/inboxes/1", `{"password":"wrong-`+canary+`"}`, 200)
	rec := w.do("boss", "POST", apiPrefix+"/inboxes/1/check", "", "Accept-Language", "de")
	if body := rec.Body.String(); rec.Code != 200 || !strings.Contains(body, "E-AUTH-01") || !strings.Contains(body, "Benutzername oder Passwort wurde abgelehnt") ||
		strings.Contains(body, canary) {
		t.Errorf("check with a wrong password = %d %s", rec.Code, body)
	}
	problem := w.get("boss", "GET", "/inboxes/1/folders", "", 502)
	if got := faults(problem); got != "signin E-AUTH-01" {
		t.Errorf("folders with a wrong password: %s, want signin E-AUTH-01", got)
	}
}

func TestFoldersOfAnInbox(t *testing.T) {
	w := newAPIWorld(t)
	if err := w.servers.User("support").CreateFolder("Erledigt/Ümläut"); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range w.get("boss", "GET", "/inboxes/1/folders", "", 200)["items"].([]any) {
		names = append(names, f.(map[string]any)["name"].(string))
	}
	if !strings.Contains(strings.Join(names, "|"), "Erledigt/Ümläut") {
		t.Errorf("folders = %v, want Erledigt/Ümläut among them", names)
	}
}

func TestSecretsStandInNoAnswer(t *testing.T) {
	w := newAPIWorld(t)
	paths := []string{"/api/v1/openapi.json", "/metrics", "/healthz", "/api/v1/messages/1", "/api/v1/messages/1/raw", "/api/v1/inboxes/1", "/api/v1/users/1", "/api/v1/issues/1"}
	for _, r := range apiRoutes() {
		if r.method == "GET" && !strings.Contains(r.path, ":") {
			paths = append(paths, apiPrefix+r.path)
		}
	}
	if err := w.h.Tracker.SetPassword(t.Context(), tracker.CommandLine(), w.users["admin"].ID, "a long enough "+canary); err != nil {
		t.Fatal(err)
	}
	w.account()
	hook := w.get("admin", "POST", "/webhooks", `{"name":"Robot","url":"https://hooks.elsewhere.example/","events":["issue.created"]}`, 201)
	shown, _ := hook["secret"].(string)
	if !strings.HasPrefix(shown, "whsec_") {
		t.Fatalf("the new webhook = %v, want its secret, once", hook)
	}
	admin := w.users["admin"]
	session, err := w.h.Tracker.StartSession(t.Context(), &admin, nil)
	w.ok(err)
	for _, r := range w.h.routes() { // Each page, too.
		if r.method == http.MethodGet && r.path != "/changes" {
			paths = append(paths, regexp.MustCompile(`:[a-z]+`).ReplaceAllString(r.path, "1"))
		}
	}
	cookie := w.h.sessionCookie() + "=" + session
	seen := 0
	for _, path := range paths {
		got := w.do("admin", "GET", path, "", "Cookie", cookie)
		if got.Code == 200 {
			seen++
		}
		body := got.Body.String()
		for _, secret := range []string{canary, w.tokens["admin"], w.tokens["member"], "$argon2id$", shown, session} {
			if strings.Contains(body, secret) {
				t.Errorf("GET %s holds a secret", path)
			}
		}
	}
	if seen < 80 {
		t.Errorf("%d of %d answers show something, want most of them", seen, len(paths))
	}
}

func TestDurationsAreWrittenShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		90 * time.Second: "90s", 5 * time.Minute: "5m", 2 * time.Hour: "2h", time.Second: "1s", 0: "0s", 1500 * time.Millisecond: "1.5s", 90 * time.Minute: "90m",
	} {
		if got := apiDuration(d); got != want {
			t.Errorf("apiDuration(%v) = %q, want %q", d, got, want)
		}
		if back, err := time.ParseDuration(apiDuration(d)); err != nil || back != d {
			t.Errorf("%v read back = %v, %v", d, back, err)
		}
	}
}

func TestInboxIsNotPointedAtAnArchivedProject(t *testing.T) {
	w := newAPIWorld(t)
	w.get("admin", "POST", "/projects", `{"key":"OLD","name":"Old"}`, 201)
	w.get("admin", "PATCH", "/projects/OLD", `{"archived":true}`, 200)
	const made = `{"name":"New","project":"OLD","receive":"push","auth":"none"`
	for _, try := range []struct{ method, path, body string }{
		{"POST", "/inboxes", made + "}"}, {"POST", "/inboxes", made + `,"enabled":false}`}, {"PATCH", "/inboxes/1", `{"project":"OLD"}`},
	} {
		if got := faults(w.get("admin", try.method, try.path, try.body, 422)); got != "project E-PROJECT-06" {
			t.Errorf("%s %s %s: %s, want project E-PROJECT-06", try.method, try.path, try.body, got)
		}
	}
	// One that is paused there stays there, and is not switched on.
	w.get("admin", "PATCH", "/inboxes/1", `{"enabled":false}`, 200)
	w.get("admin", "PATCH", "/projects/SUP", `{"archived":true}`, 200)
	w.get("admin", "PATCH", "/inboxes/1", `{"batch_size":20}`, 200)
	if got := faults(w.get("admin", "PATCH", "/inboxes/1", `{"enabled":true}`, 422)); got != "project E-PROJECT-06" {
		t.Errorf("switching on: %s, want project E-PROJECT-06", got)
	}
	if err := w.h.Gateway.SetEnabled(t.Context(), nil, 1, true); err == nil {
		t.Error("the inbox goes on, want it refused")
	}
}
