package handlers

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
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
	Folders []mailbox.Folder
	Warning string // That messages will be deleted; "" when none are.
}

// phaseView is one line of a check.
type phaseView struct {
	Name, Icon, Kind, State string
	Found                   string // What was found, or the cause.
	Code                    string
	Remedy                  string // What to do; "" when the cause says it.
	Fix                     string // Address of the form that is filled with the remedy, "" when there is none.
	Set                     string // The same for a form that is open: fields and values as in an address.
	Fingerprint             string // Of the certificate that was refused.
	Took                    time.Duration
}

// inboxCheck tries the connection of an inbox as it is stored and shows it phase by phase, with its folders.
func inboxCheck(v *visit) error {
	in, err := v.inbox()
	if err != nil {
		return err
	}
	found, err := v.h.Gateway.CheckInbox(v.ctx(), in.ID, nil)
	if err != nil {
		return err
	}
	r := v.report(in.ID, in.Settings, found)
	if found.OK && in.Settings.Receive == "imap" {
		r.Folders, err = v.h.Gateway.Folders(v.ctx(), in.ID)
		var p *mailbox.Problem
		if err != nil && !errors.As(err, &p) {
			return err
		}
	}
	return v.showInbox(http.StatusOK, in, r)
}

func (v *visit) report(id int64, s models.InboxSettings, found gateway.CheckReport) *report {
	r := &report{OK: found.OK, Summary: v.l.T("check.failed", "host", s.Host)}
	if found.OK {
		r.Summary = v.l.T("check.ok")
	}
	if found.Deletes {
		folder := "INBOX"
		if s.Receive == "imap" && len(s.Folders) > 0 {
			folder = strings.Join(s.Folders, ", ")
		}
		r.Warning = v.l.T("W-03", "n", found.Existing, "folder", folder)
	}
	for _, p := range merged(found.Phases) {
		line := phaseView{Name: v.l.T("phase." + string(p.Phase)), Took: p.Duration, Code: p.Code, State: v.l.T("phase.state." + p.State)}
		switch p.State {
		case "ok":
			line.Icon, line.Kind, line.Found = "check", "ok", v.foundIn(p)
		case "failed":
			line.Icon, line.Kind, line.Found = "cross", "bad", v.l.T(p.Code, p.Args)
			if key := "remedy." + p.Code; v.l.Has(key) {
				line.Remedy = v.l.T(key, p.Args)
			}
			line.Fingerprint = p.Args["fingerprint"]
			switch q := fix(p); {
			case q == nil:
			case id != 0:
				line.Fix = fmt.Sprintf("/inboxes/%d/edit?%s", id, q.Encode())
			default:
				line.Set = q.Encode()
			}
		default:
			line.Icon, line.Kind = "dots", "calm"
		}
		r.Phases = append(r.Phases, line)
	}
	return r
}

// merged joins what was told of one phase in parts: the later part knows more.
func merged(phases []gateway.CheckPhase) []gateway.CheckPhase {
	var out []gateway.CheckPhase
	for _, p := range phases {
		if n := len(out); n > 0 && out[n-1].Phase == p.Phase {
			p.Duration += out[n-1].Duration
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
		if key := "found." + name; v.l.Has(key) {
			value = v.l.T(key, "value", value, "n", value)
		}
		parts = append(parts, value)
	}
	return strings.Join(parts, " · ")
}

// fix is what the form of the inbox is filled with to mend a failure.
func fix(p gateway.CheckPhase) url.Values {
	switch p.Code {
	case "E-TLS-01", "E-TLS-02", "E-TLS-07", "E-TLS-08":
		if p.Args["fingerprint"] != "" {
			return url.Values{"tls_verify": {"pinned"}, "fingerprint": {p.Args["fingerprint"]}}
		}
	case "E-TLS-03":
		return url.Values{"security": {"tls"}}
	case "E-TLS-04", "E-AUTH-06":
		return url.Values{"security": {"starttls"}}
	}
	return nil
}
