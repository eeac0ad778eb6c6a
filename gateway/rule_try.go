package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"time"

	"letterbox/gateway/rule"
	"letterbox/models"
	"letterbox/models/store"
)

// mostTried is how many stored messages rules are tried on at a time.
const mostTried = 200

// Tried is what becomes of one mail under two sets of rules.
type Tried struct {
	Message models.Message // Its ID is 0 for a mail that was handed in.
	InForce Decision       // Under the rules in force.
	Draft   Decision       // Under those that are tried.
}

// Differs reports whether the mail ends otherwise under the two sets of rules.
func (t Tried) Differs() bool {
	a, b := t.InForce, t.Draft
	return a.State != b.State || a.Reason != b.Reason || a.IssueNumber != b.IssueNumber || a.Title != b.Title || a.ProjectID != b.ProjectID || !reflect.DeepEqual(a.Data, b.Data) || !reflect.DeepEqual(a.Flow, b.Flow)
}

// TryRules decides on one raw mail under the rules in force and under draft. Nothing is written. Rules that SaveRules would
// not take of the person are refused in the same way: a models.InvalidList, or models.ErrForbidden.
func (g *Gateway) TryRules(ctx context.Context, by *models.User, inboxID int64, draft models.Rules, r io.Reader) (Tried, error) {
	t, err := g.draftTrial(ctx, by, inboxID, draft)
	if err != nil {
		return Tried{}, err
	}
	return t.read(ctx, r)
}

// read is run for a mail that is handed in.
func (t *trial) read(ctx context.Context, r io.Reader) (Tried, error) {
	limit := t.inbox.Settings.MaxMessageSize
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return Tried{}, fmt.Errorf("read the mail: %w", err)
	}
	if int64(len(raw)) > limit {
		return Tried{}, &models.Invalid{Field: "mail", Code: "E-TRY-02", Args: map[string]string{"max": itoa(limit)}}
	}
	return t.run(ctx, models.Message{InboxID: t.inbox.ID, Size: int64(len(raw))}, raw)
}

// TryRulesOnLatest decides on the latest n messages of an inbox whose octets are kept, newest first, under the rules in
// force and under draft; at most 200, and with a script what is done within 20 seconds. Nothing is written.
func (g *Gateway) TryRulesOnLatest(ctx context.Context, by *models.User, inboxID int64, draft models.Rules, n int) ([]Tried, error) {
	t, err := g.draftTrial(ctx, by, inboxID, draft)
	if err != nil {
		return nil, err
	}
	return t.latest(ctx, n)
}

// latest is run for the latest n messages of the inbox.
func (t *trial) latest(ctx context.Context, n int) ([]Tried, error) {
	rows, _, err := t.g.Store.Messages(ctx, store.MessageFilter{InboxIDs: []int64{t.inbox.ID}, Kept: true, Limit: min(n, mostTried)})
	if err != nil {
		return nil, fmt.Errorf("read the log: %w", err)
	}
	out, started := make([]Tried, 0, len(rows)), time.Now()
	for _, row := range rows {
		if time.Since(started) > scriptTrials && (t.draft.scripted || t.inForce.scripted) {
			break
		}
		one, err := t.run(ctx, row, nil)
		if errors.Is(err, models.ErrNotFound) {
			continue // Its octets have just been given up.
		}
		if err != nil {
			return nil, fmt.Errorf("try message %d: %w", row.ID, err)
		}
		out = append(out, one)
	}
	return out, nil
}

// TryRulesOn is TryRulesOnLatest for one message.
func (g *Gateway) TryRulesOn(ctx context.Context, by *models.User, draft models.Rules, id int64) (Tried, error) {
	row, err := g.Store.MessageByID(ctx, id)
	if err != nil {
		return Tried{}, err
	}
	t, err := g.draftTrial(ctx, by, row.InboxID, draft)
	if err != nil {
		return Tried{}, err
	}
	return t.run(ctx, row, nil)
}

// trial compares two sets of rules of an inbox.
type trial struct {
	g              *Gateway
	inbox          models.Inbox
	own            map[string]bool
	inForce, draft *compiledRules
	script         scriptDraft // Tried with the draft; nil: those in force.
}

// draftTrial is a trial of rules that the person could put in force.
func (g *Gateway) draftTrial(ctx context.Context, by *models.User, inboxID int64, draft models.Rules) (*trial, error) {
	t, err := g.newTrial(ctx, inboxID, draft)
	if err != nil {
		return nil, err
	}
	inForce, err := g.Store.RuleVersion(ctx, inboxID, t.inbox.RuleVersion)
	if err != nil {
		return nil, err
	}
	return t, g.mayReplace(ctx, by, inForce.Rules, draft)
}

