package gateway

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"letterbox/gateway/authenticity"
	"letterbox/gateway/extract"
	"letterbox/gateway/flow"
	"letterbox/gateway/message"
	"letterbox/gateway/rule"
	"letterbox/gateway/script"
	"letterbox/models"
	"letterbox/models/store"
)

// delivery carries one message from its kept octets to its result. Every step reads what the steps before it have set
// and sets its own fields once.
type delivery struct {
	inbox     models.Inbox
	own       map[string]bool // Addresses of our inboxes, read once a round; nil: to be read.
	rules     *compiledRules
	priority  *int64          // Of the project, that a profile or a script names.
	fence     fence           // The lease under which the inbox is visited; its zero value fences nothing.
	row       models.Message  // The ledger row, in state received.
	from      *models.Message // The row as it was before the first step.
	raw       []byte          // The octets, when they are small enough to have been kept in memory; nil: read the blob.
	rerun     bool            // A person asked for it again: duplicates are not looked for, the server is not told.
	marking   bool            // It is processed again because it was marked as unread on the server.
	dry       bool            // Nothing is kept.
	told      *order          // A person says what becomes of it; nil: the rules do.
	dropped   map[int]bool    // Set by gate: the attachments that the rules leave out.
	run       int             // Number of the trace.
	trace     []models.TraceEntry
	failed    error               // Why it could not be parsed, while it waits for its turn.
	held      bool                // The transaction under way holds the fence and the octets until it ends.
	unseen    bool                // No message that is final has the same octets, as long as they are held.
	mail      *message.Message    // Set by parse.
	files     []*store.BlobWriter // Set by parse: the octets of mail.Attachments, same order.
	dkim      authenticity.Result // Set by parse: what the signature says, where it was looked at.
	auth      authenticity.Result // Set by gate: is the sender the one it claims to be?
	people    snapshot            // Set by gate.
	crowded   bool                // Set by gate: the project has other inboxes, which the same mail may reach.
	others    bool                // Set by gate: there are other inboxes.
	verdict   rule.Verdict        // Set by gate.
	readable  []extract.File      // Set by parse: files that profiles may read.
	reads     bool                // Files are kept for profiles other than those of rules.
	gated     int                 // Set by match: entries of the trace up to the gate.
	unread    *message.Message    // Set by match: the mail as the gate has left it.
	data      *extract.Outcome    // Set by match: what a profile has read; nil: nothing.
	assignee  *int64              // Set by match: whom the profile names.
	keyed     *keyed              // Set by match: the merge key; nil: none that counts.
	flowed    flow.Decision       // Set by match: what the flow rules want.
	followers []int64             // Set by match: who watches the issue because a flow rule says so.
	changed   models.MailUpdate   // Set by match: what flow rules change of the issue of a comment.
	answers   scriptAnswers       // What the script has said to what it was asked.
	ran       []ScriptRun         // Set by match: the scripts that have run, in order.
	setBy     map[string]string   // Set by match: who has set what; see claim.
	draft     scriptDraft         // A version of a shared script that is tried; nil: those in force count.
	scripted  script.Decision     // Set by match: what the script wants.
	routed    int64               // Set by match: the project of a new issue, where the script names one; 0: that of the inbox.
	target    target              // Set by match.
	active    activeCase          // Set by match: where files go besides.
	commands  []models.Command    // Set by match: what the mail asks for besides.
	newcomer  bool                // Set by apply: a customer made of the sender has been counted.
	state     models.MessageState // Set by the step that decides.
	reason    rule.Reason         // Set with state.
	issue     int64               // Set by apply.
	comment   int64               // Set by apply.
	queued    bool                // Set by apply: mail to go out has been put into the outbox.
	bounced   int64               // Set by apply: the issue of the mail that this one reports undelivered.
}

// step is one stage of the way after the octets are kept. It returns an error only when it could not do its work; a
// decision, such as a refusal, is recorded in the delivery.
type step struct {
	name models.Step
	run  func(*Gateway, context.Context, *delivery) error
}

