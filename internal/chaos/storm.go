package main

import (
	"context"
	"math/rand/v2"
	"time"

	"letterbox/internal/testdb/cluster"
)

// pausedFor is how long a process is paused: longer than its lease, so that another one takes over.
const pausedFor = 65 * time.Second

// fault is one way in which things go wrong; weight says how often.
type fault struct {
	weight int
	name   string
	run    func(ctx context.Context, e *estate, r *rand.Rand)
}

// common are the faults of every part.
func common() []fault {
	return []fault{
		{8, "SIGKILL at random", func(_ context.Context, e *estate, r *rand.Rand) { e.some(r).kill() }},
		{4, "SIGTERM", func(_ context.Context, e *estate, r *rand.Rand) { e.some(r).terminate() }},
		{10, "SIGKILL at a mail command", func(_ context.Context, e *estate, r *rand.Rand) { e.ambushMail(r, false) }},
		{3, "mail connection cut at a command", func(_ context.Context, e *estate, r *rand.Rand) { e.ambushMail(r, true) }},
		{2, "mail connections cut", func(context.Context, *estate, *rand.Rand) {}},
		{1, "Dovecot restarted", func(_ context.Context, e *estate, _ *rand.Rand) { _ = e.dovecot.Restart() }},
	}
}

// withServer are the faults of processes that share a database server.
func withServer(c *cluster.Cluster) []fault {
	all := append(common(),
		fault{10, "SIGKILL at a statement", func(_ context.Context, e *estate, r *rand.Rand) { e.ambushDatabase(r, false) }},
		fault{5, "database connection cut at a statement", func(_ context.Context, e *estate, r *rand.Rand) { e.ambushDatabase(r, true) }},
		fault{2, "leases ended", func(ctx context.Context, e *estate, _ *rand.Rand) { _ = e.clerk.EndLeases(ctx) }},
		fault{1, "SIGSTOP beyond the lease", func(ctx context.Context, e *estate, r *rand.Rand) { e.pauseOne(ctx, r) }},
	)
	if len(c.Nodes) == 1 {
		all = append(all, fault{1, "MariaDB killed and restarted", func(ctx context.Context, _ *estate, _ *rand.Rand) {
			c.Nodes[0].Kill()
			_ = c.Nodes[0].Start(ctx, true)
		}})
	}
	return all
}

func (e *estate) some(r *rand.Rand) *replica { return e.replicas[r.IntN(len(e.replicas))] }

// ambushMail waits for a command to the mail server and kills whoever may have sent it: all processes.
func (e *estate) ambushMail(r *rand.Rand, spare bool) {
	a := &ambush{after: r.IntN(2) == 0, spare: spare, kill: func() {
		for _, x := range e.replicas {
			if !x.isPaused() {
				x.kill()
			}
		}
	}}
	if r.IntN(3) == 0 {
		a.word = pick(r, "UIDL", "RETR", "DELE", "QUIT")
		e.pop3.arm(a)
		return
	}
	a.word = pick(r, "UID FETCH", "UID FETCH", "UID STORE", "UID MOVE", "UID EXPUNGE", "BODY.PEEK", "SELECT", "IDLE")
	e.imap.arm(a)
}

// ambushDatabase waits for a statement of one process: before it or after it, with its answer on the way.
func (e *estate) ambushDatabase(r *rand.Rand, spare bool) {
	x := e.some(r)
	word := pick(r, "COMMIT", "COMMIT", "COMMIT", "INSERT INTO messages", "UPDATE messages SET state", "INSERT INTO issues", "INSERT INTO comments",
		"INSERT INTO traces", "UPDATE messages SET settle_state", "UPDATE leases", "blob")
	x.db.arm(&ambush{word: word, after: r.IntN(2) == 0, spare: spare, kill: x.kill})
}

// pauseOne stops a process for longer than its lease; never all of them.
func (e *estate) pauseOne(ctx context.Context, r *rand.Rand) {
	for _, x := range e.replicas {
		if x.isPaused() {
			return
		}
	}
	x := e.some(r)
	x.pause()
	go func() {
		wait(ctx, pausedFor)
		x.resume()
	}()
}

// storm makes faults until ctx is done and restarts who has ended.
func (e *estate) storm(ctx context.Context, faults []fault, every time.Duration, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 3))
	total := 0
	for _, f := range faults {
		total += f.weight
	}
	for wait(ctx, every/2+rand.N(every)) {
		e.revive()
		_ = e.clerk.Poll(ctx)
		n := r.IntN(total)
		for _, f := range faults {
			if n -= f.weight; n < 0 {
				f.run(ctx, e, r)
				if f.name == "mail connections cut" {
					e.imap.cut()
					e.pop3.cut()
				}
				e.count(f.name)
				break
			}
		}
	}
}

// revive starts the processes that have ended.
func (e *estate) revive() {
	for _, x := range e.replicas {
		if !x.living() {
			_ = x.start()
		}
	}
}

// calm ends all faults.
func (e *estate) calm() {
	e.imap.arm(nil)
	e.pop3.arm(nil)
	for _, x := range e.replicas {
		if x.db != nil {
			x.db.arm(nil)
		}
		x.resume()
	}
	e.revive()
}

// wait reports false when ctx is done first.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }
