package gateway_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
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

// canary stands in all that must never be logged.
const canary = "q7zcanary"

// sim is one simulated installation in virtual time: mail accounts, processes on one database, and what goes wrong with
// them. All that happens follows from the seed but the order in which the goroutines run.
type sim struct {
	t        *testing.T
	path     string     // Of the database.
	r        *rand.Rand // Of the one goroutine that makes things happen.
	store    *store.Store
	db       *sql.DB // For looking: nothing goes wrong with it.
	tracker  *tracker.Service
	ring     *secret.Ring
	project  models.Project
	accounts []*account
	running  []*process // Those that are neither dead nor stopped.
	all      []*process
	mails    []*sent
	post     *simPost // Nil when nothing is acknowledged.
	texts    func(lang, key string, args map[string]string) string
	log      []string // What happened, for a seed that fails.

	mu     sync.Mutex
	faults map[string]int
	dbDown time.Time // Until then every statement fails.
	handed sync.WaitGroup
	wrong  []string
	asked  int // Messages that somebody had fetched after they were set aside.
}

// account is one mailbox and the inbox that reads it.
type account struct {
	*fakeServer
	protocol string
	inbox    gateway.InboxView
	delivers int // Of POP3: the version of its unique-ids.

	mu      sync.Mutex
	trouble map[string]trouble // By command.
}

// trouble is what a server does until a moment, or so many times.
type trouble struct {
	err   error
	until time.Time
	times int
}

// sent is one mail that somebody has sent.
type sent struct {
	n       int
	raw     string
	sum     [32]byte
	effect  int // How many issues and comments come of it.
	files   int // Attachments.
	at      []*account
	removed bool // Somebody else may have removed it before we saw it.
	handed  bool // It was handed in, with success.
}

// simulate plays a seed with about that many mails and returns what went wrong with how much.
func simulate(t *testing.T, template string, seed uint64, mails int) (tally simTally) {
	synctest.Test(t, func(t *testing.T) {
		w := newSim(t, template, seed)
		w.play(mails)
		w.finish()
		tally = w.tally()
	})
	return tally
}

func newSim(t *testing.T, template string, seed uint64) *sim {
	w := newBareSim(t, template, seed)
	for i := range 2 {
		protocol, after, pop3After := pick(w.r, "imap", "imap", "pop3"), pick(w.r, "seen", "delete", "move", "leave"), pick(w.r, "delete", "keep")
		w.addAccount(i, protocol, after, pop3After)
	}
	if seed%4 == 1 {
		w.acknowledging() // Before a process starts: it knows the customers' server from then on.
	}
	if seed%4 == 0 || os.Getenv("LETTERBOX_SEED_LEASES") == "off" {
		w.withoutLeases(w.path)
		w.start()
		w.start()
	}
	return w
}

// newBareSim is an installation without inboxes.
func newBareSim(t *testing.T, template string, seed uint64) *sim {
	s, path := testdb.OpenFaulty(t, template)
	w := &sim{t: t, path: path, r: rand.New(rand.NewPCG(seed, 1)), store: s, faults: map[string]int{}}
	var err error
	if w.db, err = sql.Open("sqlite", "file:"+path+"?_pragma=query_only(1)"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.db.Close() })
	if w.ring, err = secret.Parse(secret.Generate()); err != nil {
		t.Fatal(err)
	}
	w.tracker = tracker.New(tracker.Deps{Store: s, Log: slog.New(slog.DiscardHandler)})
	if w.project, err = w.tracker.CreateProject(t.Context(), tracker.CommandLine(), tracker.ProjectDraft{Key: "SUP", Name: "Support"}); err != nil {
		t.Fatal(err)
	}
	return w
}

// withoutLeases makes the leases exclude nobody: whoever asks for one has it, and none is ever stale. The unique keys must
// hold alone.
func (w *sim) withoutLeases(path string) {
	w.note("leases exclude nobody")
	w.count("leases switched off")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer db.Close()
	_, err = db.ExecContext(w.t.Context(), `CREATE TRIGGER lax AFTER UPDATE OF epoch, expires_at ON leases WHEN NEW.epoch <> 1 OR NEW.expires_at > '1990'
		BEGIN UPDATE leases SET epoch = 1, expires_at = '1980-01-01 00:00:00+00:00' WHERE name = NEW.name; END`)
	if err != nil {
		w.t.Fatal(err)
	}
}

