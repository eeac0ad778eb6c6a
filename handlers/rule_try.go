package handlers

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"letterbox/gateway"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// senderTrial is what the rules in a form say of the latest senders.
type senderTrial struct {
	Rows           []senderRow
	In, Out        int
	Differ         int
	Unknown, Wrong bool // No mail has come yet; the rules cannot be read.
}

type senderRow struct {
	Address     string
	Now, Was    health
	Differs, In bool
}

// trySenders tries the rules in a form on the latest senders.
func (v *visit) trySenders(inbox int64, rules models.Rules) (senderTrial, error) {
	var t senderTrial
	all, err := v.h.Gateway.TrySenders(v.ctx(), inbox, rules)
	if _, wrong := invalid(err); wrong {
		t.Wrong = true
		return t, nil
	}
	if err != nil {
		return t, err
	}
	t.Unknown = len(all) == 0
	for _, s := range all {
		row := senderRow{Address: s.Address, In: s.Draft == "", Differs: (s.Draft == "") != (s.InForce == "")}
		row.Now, row.Was = v.senderHealth(s.Draft), v.senderHealth(s.InForce)
		if row.In {
			t.In++
		} else {
			t.Out++
		}
		if row.Differs {
			t.Differ++
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}

func (v *visit) senderHealth(r rule.Reason) health {
	if r == "" {
		return health{"ok", "check", v.l.T("try.let_in")}
	}
	return health{"bad", "cross", v.l.T("reason." + string(r))}
}

// tried is what a dry run has found.
type tried struct {
	Rows    []triedRow // Those that differ first.
	Differ  int
	One     *triedMail // For a single mail.
	Problem string     // Why nothing could be tried.
}

type triedRow struct {
	models.Message
	Was, Now           health
	WasIssue, NowIssue int64
	Why                string // Why the rules in the form decide as they do.
	Differs            bool
	Gained, Lost       []string // Where it comes to the same result: what only one of the two sets of rules says of it.
}

// triedMail is a single mail that was tried.
type triedMail struct {
	triedRow
	Title   string
	Shown   string
	Files   []string
	Chapter []chapter
}

// tryRules shows what would become of mails under the rules in the form, and what differs from the rules in force.
// Nothing is written.
func (v *visit) tryRules(in gateway.InboxView, f *form, rules models.Rules) error {
	data := ruleView{}
	found, err := v.tryOn(in, f, rules)
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showRules(http.StatusUnprocessableEntity, in, f, data)
	}
	if err != nil {
		return err
	}
	data.Tried = found
	return v.showRules(http.StatusOK, in, f, data)
}

func (v *visit) tryOn(in gateway.InboxView, f *form, rules models.Rules) (*tried, error) {
	switch f.get("source") {
	case "pasted":
		text := f.text("pasted")
		if strings.TrimSpace(text) == "" {
			return nil, &models.Invalid{Field: "pasted", Code: "E-TRY-01"}
		}
		return v.tryMail(in, rules, strings.NewReader(strings.ReplaceAll(strings.TrimLeft(text, "\n"), "\n", "\r\n")))
	case "file":
		file, _, err := v.Request.FormFile("mail")
		if err != nil {
			return nil, &models.Invalid{Field: "mail", Code: "E-TRY-03"}
		}
		defer file.Close()
		return v.tryMail(in, rules, file)
	default:
		n, err := strconv.Atoi(f.get("count"))
		if err != nil || n < 1 {
			n = 50
		}
		all, err := v.h.Gateway.TryRulesOnLatest(v.ctx(), v.me, in.ID, rules, n)
		if err != nil {
			return nil, err
		}
		return v.triedMany(all), nil
	}
}

func (v *visit) tryMail(in gateway.InboxView, rules models.Rules, r io.Reader) (*tried, error) {
	t, err := v.h.Gateway.TryRules(v.ctx(), v.me, in.ID, rules, r)
	if err != nil {
		return nil, err
	}
	return v.triedOne(t), nil
}

func (v *visit) triedMany(all []gateway.Tried) *tried {
	out := &tried{}
	var same []triedRow
	for _, t := range all {
		row := v.triedRow(t)
		if row.Differs {
			out.Rows = append(out.Rows, row)
		} else {
			same = append(same, row)
		}
	}
	out.Differ = len(out.Rows)
	out.Rows = append(out.Rows, same...)
	if len(out.Rows) == 0 {
		out.Problem = v.l.T("try.nothing_kept")
	}
	return out
}

func (v *visit) triedRow(t gateway.Tried) triedRow {
	row := triedRow{Message: t.Message, Differs: t.Differs(), WasIssue: t.InForce.IssueNumber, NowIssue: t.Draft.IssueNumber}
	row.Was, row.Now = v.decided(t.InForce), v.decided(t.Draft)
	row.Why = v.why(t.Draft)
	if row.Differs && t.Draft.State == t.InForce.State {
		row.Gained, row.Lost = v.saidOnly(t.Draft.Trace, t.InForce.Trace), v.saidOnly(t.InForce.Trace, t.Draft.Trace)
	}
	return row
}

// mostSaid is how many sentences say in what two decisions differ.
const mostSaid = 8

// saidOnly are the sentences about the issue of a mail that stand in one story and not in the other, whatever the version.
func (v *visit) saidOnly(story, other []models.TraceEntry) []string {
	said := func(e models.TraceEntry) string {
		if e.Step != models.StepMatch || strings.HasSuffix(e.Code, "_not") || strings.HasSuffix(e.Code, "_not_by") || strings.HasSuffix(e.Code, "_none_by") {
			return ""
		}
		return v.told(e)
	}
	known := map[string]bool{"": true}
	for _, e := range other {
		e.Args = maps.Clone(e.Args)
		delete(e.Args, "version")
		known[said(e)] = true
	}
	var out []string
	for _, e := range story {
		bare := e
		bare.Args = maps.Clone(e.Args)
		delete(bare.Args, "version")
		if text := said(bare); !known[text] && len(out) < mostSaid {
			known[text] = true
			out = append(out, said(e))
		}
	}
	return out
}

// decided is a decision in words.
func (v *visit) decided(d gateway.Decision) health {
	h := v.outcome(models.Message{State: d.State})
	if d.IssueNumber != 0 {
		h.Text += fmt.Sprintf(" #%d", d.IssueNumber)
	}
	return h
}

// why is the sentence of what decided: the check that did not pass, or the verdict. "" for a mail that is let in.
func (v *visit) why(d gateway.Decision) string {
	if d.State == models.MessageCreated || d.State == models.MessageCommented {
		return ""
	}
	for i := len(d.Trace) - 1; i >= 0; i-- {
		if e := d.Trace[i]; strings.HasSuffix(e.Code, ".refused") {
			return v.told(e)
		}
	}
	for i := len(d.Trace) - 1; i >= 0; i-- {
		if e := d.Trace[i]; strings.HasPrefix(e.Code, "verdict.") {
			return v.told(e)
		}
	}
	return ""
}

func (v *visit) triedOne(t gateway.Tried) *tried {
	one := &triedMail{triedRow: v.triedRow(t), Title: t.Draft.Title}
	if m := t.Draft.Parsed; m != nil {
		one.Shown = m.Text
		for _, a := range m.Attachments {
			one.Files = append(one.Files, a.Name)
		}
	}
	one.Chapter = v.run(models.Trace{Entries: t.Draft.Trace}).Chapter
	out := &tried{One: one}
	if one.Differs {
		out.Differ = 1
	}
	return out
}

// uploadError tells a file that is too large from one that cannot be read.
func uploadError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return fmt.Errorf("%w: %w", errUnreadable, err)
}
