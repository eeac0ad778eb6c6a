package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"letterbox/gateway/message"
	"letterbox/gateway/rule"
	"letterbox/gateway/script"
	"letterbox/models"
)

// scriptAnswers are the results of the scripts that a message was given to, by what they were asked: the same question
// is not asked twice, when match has to look again or two sets of rules have the same script.
type scriptAnswers map[[sha256.Size]byte]script.Result

// scriptRun is one script that is asked about a message.
type scriptRun struct {
	name      string // Of a shared script; "": the inbox's own.
	rule      string // The flow rule that runs it; "": the inbox does.
	version   int64  // Of a shared script; 0: there is none of that name.
	source    string
	onFailure string
}

// ScriptRun is what one script said to a message.
type ScriptRun struct {
	Name   string // Of a shared script; "": the inbox's own.
	Rule   string // The flow rule that has run it; "": the inbox has.
	Result script.Result
}

// askScripts gives a message to the scripts that flow rules name, in their order, and then to the script of the inbox. Each
// sees what those before it have set, and what a later one sets goes over that. One that refuses the message or sets it aside
// is the last.
func (g *Gateway) askScripts(ctx context.Context, d *delivery) error {
	runs, err := g.scriptRuns(ctx, d)
	if err != nil {
		return err
	}
	for i, s := range runs {
		if err := g.askScript(ctx, d, s); err != nil {
			return err
		}
		if d.decided() {
			for _, left := range runs[i+1:] {
				d.noteRun("match.script_left", left)
			}
			return nil
		}
	}
	return nil
}

// scriptRuns are the scripts that are asked about a message, in order. Shared ones are those in force now.
func (g *Gateway) scriptRuns(ctx context.Context, d *delivery) ([]scriptRun, error) {
	var runs []scriptRun
	var names []string
	for _, r := range d.flowed.Run {
		runs, names = append(runs, scriptRun{name: r.Script, rule: r.Rule}), append(names, rule.Fold(r.Script))
	}
	if own := d.rules.rules.Script; !own.Empty() {
		if runs = append(runs, scriptRun{name: own.Uses, source: own.Source, onFailure: own.OnFailure}); own.Uses != "" {
			names = append(names, rule.Fold(own.Uses))
		}
	}
	if len(names) == 0 {
		return runs, nil
	}
	list, err := g.Store.SharedScriptsNamed(ctx, names)
	if err != nil {
		return nil, fmt.Errorf("read the scripts of the message: %w", err)
	}
	shared := make(map[string]models.SharedScript, len(list)+1)
	for _, one := range list {
		shared[one.Folded] = one
	}
	if d.draft != nil {
		shared[d.draft.Folded] = *d.draft
	}
	for i := range runs {
		r := &runs[i]
		if one, ok := shared[rule.Fold(r.name)]; ok && r.name != "" {
			if r.source, r.version = one.Source, max(one.Version, 1); r.rule != "" {
				r.onFailure = one.OnFailure
			}
		}
	}
	return runs, nil
}

// noteRun tells something of a script: which one it is, and which flow rule runs it.
func (d *delivery) noteRun(code string, s scriptRun, args ...string) {
	switch {
	case s.rule != "":
		code += "_ruled"
	case s.name != "":
		code += "_shared"
	}
	d.note(models.StepMatch, code, append([]string{"name", s.name, "rule", s.rule}, args...)...)
}

// askScript gives a message to one script and does what it says. It is never called within a transaction.
// That no worker can be started is trouble, and the message is tried again; whatever the script does is its result.
func (g *Gateway) askScript(ctx context.Context, d *delivery, s scriptRun) error {
	if s.name != "" && s.version == 0 {
		d.noteRun("match.script_gone", s)
		d.withoutScript(s, script.Missing)
		return nil
	}
	r, err := g.scriptAnswer(ctx, d, s.source)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &stepError{step: models.StepMatch, code: "E-SCRIPT-05", err: err}
	}
	d.ran = append(d.ran, ScriptRun{Name: s.name, Rule: s.rule, Result: r})
	if s.name == "" {
		d.note(models.StepMatch, "match.script", "version", itoa(d.rules.version), "ms", itoa(r.Took.Milliseconds()))
	} else {
		d.noteRun("match.script", s, "script_version", itoa(s.version), "ms", itoa(r.Took.Milliseconds()))
	}
	for i, line := range r.Log {
		if i == mostScriptLines {
			r.LogCut = true
			break
		}
		d.note(models.StepMatch, "match.script_log", "line", cut(line, 500))
	}
	if r.LogCut {
		d.note(models.StepMatch, "match.script_log_cut")
	}
	if r.Failure != nil {
		d.scriptFailed(s, *r.Failure)
		return nil
	}
	return g.doAsScripted(ctx, d, s, r.Decision)
}

