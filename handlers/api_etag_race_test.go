package handlers

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"letterbox/models"
	"letterbox/tracker"
)

// fixed are routes about things that never change, so that nobody can be faster, with the reason.
func fixed() map[string]string {
	const removed = "it is made and removed, and nothing of it can be set in between"
	return map[string]string{
		"DELETE /views/:id":                  removed,
		"DELETE /users/:id/tokens/:token":    removed,
		"DELETE /issues/:number/links/:link": removed,
	}
}

// elsewhere changes what a path shows, as somebody else would through another process: by the store and the tracker, with
// no lock of the API. n makes it another change each time.
func (w *apiWorld) elsewhere(shown string, n int) {
	w.t.Helper()
	ctx, cli, member := w.t.Context(), tracker.CommandLine(), w.users["member"].ID
	name := fmt.Sprint("Elsewhere ", n)
	admin := w.users["admin"]
	var err error
	switch shown {
	case "/projects/:key":
		w.get("admin", "PATCH", "/projects/SUP", fmt.Sprintf(`{"name":%q}`, name), 200)
	case "/projects/:key/members/:login":
		err = w.h.Tracker.SetMember(ctx, cli, 1, "member", []models.ProjectRole{models.ProjectReporter, models.ProjectAdmin}[n%2])
	case "/projects/:key/states", "/projects/:key/priorities":
		w.get("admin", "PUT", strings.Replace(shown, ":key", "SUP", 1), map[string]string{
			"/projects/:key/states":     fmt.Sprintf(`{"items":[{"name":%q,"counts_as":"open"},{"name":"Done","counts_as":"closed"}]}`, name),
			"/projects/:key/priorities": fmt.Sprintf(`{"items":[{"name":%q,"counts_as":"high"}]}`, name),
		}[shown], 200)
	case "/retention":
		w.get("admin", "PATCH", shown, fmt.Sprintf(`{"trace_days":%d}`, 100+n), 200)
	case "/reading":
		w.get("admin", "PATCH", shown, fmt.Sprintf(`{"off":true,"reason":%q}`, name), 200)
	case "/projects/:key/template-file":
		w.get("admin", "POST", "/projects/SUP/templates", fmt.Sprintf(`{"name":%q,"body":"x"}`, name), 201)
	case "/projects/:key/templates/:id":
		_, err = w.h.Tracker.UpdateAnswerTemplate(ctx, cli, 1, 1, nil, &name)
	case "/projects/:key/labels/:id":
		_, err = w.h.Tracker.RenameLabel(ctx, cli, 1, 1, name)
	case "/users/:id/invitation":
		_, err = w.h.Tracker.InviteAnew(ctx, &admin, member, true)
	case "/users/:id":
		_, err = w.h.Tracker.SetProfile(ctx, cli, member, name, "", "")
	case "/contacts/:id":
		var issue models.Issue
		issue, err = w.store.IssueByNumber(ctx, *w.message.IssueNumber)
		w.ok(err)
		err = w.h.Tracker.AddAddress(ctx, cli, issue.ReporterID, fmt.Sprintf("contact%d@here.example", n))
	case "/organisations/:id":
		_, err = w.h.Tracker.SaveOrganisation(ctx, cli, models.Organisation{ID: 1, Name: name, Entries: []string{"elsewhere.example"}})
	case "/picture-senders/:id":
		_, err = w.h.Tracker.ShowPicturesOf(ctx, &admin, "anna@elsewhere.example", true)
	case "/scripts/:id", "/scripts/file":
		w.get("admin", "PATCH", "/scripts/"+decimal(w.sharedScript()), fmt.Sprintf(`{"source":"const onEmail = () => %d"}`, n), 200)
	case "/webhooks/:id":
		w.get("admin", "PATCH", "/webhooks/"+decimal(w.webhook()), fmt.Sprintf(`{"name":%q}`, name), 200)
	case "/inboxes/:id", "/inboxes/:id/config":
		w.get("admin", "PATCH", "/inboxes/1", fmt.Sprintf(`{"batch_size":%d}`, 30+n), 200)
	case "/inboxes/:id/extraction", "/inboxes/:id/script", "/inboxes/:id/flow": // They are parts of one version of the rules.
		w.get("admin", "PUT", "/inboxes/1/extraction", fmt.Sprintf(`{"profiles":[{"name":%q,"fields":[{"name":"no","from":"subject","by":"whole"}],"title":"x"}]}`, name), 200)
	case "/inboxes/:id/acknowledgement":
		w.get("admin", "PUT", "/inboxes/1/acknowledgement", fmt.Sprintf(`{"text":{"en":%q}}`, name), 200)
	case "/inboxes/:id/breaker":
		err = w.h.Gateway.ResetBreaker(ctx, &admin, "inbox:1")
	case "/issues/:number":
		w.get("admin", "PATCH", "/issues/1", fmt.Sprintf(`{"title":%q}`, name), 200)
	case "/sending-accounts/:id":
		w.get("admin", "PATCH", fmt.Sprint("/sending-accounts/", w.account()), fmt.Sprintf(`{"name":%q}`, name), 200)
	case "/inboxes/:id/oauth", "/sending-accounts/:id/oauth":
		id := int64(1)
		if strings.HasPrefix(shown, "/sending") {
			id = w.account()
		} else {
			w.get("admin", "PATCH", "/inboxes/1", `{"security":"tls","password":"x"}`, 200)
		}
		w.get("admin", "PATCH", strings.Replace(shown, ":id", decimal(id), 1),
			fmt.Sprintf(`{"auth":"oauth2_client","provider":"microsoft","tenant":"here.example","client_id":"app-%d","client_secret":"4711"}`, n), 200)
	case "/smime/certificates/:id":
		id := w.smimeCertificate()
		revoked := w.get("admin", "GET", "/smime/certificates/"+decimal(id), "", 200)["revoked"] == true
		err = w.h.Gateway.RevokeSMIMECertificate(ctx, &admin, id, !revoked)
	}
	w.ok(err)
}

// Whoever changes a thing after its tag was compared, and before the change of another one is written, is not overwritten.
func TestChangesThatMeetAreNotLost(t *testing.T) {
	w := newAPIWorld(t)
	var meanwhile func()
	routes := apiRoutes()
	shows := map[string]bool{}
	for i, r := range routes {
		if shows[r.path] = shows[r.path] || r.method == http.MethodGet; r.changes() {
			routes[i].handle = func(h *Handlers, c *gin.Context) error {
				if meanwhile != nil { // The tag has been compared, nothing is written.
					do := meanwhile
					meanwhile = nil
					do()
				}
				return r.handle(h, c)
			}
		}
	}
	engine := gin.New()
	for _, r := range apiPreconditions(routes) {
		engine.Handle(r.method, apiPrefix+r.path, w.h.apiAuth, w.h.apiRun(r.handle))
	}
	w.http = engine
	checked := 0
	for n, r := range routes {
		name := r.method + " " + r.path
		if !r.changes() || untagged()[name] != "" {
			continue
		}
		shown := r.path
		if !shows[shown] {
			shown = path.Dir(shown)
		}
		tag := func() string { return w.with("admin", http.MethodGet, shown, n).Header().Get("ETag") }
		before, during := tag(), ""
		yaml, file := strings.HasSuffix(r.path, "/config") || strings.HasSuffix(r.path, "/template-file") || r.path == "/scripts/file", ""
		if yaml { // What it was before.
			file = w.with("admin", http.MethodGet, shown, n).Body.String()
		}
		meanwhile = func() {
			header := w.header
			w.header = nil
			w.elsewhere(shown, n)
			during = tag()
			w.header = header
		}
		var got *httptest.ResponseRecorder
		switch { // Whose usual request has no body.
		case strings.HasSuffix(r.path, "/oauth"):
			id := map[bool]int64{true: w.inbox.ID, false: w.account()}[strings.HasPrefix(r.path, "/inboxes")]
			got = w.do("admin", r.method, apiPrefix+strings.Replace(r.path, ":id", decimal(id), 1), `{"scope":"a b"}`, "If-Match", before)
		case yaml:
			got = w.do("admin", r.method, apiPrefix+strings.NewReplacer(":id", "1", ":key", "SUP").Replace(r.path), file, "Content-Type", "application/yaml", "If-Match", before)
		case r.path == "/retention":
			got = w.do("admin", r.method, apiPrefix+r.path, `{"log_days":99}`, "If-Match", before)
		case r.path == "/reading":
			got = w.do("admin", r.method, apiPrefix+r.path, `{"reason":"here"}`, "If-Match", before)
		default:
			got = w.with("admin", r.method, r.path, n, "If-Match", before)
		}
		if during == before {
			if fixed()[name] == "" {
				t.Errorf("%s: nothing has changed meanwhile: elsewhere knows no change of %s", name, shown)
			}
			continue
		}
		checked++
		if fixed()[name] != "" {
			t.Errorf("%s is said to stay as it is, and has changed", name)
		}
		if got.Code != http.StatusPreconditionFailed || got.Header().Get("ETag") != during || strings.Contains(got.Body.String(), `"current":{`) == yaml {
			t.Errorf("%s with the tag from before = %d, ETag %q, want 412 with %q: %.300s", name, got.Code, got.Header().Get("ETag"), during, got.Body)
		}
		if after := tag(); after != during {
			t.Errorf("%s has overwritten what was changed meanwhile", name)
		}
	}
	for name := range fixed() {
		if !slices.ContainsFunc(routes, func(r apiRoute) bool { return r.changes() && r.method+" "+r.path == name }) {
			t.Errorf("%s is no route that changes something", name)
		}
	}
	if checked < 30 {
		t.Errorf("checked %d routes, want all whose thing can change", checked)
	}
}
