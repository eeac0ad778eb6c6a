package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing/synctest"
	"time"

	"letterbox/internal/testdb"
	"letterbox/models"
)

// play makes mail come and things go wrong until about that many mails have been sent, and checks after each event what
// must always hold.
func (w *sim) play(mails int) {
	for _, a := range w.accounts {
		if a.protocol == "imap" { // Mail that somebody else is about to remove is none of ours.
			a.deliver("INBOX", crlf(mail("other", anna, "Of somebody else", "Leave it alone.")))
			a.change(func(s *fakeServer) { s.folders["INBOX"].messages[0].deleted = true })
		}
	}
	burst := max(2, mails/8)
	for len(w.mails) < mails {
		w.keepOne()
		w.happen(burst)
		w.sleep(pick(w.r, 0, 50*time.Millisecond, time.Second, 10*time.Second, 40*time.Second))
		w.safe()
		if len(w.wrong) > 0 {
			return
		}
	}
}

// sleep lets virtual time pass.
func (w *sim) sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// keepOne buries who has died and sees that somebody lives.
func (w *sim) keepOne() {
	w.running = slices.DeleteFunc(w.running, func(p *process) bool {
		if !p.isDead() {
			return false
		}
		p.kill()
		return true
	})
	if !slices.ContainsFunc(w.running, func(p *process) bool { return !p.isPaused() }) {
		w.note("start process %d", w.start().n)
	}
}

// occurrence is one kind of event; weight says how often it comes.
type occurrence struct {
	weight int
	name   string
	run    func(w *sim, burst int)
}

func (w *sim) occurrences() []occurrence {
	all := []occurrence{
		{14, "", (*sim).deliver},
		{3, "", (*sim).handIn},
		{4, "", (*sim).deliverToBoth},
		{2, "", (*sim).join},
		{4, "process killed", (*sim).killSome},
		{2, "process paused", (*sim).pauseSome},
		{2, "process wakes up", func(w *sim, _ int) { w.some().resume() }},
		{1, "process stopped", (*sim).stopSome},
		{4, "database in trouble", (*sim).failStatements},
		{1, "database down", (*sim).databaseDown},
		{2, "commits without answer", (*sim).loseCommits},
		{3, "connections cut", func(w *sim, _ int) { w.account().change(func(s *fakeServer) { s.cut++ }) }},
		{3, "server in trouble", (*sim).serverTrouble},
		{1, "server silent", (*sim).serverSilent},
		{2, "message cut in half", func(w *sim, _ int) { w.account().begin("fetch", trouble{err: errHalf, times: 1 + w.r.IntN(2)}) }},
		{1, "folder renumbered", (*sim).renumberOne},
		{2, "message removed by others", (*sim).removeOne},
		{2, "flags changed by others", (*sim).flagSome},
		{2, "leases ended", (*sim).endLeases},
	}
	if w.post != nil {
		all = append(all, occurrence{2, "answers of a mail server lost", (*sim).losePostAnswers}, occurrence{1, "mail server takes nothing", (*sim).refusePost},
			occurrence{1, "server down for minutes", (*sim).serverDown})
	}
	return all
}

// happen makes one event happen.
func (w *sim) happen(burst int) {
	all, total := w.occurrences(), 0
	for _, o := range all {
		total += o.weight
	}
	n := w.r.IntN(total)
	for _, o := range all {
		if n -= o.weight; n < 0 {
			if o.name != "" {
				w.note("%s", o.name)
				w.count(o.name)
			}
			o.run(w, burst)
			return
		}
	}
}

func (w *sim) account() *account { return pick(w.r, w.accounts...) }
func (w *sim) some() *process    { return pick(w.r, w.running...) }

// deliver brings mails; some reach both mailboxes, some come twice.
func (w *sim) deliver(burst int) {
	n := 1 + w.r.IntN(burst)
	for range n {
		m, a := w.make(), w.account()
		w.send(m, a)
		switch w.r.IntN(12) {
		case 0:
			w.send(m, w.accounts[0])
			w.send(m, w.accounts[1])
		case 1:
			w.send(m, a)
		}
	}
	w.note("%d mails up to %d", n, len(w.mails))
}

// deliverToBoth brings one mail to both mailboxes at the same moment, and nothing else.
func (w *sim) deliverToBoth(int) {
	m := w.make()
	w.send(m, w.accounts[0])
	w.send(m, w.accounts[1])
	w.note("mail %d to both", m.n)
}

// join starts one more process, up to three.
func (w *sim) join(int) {
	if len(w.running) < 3 {
		w.count("process joins")
		w.start()
	}
}

// handIn hands a mail in and does so again until it is taken, as a mail transfer agent does; an impatient one does it twice
// at once.
func (w *sim) handIn(int) {
	m, a := w.make(), w.account()
	w.note("hand in mail %d", m.n)
	for range pick(w.r, 1, 2) {
		p := w.some()
		w.handed.Go(func() { w.handInBy(p, m, a) })
	}
}

func (w *sim) handInBy(p *process, m *sent, a *account) {
	for {
		if p.isDead() {
			w.mu.Lock()
			all := slices.Clone(w.all)
			w.mu.Unlock()
			for _, other := range all {
				if !other.isDead() {
					p = other
				}
			}
		}
		row, err := p.g.Receive(p.context(w.t.Context()), a.inbox.ID, "receive", strings.NewReader(m.raw))
		if err == nil && !row.State.Final() {
			w.fail("I1: mail %d was taken and is %s", m.n, row.State)
		}
		if err == nil {
			w.mu.Lock()
			m.handed = true
			w.mu.Unlock()
			return
		}
		time.Sleep(20 * time.Second)
	}
}