// deciding are the steps that come to a decision and write nothing; a dry run ends with them. fetch and store come
// before (see visit.go), apply, settle and notify after.
func deciding() []step {
	return []step{
		{models.StepParse, (*Gateway).parse},
		{models.StepGate, (*Gateway).gate},
		{models.StepMatch, (*Gateway).match},
	}
}

// process takes a received message to its final state, in one go. What is new is not told yet (notify).
func (g *Gateway) process(ctx context.Context, d *delivery) error {
	defer d.discard(ctx)
	if err := g.prepare(ctx, d); err != nil {
		return err
	}
	if err := g.conclude(ctx, d); err != nil {
		return err
	}
	d.taken()
	return nil
}

// prepare takes the first of the deciding steps alone: parse needs nothing but the octets, so it can be done ahead.
func (g *Gateway) prepare(ctx context.Context, d *delivery) error {
	return g.runStep(ctx, d, deciding()[0])
}

// conclude takes a parsed message to its final state. Once that is durable, call taken.
func (g *Gateway) conclude(ctx context.Context, d *delivery) error {
	for _, s := range deciding()[1:] {
		if err := g.runStep(ctx, d, s); err != nil {
			return err
		}
	}
	return g.runStep(ctx, d, step{models.StepApply, (*Gateway).apply})
}

// decide runs the deciding steps until one has come to a final state.
func (g *Gateway) decide(ctx context.Context, d *delivery) error {
	for _, s := range deciding() {
		if err := g.runStep(ctx, d, s); err != nil {
			return err
		}
	}
	return nil
}

// runStep takes one step. A panic in it concerns this message only.
func (g *Gateway) runStep(ctx context.Context, d *delivery, s step) error {
	start := time.Now()
	d.row.Step = s.name
	err := func() (err error) {
		defer caught(s.name, &err)
		return s.run(g, ctx, d)
	}()
	if g.Log.Enabled(ctx, slog.LevelDebug) || err != nil {
		level := slog.LevelDebug
		switch {
		case err == nil, ctx.Err() != nil: // Its inbox is given up, or the process ends: it goes on elsewhere.
		case d.held && store.Unavailable(err): // A transaction of several is repeated.
		default:
			level = slog.LevelWarn
		}
		g.Log.LogAttrs(ctx, level, "step finished", slog.String("step", string(s.name)), slog.Int64("message_id", d.row.ID),
			slog.Int64("inbox_id", d.inbox.ID), slog.Duration("duration", time.Since(start)), slog.Any("err", err))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return nil
}

// note appends to the trace. args are pairs of placeholder and value.
func (d *delivery) note(s models.Step, code string, args ...string) {
	m := make(map[string]string, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i]] = args[i+1]
	}
	d.trace = append(d.trace, models.TraceEntry{Step: s, Code: code, Args: m, At: now()})
}

// decided reports whether a step before has come to a final state.
func (d *delivery) decided() bool { return d.state != "" }

func (d *delivery) finish(state models.MessageState, reason rule.Reason) {
	d.state, d.reason = state, reason
}

// open returns the octets of the message.
func (g *Gateway) open(ctx context.Context, d *delivery) (io.ReadCloser, error) {
	if d.raw != nil || d.row.BlobID == nil {
		return io.NopCloser(newOctets(d.raw)), nil
	}
	r, _, err := g.Store.OpenBlob(ctx, *d.row.BlobID)
	if err != nil {
		return nil, fmt.Errorf("open raw message: %w", err)
	}
	return r, nil
}

// taken gives up the memory of attachments that an issue or a comment has taken over.
func (d *delivery) taken() {
	if !d.hasEffect() {
		return
	}
	for _, f := range d.files {
		if f != nil {
			f.Release()
		}
	}
	d.files = nil
}

// discard drops the attachments that no step has taken over.
func (d *delivery) discard(ctx context.Context) {
	for _, f := range d.files {
		if f != nil {
			_ = f.Discard(context.WithoutCancel(ctx)) // What stays staged is collected later.
		}
	}
	d.files = nil
}
