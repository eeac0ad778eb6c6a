package gateway_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/internal/secret"
	"letterbox/internal/testdb"
	"letterbox/models"
	"letterbox/models/store"
	"letterbox/tracker"
)

// den is a gateway on a real database with a fake mail server. On SQLite it runs in virtual time.
type den struct {
	t       *testing.T
	store   *store.Store
	tracker *tracker.Service
	ring    *secret.Ring
	server  *fakeServer
	project models.Project
	log     *slog.Logger
}

// inDen runs a test in virtual time on SQLite.
func inDen(t *testing.T, run func(t *testing.T, d *den)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { run(t, newDen(t, testdb.Open(t))) })
}

func newDen(t *testing.T, s *store.Store) *den {
	t.Helper()
	ring, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	d := &den{t: t, store: s, ring: ring, server: newFakeServer(), log: slog.New(slog.DiscardHandler)}
	d.tracker = tracker.New(tracker.Deps{Store: s, Log: d.log})
	if d.project, err = d.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "SUP", Name: "Support"}); err != nil {
		t.Fatal(err)
	}
	d.server.before = d.durable
	t.Cleanup(func() { d.server.check(t) })
	return d
}

// process returns a new gateway on the same database and server, as another process would be. change may alter its
// dependencies.
func (d *den) process(change func(*gateway.Deps)) *gateway.Gateway {
	deps := gateway.Deps{Store: d.store, Tracker: d.tracker, Secrets: d.ring, Log: d.log}
	if change != nil {
		change(&deps)
	}
	g := gateway.New(deps)
	g.OpenBoxesWith(d.server.visit)
	return g
}

// inbox adds an inbox that takes in everything; change may alter the draft.
func (d *den) inbox(g *gateway.Gateway, change func(*gateway.InboxDraft)) gateway.InboxView {
	d.t.Helper()
	v, err := g.CreateInbox(d.t.Context(), nil, d.draft(change))
	if err != nil {
		d.t.Fatal(err)
	}
	return v
}

func (d *den) draft(change func(*gateway.InboxDraft)) gateway.InboxDraft {
	s := models.DefaultInboxSettings()
	s.Host, s.Username, s.ImportSince = "mail.here.example", "support", "all"
	rules := models.DefaultRules()
	rules.AllowUnknown = true
	password := "s3cret"
	draft := gateway.InboxDraft{
		Name: "Support", Address: "support@here.example", ProjectID: d.project.ID, Enabled: true, Settings: s, Rules: rules, Password: &password,
	}
	if change != nil {
		change(&draft)
	}
	return draft
}

// run starts a gateway; stop ends it and waits.
func (d *den) run(g *gateway.Gateway) (stop func()) {
	ctx, cancel := context.WithCancel(d.t.Context())
	return d.runIn(ctx, cancel, g)
}

func (d *den) runIn(ctx context.Context, cancel context.CancelFunc, g *gateway.Gateway) (stop func()) {
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			d.t.Errorf("Run = %v", err)
		}
	})
	d.t.Cleanup(stop)
	return stop
}