// killSome kills a process, now or in the middle of what it does next.
func (w *sim) killSome(int) {
	p, after := w.some(), 1+w.r.IntN(150)
	switch w.r.IntN(5) {
	case 0:
		p.kill()
	case 1, 2:
		p.arm("kill", after)
	default:
		p.mu.Lock()
		p.left = after
		p.mu.Unlock()
	}
}

func (w *sim) pauseSome(int) {
	w.some().arm("pause", 1+w.r.IntN(80))
}

func (p *process) arm(then string, calls int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.paused == nil {
		p.then, p.calls = then, calls
	}
}

func (w *sim) stopSome(int) {
	p := w.some()
	w.running = slices.DeleteFunc(w.running, func(x *process) bool { return x == p })
	p.stop()
}

func (w *sim) failStatements(int) {
	for _, p := range w.running {
		p.mu.Lock()
		p.failing = 1 + w.r.IntN(10)
		p.mu.Unlock()
	}
}

func (w *sim) databaseDown(int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dbDown = time.Now().Add(time.Duration(1+w.r.IntN(90)) * time.Second)
}

func (w *sim) loseCommits(int) {
	p := w.some()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.commits = 1 + w.r.IntN(4)
}

// begin makes an account have trouble with a command.
func (a *account) begin(op string, tr trouble) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.trouble[op] = tr
}

func (w *sim) serverTrouble(int) {
	op := pick(w.r, "open", "list", "news", "fetch", "settle", "close")
	err := pick(w.r, errCut, errBroken)
	if op == "fetch" || op == "settle" {
		err = pick(w.r, errCut, errCut, errBroken, errVanish)
	}
	if err == errVanish && op == "settle" { // It is a lie, but one that harms nobody.
		err = errBroken
	}
	w.account().begin(op, trouble{err: err, times: 1 + w.r.IntN(3)})
}

func (w *sim) serverSilent(int) {
	w.account().begin(pick(w.r, "open", "list", "news", "fetch", "close"), trouble{err: errCut, until: time.Now().Add(time.Duration(w.r.IntN(120)) * time.Second)})
}

// serverDown lets a server refuse every connection for some minutes; by then a process that lives shows it (I11).
func (w *sim) serverDown(int) {
	a, began, alive := w.account(), time.Now(), slices.Clone(w.running)
	a.begin("open", trouble{err: errCut, until: began.Add(7 * time.Minute)})
	a.change(func(s *fakeServer) { s.cut++ })
	w.sleep(6 * time.Minute)
	alive = slices.DeleteFunc(alive, func(p *process) bool { return p.isDead() || p.isPaused() })
	w.mu.Lock()
	down := w.dbDown.After(began)
	w.mu.Unlock()
	if down || len(alive) == 0 {
		return
	}
	var said []string
	for _, p := range alive {
		v, err := p.g.Inbox(w.t.Context(), a.inbox.ID)
		if err == nil && v.Status.State == models.InboxFailing && v.Status.Code != "" {
			return
		}
		said = append(said, fmt.Sprintf("process %d: %s %q %v", p.n, v.Status.State, v.Status.Code, err))
	}
	w.fail("I11: a server has been down for six minutes, and nobody is told: %v", said)
}

// renumberOne gives all messages of an account other names. Nobody can be connected meanwhile.
func (w *sim) renumberOne(int) {
	a := w.account()
	a.change(func(s *fakeServer) { s.cut++ })
	if a.protocol == "imap" {
		a.renumber("INBOX")
		return
	}
	a.delivers++
	a.change(func(s *fakeServer) {
		for i, m := range s.folders["INBOX"].messages {
			m.uid = fmt.Sprintf("v%d-r%d", a.delivers, i)
		}
	})
}

// removeOne has another mail program remove a message.
func (w *sim) removeOne(int) {
	a := w.account()
	a.change(func(s *fakeServer) {
		f := s.folders["INBOX"]
		if len(f.messages) == 0 {
			return
		}
		i := w.r.IntN(len(f.messages))
		if f.messages[i].deleted {
			return
		}
		raw := string(f.messages[i].raw)
		f.messages = slices.Delete(f.messages, i, i+1)
		for _, m := range w.mails {
			if m.raw == raw {
				m.removed = true
			}
		}
	})
}

// flagSome has another mail program set and clear \Seen.
func (w *sim) flagSome(int) {
	w.account().change(func(s *fakeServer) {
		for _, m := range s.folders["INBOX"].messages {
			if !m.deleted && w.r.IntN(3) == 0 {
				m.seen = !m.seen
			}
		}
	})
}

// endLeases makes every process believe that it may visit.
func (w *sim) endLeases(int) {
	for _, p := range w.running {
		if err := w.store.EndLeasesOf(w.t.Context(), p.g.Holder()); err != nil {
			w.t.Fatal(err)
		}
		for _, a := range w.accounts {
			if err := p.g.Poll(w.t.Context(), a.inbox.ID); err != nil && !errors.Is(err, models.ErrNotFound) {
				w.t.Fatal(err)
			}
		}
	}
}

// context is one with the fate of the process.
func (p *process) context(parent context.Context) context.Context {
	return &processContext{testdb.WithFault(parent, p.fault), p}
}
