package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"letterbox/internal/netguard"
	"letterbox/internal/secret"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
)

// call is a request that a receiver got.
type call struct {
	header http.Header
	body   string
}

// stage is a Service with a receiver on loopback that answers as answer says.
type stage struct {
	*Service
	t      *testing.T
	calls  []call
	answer http.HandlerFunc
	url    string
}

func newStage(t *testing.T, db *store.Store) *stage {
	t.Helper()
	ring, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, answer: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }}
	s.Service = New(Deps{Store: db, Secrets: ring, Dial: netguard.WebDialer([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")})})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.calls = append(s.calls, call{r.Header, string(body)}) // One after the other: drain sends so.
		s.answer(w, r)
	}))
	t.Cleanup(srv.Close)
	t.Cleanup(s.client.CloseIdleConnections)
	s.url = srv.URL + "/hook"
	return s
}

func (s *stage) ok(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// hook adds a webhook for all events.
func (s *stage) hook() (models.Webhook, string) {
	s.t.Helper()
	w, key, err := s.Create(s.t.Context(), nil, Draft{Name: "Radar", URL: s.url, Events: models.EventTypes(), Enabled: true})
	s.ok(err)
	return w, key
}

// publish tells of an event in a transaction of its own.
func (s *stage) publish(e models.Event) {
	s.t.Helper()
	s.ok(s.Store.WithTx(s.t.Context(), func(ctx context.Context) error { return s.Publish(ctx, e) }))
}

// latest are the deliveries of a webhook, newest first.
func (s *stage) latest(id int64) []models.Delivery {
	s.t.Helper()
	list, _, err := s.Deliveries(s.t.Context(), id, 50, "")
	s.ok(err)
	return list
}

// signedWith reports whether one of the signatures of a request is that of the secret.
func signedWith(t *testing.T, c call, key string) bool {
	t.Helper()
	seconds, err := strconv.ParseInt(c.header.Get("Webhook-Timestamp"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	want, err := sign(key, c.header.Get("Webhook-Id"), time.Unix(seconds, 0), c.body)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(strings.Fields(c.header.Get("Webhook-Signature")), want)
}

// The example of the specification.
func TestSignatureIsThatOfTheStandard(t *testing.T) {
	got, err := sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), `{"test": 2432232314}`)
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("sign = %q, %v, want %q", got, err, want)
	}
}

func TestEventIsSentOnceWhatItTellsOfIsCommitted(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, db *store.Store) {
		s := newStage(t, db)
		w, key := s.hook()
		e := models.Event{Type: models.IssueCreatedEvent, Data: map[string]any{"number": 12, "title": "Printer"}}
		undone := errors.New("undone")
		err := s.Store.WithTx(t.Context(), func(ctx context.Context) error { return errors.Join(s.Publish(ctx, e), undone) })
		if !errors.Is(err, undone) || len(s.latest(w.ID)) != 0 {
			t.Fatalf("%v: %d deliveries of what was undone, want none", err, len(s.latest(w.ID)))
		}
		s.publish(e)
		ids, err := s.due(t.Context())
		if s.ok(err); !slices.Equal(ids, []int64{w.ID}) {
			t.Fatalf("due = %v, want %d", ids, w.ID)
		}
		for range 2 { // The second time there is nothing.
			s.ok(s.drain(t.Context(), w.ID))
		}
		if len(s.calls) != 1 || !signedWith(t, s.calls[0], key) || s.calls[0].header.Get("Content-Type") != "application/json" {
			t.Fatalf("got %+v, want one signed request with JSON", s.calls)
		}
		var got struct {
			Type      string
			Timestamp time.Time
			Data      map[string]any
		}
		s.ok(json.Unmarshal([]byte(s.calls[0].body), &got))
		if d := cmp.Diff(map[string]any{"number": 12.0, "title": "Printer"}, got.Data); d != "" || got.Type != e.Type || got.Timestamp.IsZero() {
			t.Errorf("told %s at %v: %s", got.Type, got.Timestamp, d)
		}
		if d := s.latest(w.ID)[0]; d.State != models.DeliveryDone || d.Status != 204 || d.Attempts != 1 || d.FinishedAt == nil {
			t.Errorf("delivery %s, status %d, %d attempts, want delivered with 204 at once", d.State, d.Status, d.Attempts)
		}
		_, err = s.Replay(t.Context(), nil, w.ID, s.latest(w.ID)[0].ID)
		s.ok(err)
		s.ok(s.drain(t.Context(), w.ID))
		if len(s.calls) != 2 || s.calls[1].header.Get("Webhook-Id") != s.calls[0].header.Get("Webhook-Id") || s.calls[1].body != s.calls[0].body {
			t.Errorf("replayed %d times, want the same event once more", len(s.calls)-1)
		}
		s.ok(s.Delete(t.Context(), nil, w.ID))
		if list := s.latest(w.ID); len(list) != 0 {
			t.Errorf("%d deliveries of a webhook that is gone", len(list))
		}
	})
}