// mostScriptLines is how many lines of a script a trace holds.
const mostScriptLines = 100

func (g *Gateway) scriptAnswer(ctx context.Context, d *delivery, source string) (script.Result, error) {
	if g.Scripts == nil {
		return script.Result{}, errors.New("no scripts can be run here")
	}
	job, err := d.scriptJob(source)
	if err != nil {
		return script.Result{}, err
	}
	raw, err := json.Marshal(job)
	if err != nil {
		return script.Result{}, fmt.Errorf("write the job of the script: %w", err)
	}
	sum := sha256.Sum256(raw)
	if r, known := d.answers[sum]; known {
		return r, nil
	}
	r, err := g.Scripts.Run(ctx, job)
	if err != nil {
		return r, err
	}
	if d.answers == nil {
		d.answers = scriptAnswers{}
	}
	d.answers[sum] = r
	return r, nil
}

// scriptMail is what a script sees of a mail: what "letterbox inspect --json" prints, without HTML, and some fields more.
type scriptMail struct {
	*message.Message
	HTML        *string  `json:"html,omitempty"` // Hides that of the message: it is not read where mail is processed.
	Date        string   `json:"date"`
	Header      string   `json:"header"`
	DeliveredTo []string `json:"delivered_to"`
	Size        int64    `json:"size"`
}

// scriptContext is what a script sees besides.
type scriptContext struct {
	Inbox      scriptInbox       `json:"inbox"`
	ReceivedAt string            `json:"received_at"`
	Known      bool              `json:"known_sender"`
	Sender     string            `json:"sender_check"` // "pass", "fail" or "none".
	Profile    string            `json:"profile"`      // The format that matched, "" when none did.
	Fields     map[string]string `json:"fields"`       // What it has read.
	Key        string            `json:"key"`          // Its merge key.
}

type scriptInbox struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Address string `json:"address"`
}

func (d *delivery) scriptJob(source string) (script.Job, error) {
	at := d.cameAt()
	m := scriptMail{Message: d.mail.WithoutNil(), Header: d.mail.HeaderText, DeliveredTo: d.mail.DeliveredTo, Size: d.row.Size}
	if !d.mail.Date.IsZero() {
		m.Date = d.mail.Date.UTC().Format(time.RFC3339)
	}
	if m.DeliveredTo == nil {
		m.DeliveredTo = []string{}
	}
	c := scriptContext{
		Inbox: scriptInbox{d.inbox.ID, d.inbox.Name, d.inbox.Address}, ReceivedAt: at.Format(time.RFC3339),
		Known: d.people.sender != nil && d.people.sender.DisabledAt == nil, Sender: string(d.auth.State), Fields: map[string]string{},
	}
	if d.data != nil {
		c.Profile, c.Key = d.data.Profile, d.data.Key
		for _, f := range d.data.Fields {
			c.Fields[f.Name] = f.Value
		}
	}
	job := script.Job{Source: source, At: at}
	var err error
	if job.Mail, err = json.Marshal(m); err != nil {
		return job, fmt.Errorf("write the mail for the script: %w", err)
	}
	if job.Context, err = json.Marshal(c); err != nil {
		return job, fmt.Errorf("write the context for the script: %w", err)
	}
	return job, nil
}

// scriptFailed does with a message on which a script has failed what the inbox says, or the script where a flow rule runs it.
func (d *delivery) scriptFailed(s scriptRun, f script.Failure) {
	code, args := "match.script_failed", []string{"kind", string(f.Kind), "detail", cut(f.Detail, 500)}
	if f.Line > 0 {
		code, args = "match.script_failed_at", append(args, "row", strconv.Itoa(f.Line))
	}
	d.note(models.StepMatch, code, args...)
	d.withoutScript(s, f.Kind)
}

// withoutScript has a message go on without a decision of a script, or sets it aside.
func (d *delivery) withoutScript(s scriptRun, why script.Kind) {
	if d.told != nil || s.onFailure == "go_on" {
		d.note(models.StepMatch, "match.script_without")
		return
	}
	if why == script.Slow {
		d.finish(models.MessageQuarantined, rule.ScriptTimeout)
		d.note(models.StepMatch, "verdict."+string(rule.ScriptTimeout), "s", strconv.Itoa(int(script.Timeout/time.Second)))
		return
	}
	d.finish(models.MessageQuarantined, rule.ScriptFailed)
	d.note(models.StepMatch, "verdict."+string(rule.ScriptFailed))
}
