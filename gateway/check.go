package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// CheckReport is what a check of a connection found, phase by phase. A check changes nothing in the mailbox.
type CheckReport struct {
	OK     bool
	Phases []CheckPhase
	// Deletes says that messages are deleted on the server once they are taken in, and Existing how many of those that
	// are there now this will befall.
	Deletes  bool
	Existing int

	Folders  []mailbox.Folder // Of the account, with the number of their messages; nil where there are none, or they cannot be told.
	Messages int              // In the folders that are read.
	Oldest   time.Time        // When the oldest of them arrived; zero when the server does not tell.
}

// CheckPhase is one phase of a check.
type CheckPhase struct {
	Phase    mailbox.Phase
	State    string            // "ok", "failed" or "skipped" (an earlier one failed).
	Code     string            // Of the message catalogue: the cause when failed, a warning or "" when ok.
	Args     map[string]string // Placeholders of its sentence, and what was found.
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
	phases []mailbox.Phase // Those of an inbox when nil.
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
	g.bear(&a, OAuthInbox(ib.ID), ib.Settings.OAuth, ib.Settings.Receive, true)
	return g.check(ctx, ib, a, each)
}

// CheckDraft tries a connection before it is saved. id names the inbox whose stored password is used when the draft
// has none and its server and user are unchanged; 0 for a new one.
func (g *Gateway) CheckDraft(ctx context.Context, id int64, d InboxDraft, each func(CheckPhase)) (CheckReport, error) {
	complete(&d)
	if list := validate(d); len(list) > 0 {
		return CheckReport{}, list
	}
	ib := models.Inbox{Settings: d.Settings}
	password := ""
	if id != 0 {
		stored, err := g.Store.InboxByID(ctx, id)
		if err != nil {
			return CheckReport{}, err
		}
		if !otherAccount(stored.Settings, d.Settings) { // Another account holds other messages.
			ib.ID, ib.StartedAt = stored.ID, stored.StartedAt
		}
		if d.Password == nil && !clearsPassword(stored.Settings, d.Settings) && stored.PasswordEnc != "" {
			if password, err = g.Secrets.Open(stored.PasswordEnc, InboxSecretPlace(id)); err != nil {
				return CheckReport{}, fmt.Errorf("open the stored password: %w", err)
			}
		}
	}
	if d.Password != nil {
		password = *d.Password
	}
	a, err := accountOf(d.Settings, password, g.Dial)
	if err != nil {
		var p *mailbox.Problem
		if errors.As(err, &p) {
			return (&checkRun{each: each, start: time.Now()}).failed(p), nil
		}
		return CheckReport{}, err
	}
	if id != 0 && a.OAuth() {
		stored, err := g.Store.InboxByID(ctx, id)
		if err != nil {
			return CheckReport{}, err
		}
		if !losesOAuth(stored.Settings, d.Settings) { // Tokens were given for that server.
			g.bear(&a, OAuthInbox(id), stored.Settings.OAuth, d.Settings.Receive, true)
		}
	}
	return g.check(ctx, ib, a, each)
}

func (g *Gateway) check(ctx context.Context, ib models.Inbox, a mailbox.Account, each func(CheckPhase)) (CheckReport, error) {
	ctx, cancel := context.WithTimeout(ctx, a.ConnectTimeout+time.Minute)
	defer cancel()
	run := &checkRun{each: each, start: time.Now()}
	if a.OAuth() {
		run.phases = slices.Insert(checkPhases(), 3, mailbox.PhaseToken)
	}
	found := map[string]string{}
	box, err := openAccount(ctx, ib.Settings.Receive, a, func(st mailbox.Step) {
		if st.Phase == mailbox.PhaseCounts { // What is there is counted below.
			maps.Copy(found, st.Note)
			return
		}
		if st.Phase == mailbox.PhaseRights {
			warnOfRights(ib.Settings, st.Note)
		}
		run.add(CheckPhase{Phase: st.Phase, State: "ok", Code: st.Note["code"], Args: st.Note})
	})
	if err != nil {
		return run.failed(asProblem(err, mailbox.PhaseConnect)), nil
	}
	defer box.Abort()
	entries, err := box.List(ctx)
	if err != nil {
		return run.failed(asProblem(err, mailbox.PhaseCounts)), nil
	}
	found["messages"] = strconv.Itoa(len(entries))
	run.report.Messages, run.report.Oldest = len(entries), oldest(entries)
	delete(found, "oldest")
	if at := run.report.Oldest; !at.IsZero() {
		found["oldest"] = at.Format(time.DateOnly)
	}
	run.add(CheckPhase{Phase: mailbox.PhaseCounts, State: "ok", Code: found["code"], Args: found})
	run.report.OK = true
	if lister, ok := box.(mailbox.Lister); ok {
		// The connection works; that its folders cannot be told shows when somebody wants to choose one.
		run.report.Folders, _ = lister.Folders(ctx, true)
	}
	if run.report.Deletes = deletes(ib.Settings); run.report.Deletes {
		if run.report.Existing, err = g.existing(ctx, ib, entries); err != nil {
			return run.report, fmt.Errorf("count what would be deleted: %w", err)
		}
	}
	return run.report, nil
}

// oldest is when the first of some messages arrived; zero when it is not told of any.
func oldest(entries []mailbox.Entry) time.Time {
	var first time.Time
	for _, e := range entries {
		if at := e.ReceivedAt; !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// warnOfRights notes the first folder that lacks a right (RFC 4314, 2.1) that is needed for what is to be done with
// messages there.
func warnOfRights(s models.InboxSettings, note map[string]string) {
	need := map[string]string{"seen": "s", "delete": "te", "move": "te"}[s.After]
	for _, key := range slices.Sorted(maps.Keys(note)) {
		folder, ok := strings.CutPrefix(key, "rights:")
		if !ok {
			continue
		}
		has := note[key]
		if strings.Contains(has, "d") { // One right of RFC 2086 for both.
			has += "te"
		}
		if strings.Trim(need, has) != "" {
			note["code"], note["folder"], note["strategy"] = "E-IMAP-07", folder, s.After
			return
		}
	}
}

// failed ends the run: the phase of p failed, the later ones were not tried.
func (c *checkRun) failed(p *mailbox.Problem) CheckReport {
	c.add(CheckPhase{Phase: p.Phase, State: "failed", Code: p.Code, Args: p.Args})
	after := false
	phases := c.phases
	if phases == nil {
		phases = checkPhases()
	}
	for _, ph := range phases {
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

// Poll has the inbox visited now and returns at once. This process sees it immediately, another one when it next looks
// for changes.
func (g *Gateway) Poll(ctx context.Context, id int64) error {
	if err := g.Store.AskForPoll(ctx, id); err != nil {
		return fmt.Errorf("ask for a visit: %w", err)
	}
	g.lookNow()
	return nil
}