func (g *Gateway) newTrial(ctx context.Context, inboxID int64, draft models.Rules) (*trial, error) {
	ib, err := g.Store.InboxByID(ctx, inboxID)
	if err != nil {
		return nil, err
	}
	if list := wrongRules(draft); len(list) > 0 {
		return nil, list
	}
	if err := g.wrongScript(ctx, draft.Script); err != nil {
		return nil, err
	}
	t := &trial{g: g, inbox: ib}
	if t.draft, err = compileRules(0, draft); err != nil {
		return nil, fmt.Errorf("compile the draft: %w", err)
	}
	if t.inForce, err = g.rulesOf(ctx, ib); err != nil {
		return nil, err
	}
	t.own, err = g.ownAddresses(ctx)
	return t, err
}

// run reads a mail once and decides twice.
func (t *trial) run(ctx context.Context, row models.Message, raw []byte) (Tried, error) {
	if raw == nil && row.BlobID == nil {
		return Tried{}, models.ErrNotFound
	}
	d := &delivery{inbox: t.inbox, own: t.own, rules: t.inForce, row: row, raw: raw, dry: true, rerun: true, reads: t.draft.data.ReadsFiles(), answers: scriptAnswers{}}
	if err := t.g.runStep(ctx, d, step{models.StepParse, (*Gateway).parse}); err != nil {
		return Tried{}, err
	}
	out := Tried{Message: d.row}
	var err error
	if out.InForce, err = t.decide(ctx, *d, t.inForce); err != nil {
		return out, err
	}
	d.draft = t.script
	out.Draft, err = t.decide(ctx, *d, t.draft)
	return out, err
}

func (t *trial) decide(ctx context.Context, d delivery, rules *compiledRules) (Decision, error) {
	d.rules, d.trace = rules, append([]models.TraceEntry(nil), d.trace...)
	for _, s := range deciding()[1:] {
		if err := t.g.runStep(ctx, &d, s); err != nil {
			return Decision{}, err
		}
	}
	return d.decision(), nil
}

// decision is what a dry run has come to.
func (d *delivery) decision() Decision {
	return Decision{
		State: d.state, Reason: d.reason, IssueNumber: d.target.comment, ProjectID: d.project(), Title: d.title(),
		Trace: d.trace, Parsed: d.mail, Args: d.verdict.Args, Data: d.data, Flow: d.flowed, Scripts: d.ran,
	}
}

// SenderTried is what the rules about senders say of one address.
type SenderTried struct {
	Address        string
	InForce, Draft rule.Reason // "" for let in.
}

// TrySenders decides what rules say of the latest 100 senders of an inbox, as far as it depends on the sender: the lists,
// the domains and whether the sender is known. Lists and patterns that cannot be read are a models.InvalidList.
func (g *Gateway) TrySenders(ctx context.Context, inboxID int64, draft models.Rules) ([]SenderTried, error) {
	t, err := g.newTrial(ctx, inboxID, onlySenders(draft))
	if err != nil {
		return nil, err
	}
	inForce, err := rule.Compile(onlySenders(t.inForce.rules))
	if err != nil {
		return nil, fmt.Errorf("compile the rules in force: %w", err)
	}
	senders, err := g.Store.RecentSenders(ctx, inboxID, 100)
	if err != nil {
		return nil, fmt.Errorf("read the latest senders: %w", err)
	}
	out := make([]SenderTried, 0, len(senders))
	for _, a := range senders {
		known, err := g.knownSender(ctx, a)
		if err != nil {
			return nil, err
		}
		f := rule.Facts{From: a, FromShown: a, Known: known}
		out = append(out, SenderTried{Address: a, InForce: inForce.Decide(f).Reason, Draft: t.draft.set.Decide(f).Reason})
	}
	return out, nil
}

func (g *Gateway) knownSender(ctx context.Context, address string) (bool, error) {
	u, err := g.Store.UserByAddress(ctx, lower(address))
	if errors.Is(err, models.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look up a sender: %w", err)
	}
	return u.DisabledAt == nil, nil
}

// onlySenders keeps of rules what can be said of a sender alone.
func onlySenders(r models.Rules) models.Rules {
	return models.Rules{
		AllowUnknown: r.AllowUnknown, AllowedSenders: r.AllowedSenders, BlockedSenders: r.BlockedSenders,
		DomainMode: r.DomainMode, Domains: r.Domains, DomainPattern: r.DomainPattern,
	}
}