// addAccount makes a mailbox with the mail of somebody else in it, and its inbox.
func (w *sim) addAccount(i int, protocol, after, pop3After string) {
	a := &account{fakeServer: newFakeServer(), protocol: protocol, trouble: map[string]trouble{}}
	a.folders["Done"] = &fakeFolder{validity: 1, next: 1}
	a.script = a.troubled
	a.before = func(action mailbox.Action, ref mailbox.Ref) error { return w.durable(a, action, ref) }
	w.accounts = append(w.accounts, a)
	settings := models.DefaultInboxSettings()
	settings.Host, settings.Username, settings.ImportSince, settings.Receive = "mail.here.example", fmt.Sprint("support", i), "all", a.protocol
	settings.After, settings.MoveTo, settings.POP3After = after, "Done", pop3After
	settings.PollInterval, settings.BatchSize = 30*time.Second, 1+w.r.IntN(20)
	rules, password := models.DefaultRules(), canary
	rules.AllowUnknown, rules.BlockedSenders = true, []string{"@spam.example"}
	v, err := w.gateway(nil, slog.DiscardHandler).CreateInbox(w.t.Context(), nil, gateway.InboxDraft{
		Name: fmt.Sprint("Support ", i), Address: fmt.Sprintf("support%d@here.example", i), ProjectID: w.project.ID, Enabled: true,
		Settings: settings, Rules: rules, Password: &password,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	a.inbox = v
	w.note("account %d: %s, %s/%s, windows of %d", i, a.protocol, settings.After, settings.POP3After, settings.BatchSize)
}

// gateway returns a gateway of a process; nil: of nobody.
func (w *sim) gateway(p *process, log slog.Handler) *gateway.Gateway {
	d := gateway.Deps{Store: w.store, Tracker: w.tracker, Secrets: w.ring, Log: slog.New(log), Texts: w.texts}
	if w.post != nil {
		d.Dial = p.dial
	}
	g := gateway.New(d)
	g.OpenBoxesWith(func(ctx context.Context, ib models.Inbox) (mailbox.Mailbox, error) {
		for _, a := range w.accounts {
			if a.inbox.ID == ib.ID {
				return p.visit(ctx, a, ib)
			}
		}
		return nil, errCut
	})
	return g
}

// troubled is what an account does with a command.
func (a *account) troubled(op, _ string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	tr, ok := a.trouble[op]
	if !ok {
		return nil
	}
	if tr.times > 0 {
		if tr.times--; tr.times == 0 {
			delete(a.trouble, op)
		} else {
			a.trouble[op] = tr
		}
		return tr.err
	}
	if time.Now().After(tr.until) {
		delete(a.trouble, op)
		return nil
	}
	return tr.err
}

// make sends a mail: most open an issue, some answer an earlier one, some must have no effect.
func (w *sim) make() *sent {
	m := &sent{n: len(w.mails) + 1, effect: 1}
	id, from, more := fmt.Sprint("m", m.n), fmt.Sprintf("P%d <p%d@there.example>", m.n%7, m.n%7), []string(nil)
	body := fmt.Sprintf("Text %d, %s. %s", m.n, canary, strings.Repeat("More of it. ", w.r.IntN(40)))
	switch k := w.r.IntN(20); {
	case k < 6 && len(w.mails) > 0:
		more = append(more, fmt.Sprintf("In-Reply-To: <m%d@there.example>", 1+w.r.IntN(len(w.mails))))
	case k == 6:
		more, m.effect = append(more, "Auto-Submitted: auto-replied"), 0
	case k == 7:
		from, m.effect = "X <x@spam.example>", 0
	}
	m.raw = mail(id, from, fmt.Sprintf("Subject %d %s", m.n, canary), body, more...)
	switch k := w.r.IntN(40); {
	case k < 6:
		m.files = 1 + w.r.IntN(3)
		m.raw = withFiles(m.raw, m.n, m.files)
	case k == 6:
		m.raw = strings.Replace(m.raw, "Message-ID: <"+id+"@there.example>\n", "", 1)
	case k == 7 && w.r.IntN(8) == 0: // Larger than one chunk, and than what is shown: the text is attached.
		m.files = 1
		m.raw += strings.Repeat(fmt.Sprintf("A long line of mail %d.\n", m.n), 50_000)
	}
	m.raw = crlf(m.raw)
	m.sum = sha256.Sum256([]byte(m.raw))
	w.mails = append(w.mails, m)
	return m
}

// makeOf makes a plain mail with a text, which opens an issue.
func (w *sim) makeOf(text string) *sent {
	m := &sent{n: len(w.mails) + 1, effect: 1}
	if len(text) > 1<<20 {
		m.files = 1 // What is more than is shown is attached.
	}
	m.raw = crlf(mail(fmt.Sprint("m", m.n), anna, fmt.Sprint("Subject ", m.n), text))
	m.sum = sha256.Sum256([]byte(m.raw))
	w.mails = append(w.mails, m)
	return m
}

// withFiles makes a mail multipart, with n text attachments that no other mail has.
func withFiles(raw string, mail, n int) string {
	head, body, _ := strings.Cut(raw, "\n\n")
	head = strings.Replace(head, "Content-Type: text/plain; charset=utf-8", "Content-Type: multipart/mixed; boundary=b", 1)
	out := head + "\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n" + body
	for i := range n {
		out += fmt.Sprintf("\n--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=f%d.bin\n\n", i)
		out += strings.Repeat(fmt.Sprintf("file %d of mail %d\n", i, mail), 1+mail%50)
	}
	return out + "\n--b--\n"
}

// send puts a mail into an account.
func (w *sim) send(m *sent, a *account) {
	if !slices.Contains(m.at, a) {
		m.at = append(m.at, a)
	}
	uid := a.deliver("INBOX", strings.ReplaceAll(m.raw, "\r\n", "\n"))
	if a.protocol == "pop3" && a.delivers > 0 {
		a.change(func(s *fakeServer) {
			f := s.folders["INBOX"]
			f.messages[len(f.messages)-1].uid = fmt.Sprintf("v%d-%s", a.delivers, uid)
		})
	}
}

func (w *sim) note(format string, args ...any) {
	w.log = append(w.log, fmt.Sprintf("%s ", time.Now().Format("15:04:05"))+fmt.Sprintf(format, args...))
}

func (w *sim) count(fault string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults[fault]++
}

func (w *sim) fail(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.wrong) < 20 {
		w.wrong = append(w.wrong, fmt.Sprintf(format, args...))
	}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }
