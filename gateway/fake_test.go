package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// What a script makes a fake server do.
var (
	errCut    = errors.New("connection was cut")     // The connection is of no use from here on.
	errStall  = errors.New("server says nothing")    // Nothing happens until ctx is done.
	errVanish = errors.New("message is gone")        // fetch, header and settle: somebody removed it meanwhile.
	errBroken = errors.New("server refuses")         // This command fails, the connection lives.
	errHalf   = errors.New("cut within the message") // fetch: half of the octets, then the connection is gone.
)

// fakeServer is a mail server without a network, whose every step can be scripted. It checks with each change that the
// ledger has made its message final before: nothing may be told the server before it is durable here.
type fakeServer struct {
	mu      sync.Mutex
	folders map[string]*fakeFolder
	events  []string                                           // What the gateway did, in order.
	news    chan struct{}                                      // Mail has come.
	cut     int                                                // Visits that began before it grew are cut.
	opened  int                                                // Visits begun.
	open    int                                                // Visits under way.
	script  func(op, uid string) error                         // May be nil; op: open, list, news, fetch, header, settle, close.
	before  func(action mailbox.Action, ref mailbox.Ref) error // Asked before each change on the server.
	onFetch func(uid string)                                   // Told when a message has been sent whole.
	rename  func(setting string) string                        // The server's name of a folder, when it differs from the setting.
	wrong   []error                                            // What must not happen and did.
}

type fakeFolder struct {
	validity uint32
	next     int
	messages []*fakeMessage
}

type fakeMessage struct {
	uid           string
	raw           []byte
	at            time.Time
	size          int64 // What LIST says; 0: the length.
	seen, deleted bool
}

func newFakeServer() *fakeServer {
	return &fakeServer{folders: map[string]*fakeFolder{"INBOX": {validity: 7, next: 1}}, news: make(chan struct{}, 1)}
}

// deliver puts a mail into a folder and returns its UID.
func (s *fakeServer) deliver(folder, raw string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.folders[folder]
	m := &fakeMessage{uid: strconv.Itoa(f.next), raw: []byte(crlf(raw)), at: time.Now().UTC()}
	f.next++
	f.messages = append(f.messages, m)
	select {
	case s.news <- struct{}{}:
	default:
	}
	return m.uid
}

// change alters what the server holds or does.
func (s *fakeServer) change(f func(s *fakeServer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(s)
}

// renumber gives a folder a new UIDVALIDITY and its messages new UIDs.
func (s *fakeServer) renumber(folder string) {
	s.change(func(s *fakeServer) {
		f := s.folders[folder]
		f.validity++
		for i, m := range f.messages {
			m.uid = strconv.Itoa(i + 1)
		}
		f.next = len(f.messages) + 1
	})
}

// uids returns what a folder holds, "seen" behind what carries the flag.
func (s *fakeServer) uids(folder string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, m := range s.folders[folder].messages {
		if m.seen {
			out = append(out, m.uid+" seen")
		} else {
			out = append(out, m.uid)
		}
	}
	return out
}

// did returns the events whose text begins with one of the prefixes.
func (s *fakeServer) did(prefixes ...string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, e := range s.events {
		if slices.ContainsFunc(prefixes, func(p string) bool { return len(e) >= len(p) && e[:len(p)] == p }) {
			out = append(out, e)
		}
	}
	return out
}

func (s *fakeServer) say(format string, args ...any) {
	s.events = append(s.events, fmt.Sprintf(format, args...))
}

func (s *fakeServer) check(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, err := range s.wrong {
		t.Error(err)
	}
}

func (s *fakeServer) visit(ctx context.Context, ib models.Inbox) (mailbox.Mailbox, error) {
	folders := ib.Settings.Folders
	if ib.Settings.Receive == "pop3" {
		folders = []string{"INBOX"}
	}
	v := &fakeVisit{s: s, settings: folders, pop3: ib.Settings.Receive == "pop3", told: map[string]int{}}
	s.change(func(s *fakeServer) { v.cut = s.cut })
	err := v.do(ctx, "open", "")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	if err != nil {
		return nil, err
	}
	s.open++
	if v.pop3 {
		return v, nil
	}
	return &fakeWatch{v}, nil
}

// fakeVisit is one session. Like POP3 it deletes with Close; like IMAP it does so at once when it is a fakeWatch.
type fakeVisit struct {
	s        *fakeServer
	settings []string
	pop3     bool
	dead     error
	cut      int
	ended    bool
	marked   []mailbox.Ref
	told     map[string]int // How many messages of each folder have been listed, by the next UID.
}

var _ mailbox.Mailbox = (*fakeVisit)(nil)

// do asks the script what is to happen.
func (v *fakeVisit) do(ctx context.Context, op, uid string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.s.mu.Lock()
	script := v.s.script
	if v.cut != v.s.cut {
		v.dead = errCut
	}
	v.s.mu.Unlock()
	if v.dead != nil {
		return v.dead
	}
	if script == nil {
		return nil
	}
	err := script(op, uid)
	switch {
	case errors.Is(err, errStall):
		<-ctx.Done()
		err = ctx.Err()
	case errors.Is(err, errCut):
	default:
		return err
	}
	v.dead = err
	return err
}

func (v *fakeVisit) name(setting string) string {
	if v.s.rename != nil {
		return v.s.rename(setting)
	}
	return setting
}

func (v *fakeVisit) entries(from func(folder string) int) []mailbox.Entry {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	var all []mailbox.Entry
	for _, setting := range v.settings {
		folder := v.name(setting)
		f := v.s.folders[folder]
		for _, m := range f.messages {
			n, _ := strconv.Atoi(m.uid)
			if n < from(folder) {
				continue
			}
			e := mailbox.Entry{
				Ref: mailbox.Ref{Folder: folder, UIDValidity: f.validity, UID: m.uid}, Size: m.size, ReceivedAt: m.at, Seen: m.seen, Deleted: m.deleted,
			}
			if e.Size == 0 {
				e.Size = int64(len(m.raw))
			}
			if v.pop3 {
				e.Ref, e.ReceivedAt, e.Seen, e.Deleted = mailbox.Ref{UID: m.uid}, time.Time{}, false, false
			}
			all = append(all, e)
		}
		v.told[folder] = f.next
	}
	return all
}

func (v *fakeVisit) List(ctx context.Context) ([]mailbox.Entry, error) {
	if err := v.do(ctx, "list", ""); err != nil {
		return nil, err
	}
	return v.entries(func(string) int { return 0 }), nil
}

// find returns the message of a ref and the folder in which it is.
func (v *fakeVisit) find(ref mailbox.Ref) (*fakeFolder, *fakeMessage) {
	folder := ref.Folder
	if v.pop3 {
		folder = "INBOX"
	}
	f := v.s.folders[folder]
	if f == nil || !v.pop3 && f.validity != ref.UIDValidity {
		return f, nil
	}
	for _, m := range f.messages {
		if m.uid == ref.UID {
			return f, m
		}
	}
	return f, nil
}

func (v *fakeVisit) remove(f *fakeFolder, m *fakeMessage) {
	f.messages = slices.DeleteFunc(f.messages, func(x *fakeMessage) bool { return x == m })
}

func (v *fakeVisit) Fetch(ctx context.Context, refs []mailbox.Ref, each func(mailbox.Ref, io.Reader) error) error {
	v.s.mu.Lock()
	v.s.say("asked for %d", len(refs))
	v.s.mu.Unlock()
	for _, ref := range refs {
		err := v.do(ctx, "fetch", ref.UID)
		if errors.Is(err, errVanish) {
			continue
		}
		v.s.mu.Lock()
		_, m := v.find(ref)
		v.s.mu.Unlock()
		switch {
		case errors.Is(err, errHalf) && m != nil:
			v.dead = errCut
			if err := each(ref, io.MultiReader(bytes.NewReader(m.raw[:len(m.raw)/2]), broken{})); err != nil {
				return err
			}
			return errCut
		case err != nil:
			return err
		case m == nil:
			continue
		}
		if err := each(ref, bytes.NewReader(m.raw)); err != nil {
			v.dead = errCut
			return err
		}
		v.s.mu.Lock()
		v.s.say("fetched %s", ref.UID)
		told := v.s.onFetch
		v.s.mu.Unlock()
		if told != nil {
			told(ref.UID)
		}
	}
	return nil
}

// broken is the rest of a message whose transfer was cut.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func (v *fakeVisit) FetchHeader(ctx context.Context, ref mailbox.Ref, limit int64, w io.Writer) error {
	err := v.do(ctx, "header", ref.UID)
	if errors.Is(err, errVanish) {
		return mailbox.ErrNotFound
	}
	if err != nil {
		return err
	}
	v.s.mu.Lock()
	_, m := v.find(ref)
	v.s.mu.Unlock()
	if m == nil {
		return mailbox.ErrNotFound
	}
	return mailbox.CopyHeader(w, bytes.NewReader(m.raw), limit)
}