// messages returns the ledger, oldest first.
func (d *den) messages() []models.Message {
	d.t.Helper()
	list, next, err := d.store.Messages(d.t.Context(), store.MessageFilter{Limit: 200})
	if err != nil || next != "" {
		d.t.Fatal(err, next)
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

// ledger describes the ledger: one line for each message.
func (d *den) ledger() []string {
	d.t.Helper()
	var out []string
	for _, m := range d.messages() {
		out = append(out, fmt.Sprintf("%s %s %s", m.UID, m.State, m.Reason))
	}
	return out
}

func (d *den) message(uid string) models.Message {
	d.t.Helper()
	for _, m := range d.messages() {
		if m.UID == uid {
			return m
		}
	}
	d.t.Fatalf("the ledger has no message %s", uid)
	return models.Message{}
}

// durable is what must be true before the server is told about a message: it is final in the ledger and its octets are
// kept, unless it was left alone.
func (d *den) durable(action mailbox.Action, ref mailbox.Ref) error {
	ctx := context.Background()
	all, _, err := d.store.Messages(ctx, store.MessageFilter{Limit: 200})
	if err != nil {
		return err
	}
	for _, m := range all {
		if m.UID != ref.UID || m.Folder != ref.Folder || m.UIDValidity != ref.UIDValidity {
			continue
		}
		if !m.State.Final() || m.BlobID == nil {
			return fmt.Errorf("the server is told to %s message %s while it is %s", action, ref.UID, m.State)
		}
		return nil
	}
	return fmt.Errorf("the server is told to %s message %s, which is not in the ledger", action, ref.UID)
}

// wait lets virtual time pass.
func (d *den) wait(t time.Duration) {
	time.Sleep(t)
	synctest.Wait()
}

// once checks that each message that became an issue or a comment has exactly one effect, that the octets of all of
// them are kept as they were sent, and that no issue or comment came from nowhere. It returns how many effects there
// are.
func (d *den) once() (issues, comments int) {
	d.t.Helper()
	ctx := d.t.Context()
	origin := map[int64]int{}
	list, _, err := d.store.Issues(ctx, store.IssueQuery{Limit: 200})
	if err != nil {
		d.t.Fatal(err)
	}
	for _, i := range list {
		issues++
		if i.OriginMessageID != nil {
			origin[*i.OriginMessageID]++
		}
		all, err := d.store.Comments(ctx, i.Number)
		if err != nil {
			d.t.Fatal(err)
		}
		for _, c := range all {
			comments++
			if c.OriginMessageID != nil {
				origin[*c.OriginMessageID]++
			}
		}
	}
	for _, m := range d.messages() {
		want := 0
		if m.State == models.MessageCreated || m.State == models.MessageCommented || m.State == models.MessageOversize {
			want = 1
		}
		if origin[m.ID] != want && !m.FetchAnyway {
			d.t.Errorf("message %d (uid %s, %s) has %d effects, want %d", m.ID, m.UID, m.State, origin[m.ID], want)
		}
		if m.BlobID != nil {
			r, _, err := d.store.OpenBlob(ctx, *m.BlobID)
			if err != nil {
				d.t.Fatal(err)
			}
			raw, err := io.ReadAll(r)
			if sum := sha256.Sum256(raw); err != nil || !bytes.Equal(sum[:], m.SHA256) {
				d.t.Errorf("message %d: the octets kept do not have its hash (%v)", m.ID, err)
			}
		}
	}
	return issues, comments
}

// trace returns the codes of the last run of a message.
func (d *den) trace(id int64) []string {
	d.t.Helper()
	all, err := d.store.Traces(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	var codes []string
	if len(all) > 0 {
		for _, e := range all[len(all)-1].Entries {
			codes = append(codes, e.Code)
		}
	}
	return codes
}

// strangler is a context whose process can be stopped as by SIGSTOP or SIGKILL: from the n-th call of the store on,
// every goroutine that calls the store waits until the process is woken.
type strangler struct {
	context.Context //nolint:containedctx // It is one.

	mu    sync.Mutex
	calls int
	last  int         // The call before which the process stops; 0: none.
	when  func() bool // Stops the process once it is true; may be nil.
	woken chan struct{}
	stuck chan struct{} // Closed once the process has stopped.
}

func newStrangler(ctx context.Context, last int) *strangler {
	return &strangler{Context: ctx, last: last, woken: make(chan struct{}), stuck: make(chan struct{})}
}

// Value is where the store looks for its transaction with each call.
func (s *strangler) Value(key any) any {
	if strings.HasSuffix(reflect.TypeOf(key).String(), "store.txKey") {
		s.mu.Lock()
		s.calls++
		if s.last == 0 && s.when != nil && s.when() {
			s.last = s.calls
		}
		stop := s.last > 0 && s.calls >= s.last
		if s.calls == s.last {
			close(s.stuck)
		}
		s.mu.Unlock()
		if stop {
			<-s.woken
		}
	}
	return s.Context.Value(key)
}

func (s *strangler) stopWhen(when func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.when = when
}

func (s *strangler) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// patient is a tracker whose calls can be made to fail.
type patient struct {
	gateway.Tracker
	fault func(call string, n models.NewIssue) error
}

var errTracker = errors.New("tracker is out of order")

func (p patient) CreateIssue(ctx context.Context, n models.NewIssue) (models.Issue, error) {
	if err := p.fault("issue", n); err != nil {
		return models.Issue{}, err
	}
	return p.Tracker.CreateIssue(ctx, n)
}

// draftOf is an inbox of a protocol that changes something on the server.
func draftOf(protocol string) func(*gateway.InboxDraft) {
	return func(dr *gateway.InboxDraft) {
		dr.Settings.Receive, dr.Settings.Port, dr.Settings.POP3After, dr.Settings.PollInterval = protocol, 0, "delete", 30*time.Second
	}
}

// stepHook is a log handler that is told each step that has ended, with the ID of its message.
type stepHook func(step string, message int64)

func (h stepHook) Enabled(context.Context, slog.Level) bool { return true }
func (h stepHook) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h stepHook) WithGroup(string) slog.Handler            { return h }

func (h stepHook) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "step finished" {
		return nil
	}
	var step string
	var id int64
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "step":
			step = a.Value.String()
		case "message_id":
			id = a.Value.Int64()
		}
		return true
	})
	h(step, id)
	return nil
}

