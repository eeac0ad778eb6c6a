package gateway

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// Checking is a check of a connection that waits to be started; each is told every finished phase and may be nil.
type Checking func(each func(CheckPhase)) (CheckReport, error)

// mostChecks is how often one person may check within a minute who is no admin of the installation.
const mostChecks = 10

// CheckFor prepares a check for the eyes of a person, adds whether answers would go out, and puts it into the audit log.
// Somebody who is no admin must not find out with it what runs inside a network that the operator has
// listed: where no mail server answers there, the report says nothing but that, and each time after as long. A server of
// the internet tells it to everybody.
func (g *Gateway) CheckFor(ctx context.Context, by *models.User, admin bool, of CheckOf, s models.InboxSettings, check Checking) Checking {
	return func(each func(CheckPhase)) (CheckReport, error) {
		start := time.Now()
		var found CheckReport
		var err error
		switch {
		case admin:
			found, err = check(each)
		case by != nil && !g.checks.allow(by.ID, start):
			found = (&checkRun{each: each, start: start}).failed(&mailbox.Problem{Phase: mailbox.PhaseDNS, Code: "E-NET-10"})
		default:
			found, err = g.checkDiscreetly(ctx, s, start, each, check)
		}
		if err == nil {
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
	answered, inside := false, false
	release := func() {
		for _, p := range held {
			each(p)
		}
		held, answered = nil, true
	}
	found, err := check(func(p CheckPhase) {
		inside = inside || isInside(p.Args)
		early := p.Phase == mailbox.PhaseDNS || p.Phase == mailbox.PhaseConnect || p.Phase == mailbox.PhaseTLS
		if !answered && (early || p.State == "skipped") {
			held = append(held, p)
			return
		}
		release()
		each(p)
	})
	if err != nil || found.OK || answered || !inside || !slices.ContainsFunc(found.Phases, tells) {
		release()
		return found, err
	}
	limit := s.ConnectTimeout // As long as silence would take.
	wait(ctx, time.Until(start.Add(limit)), nil)
	var report CheckReport
	run := &checkRun{each: func(p CheckPhase) {
		p.Duration = 0
		each(p)
		report.Phases = append(report.Phases, p)
	}}
	run.add(CheckPhase{Phase: mailbox.PhaseDNS, State: "ok"})
	run.failed(&mailbox.Problem{Phase: mailbox.PhaseConnect, Code: "E-NET-09", Args: map[string]string{"host": s.Host, "port": strconv.Itoa(s.Port)}})
	return report, nil
}

// tells reports whether a phase that failed says something about a port behind which no mail server is.
func tells(p CheckPhase) bool {
	return p.State == "failed" && slices.Contains([]string{"E-NET-01", "E-NET-02", "E-NET-03", "E-NET-05", "E-TLS-05"}, p.Code)
}

// isInside reports whether a phase was about an address that is not of the internet.
func isInside(args map[string]string) bool {
	if args["inside"] != "" {
		return true
	}
	at, err := netip.ParseAddrPort(args["address"])
	if err != nil {
		return false
	}
	a := at.Addr().Unmap()
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || !a.IsGlobalUnicast()
}

// checkCount counts the checks of each person within the last minute.
type checkCount struct {
	mu   sync.Mutex
	last map[int64][]time.Time
}

func (c *checkCount) allow(user int64, at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.last == nil {
		c.last = map[int64][]time.Time{}
	}
	recent := slices.DeleteFunc(c.last[user], func(t time.Time) bool { return at.Sub(t) > time.Minute })
	if len(recent) >= mostChecks {
		c.last[user] = recent
		return false
	}
	c.last[user] = append(recent, at)
	return true
}