func TestWhatFailsIsTriedAgainAndTheWebhookIsSwitchedOffAfterDays(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, db *store.Store) {
		s := newStage(t, db)
		w, _ := s.hook()
		told := ""
		s.Off = func(_ context.Context, w models.Webhook) error { told = w.OffReason; return nil }
		s.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
		s.publish(models.Event{Type: models.IssueUpdatedEvent})
		before := time.Now()
		s.ok(s.drain(t.Context(), w.ID))
		d := s.latest(w.ID)[0]
		if d.State != models.DeliveryQueued || d.Status != 500 || d.Code != codeStatus || d.NextAttemptAt == nil || d.NextAttemptAt.Before(before.Add(4*time.Second)) {
			t.Fatalf("%+v, want queued for the next attempt", d)
		}
		w, err := s.Get(t.Context(), w.ID)
		if s.ok(err); w.Failures != 1 || w.FailingSince == nil || !w.Enabled {
			t.Errorf("%d failures since %v, enabled %v, want the first one", w.Failures, w.FailingSince, w.Enabled)
		}
		s.ok(s.Store.SaveWebhookWorks(t.Context(), w.ID))
		s.ok(s.Store.SaveWebhookFails(t.Context(), w.ID, now().Add(-tooLong-time.Hour), nil))
		s.publish(models.Event{Type: models.IssueUpdatedEvent})
		s.ok(s.drain(t.Context(), w.ID))
		w, err = s.Get(t.Context(), w.ID)
		if s.ok(err); w.Enabled || w.OffReason != codeTooLong || told != codeTooLong {
			t.Errorf("enabled %v for %q, told %q, want switched off and told", w.Enabled, w.OffReason, told)
		}
		for _, d := range s.latest(w.ID) {
			if d.State != models.DeliveryCancelled {
				t.Errorf("delivery %d is %s, want cancelled", d.ID, d.State)
			}
		}
		s.publish(models.Event{Type: models.IssueUpdatedEvent})
		if n := len(s.latest(w.ID)); n != 2 {
			t.Errorf("%d deliveries, want none for a webhook that is off", n)
		}
		if _, err := s.Replay(t.Context(), nil, w.ID, d.ID); !errors.Is(err, models.ErrConflict) {
			t.Errorf("Replay = %v, want ErrConflict while it is off", err)
		}
	})
}

func TestBothSecretsSignWhileOneReplacesTheOther(t *testing.T) {
	s := newStage(t, testdb.Open(t))
	w, old := s.hook()
	fresh, err := s.Rotate(t.Context(), nil, w.ID)
	s.ok(err)
	_, err = s.Test(t.Context(), nil, w.ID)
	s.ok(err)
	s.ok(s.drain(t.Context(), w.ID))
	if len(s.calls) != 1 || !signedWith(t, s.calls[0], old) || !signedWith(t, s.calls[0], fresh) || old == fresh {
		t.Fatalf("%d calls, want one that is signed with both", len(s.calls))
	}
	w, err = s.Get(t.Context(), w.ID)
	s.ok(err)
	past := now().Add(-time.Second)
	w.OldSecretUntil = &past
	if list, err := s.secrets(w); err != nil || !slices.Equal(list, []string{fresh}) {
		t.Errorf("after a day %d secrets sign, %v, want the new one", len(list), err)
	}
	if strings.Contains(w.SecretEnc+w.OldSecretEnc, fresh) || strings.Contains(w.SecretEnc+w.OldSecretEnc, old) {
		t.Error("a secret is stored readable")
	}
}

func TestAnswersDecideWhatComesNext(t *testing.T) {
	for _, tc := range []struct {
		status int
		after  string
		code   string
		wait   time.Duration
	}{
		{200, "", "", 0}, {204, "90", "", 0}, {301, "", codeRedirect, 0}, {404, "", codeStatus, 0}, {410, "", codeGone, 0},
		{429, "", codeStatus, shortWait}, {429, "90", codeStatus, 90 * time.Second}, {503, "9999999999", codeStatus, longestWait}, {500, "-1", codeStatus, 0},
		{502, "soon", codeStatus, shortWait}, {504, "", codeStatus, shortWait},
	} {
		if got := judge(tc.status, tc.after); got.code != tc.code || got.wait != tc.wait {
			t.Errorf("%d, Retry-After %q: %q, wait %v; want %q, %v", tc.status, tc.after, got.code, got.wait, tc.code, tc.wait)
		}
	}
}

func TestRedirectsAreNotFollowedAndGoneEndsIt(t *testing.T) {
	s := newStage(t, testdb.Open(t))
	w, _ := s.hook()
	s.answer = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	}
	s.publish(models.Event{Type: models.MessageRejectedEvent})
	s.ok(s.drain(t.Context(), w.ID))
	if d := s.latest(w.ID)[0]; len(s.calls) != 1 || d.Code != codeRedirect {
		t.Errorf("%d calls, code %q, want one and %s", len(s.calls), d.Code, codeRedirect)
	}
	s.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }
	s.publish(models.Event{Type: models.MessageRejectedEvent})
	s.ok(s.drain(t.Context(), w.ID))
	if w, err := s.Get(t.Context(), w.ID); err != nil || w.Enabled || w.OffReason != codeGone {
		t.Errorf("enabled %v for %q, %v, want switched off", w.Enabled, w.OffReason, err)
	}
}

func TestTooBusyReceiverIsLeftAlone(t *testing.T) {
	s := newStage(t, testdb.Open(t))
	w, _ := s.hook()
	s.answer = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	for range 3 {
		s.publish(models.Event{Type: models.IssueCreatedEvent})
	}
	s.ok(s.drain(t.Context(), w.ID))
	ids, err := s.due(t.Context())
	if s.ok(err); len(s.calls) != 1 || len(ids) != 0 {
		t.Errorf("%d calls, due %v, want one call and nothing due", len(s.calls), ids)
	}
	for i, d := range s.latest(w.ID) {
		if want := map[bool]int{true: 1}[i == 2]; d.Attempts != want {
			t.Errorf("delivery %d has %d attempts, want %d", d.ID, d.Attempts, want)
		}
	}
}

// An event whose answer cannot be written down is not sent again at once; those behind it wait for nobody.
func TestEventThatWasTriedIsNotGivenBack(t *testing.T) {
	db, _ := testdb.OpenFaulty(t, testdb.Template(t))
	s := newStage(t, db)
	w, _ := s.hook()
	for range 3 {
		s.publish(models.Event{Type: models.InboxStateEvent})
	}
	broken := errors.New("the database takes nothing")
	ctx := testdb.WithFault(t.Context(), func(query string) (before, after error) {
		if strings.HasPrefix(strings.TrimSpace(query), "UPDATE webhook_deliveries SET state") {
			return broken, nil
		}
		return nil, nil
	})
	if err := s.drain(ctx, w.ID); !errors.Is(err, broken) {
		t.Errorf("drain = %v, want that the answer cannot be kept", err)
	}
	s.ok(s.drain(t.Context(), w.ID))
	sent := map[string]int{}
	for _, c := range s.calls {
		sent[c.header.Get("Webhook-Id")]++
	}
	if len(s.calls) != 3 || len(sent) != 3 {
		t.Errorf("%d requests with %d events, want each of three once", len(s.calls), len(sent))
	}
}

func TestForbiddenAddressSeesNoConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t, testdb.Open(t))
	s.client = newClient(netguard.WebDialer(nil))
	s.url = "http://" + l.Addr().String()
	w, _ := s.hook()
	s.publish(models.Event{Type: models.IssueCreatedEvent})
	s.ok(s.drain(t.Context(), w.ID))
	if d := s.latest(w.ID)[0]; d.Code != codeForbidden || d.Status != 0 {
		t.Errorf("code %q, status %d, want %s", d.Code, d.Status, codeForbidden)
	}
	accepted := make(chan error, 1)
	go func() { _, err := l.Accept(); accepted <- err }()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-accepted; err == nil {
		t.Error("somebody has connected")
	}
}

// What a flow rule tells one webhook is told to no other, whatever events they want.
func TestEventForOneWebhookGoesToNoOther(t *testing.T) {
	testdb.EachDialect(t, func(t *testing.T, db *store.Store) {
		s := newStage(t, db)
		quiet, _, err := s.Create(t.Context(), nil, Draft{Name: "Quiet", URL: s.url, Events: []string{models.MessageMatchedEvent}, Enabled: true})
		s.ok(err)
		all, _, err := s.Create(t.Context(), nil, Draft{Name: "All", URL: s.url, Events: models.EventTypes(), Enabled: true})
		s.ok(err)
		s.ok(db.WithTx(t.Context(), func(ctx context.Context) error {
			return s.Publish(ctx, models.Event{Type: models.MessageMatchedEvent, To: "Quiet", Data: map[string]any{"rule": "Fire"}})
		}))
		deaf, _, err := s.Create(t.Context(), nil, Draft{Name: "Deaf", URL: s.url, Events: []string{models.InboxStateEvent}, Enabled: true})
		s.ok(err)
		s.ok(s.Publish(t.Context(), models.Event{Type: models.MessageMatchedEvent, To: "Deaf"}))
		if got, none := len(s.latest(quiet.ID)), len(s.latest(all.ID))+len(s.latest(deaf.ID)); got != 1 || none != 0 {
			t.Errorf("the webhook that is named has %d events, the others %d, want 1 and 0", got, none)
		}
	})
}

func TestWebhookOfAProjectHearsOfThatProjectOnly(t *testing.T) {
	s := newStage(t, testdb.Open(t))
	var ids []int64
	for _, key := range []string{"SUP", "DEV"} {
		p := models.Project{Key: key, Name: key}
		s.ok(s.Store.CreateProject(t.Context(), &p))
		ids = append(ids, p.ID)
	}
	w, _, err := s.Create(t.Context(), nil, Draft{Name: "One", URL: s.url, ProjectID: ids[0], Events: []string{models.IssueCreatedEvent, models.DeliveryFailedEvent}, Enabled: true})
	s.ok(err)
	author := models.User{Name: "Ada", Role: models.RoleCustomer}
	s.ok(s.Store.CreateUser(t.Context(), &author))
	for number, project := range ids { // A failed delivery is of the project of its issue.
		s.ok(s.Store.CreateIssue(t.Context(), &models.Issue{Number: int64(number + 1), ProjectID: project, Title: "Printer", State: models.IssueNew, ReporterID: author.ID}))
	}
	for _, e := range []models.Event{
		{Type: models.IssueCreatedEvent, ProjectID: ids[0]}, {Type: models.IssueCreatedEvent, ProjectID: ids[1]},
		{Type: models.IssueCreatedEvent}, {Type: models.IssueClosedEvent, ProjectID: ids[0]},
		{Type: models.DeliveryFailedEvent, Issue: 1}, {Type: models.DeliveryFailedEvent, Issue: 2}, {Type: models.DeliveryFailedEvent},
	} {
		s.publish(e)
	}
	var got []string
	for _, d := range s.latest(w.ID) {
		got = append(got, fmt.Sprint(d.Type, " ", strings.Contains(d.Body, `"project":"SUP"`)))
	}
	if want := []string{"delivery.failed true", "issue.created true"}; !slices.Equal(got, want) {
		t.Errorf("told of %q, want %q", got, want)
	}
}

func TestWithoutAWebhookAnEventAsksTheDatabaseNothing(t *testing.T) {
	db, err := store.Open(t.Context(), "sqlite:"+t.TempDir()+"/x.db", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := newStage(t, db)
	s.ok(db.Migrate(t.Context()))
	if ids, err := s.due(t.Context()); err != nil || ids != nil {
		t.Fatalf("due = %v, %v", ids, err)
	}
	s.at = time.Now().Add(time.Hour) // However slow this machine is.
	s.ok(db.Close())
	if err := s.Publish(t.Context(), models.Event{Type: models.IssueCreatedEvent, ProjectID: 1}); err != nil {
		t.Errorf("Publish = %v, want nil without a database", err)
	}
}

func TestDraftsAreChecked(t *testing.T) {
	s := newStage(t, testdb.Open(t))
	for name, d := range map[string]Draft{
		"name":    {URL: s.url, Events: models.EventTypes()},
		"events":  {Name: "x", URL: s.url, Events: []string{"issue.exploded"}},
		"project": {Name: "x", URL: s.url, Events: models.EventTypes(), ProjectID: 99},
		"url":     {Name: "x", URL: "https://user:password@radar.example/", Events: models.EventTypes()},
	} {
		_, _, err := s.Create(t.Context(), nil, d)
		if list, ok := errors.AsType[models.InvalidList](err); !ok || len(list) != 1 || list[0].Field != name {
			t.Errorf("%s: %v, want it refused", name, err)
		}
	}
	for _, bad := range []string{"", "radar.example", "ftp://radar.example/", "https://", "https://radar.example/#x", "https://ra dar.example/", "//radar.example"} {
		if _, _, err := s.Create(t.Context(), nil, Draft{Name: "x", URL: bad, Events: models.EventTypes()}); err == nil {
			t.Errorf("address %q was taken", bad)
		}
	}
}
