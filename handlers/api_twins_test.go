package handlers

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// apiTwins says for each form of the pages by which route of the API the same is done, or after "-" why by none.
func apiTwins() map[string]string {
	const own = "- a person does it in the browser, for itself"
	return map[string]string{
		"/setup":                                   "- a person does it once, with the link that the program has printed",
		"/signin":                                  "- programs have tokens",
		"/signin/code":                             "- programs have tokens",
		"/signin/oidc":                             "- programs have tokens",
		"/signin/forgotten":                        "- programs have tokens",
		"/password":                                "- it is the page of a link that a person was given",
		"/signout":                                 "- programs have tokens",
		"/preferences":                             own,
		"/issues/look":                             own,
		"/issues/bulk":                             "PATCH /issues/:number",
		"/board/:number":                           "PATCH /issues/:number",
		"/triage/:number":                          "PATCH /issues/:number, POST /issues/:number/merge, POST /issues/:number/links, POST /messages/:id/block",
		"/notifications/read":                      "POST /notifications/read",
		"/views":                                   "POST /views",
		"/views/:id/delete":                        "DELETE /views/:id",
		"/issues/new":                              "POST /issues",
		"/issues/:number/state":                    "PATCH /issues/:number",
		"/issues/:number/comments":                 "POST /issues/:number/comments",
		"/issues/:number/edit":                     "PATCH /issues/:number",
		"/issues/:number/writing":                  own,
		"/session":                                 "- programs have tokens",
		"/issues/:number/draft":                    own,
		"/issues/:number/watch":                    "PUT /issues/:number/watch, DELETE /issues/:number/watch",
		"/issues/:number/active":                   "PUT /issues/:number/active, DELETE /issues/:number/active",
		"/issues/:number/mute":                     "PUT /issues/:number/mute, DELETE /issues/:number/mute",
		"/issues/:number/links":                    "POST /issues/:number/links",
		"/issues/:number/links/remove":             "DELETE /issues/:number/links/:link",
		"/issues/:number/merge":                    "POST /issues/:number/merge",
		"/issues/:number/comments/:comment/split":  "POST /issues/:number/comments/:comment/split",
		"/issues/:number/comments/:comment/move":   "POST /issues/:number/comments/:comment/move",
		"/issues/:number/answers/:comment/undo":    "POST /outbox/:id/cancel",
		"/projects/new":                            "POST /projects",
		"/projects/:id":                            "PATCH /projects/:key",
		"/projects/:id/archive":                    "PATCH /projects/:key",
		"/projects/:id/states":                     "PUT /projects/:key/states",
		"/projects/:id/priorities":                 "PUT /projects/:key/priorities",
		"/projects/:id/templates":                  "POST /projects/:key/templates",
		"/projects/:id/templates/:template":        "PATCH /projects/:key/templates/:id",
		"/projects/:id/labels/:label":              "PATCH /projects/:key/labels/:id",
		"/projects/:id/templates/:template/delete": "DELETE /projects/:key/templates/:id",

		"/projects/:id/template-file":                      "PUT /projects/:key/template-file",
		"/projects/:id/template-versions/:version/restore": "POST /projects/:key/template-versions/:version/restore",

		"/projects/:id/labels/:label/delete":     "DELETE /projects/:key/labels/:id",
		"/projects/:id/members":                  "PUT /projects/:key/members/:login",
		"/projects/:id/members/:user/remove":     "DELETE /projects/:key/members/:login",
		"/contacts/:id/merge":                    "POST /contacts/:id/merge",
		"/contacts/:id/erase":                    "DELETE /contacts/:id",
		"/contacts/:id/export":                   "GET /contacts/:id/export",
		"/organisations":                         "POST /organisations",
		"/organisations/:id":                     "PATCH /organisations/:id",
		"/organisations/:id/delete":              "DELETE /organisations/:id",
		"/users/invite":                          "POST /invitations",
		"/users/:id/invite":                      "POST /users/:id/invitation",
		"/users/:id/invite/revoke":               "DELETE /users/:id/invitation",
		"/users/new":                             "POST /users",
		"/users/:id/role":                        "PATCH /users/:id",
		"/users/:id/password":                    "PATCH /users/:id",
		"/users/:id/addresses":                   "POST /users/:id/addresses",
		"/users/:id/access":                      "PATCH /users/:id",
		"/users/:id/sessions/end":                "DELETE /users/:id/sessions",
		"/users/:id/second-factor/remove":        "DELETE /users/:id/second-factor",
		"/users/:id/identities/remove":           "DELETE /users/:id/identities",
		"/profile":                               "PATCH /users/:id",
		"/profile/password":                      "- it takes the old password, and a program has a token only",
		"/profile/notifications":                 own,
		"/profile/pictures/:id/remove":           "DELETE /picture-senders/:id",
		"/issues/:number/mail/:message/pictures": "POST /picture-senders, DELETE /picture-senders/:id",
		"/messages/:id/pictures":                 "POST /picture-senders, DELETE /picture-senders/:id",
		"/unsubscribe/:token":                    "- it is the page of a link in a mail",
		"/profile/sessions/end":                  "DELETE /users/:id/sessions",
		"/profile/tokens":                        "- it takes the password, and a token makes no other one: that would outlive it",
		"/profile/tokens/:id/remove":             "DELETE /users/:id/tokens/:token",
		"/users/:id/tokens/:token/remove":        "DELETE /users/:id/tokens/:token",
		"/users/:id/name":                        "PATCH /users/:id",
		"/users/:id/addresses/remove":            "DELETE /users/:id/addresses/:address",
		"/profile/second-factor":                 own,
		"/profile/second-factor/begin":           own,
		"/profile/second-factor/remove":          own,
		"/inboxes/add":                           "POST /inboxes",
		"/inboxes/new":                           "POST /inboxes",
		"/inboxes/:id/edit":                      "PATCH /inboxes/:id",
		"/inboxes/:id/rules":                     "PATCH /inboxes/:id",
		"/inboxes/:id/extraction":                "PUT /inboxes/:id/extraction",
		"/inboxes/:id/script":                    "PUT /inboxes/:id/script, POST /inboxes/:id/script/try",
		"/inboxes/:id/flow":                      "PUT /inboxes/:id/flow, POST /inboxes/:id/flow/try",
		"/inboxes/:id/rules/:version/restore":    "POST /inboxes/:id/rules/:version/restore",
		"/inboxes/:id/certificate":               "PATCH /inboxes/:id",
		"/inboxes/:id/folders":                   "PATCH /inboxes/:id",
		"/inboxes/:id/check":                     "POST /inboxes/:id/check",
		"/inboxes/:id/poll":                      "POST /inboxes/:id/poll",
		"/inboxes/:id/pause":                     "PATCH /inboxes/:id",
		"/inboxes/:id/duplicate":                 "GET /inboxes/:id, POST /inboxes",
		"/inboxes/:id/reconcile":                 "GET /inboxes/:id/reconcile",
		"/inboxes/:id/delete":                    "DELETE /inboxes/:id",
		"/inboxes/:id/acknowledgement":           "PUT /inboxes/:id/acknowledgement",
		"/messages/bulk":                         "POST /messages/:id/reprocess, POST /messages/:id/release, POST /messages/:id/allow, POST /messages/:id/block",
		"/messages/missing":                      "GET /messages, POST /inboxes/:id/look",
		"/messages/:id/reprocess":                "POST /messages/:id/reprocess",
		"/outbox/:id/send":                       "POST /outbox/:id/send",
		"/outbox/:id/cancel":                     "POST /outbox/:id/cancel",
		"/suppressions":                          "POST /suppressions",
		"/suppressions/release":                  "DELETE /suppressions/:address",
		"/sending/new":                           "POST /sending-accounts",
		"/sending/resume":                        "DELETE /inboxes/:id/breaker",
		"/sending/accounts/:id":                  "PATCH /sending-accounts/:id",
		"/sending/accounts/:id/delete":           "DELETE /sending-accounts/:id",
		"/inboxes/:id/oauth":                     "PATCH /inboxes/:id/oauth",
		"/sending/accounts/:id/oauth":            "PATCH /sending-accounts/:id/oauth",
		"/smime":                                 "POST /smime/keys, POST /smime/certificates",
		"/smime/certificates/:id":                "PATCH /smime/certificates/:id",
		"/inboxes/:id/reset":                     "POST /inboxes/:id/reset",
		"/inboxes/:id/trip":                      "POST /inboxes/:id/test-mail, GET /inboxes/:id/test-mail",
		"/inboxes/reading":                       "PATCH /reading",
		"/retention":                             "PATCH /retention, POST /retention/run, POST /retention/confirm",
		"/retention/holds":                       "POST /holds",
		"/retention/holds/release":               "DELETE /holds/:key",
		"/demo/mail":                             "- it is a button of the demo",

		"/inboxes/:id/config":                    "PUT /inboxes/:id/config",
		"/inboxes/:id/versions/:version/restore": "POST /inboxes/:id/versions/:version/restore",

		"/scripts/new":         "POST /scripts",
		"/scripts/file":        "PUT /scripts/file",
		"/scripts/:id":         "PATCH /scripts/:id, POST /scripts/:id/try",
		"/scripts/:id/restore": "POST /scripts/:id/versions/:version/restore",
		"/scripts/:id/delete":  "DELETE /scripts/:id",

		"/webhooks/new":                             "POST /webhooks",
		"/webhooks/:id":                             "PATCH /webhooks/:id",
		"/webhooks/:id/delete":                      "DELETE /webhooks/:id",
		"/webhooks/:id/rotate":                      "POST /webhooks/:id/rotate",
		"/webhooks/:id/test":                        "POST /webhooks/:id/test",
		"/webhooks/:id/deliveries/:delivery/replay": "POST /webhooks/:id/deliveries/:delivery/replay",
	}
}

