package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/gateway/script"
	"letterbox/internal/mailtest"
	"letterbox/internal/netguard"
	"letterbox/internal/secret"
	"letterbox/internal/testdb"
	"letterbox/internal/webhook"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// canary is the password of the inbox: it must not stand in any answer.
const canary = "s3cret-canary-4711"

// apiMail is a mail with an attachment that a browser would like to run.
const apiMail = "From: Nora Neu <nora@elsewhere.example>\r\nTo: support@here.example\r\nSubject: =?utf-8?q?T=C3=BCr_klemmt?=\r\n" +
	"Message-ID: <first@elsewhere.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nIm zweiten Stock.\r\n" +
	"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=\"plan.html\"\r\n\r\n<script>alert(1)</script>\r\n--b--\r\n"

// apiWorld is the API on a real database with mail servers in this process, and one person of every kind.
type apiWorld struct {
	t       *testing.T
	h       *Handlers
	http    http.Handler
	store   *store.Store
	servers *mailtest.Servers
	tokens  map[string]string // By role in the tests: admin, boss, member, stranger, customer.
	users   map[string]models.User
	inbox   gateway.InboxView
	message models.Message // It made issue 1 with an attachment.
	header  []string       // Of every request, besides.
	file    int64
}

func newAPIWorld(t *testing.T) *apiWorld {
	t.Helper()
	w := &apiWorld{t: t, store: testdb.Open(t), tokens: map[string]string{"none": "", "bad": "lbx_bad"}, users: map[string]models.User{}}
	ring, err := secret.Parse(secret.Generate())
	w.ok(err)
	w.servers, err = mailtest.NewServers(mailtest.Options{})
	w.ok(err)
	t.Cleanup(w.servers.Close)
	w.servers.AddUser("support", canary, "support@here.example")
	tr := tracker.New(tracker.Deps{Store: w.store})
	scripts, err := script.New("", 2)
	w.ok(err)
	gw := gateway.New(gateway.Deps{
		Scripts: scripts, Store: w.store, Tracker: tr, Secrets: ring, Log: slog.New(slog.DiscardHandler), Changed: func(string) {},
		Dial: netguard.Dialer([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}),
	})
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	hooks := webhook.New(webhook.Deps{Store: w.store, Secrets: ring, Dial: netguard.WebDialer(nil)})
	w.h, err = build(Deps{Tracker: tr, Gateway: gw, Webhooks: hooks, Log: log, Version: "test"})
	w.ok(err)
	w.http = w.h.router()
	w.people(tr)
	w.mail(gw)
	return w
}

func (w *apiWorld) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// people makes two projects and the persons: boss is admin and member is member of SUP, stranger is admin of DEV,
// customer was a member once and has kept its token.
func (w *apiWorld) people(tr *tracker.Service) {
	w.t.Helper()
	ctx, cli := w.t.Context(), tracker.CommandLine()
	for _, key := range []string{"SUP", "DEV"} {
		_, err := tr.CreateProject(ctx, cli, tracker.ProjectDraft{Key: key, Name: key})
		w.ok(err)
	}
	for _, name := range []string{"admin", "boss", "member", "stranger", "customer", "reporter", "onlooker"} {
		role := models.RoleMember
		if name == "admin" {
			role = models.RoleAdmin
		}
		u, err := tr.CreateUser(ctx, cli, tracker.UserDraft{Login: name, Addresses: []string{name + "@here.example"}, Role: role})
		w.ok(err)
		w.tokens[name], _, err = tr.CreateToken(ctx, cli, u.ID, "test")
		w.ok(err)
		w.users[name] = u
	}
	w.ok(tr.SetMember(ctx, cli, 1, "boss", models.ProjectAdmin))
	w.ok(tr.SetMember(ctx, cli, 1, "member", models.ProjectMember))
	w.ok(tr.SetMember(ctx, cli, 1, "reporter", models.ProjectReporter))
	w.ok(tr.SetMember(ctx, cli, 1, "onlooker", models.ProjectReporter))
	w.ok(tr.SetMember(ctx, cli, 2, "stranger", models.ProjectAdmin))
	_, err := tr.SetRole(ctx, cli, w.users["customer"].ID, models.RoleCustomer)
	w.ok(err)
}

