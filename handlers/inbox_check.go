package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// report is a check of a connection as it is shown.
type report struct {
	OK      bool
	Summary string
	Phases  []phaseView
	Folders []*branch
	Warning string // That messages will be deleted; "" when none are.
	Form    string // Id of the form that remedies are sent with; "" when they are links, or filled in by the script.
	Next    bool   // The form goes on from here.
}

// phaseView is one line of a check.
type phaseView struct {
	Name, Icon, Kind, State string
	Found                   string // What was found, or the cause.
	Warning                 string // What is doubtful although the phase went well.
	Code                    string
	Remedy                  string // What to do; "" when the cause says it.
	Fixes                   []fixView
	Certificate             *gateway.Certificate // That was refused.
	Took                    time.Duration
	Form                    string
}

// checked says how a check is shown: beside a stored inbox (ID), or above a form that is open.
type checked struct {
	id   int64
	form string
	s    models.InboxSettings
}

// inboxCheck tries the connection of an inbox as it is stored and shows it phase by phase, with its folders.
func inboxCheck(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	at := checked{id: in.ID, s: in.Settings}
	check := v.checkFor(gateway.CheckOf{Inbox: in.ID, Project: in.ProjectID}, in.Settings, func(each func(gateway.CheckPhase)) (gateway.CheckReport, error) {
		return v.h.Gateway.CheckInbox(v.ctx(), in.ID, each)
	})
	if v.PostForm("live") != "" {
		_, err = v.checkLive(at, check)
		return err
	}
	found, err := check(nil)
	if err != nil {
		return err
	}
	return v.showInbox(http.StatusOK, in, v.report(at, found))
}

// checkFor prepares a check for the eyes of the person who asks.
func (v *visit) checkFor(of gateway.CheckOf, s models.InboxSettings, check gateway.Checking) gateway.Checking {
	return v.h.Gateway.CheckFor(v.ctx(), v.me, v.access.Admin(), of, s, check)
}

// discreetly does something with the server of an inbox for the eyes of the person who asks.
func (v *visit) discreetly(s models.InboxSettings, do func() error) error {
	return v.h.Gateway.Discreetly(v.ctx(), v.access.Admin(), s, do)
}

// discreet is an inbox for the eyes of the person who asks.
func (v *visit) discreet(in gateway.InboxView) gateway.InboxView {
	if v.access.Admin() {
		return in
	}
	return in.Discreet()
}

// checkLive answers with one line for each phase as it ends and the whole report at the end, each an object of JSON with
// a piece of the page. An error of check comes back as long as nothing has been written.
func (v *visit) checkLive(at checked, check func(each func(gateway.CheckPhase)) (gateway.CheckReport, error)) (gateway.CheckReport, error) {
	begun := false
	tell := func(kind, page string, data any) error {
		piece, err := v.h.views.Render(v.l.Lang, page, data)
		if err != nil {
			return err
		}
		line, err := json.Marshal(map[string]string{kind: string(piece)})
		if err != nil {
			return err
		}
		if !begun {
			begun = true
			v.Header("Content-Type", "application/x-ndjson")
			v.Header("Content-Language", v.l.Lang)
			v.Status(http.StatusOK)
		}
		if _, err := v.Writer.Write(append(line, '\n')); err != nil {
			return nil // The page has gone.
		}
		v.Writer.Flush()
		return nil
	}
	var failed error
	found, err := check(func(p gateway.CheckPhase) {
		failed = errors.Join(failed, tell("phase", "check_phase", v.phase(at, p)))
	})
	if err != nil {
		return found, err
	}
	return found, errors.Join(failed, tell("report", "check_report", v.report(at, found)))
}

func (v *visit) report(at checked, found gateway.CheckReport) *report {
	r := &report{OK: found.OK, Summary: v.l.T("check.failed", "host", at.s.Host), Form: at.form, Next: found.OK && at.form != ""}
	if found.OK {
		r.Summary = v.l.T("check.ok")
	}
	if found.Deletes {
		folder := "INBOX"
		if at.s.Receive == "imap" && len(at.s.Folders) > 0 {
			folder = strings.Join(at.s.Folders, ", ")
		}
		r.Warning = v.l.T("W-03", "n", found.Existing, "folder", folder)
	}
	for _, p := range merged(found.Phases) {
		r.Phases = append(r.Phases, v.phase(at, p))
	}
	if at.form == "" {
		r.Folders = v.branches(mailbox.Tree(found.Folders), at.s.Folders)
	}
	return r
}