// What the pages do can be done by the API, or it is written down why not.
func TestWhatPagesDoCanBeDoneByTheAPI(t *testing.T) {
	api, pages := map[string]bool{}, map[string]bool{}
	for _, r := range apiRoutes() {
		api[r.method+" "+r.path] = true
	}
	twins := apiTwins()
	for _, r := range (&Handlers{}).routes() {
		if r.method != http.MethodPost {
			continue
		}
		pages[r.path] = true
		twin := twins[r.path]
		if twin == "" {
			t.Errorf("POST %s has no line that says how the API does it", r.path)
		}
		if strings.HasPrefix(twin, "- ") {
			continue
		}
		for one := range strings.SplitSeq(twin, ", ") {
			if one != "" && !api[one] {
				t.Errorf("POST %s is done by %s, which is no route of the API", r.path, one)
			}
		}
	}
	for path := range twins {
		if !pages[path] {
			t.Errorf("%s is no form of a page", path)
		}
	}
}

func TestPeopleAreChangedByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	path := "/users/" + decimal(w.users["member"].ID)
	got := w.get("admin", "PATCH", path, `{"name":"Mia","language":"de","role":"admin"}`, 200)
	if got["name"] != "Mia" || got["role"] != "admin" {
		t.Errorf("changed to %v", got)
	}
	got = w.get("admin", "POST", path+"/addresses", `{"address":"Mia@here.example"}`, 200)
	if list := got["addresses"].([]any); len(list) != 2 || list[1] != "mia@here.example" {
		t.Errorf("addresses = %v, want two", list)
	}
	w.get("admin", "POST", path+"/addresses", `{"address":"boss@here.example"}`, 422)
	w.get("boss", "PATCH", path, `{"name":"Not"}`, 404)
	w.get("reporter", "PATCH", "/users/"+decimal(w.users["reporter"].ID), `{"password":"a long enough secret"}`, 403)
	w.get("reporter", "PATCH", "/users/"+decimal(w.users["reporter"].ID), `{"name":"Rita"}`, 200)
	before := w.get("admin", "GET", path, "", 200)
	for _, wrong := range []string{
		`{"name":"Half","role":"member","disabled":true,"language":"xx"}`, `{"name":"Half","role":"member","password":"short"}`, `{"name":"Half","role":"king"}`,
		`{"role":"member","name":" "}`,
	} {
		w.get("admin", "PATCH", path, wrong, 422)
	}
	if d := cmp.Diff(w.get("admin", "GET", path, "", 200), before); d != "" {
		t.Errorf("changes of which one cannot be taken have left (-got +want):\n%s", d)
	}
	w.get("admin", "PATCH", path, `{"disabled":true}`, 200)
	w.get("member", "GET", "/issues", "", 401)
}

func TestViewsAndWatchingByTheAPI(t *testing.T) {
	w := newAPIWorld(t)
	made := w.get("member", "POST", "/views", `{"name":"Mine","query":"is:open assignee:me","shared":false}`, 201)
	path := "/views/" + decimal(int64(made["id"].(float64)))
	w.get("boss", "GET", path, "", 404)
	w.get("boss", "DELETE", path, "", 404)
	w.get("member", "DELETE", path, "", 204)
	if list := w.get("member", "GET", "/views", "", 200)["items"].([]any); len(list) != 0 {
		t.Errorf("views = %v, want none", list)
	}
	member := w.users["member"]
	for _, what := range []string{"watch", "mute"} {
		w.get("member", "PUT", "/issues/1/"+what, "", 204)
	}
	if muted, err := w.h.Tracker.Muted(t.Context(), &member, 1); err != nil || !muted {
		t.Errorf("muted = %t, %v, want true", muted, err)
	}
	w.get("member", "DELETE", "/issues/1/mute", "", 204)
	if muted, err := w.h.Tracker.Muted(t.Context(), &member, 1); err != nil || muted {
		t.Errorf("muted = %t, %v, want false", muted, err)
	}
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
