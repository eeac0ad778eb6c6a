package gateway

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// CheckReport is what a check of a connection found, phase by phase. A check changes nothing in the mailbox.
type CheckReport struct {
	OK     bool
	Phases []CheckPhase
}

// CheckPhase is one phase of a check.
type CheckPhase struct {
	Phase    mailbox.Phase
	State    string            // "ok", "failed" or "skipped" (an earlier one failed).
	Code     string            // Of the message catalogue when failed.
	Args     map[string]string // Placeholders of its sentence; what was found when ok.
	Duration time.Duration
}

// checkPhases are the phases in the order in which a check shows them.
func checkPhases() []mailbox.Phase {
	return []mailbox.Phase{
		mailbox.PhaseDNS, mailbox.PhaseConnect, mailbox.PhaseTLS, mailbox.PhaseSignIn, mailbox.PhaseFolders,
		mailbox.PhaseRights, mailbox.PhaseCounts,
	}
}

// checkRun collects the phases of one check as they end.
type checkRun struct {
	report CheckReport
	each   func(CheckPhase)
	start  time.Time
}

func (c *checkRun) add(p CheckPhase) {
	p.Duration = time.Since(c.start)
	c.start = time.Now()
	c.report.Phases = append(c.report.Phases, p)
	if c.each != nil {
		c.each(p)
	}
}

// CheckInbox tries the connection of an inbox as it is stored; each is told every finished phase and may be nil.
func (g *Gateway) CheckInbox(ctx context.Context, id int64, each func(CheckPhase)) (CheckReport, error) {
	ib, err := g.Store.InboxByID(ctx, id)
	if err != nil {
		return CheckReport{}, err
	}
	a, err := g.account(ib)
	if err != nil {
		var p *mailbox.Problem
		if errors.As(err, &p) {
			run := &checkRun{each: each, start: time.Now()}
			return run.failed(p), nil
		}
		return CheckReport{}, err
	}
	return g.check(ctx, ib.Settings, a, each), nil
}

// CheckDraft tries a connection before it is saved. id names the inbox whose stored password is used when the draft
// has none and its server and user are unchanged; 0 for a new one.
func (g *Gateway) CheckDraft(ctx context.Context, id int64, d InboxDraft, each func(CheckPhase)) (CheckReport, error) {
	complete(&d)
	if list := validate(d); len(list) > 0 {
		return CheckReport{}, list
	}
	password := ""
	if d.Password != nil {
		password = *d.Password
	} else if id != 0 {
		ib, err := g.Store.InboxByID(ctx, id)
		if err != nil {
			return CheckReport{}, err
		}
		if !clearsPassword(ib.Settings, d.Settings) && ib.PasswordEnc != "" {
			if password, err = g.Secrets.Open(ib.PasswordEnc, secretPlace(id)); err != nil {
				return CheckReport{}, fmt.Errorf("open the stored password: %w", err)
			}
		}
	}
	a, err := accountOf(d.Settings, password, g.Dial)
	if err != nil {
		var p *mailbox.Problem
		if errors.As(err, &p) {
			return (&checkRun{each: each, start: time.Now()}).failed(p), nil
		}
		return CheckReport{}, err
	}
	return g.check(ctx, d.Settings, a, each), nil
}

func (g *Gateway) check(ctx context.Context, s models.InboxSettings, a mailbox.Account, each func(CheckPhase)) CheckReport {
	ctx, cancel := context.WithTimeout(ctx, a.ConnectTimeout+time.Minute)
	defer cancel()
	run := &checkRun{each: each, start: time.Now()}
	box, err := openAccount(ctx, s.Receive, a, func(st mailbox.Step) {
		run.add(CheckPhase{Phase: st.Phase, State: "ok", Args: st.Note})
	})
	if err != nil {
		return run.failed(asProblem(err, mailbox.PhaseConnect))
	}
	defer box.Abort()
	entries, err := box.List(ctx)
	if err != nil {
		return run.failed(asProblem(err, mailbox.PhaseCounts))
	}
	found := map[string]string{"messages": strconv.Itoa(len(entries))}
	for _, e := range entries {
		if at := e.ReceivedAt; !at.IsZero() && (found["oldest"] == "" || at.Format(time.DateOnly) < found["oldest"]) {
			found["oldest"] = at.Format(time.DateOnly)
		}
	}
	run.add(CheckPhase{Phase: mailbox.PhaseCounts, State: "ok", Args: found})
	run.report.OK = true
	return run.report
}

// failed ends the run: the phase of p failed, the later ones were not tried.
func (c *checkRun) failed(p *mailbox.Problem) CheckReport {
	c.add(CheckPhase{Phase: p.Phase, State: "failed", Code: p.Code, Args: p.Args})
	after := false
	for _, ph := range checkPhases() {
		if after {
			c.add(CheckPhase{Phase: ph, State: "skipped"})
		}
		after = after || ph == p.Phase
	}
	return c.report
}

// asProblem gives an error that no mail source has explained a phase and a code.
func asProblem(err error, phase mailbox.Phase) *mailbox.Problem {
	var p *mailbox.Problem
	if errors.As(err, &p) {
		return p
	}
	return &mailbox.Problem{Phase: phase, Code: "E-NET-05", Args: map[string]string{"text": err.Error()}, Err: err}
}

// Folders asks the server of an inbox for its folders. A failure is a *mailbox.Problem; a source without folders has
// none.
func (g *Gateway) Folders(ctx context.Context, id int64) ([]mailbox.Folder, error) {
	ib, err := g.Store.InboxByID(ctx, id)
	if err != nil {
		return nil, err
	}
	ib.Settings.Folders = nil // Looking for folders must work while the set one is missing.
	box, err := g.openBox(ctx, ib, nil)
	if err != nil {
		return nil, err
	}
	defer box.Abort()
	lister, ok := box.(mailbox.Lister)
	if !ok {
		return nil, nil
	}
	return lister.Folders(ctx, true)
}

// Poll has the inbox visited now and returns at once.
func (g *Gateway) Poll(ctx context.Context, id int64) error {
	if _, err := g.Store.InboxByID(ctx, id); err != nil {
		return err
	}
	g.pokeWorker(id)
	return nil
}