// runUntilDeath starts a process that dies when it has parsed the message with that subject, and waits for its death.
// A dead process does nothing any more; its lease runs out by itself.
func (d *den) runUntilDeath(subject string) {
	d.t.Helper()
	died, buried := make(chan struct{}), make(chan struct{})
	g := d.process(func(deps *gateway.Deps) {
		deps.Log = slog.New(stepHook(func(step string, id int64) {
			if m, err := d.store.MessageByID(context.Background(), id); step == "parse" && err == nil && d.subjectOf(m) == subject {
				close(died)
				<-buried
			}
		}))
	})
	ctx, cancel := context.WithCancel(d.t.Context())
	stop := d.runIn(ctx, cancel, g)
	d.t.Cleanup(func() { close(buried); stop() })
	select {
	case <-died:
	case <-time.After(10 * time.Minute):
		d.t.Error("the process did not die of the message")
	}
	cancel()
}

// subjectOf reads the subject of a message that is not final from its octets.
func (d *den) subjectOf(m models.Message) string {
	if m.BlobID == nil {
		return ""
	}
	r, _, err := d.store.OpenBlob(context.Background(), *m.BlobID)
	if err != nil {
		return ""
	}
	raw, _ := io.ReadAll(r)
	_, rest, _ := strings.Cut(string(raw), "Subject: ")
	subject, _, _ := strings.Cut(rest, "\r\n")
	return subject
}

// status returns what people are told about an inbox.
func (d *den) status(g *gateway.Gateway, id int64) models.InboxStatus {
	d.t.Helper()
	v, err := g.Inbox(d.t.Context(), id)
	if err != nil {
		d.t.Fatal(err)
	}
	return v.Status
}

// runUntilBothDie starts a process that dies of a message with the subject poison while, if it can be, the one with the
// subject innocent is under way too.
func (d *den) runUntilBothDie(poison, innocent string) {
	d.t.Helper()
	met, buried := make(chan struct{}), make(chan struct{})
	g := d.process(func(deps *gateway.Deps) {
		deps.Log = slog.New(stepHook(func(step string, id int64) {
			m, err := d.store.MessageByID(context.Background(), id)
			switch subject := d.subjectOf(m); {
			case step != "parse" || err != nil:
			case subject == poison:
				close(met)
				<-buried
			case subject == innocent:
				select {
				case <-met:
					<-buried
				case <-time.After(10 * time.Second):
				}
			}
		}))
	})
	ctx, cancel := context.WithCancel(d.t.Context())
	stop := d.runIn(ctx, cancel, g)
	d.t.Cleanup(func() { close(buried); stop() })
	select {
	case <-met:
	case <-time.After(10 * time.Minute):
		d.t.Error("the process did not die")
	}
	d.wait(10 * time.Second)
	cancel()
}

// diesAt is the log of a process that dies at the end of a step.
func diesAt(step string, died chan<- struct{}, buried <-chan struct{}) *slog.Logger {
	return slog.New(stepHook(func(s string, _ int64) {
		if s == step {
			close(died)
			<-buried
		}
	}))
}

// meeting is where messages wait for each other.
type meeting struct {
	wg   sync.WaitGroup
	seen sync.Map // By message: each waits once.
}

func newMeeting(n int) *meeting {
	m := &meeting{}
	m.wg.Add(n)
	return m
}

// at is the log of a process whose messages meet at the end of a step.
func (m *meeting) at(step string) *slog.Logger {
	return slog.New(stepHook(func(s string, id int64) {
		if s != step {
			return
		}
		if _, twice := m.seen.LoadOrStore(id, true); !twice {
			m.wg.Done()
			m.wg.Wait()
		}
	}))
}
