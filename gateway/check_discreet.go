package gateway

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// Checking is a check of a connection that waits to be started; each is told every finished phase and may be nil.
type Checking func(each func(CheckPhase)) (CheckReport, error)

// mostChecks is how often one person may check within a minute who is no admin of the installation. A server that let the
// person in within the last hour does not count: there is nothing to find out.
const mostChecks = 10

// CheckFor prepares a check for the eyes of a person, adds whether answers would go out, and puts it into the audit log.
// Somebody who is no admin must not find out with it what listens at a port: where no mail server answers, the report says
// nothing but that, and each time after as long.
func (g *Gateway) CheckFor(ctx context.Context, by *models.User, admin bool, of CheckOf, s models.InboxSettings, check Checking) Checking {
	return func(each func(CheckPhase)) (CheckReport, error) {
		start := time.Now()
		var found CheckReport
		var err error
		switch {
		case admin:
			found, err = check(each)
		case by != nil && !g.checks.allow(by.ID, serverOf(s), start):
			found = (&checkRun{each: each, start: start}).failed(&mailbox.Problem{Phase: mailbox.PhaseDNS, Code: "E-NET-10"})
		default:
			found, err = g.checkDiscreetly(ctx, s, start, each, check)
		}
		if err == nil {
			if found.OK && by != nil {
				g.checks.worked(by.ID, serverOf(s), start)
			}
			found = g.withSending(ctx, of, each, found)
			g.auditCheck(ctx, by, of.object(), s, found)
		}
		return found, err
	}
}

func (g *Gateway) auditCheck(ctx context.Context, by *models.User, object string, s models.InboxSettings, found CheckReport) {
	detail := map[string]string{"server": net.JoinHostPort(s.Host, strconv.Itoa(s.Port)), "result": "OK"}
	for _, p := range found.Phases {
		if p.State == "failed" {
			detail["result"] = p.Code
		}
	}
	if err := g.audit(ctx, by, "inbox.check", object, detail); err != nil {
		g.Log.LogAttrs(ctx, slog.LevelError, "check not kept in the audit log", slog.Any("err", err))
	}
}

// checkDiscreetly holds the first phases back until a mail server has answered.
func (g *Gateway) checkDiscreetly(ctx context.Context, s models.InboxSettings, start time.Time, each func(CheckPhase), check Checking) (CheckReport, error) {
	if each == nil {
		each = func(CheckPhase) {}
	}
	var held []CheckPhase
	answered := false
	release := func() {
		for _, p := range held {
			each(p)
		}
		held, answered = nil, true
	}
	found, err := check(func(p CheckPhase) {
		early := p.Phase == mailbox.PhaseDNS || p.Phase == mailbox.PhaseConnect || p.Phase == mailbox.PhaseTLS
		if !answered && (early || p.State == "skipped") {
			held = append(held, p)
			return
		}
		release()
		each(p)
	})
	end := start.Add(s.ConnectTimeout) // As long as silence would take.
	until, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	at := slices.IndexFunc(found.Phases, func(p CheckPhase) bool { return p.State == "failed" })
	if err != nil || at < 0 || answered || !g.hides(until, s, found.Phases[at].Phase, found.Phases[at].Code) {
		release()
		return found, err
	}
	wait(ctx, time.Until(end), nil)
	var report CheckReport
	run := &checkRun{each: func(p CheckPhase) {
		p.Duration = 0
		each(p)
		report.Phases = append(report.Phases, p)
	}}
	run.add(CheckPhase{Phase: mailbox.PhaseDNS, State: "ok"})
	run.failed(noServer(s))
	return report, nil
}

// serverOf names an account on a server.
func serverOf(s models.InboxSettings) string {
	return s.Receive + " " + net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) + " " + s.Security + " " + s.Username
}

// checkCount counts the checks of each person within the last minute.
type checkCount struct {
	mu     sync.Mutex
	last   map[int64][]time.Time
	let    map[letIn]time.Time
	pruned time.Time
}

// letIn is an account whose server let a person in.
type letIn struct {
	user   int64
	server string
}

func (c *checkCount) allow(user int64, server string, at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = map[int64][]time.Time{}
	}
	if t, ok := c.let[letIn{user, server}]; ok && at.Sub(t) < time.Hour {
		return true
	}
	recent := slices.DeleteFunc(c.last[user], func(t time.Time) bool { return at.Sub(t) > time.Minute })
	if len(recent) >= mostChecks {
		c.last[user] = recent
		return false
	}
	c.last[user] = append(recent, at)
	return true
}

func (c *checkCount) worked(user int64, server string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.let == nil || at.Sub(c.pruned) > time.Hour { // What is older is of no use.
		c.let, c.pruned = map[letIn]time.Time{}, at
	}
	c.let[letIn{user, server}] = at
}