// phase is one line of a check.
func (v *visit) phase(at checked, p gateway.CheckPhase) phaseView {
	line := phaseView{Name: v.l.T("phase." + string(p.Phase)), Took: p.Duration, Code: p.Code, State: v.l.T("phase.state." + p.State), Form: at.form}
	said := ""
	if p.Code != "" {
		said = v.l.T(p.Code, v.checkWords(p.Args))
		if key := "remedy." + p.Code; v.l.Has(key) {
			line.Remedy = v.l.T(key, v.checkWords(p.Args))
		}
		if p.Phase != gateway.PhaseSending { // Nothing that can be done about the inbox mends it.
			line.Fixes = v.fixes(at, p)
		}
	}
	switch {
	case p.State == "ok" && p.Code != "":
		line.Icon, line.Kind, line.Found, line.Warning = "warn", "warn", v.foundIn(p), said
	case p.State == "ok":
		line.Icon, line.Kind, line.Found = "check", "ok", v.foundIn(p)
	case p.State == "failed":
		line.Icon, line.Kind, line.Found = "cross", "bad", said
		if c, ok := gateway.CertificateOf(p.Args); ok {
			line.Certificate = &c
		}
	default:
		line.Icon, line.Kind = "dots", "calm"
	}
	return line
}

// checkWords returns the placeholders of a check as people read them.
func (v *visit) checkWords(args map[string]string) map[string]string {
	words := maps.Clone(args)
	if words == nil {
		words = map[string]string{}
	}
	if key := "folder.use." + words["use"]; v.l.Has(key) {
		words["use"] = v.l.T(key)
	}
	if key := "choice.after." + words["strategy"]; v.l.Has(key) {
		words["strategy"] = v.l.T(key)
	}
	if at, err := time.Parse(time.DateOnly, words["date"]); err == nil {
		words["date"] = v.l.Date(at)
	}
	if _, ok := words["n"]; !ok {
		words["n"] = "0" // A check stores nothing.
	}
	if _, ok := words["time"]; !ok {
		words["time"] = v.l.T("check.next_poll")
	}
	return words
}

// merged joins what was told of one phase in parts: the later part knows more.
func merged(phases []gateway.CheckPhase) []gateway.CheckPhase {
	var out []gateway.CheckPhase
	for _, p := range phases {
		if n := len(out); n > 0 && out[n-1].Phase == p.Phase {
			p.Duration += out[n-1].Duration
			if p.Code == "" {
				p.Code = out[n-1].Code
			}
			out[n-1] = p
			continue
		}
		out = append(out, p)
	}
	return out
}

// foundIn says what a phase that went well has found.
func (v *visit) foundIn(p gateway.CheckPhase) string {
	var parts []string
	for _, name := range []string{"address", "tls_version", "cipher", "security", "separator", "folder", "messages", "oldest", "note"} {
		value := p.Args[name]
		if value == "" {
			continue
		}
		if at, err := time.Parse(time.DateOnly, value); err == nil {
			value = v.l.Date(at)
		}
		if key := "found." + name; v.l.Has(key) {
			value = v.l.T(key, "value", value, "n", value)
		}
		parts = append(parts, value)
	}
	return strings.Join(parts, " · ")
}

// checkDraft tries the connection that was entered and shows the form again, with what was found above it.
func (v *visit) checkDraft(in gateway.InboxView, f *form, d gateway.InboxDraft) error {
	if f.Failed() {
		return v.showInboxForm(http.StatusUnprocessableEntity, in, f, d.Rules, nil)
	}
	at := checked{s: d.Settings}
	check := v.checkFor(gateway.CheckOf{Inbox: in.ID, Project: d.ProjectID}, d.Settings, func(each func(gateway.CheckPhase)) (gateway.CheckReport, error) {
		return v.h.Gateway.CheckDraft(v.ctx(), in.ID, d, each)
	})
	var found gateway.CheckReport
	var err error
	if v.PostForm("live") != "" {
		found, err = v.checkLive(at, check)
	} else {
		found, err = check(nil)
	}
	if list, ok := invalid(err); ok {
		f.take(list, nil)
		return v.showInboxForm(http.StatusUnprocessableEntity, in, f, d.Rules, nil)
	}
	if err != nil {
		return fmt.Errorf("check the connection: %w", err)
	}
	if v.Writer.Written() {
		return nil
	}
	return v.showInboxForm(http.StatusOK, in, f, d.Rules, v.report(at, found))
}