func (v *fakeVisit) Settle(ctx context.Context, refs []mailbox.Ref, d mailbox.Disposition) []mailbox.Settled {
	var out []mailbox.Settled
	for _, ref := range refs {
		err := v.do(ctx, "settle", ref.UID)
		if errors.Is(err, errVanish) {
			out = append(out, mailbox.Settled{Ref: ref, Gone: true})
			continue
		}
		if err == nil && v.s.before != nil {
			if wrong := v.s.before(d.Action, ref); wrong != nil {
				v.s.change(func(s *fakeServer) { s.wrong = append(s.wrong, wrong) })
			}
		}
		out = append(out, v.settleOne(ref, d, err))
	}
	return out
}

func (v *fakeVisit) settleOne(ref mailbox.Ref, d mailbox.Disposition, err error) mailbox.Settled {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	if err != nil {
		v.s.say("refused %s %s", d.Action, ref.UID)
		return mailbox.Settled{Ref: ref, Err: err}
	}
	f, m := v.find(ref)
	if m == nil {
		return mailbox.Settled{Ref: ref, Gone: true}
	}
	switch {
	case d.Action == mailbox.Seen:
		m.seen = true
	case d.Action == mailbox.Delete && v.pop3:
		v.marked = append(v.marked, ref)
	case d.Action == mailbox.Delete:
		v.remove(f, m)
	case d.Action == mailbox.Move:
		to := v.s.folders[d.Folder]
		if to == nil {
			v.s.say("refused move %s", ref.UID)
			return mailbox.Settled{Ref: ref, Err: &mailbox.Problem{Phase: mailbox.PhaseSettle, Code: "E-IMAP-05", Err: errBroken}}
		}
		v.remove(f, m)
		moved := *m
		moved.uid = strconv.Itoa(to.next)
		to.next++
		to.messages = append(to.messages, &moved)
	}
	v.s.say("%s %s", d.Action, ref.UID)
	return mailbox.Settled{Ref: ref}
}

func (v *fakeVisit) Close(ctx context.Context) error {
	if err := v.do(ctx, "close", ""); err != nil {
		v.Abort()
		return err
	}
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	for _, ref := range v.marked {
		if f, m := v.find(ref); m != nil {
			v.remove(f, m)
		}
	}
	v.s.say("closed")
	v.end()
	return nil
}

func (v *fakeVisit) Abort() {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	v.end()
}

func (v *fakeVisit) end() {
	if !v.ended {
		v.ended = true
		v.s.open--
	}
}

// fakeWatch is a session that is kept, as over IMAP.
type fakeWatch struct{ *fakeVisit }

var _ mailbox.Watcher = (*fakeWatch)(nil)

func (v *fakeWatch) News(ctx context.Context) ([]mailbox.Entry, error) {
	if err := v.do(ctx, "news", ""); err != nil {
		return nil, err
	}
	return v.entries(func(folder string) int { return v.told[folder] }), nil
}

func (v *fakeWatch) Unread(ctx context.Context, first func(folder string, uidValidity uint32) uint32) ([]mailbox.Entry, error) {
	if err := v.do(ctx, "unread", ""); err != nil {
		return nil, err
	}
	var all []mailbox.Entry
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	for _, setting := range v.settings {
		folder := v.name(setting)
		f := v.s.folders[folder]
		for _, m := range f.messages {
			n, _ := strconv.Atoi(m.uid)
			if n >= int(first(folder, f.validity)) && n < v.told[folder] && !m.seen && !m.deleted {
				all = append(all, mailbox.Entry{Ref: mailbox.Ref{Folder: folder, UIDValidity: f.validity, UID: m.uid}})
			}
		}
	}
	return all, nil
}

func (v *fakeWatch) Wait(ctx context.Context, d time.Duration, wake <-chan struct{}) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-v.s.news:
	case <-t.C:
	case <-wake:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
