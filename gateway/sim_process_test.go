package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/go-sql-driver/mysql"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/models"
)

var errDead = errors.New("the process is dead")

// process is one of the simulated processes. When it is killed, no statement and no command of it has an effect any more,
// from one moment on; when it is paused, it waits before its next one.
type process struct {
	w      *sim
	n      int
	g      *gateway.Gateway
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	r       *rand.Rand
	dead    bool
	paused  chan struct{} // Closed when it goes on; nil while it runs.
	calls   int           // After so many calls of the store or commands for a server ...
	then    string        // ... it is killed or paused.
	left    int           // After so many statements of the database it is killed.
	failing int           // So many statements may still fail, each with one chance in four.
	commits int           // So many commits have no known outcome.
	boxes   []*simBox
	dies    func(moment string) bool // Whether it dies at a moment that has a name; may be nil.
}

// start starts a process.
func (w *sim) start() *process { return w.startDying(nil) }

// startDying starts a process that dies at the first moment for which dies is true.
func (w *sim) startDying(dies func(moment string) bool) *process {
	p := &process{w: w, n: len(w.all) + 1, done: make(chan struct{}), r: rand.New(rand.NewPCG(w.r.Uint64(), 2))}
	if dies != nil {
		var mu sync.Mutex // Moments come from all that the process does at once.
		p.dies = func(moment string) bool {
			mu.Lock()
			defer mu.Unlock()
			return dies(moment)
		}
	}
	p.g = w.gateway(p, logGuard{w, p})
	ctx, cancel := context.WithCancel(w.t.Context())
	p.cancel = cancel
	w.running = append(w.running, p)
	w.mu.Lock()
	w.all = append(w.all, p)
	w.mu.Unlock()
	go func() {
		defer close(p.done)
		if err := p.g.Run(p.context(ctx)); err != nil {
			w.fail("Run of process %d = %v", p.n, err)
		}
	}()
	return p
}

// processContext is where a process can be stopped: the store asks each context for its transaction with each call.
type processContext struct {
	context.Context //nolint:containedctx // It is one.
	p               *process
}

// Value is where the store looks for its transaction; within one nothing is paused, because the lock would be held.
func (c *processContext) Value(key any) any {
	if strings.HasSuffix(reflect.TypeOf(key).String(), "store.txKey") {
		_ = c.p.step()
	}
	return c.Context.Value(key)
}

// at is a moment that has a name: "before STATEMENT", "after STATEMENT", "step NAME", or a command to a server. The
// process may die of it.
func (p *process) at(moment string) error {
	p.mayDie(moment)
	return p.step()
}

// mayDie is a moment that has a name and may lie within a transaction, where nothing is paused.
func (p *process) mayDie(moment string) {
	if p.dies != nil && !p.isDead() && p.dies(moment) {
		p.mu.Lock()
		p.killLocked()
		p.mu.Unlock()
	}
}

// step is a moment at which a process may be killed or paused.
func (p *process) step() error {
	p.mu.Lock()
	if p.calls > 0 {
		if p.calls--; p.calls == 0 {
			if p.then == "pause" {
				p.paused = make(chan struct{})
			} else {
				p.killLocked()
			}
		}
	}
	paused := p.paused
	p.mu.Unlock()
	if paused != nil {
		<-paused
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errDead
	}
	return nil
}

func (p *process) killLocked() {
	p.dead = true
	for _, b := range p.boxes {
		b.inner.Abort()
	}
}

// kill ends a process as SIGKILL does. What of it is under way finds everything failing.
func (p *process) kill() {
	p.mu.Lock()
	p.killLocked()
	p.mu.Unlock()
	p.resume()
	p.cancel()
}

func (p *process) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = 0
	if p.paused != nil {
		close(p.paused)
		p.paused = nil
	}
}

// stop ends a process as SIGTERM does.
func (p *process) stop() {
	p.resume()
	p.cancel()
	<-p.done
}

func (p *process) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

func (p *process) isPaused() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paused != nil
}

// fault says what happens to a statement of this process.
func (p *process) fault(query string) (before, after error) {
	commit := query == "COMMIT"
	if p.dies != nil && query != "ROLLBACK" && !p.isDead() {
		if p.dies("before " + query) {
			p.kill()
		} else if p.dies("after " + query) {
			defer p.kill() // Done, and nobody hears of it.
			return nil, errDead
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if query == "ROLLBACK" {
		return nil, nil
	}
	if p.left > 0 && !p.dead {
		if p.left--; p.left == 0 {
			p.killLocked()
			if commit && p.r.IntN(2) == 0 {
				return nil, errDead // It has its effect, the answer comes too late.
			}
		}
	}
	if p.dead {
		return errDead, nil
	}
	p.w.mu.Lock()
	down := p.w.dbDown.After(time.Now())
	p.w.mu.Unlock()
	if down {
		return p.trouble(), nil
	}
	if commit && p.commits > 0 {
		p.commits--
		return p.unknown()
	}
	if p.failing > 0 && p.r.IntN(4) == 0 {
		p.failing--
		p.w.count("statement failed")
		if commit && p.r.IntN(2) == 0 {
			return p.unknown()
		}
		return p.trouble(), nil
	}
	return nil, nil
}

// trouble is an error after which a statement has had no effect.
func (p *process) trouble() error {
	n := pick(p.r, 1213, 1213, 1205, 1020, 1290, 1047, 2013, 1040, 0)
	if n == 0 {
		return mysql.ErrInvalidConn // Not driver.ErrBadConn: SQLite's driver never says so in the middle of a session.
	}
	return &mysql.MySQLError{Number: uint16(n), Message: "simulated"}
}

// unknown is a commit whose answer does not come.
func (p *process) unknown() (before, after error) {
	p.w.count("commit unknown")
	err := pick(p.r, errors.New("connection reset by peer"), mysql.ErrInvalidConn)
	if p.r.IntN(2) == 0 {
		return err, nil
	}
	return nil, err
}

// visit opens an account for a process.
func (p *process) visit(ctx context.Context, a *account, ib models.Inbox) (mailbox.Mailbox, error) {
	if err := p.step(); err != nil {
		return nil, err
	}
	inner, err := a.visit(ctx, ib)
	if err != nil {
		return nil, err
	}
	b := &simBox{Mailbox: inner, inner: inner, p: p, a: a}
	p.mu.Lock()
	p.boxes = append(p.boxes, b)
	dead := p.dead
	p.mu.Unlock()
	if dead {
		inner.Abort()
		return nil, errDead
	}
	if watcher, ok := inner.(mailbox.Watcher); ok {
		return &simWatch{b, watcher}, nil
	}
	return b, nil
}

// simBox is one session of a process: before and after each command the process may end.
type simBox struct {
	mailbox.Mailbox
	inner mailbox.Mailbox
	p     *process
	a     *account
	got   []mailbox.Ref
}

func (b *simBox) List(ctx context.Context) ([]mailbox.Entry, error) {
	if err := b.p.at("list"); err != nil {
		return nil, err
	}
	list, err := b.inner.List(ctx)
	return list, errors.Join(err, b.p.step())
}

func (b *simBox) Fetch(ctx context.Context, refs []mailbox.Ref, each func(mailbox.Ref, io.Reader) error) error {
	if err := b.p.at("fetch"); err != nil {
		return err
	}
	err := b.inner.Fetch(ctx, refs, func(ref mailbox.Ref, r io.Reader) error {
		if err := b.p.at("octets"); err != nil {
			return err
		}
		err := each(ref, r)
		if err == nil {
			b.got = append(b.got, ref)
		}
		return err
	})
	if dead := b.p.step(); dead != nil {
		return dead
	}
	return err
}

func (b *simBox) Settle(ctx context.Context, refs []mailbox.Ref, d mailbox.Disposition) []mailbox.Settled {
	var all []mailbox.Settled
	for _, ref := range refs {
		if err := b.p.at("settle"); err != nil {
			all = append(all, mailbox.Settled{Ref: ref, Err: err})
			continue
		}
		all = append(all, b.inner.Settle(ctx, []mailbox.Ref{ref}, d)...)
	}
	_ = b.p.at("settled")
	return all
}

// Close says QUIT, which for some servers is an acknowledgement of all that was sent.
func (b *simBox) Close(ctx context.Context) error {
	if err := b.p.at("quit"); err != nil {
		return err
	}
	for _, ref := range b.got {
		b.p.w.kept(b.a, ref)
	}
	err := b.inner.Close(ctx)
	if dead := b.p.at("quit done"); dead != nil {
		return dead
	}
	return err
}

// simWatch is a session that is kept.
type simWatch struct {
	*simBox
	watcher mailbox.Watcher
}

func (b *simWatch) News(ctx context.Context) ([]mailbox.Entry, error) {
	if err := b.p.step(); err != nil {
		return nil, err
	}
	list, err := b.watcher.News(ctx)
	return list, errors.Join(err, b.p.step())
}

func (b *simWatch) Unread(ctx context.Context, first func(folder string, uidValidity uint32) uint32) ([]mailbox.Entry, error) {
	if err := b.p.step(); err != nil {
		return nil, err
	}
	list, err := b.watcher.Unread(ctx, first)
	return list, errors.Join(err, b.p.step())
}

func (b *simWatch) Wait(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	if err := b.watcher.Wait(ctx, d, wake); err != nil {
		return err
	}
	return b.p.step()
}

// logGuard looks at what the processes log: no mail text, no address and no password may stand there (I10).
type logGuard struct {
	w *sim
	p *process
}

func (logGuard) Enabled(context.Context, slog.Level) bool { return true }
func (l logGuard) WithAttrs([]slog.Attr) slog.Handler     { return l }
func (l logGuard) WithGroup(string) slog.Handler          { return l }

func (l logGuard) Handle(_ context.Context, r slog.Record) error {
	look := func(text string) {
		if strings.Contains(text, canary) || strings.Contains(text, "@there.example") {
			l.w.fail("I10: the log says %q", text)
		}
	}
	look(r.Message)
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "step" && l.p != nil {
			l.p.mayDie("step " + a.Value.String())
		}
		if k := a.Value.Kind(); k == slog.KindString || k == slog.KindAny {
			look(fmt.Sprint(a.Value.Any()))
		}
		return true
	})
	return nil
}