// mail makes an inbox of SUP and one message in it.
func (w *apiWorld) mail(gw *gateway.Gateway) {
	w.t.Helper()
	st := models.DefaultInboxSettings()
	host, port, err := net.SplitHostPort(w.servers.IMAPAddr)
	w.ok(err)
	st.Host, st.Security, st.Username = host, "none", "support"
	st.Port, err = strconv.Atoi(port)
	w.ok(err)
	rules := models.DefaultRules()
	rules.AllowUnknown = true
	password := canary
	w.inbox, err = gw.CreateInbox(w.t.Context(), nil, gateway.InboxDraft{
		Name: "Support", Address: "support@here.example", ProjectID: 1, Enabled: true, Settings: st, Rules: rules, Password: &password,
	})
	w.ok(err)
	w.message, err = gw.Receive(w.t.Context(), w.inbox.ID, "api", strings.NewReader(apiMail))
	w.ok(err)
	if w.message.IssueNumber == nil {
		w.t.Fatalf("the mail became %s (%s), want an issue", w.message.State, w.message.Reason)
	}
	_, err = w.h.Tracker.SaveOrganisation(w.t.Context(), tracker.CommandLine(), models.Organisation{Name: "Elsewhere", Entries: []string{"elsewhere.example"}})
	w.ok(err)
	_, err = w.h.Tracker.AddAnswerTemplate(w.t.Context(), tracker.CommandLine(), models.AnswerTemplate{ProjectID: 1, Name: "Hello", Body: "Dear customer,"})
	w.ok(err)
	w.ok(w.store.AddWatchers(w.t.Context(), *w.message.IssueNumber, []int64{w.users["reporter"].ID}))
	files, err := w.store.Attachments(w.t.Context(), *w.message.IssueNumber)
	w.ok(err)
	if len(files) != 1 {
		w.t.Fatalf("the issue has %d files, want 1", len(files))
	}
	w.file = files[0].ID
}

// do sends one request as somebody; body is JSON, "" for none.
func (w *apiWorld) do(who, method, path, body string, header ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req := httptest.NewRequestWithContext(w.t.Context(), method, path, r)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token := w.tokens[who]; token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	header = slices.Concat(w.header, header)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.http.ServeHTTP(rec, req)
	return rec
}

// get sends a request below /api/v1 that must end with status, and returns its JSON.
func (w *apiWorld) get(who, method, path, body string, status int) map[string]any {
	w.t.Helper()
	rec := w.do(who, method, "/api/v1"+path, body)
	if rec.Code != status {
		w.t.Fatalf("%s %s as %s = %d, want %d: %s", method, path, who, rec.Code, status, rec.Body)
	}
	if rec.Body.Len() == 0 {
		return nil
	}
	var v map[string]any
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		w.t.Fatalf("%s %s: %v in %s", method, path, err, rec.Body)
	}
	return v
}

// faults returns "field code" for all that a problem says is wrong.
func faults(problem map[string]any) string {
	var out []string
	list, _ := problem["errors"].([]any)
	for _, e := range list {
		m, _ := e.(map[string]any)
		field, _ := m["field"].(string)
		code, _ := m["code"].(string)
		out = append(out, field+" "+code)
	}
	return strings.Join(out, ", ")
}

