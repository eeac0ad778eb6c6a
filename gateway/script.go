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

// askScript gives a message to the script of the inbox and does what it says. It is never called within a transaction.
// That no worker can be started is trouble, and the message is tried again; whatever the script does is its result.
func (g *Gateway) askScript(ctx context.Context, d *delivery) error {
	s := d.rules.rules.Script
	if s.Empty() {
		return nil
	}
	r, err := g.scriptAnswer(ctx, d)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &stepError{step: models.StepMatch, code: "E-SCRIPT-05", err: err}
	}
	d.answer = &r
	d.note(models.StepMatch, "match.script", "version", itoa(d.rules.version), "ms", itoa(r.Took.Milliseconds()))
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
		d.scriptFailed(*r.Failure)
		return nil
	}
	return g.doAsScripted(ctx, d, r.Decision)
}

// mostScriptLines is how many lines of a script a trace holds.
const mostScriptLines = 100

func (g *Gateway) scriptAnswer(ctx context.Context, d *delivery) (script.Result, error) {
	if g.Scripts == nil {
		return script.Result{}, errors.New("no scripts can be run here")
	}
	job, err := d.scriptJob()
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

func (d *delivery) scriptJob() (script.Job, error) {
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
	job := script.Job{Source: d.rules.rules.Script.Source, At: at}
	var err error
	if job.Mail, err = json.Marshal(m); err != nil {
		return job, fmt.Errorf("write the mail for the script: %w", err)
	}
	if job.Context, err = json.Marshal(c); err != nil {
		return job, fmt.Errorf("write the context for the script: %w", err)
	}
	return job, nil
}

// scriptFailed does with a message on which the script has failed what the inbox says.
func (d *delivery) scriptFailed(f script.Failure) {
	code, args := "match.script_failed", []string{"kind", string(f.Kind), "detail", cut(f.Detail, 500)}
	if f.Line > 0 {
		code, args = "match.script_failed_at", append(args, "row", strconv.Itoa(f.Line))
	}
	d.note(models.StepMatch, code, args...)
	if d.told != nil || d.rules.rules.Script.OnFailure == "go_on" {
		d.note(models.StepMatch, "match.script_without")
		return
	}
	if f.Kind == script.Slow {
		d.finish(models.MessageQuarantined, rule.ScriptTimeout)
		d.note(models.StepMatch, "verdict."+string(rule.ScriptTimeout), "s", strconv.Itoa(int(script.Timeout/time.Second)))
		return
	}
	d.finish(models.MessageQuarantined, rule.ScriptFailed)
	d.note(models.StepMatch, "verdict."+string(rule.ScriptFailed))
}
