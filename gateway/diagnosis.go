package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// Diagnosis is what somebody who helps from afar has to know: what runs, how it is set up, how it is doing and what went
// wrong how often. It holds no secret and nothing of a mail. Names of hosts, accounts, inboxes and folders are in it only
// when whoever asks for it wants that.
type Diagnosis struct {
	At           time.Time       `json:"made_at"`
	Go           string          `json:"go"`
	System       string          `json:"system"`
	Database     string          `json:"database"` // "sqlite" or "mysql".
	ClockInDoubt bool            `json:"clock_in_doubt"`
	ReadingOff   bool            `json:"reading_off"`
	Processes    int             `json:"processes"` // That share the inboxes.
	SinceStart   Stats           `json:"since_start"`
	Inboxes      []DiagnosedPart `json:"inboxes"`
	Sending      []DiagnosedPart `json:"sending_accounts"`
	Webhooks     []DiagnosedPart `json:"webhooks"`
}

// DiagnosedPart is an inbox, a sending account or a webhook in a [Diagnosis].
type DiagnosedPart struct {
	ID       int64                     `json:"id"`
	Enabled  bool                      `json:"enabled"`
	Settings map[string]any            `json:"settings,omitempty"`
	Rules    map[string]any            `json:"rules,omitempty"`
	State    string                    `json:"state,omitempty"`
	Code     string                    `json:"code"` // Why it fails; "" when it does not.
	Failures int                       `json:"failures"`
	Since    *time.Time                `json:"since,omitempty"`
	LastPoll *time.Time                `json:"last_poll_at,omitempty"`
	LastMail *time.Time                `json:"last_mail_at,omitempty"`
	Counts   map[string]map[string]int `json:"counts"` // "messages.state" -> "created" -> how many.
	Names    map[string]any            `json:"names,omitempty"`
}

// plainWord is what a choice of a setting, a state or a code looks like; anything else in their place is not repeated.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,40}$`)

// closedWords are the settings whose text is one of a few words. Of all other texts only is said whether there is one.
var closedWords = []string{
	"receive", "security", "tls_verify", "auth", "select", "import_since", "after", "pop3_after", "language", "smime_encrypt",
	"domain_mode", "number_match", "closed_issues", "auto_mail", "empty_subject", "process", "spam_mail", "sender_check", "sender_failed",
	"reject_notice", "attach_to_active",
}

// Diagnose returns a [Diagnosis] for an admin; names says whether the names of hosts, accounts, inboxes and folders are to
// be in it. It is audited.
func (g *Gateway) Diagnose(ctx context.Context, by *models.User, names bool) (Diagnosis, error) {
	d := Diagnosis{
		At: now(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Database: g.Store.Dialect(),
		ClockInDoubt: g.ClockInDoubt(), SinceStart: g.Stats(), Inboxes: []DiagnosedPart{}, Sending: []DiagnosedPart{}, Webhooks: []DiagnosedPart{},
	}
	if err := g.audit(ctx, by, "diagnosis.download", "diagnosis:0", map[string]bool{"names": names}); err != nil {
		return d, err
	}
	off, err := g.Reading(ctx)
	if err != nil {
		return d, err
	}
	others, err := g.Store.LeasesOfOthers(ctx, g.holder)
	if err != nil {
		return d, err
	}
	d.ReadingOff, d.Processes = off.Off, 1+processes(others)
	tallies, err := g.Store.Tallies(ctx)
	if err != nil {
		return d, err
	}
	inboxes, err := g.Inboxes(ctx)
	if err != nil {
		return d, err
	}
	for _, in := range inboxes {
		p := DiagnosedPart{
			ID: in.ID, Enabled: in.Enabled, State: string(in.Status.State), Code: in.Status.Code, Failures: in.Status.Failures,
			LastPoll: in.Status.LastPollAt, LastMail: in.Status.LastMailAt, Counts: countsOf(tallies, "messages.", in.ID),
		}
		if !in.Status.Since.IsZero() {
			p.Since = &in.Status.Since
		}
		p.Settings, p.Rules = outline(in.Settings), outline(in.Rules)
		if names {
			p.Names = map[string]any{"name": in.Name, "address": in.Address, "host": in.Settings.Host, "folders": in.Settings.Folders}
		}
		d.Inboxes = append(d.Inboxes, p)
	}
	accounts, err := g.Store.SendingAccounts(ctx)
	if err != nil {
		return d, err
	}
	for _, a := range accounts {
		p := DiagnosedPart{
			ID: a.ID, Enabled: true, Code: a.TroubleCode, Failures: a.Failures, Since: a.TroubleAt, Settings: outline(a.Settings), Counts: countsOf(tallies, "outbox.", a.ID),
		}
		if names {
			p.Names = map[string]any{"address": a.Address, "host": a.Settings.Host}
		}
		d.Sending = append(d.Sending, p)
	}
	hooks, err := g.Store.Webhooks(ctx)
	if err != nil {
		return d, fmt.Errorf("list webhooks: %w", err)
	}
	for _, w := range hooks {
		p := DiagnosedPart{ID: w.ID, Enabled: w.Enabled, Code: w.OffReason, Failures: w.Failures, Since: w.FailingSince, Counts: countsOf(tallies, "webhook_deliveries.", w.ID)}
		if names {
			p.Names = map[string]any{"name": w.Name}
		}
		d.Webhooks = append(d.Webhooks, p)
	}
	return d, nil
}

// countsOf returns the counts of one owner.
func countsOf(all []store.Tally, of string, owner int64) map[string]map[string]int {
	out := map[string]map[string]int{}
	for _, t := range all {
		if t.Owner != owner || t.Value == "" || len(t.Of) < len(of) || t.Of[:len(of)] != of {
			continue
		}
		value := t.Value
		if !plainWord.MatchString(value) {
			value = "other"
		}
		if out[t.Of] == nil {
			out[t.Of] = map[string]int{}
		}
		out[t.Of][value] += t.Count
	}
	return out
}

// outline returns settings without what a person wrote into them: numbers, switches and closedWords as they are, of a text
// whether there is one, of a list how long it is. A setting that is new is treated so by itself.
func outline(settings any) map[string]any {
	raw, err := json.Marshal(settings)
	if err != nil {
		return nil // Settings are written as JSON all the time.
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil
	}
	return outlined(fields)
}

func outlined(fields map[string]any) map[string]any {
	out := map[string]any{}
	for name, value := range fields {
		switch v := value.(type) {
		case string:
			if slices.Contains(closedWords, name) && plainWord.MatchString(v) {
				out[name] = v
			} else {
				out[name+"_set"] = v != ""
			}
		case []any:
			out[name+"_count"] = len(v)
		case map[string]any:
			out[name] = outlined(v)
		default:
			out[name] = v
		}
	}
	return out
}