// request sends a request that is right in every way but the rights; n makes names in it unique.
func (w *apiWorld) request(who, method, path string, n int) *httptest.ResponseRecorder {
	w.t.Helper()
	id := w.inbox.ID
	switch {
	case strings.HasPrefix(path, "/messages"):
		id = w.message.ID
	case strings.HasPrefix(path, "/attachments"):
		id = w.file
	case strings.HasPrefix(path, "/sending-accounts"):
		id = w.account()
	case strings.HasPrefix(path, "/contacts"):
		issue, err := w.store.IssueByNumber(w.t.Context(), *w.message.IssueNumber)
		w.ok(err)
		id = issue.ReporterID
	case strings.HasPrefix(path, "/organisations"), strings.HasPrefix(path, "/projects"):
		id = 1
	case strings.HasPrefix(path, "/views/"):
		id = w.view()
	case strings.HasPrefix(path, "/picture-senders/"):
		admin := w.users["admin"]
		all, err := w.h.Tracker.PictureSenders(w.t.Context(), &admin)
		w.ok(err)
		if len(all) == 0 {
			one, err := w.h.Tracker.ShowPicturesOf(w.t.Context(), &admin, "anna@elsewhere.example", false)
			w.ok(err)
			all = append(all, one)
		}
		id = all[0].ID
	case strings.HasPrefix(path, "/scripts/"):
		id = w.sharedScript()
	case strings.HasPrefix(path, "/webhooks/"):
		id = w.webhook()
	case strings.HasPrefix(path, "/users"):
		id = w.users["member"].ID
		if strings.HasSuffix(path, "/invitation") && method != http.MethodPost {
			admin := w.users["admin"]
			if _, err := w.h.Tracker.InvitationOf(w.t.Context(), &admin, id); errors.Is(err, models.ErrNotFound) {
				_, err := w.h.Tracker.InviteAnew(w.t.Context(), &admin, id, true)
				w.ok(err)
			}
		}
	}
	made := w.parts(path)
	filled := strings.NewReplacer(":key", "SUP", ":login", "member", ":number", "1", ":version", "1", ":delivery", "999", ":id", strconv.FormatInt(id, 10)).Replace(made)
	if path == "/projects/:key/labels/:id" { // Only here: other tests count labels.
		if err := w.store.CreateLabel(w.t.Context(), &models.Label{ProjectID: 1, Name: "door", Folded: "door"}); err != nil && !errors.Is(err, models.ErrConflict) {
			w.t.Fatal(err)
		}
	}
	if who == "admin" && (made == "/smime/keys" || made == "/smime/certificates") && method == http.MethodPost {
		return w.do(who, method, apiPrefix+path, w.keyFile())
	}
	if path == "/inbound/:inbox" {
		return w.do(who, method, apiPrefix+"/inbound/Support", apiMail, "Content-Type", "message/rfc822")
	}
	bodies := w.bodies(id, n)
	if path == "/messages/dry-run" {
		return w.do(who, method, apiPrefix+path+"?inbox=Support", apiMail, "Content-Type", "message/rfc822")
	}
	return w.do(who, method, apiPrefix+filled, bodies[method+" "+path])
}

// sharedScript returns the ID of a shared script, which is made when there is none.
func (w *apiWorld) sharedScript() int64 {
	w.t.Helper()
	all, err := w.h.Gateway.SharedScripts(w.t.Context())
	w.ok(err)
	if len(all) > 0 {
		return all[0].ID
	}
	made, err := w.h.Gateway.AddSharedScript(w.t.Context(), nil, models.SharedScript{Name: "Alarm", Source: "const onEmail = () => null"})
	w.ok(err)
	return made.ID
}

// webhook returns the ID of a webhook, which is made when there is none.
func (w *apiWorld) webhook() int64 {
	w.t.Helper()
	all, err := w.h.Webhooks.List(w.t.Context())
	w.ok(err)
	if len(all) > 0 {
		return all[0].ID
	}
	made, _, err := w.h.Webhooks.Create(w.t.Context(), nil, webhook.Draft{Name: "Radar", URL: "https://radar.example/", Events: models.EventTypes(), Enabled: true})
	w.ok(err)
	return made.ID
}

// account returns the ID of a sending account, which is made when there is none.
func (w *apiWorld) account() int64 {
	w.t.Helper()
	all, err := w.h.Gateway.SendingAccounts(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	if len(all) > 0 {
		return all[0].ID
	}
	d := gateway.SendingDraft{Place: fmt.Sprintf("inbox:%d", w.inbox.ID), Address: "post@here.example", Settings: models.DefaultSendingSettings()}
	d.Settings.Host, d.Settings.Auth = "smtp.here.example", "none"
	a, err := w.h.Gateway.CreateSendingAccount(w.t.Context(), nil, d)
	if err != nil {
		w.t.Fatal(err)
	}
	return a.ID
}

// view returns the ID of a saved filter of the admin, which is made when there is none.
func (w *apiWorld) view() int64 {
	w.t.Helper()
	admin := w.users["admin"]
	all, err := w.h.Tracker.Views(w.t.Context(), &admin)
	w.ok(err)
	if len(all) > 0 {
		return all[0].ID
	}
	v, err := w.h.Tracker.SaveView(w.t.Context(), &admin, models.View{Name: "Open", Query: "is:open"})
	w.ok(err)
	return v.ID
}

// routerRoutes lists all routes of the router.
func (h *Handlers) routerRoutes() gin.RoutesInfo { return h.router().(*gin.Engine).Routes() }
