package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"letterbox/models"
	"letterbox/models/store"
)

// AuditQuery selects lines of the audit log, newest first.
type AuditQuery struct {
	Object string // "inbox:3"; "": all.
	Action string // "inbox.update", or "inbox." for all that begin so; "": all.
	UserID *int64 // Nil: all.
	Since  time.Time
	Until  time.Time
	Cursor string
	Limit  int // At most 200; 50 when 0.
}

// AuditLine is a line of the audit log with the name of who did it.
type AuditLine struct {
	models.Audit
	Who    string            // "" for the system or a command line.
	Values map[string]string // What it was and what it is, by field; never a secret.
}

// AuditLog returns a page of the audit log and the cursor of the next one.
func (g *Gateway) AuditLog(ctx context.Context, q AuditQuery) ([]AuditLine, string, error) {
	list, next, err := g.Store.Audits(ctx, store.AuditFilter{
		Object: q.Object, Action: q.Action, UserID: q.UserID, Since: q.Since, Until: q.Until, Cursor: q.Cursor, Limit: q.Limit,
	})
	if err != nil {
		return nil, "", fmt.Errorf("read the audit log: %w", err)
	}
	var ids []int64
	for _, a := range list {
		if a.UserID != nil {
			ids = append(ids, *a.UserID)
		}
	}
	names, err := g.People(ctx, ids)
	if err != nil {
		return nil, "", err
	}
	out := make([]AuditLine, 0, len(list))
	for _, a := range list {
		line := AuditLine{Audit: a, Values: auditValues(a.Detail)}
		if a.UserID != nil {
			if line.Who = names[*a.UserID]; line.Who == "" {
				line.Who = "#" + itoa(*a.UserID)
			}
		}
		out = append(out, line)
	}
	return out, next, nil
}

// auditValues reads the detail of a line, whatever has written it. What is nested stays JSON.
func auditValues(detail string) map[string]string {
	var raw map[string]any
	if json.Unmarshal([]byte(detail), &raw) != nil {
		return nil
	}
	out := make(map[string]string, len(raw))
	for name, value := range raw {
		switch v := value.(type) {
		case nil:
		case string:
			out[name] = v
		default:
			text, err := json.Marshal(v)
			if err == nil {
				out[name] = string(text)
			}
		}
	}
	return out
}

// auditChange is what an update of an inbox changes, for the audit log: each field as it was and as it is. Of the
// password only that it was set, changed or cleared; of a certificate of a CA only that it is another one.
func (g *Gateway) auditChange(ctx context.Context, was, is models.Inbox, d InboxDraft) (map[string]string, error) {
	before, after := inboxFacts(was), inboxFacts(is)
	detail := map[string]string{}
	for name := range after {
		switch {
		case before[name] == after[name]:
		case name == "ca_pem":
			detail[name] = "changed"
		default:
			detail[name] = before[name] + " → " + after[name]
		}
	}
	switch {
	case was.PasswordEnc != "" && is.PasswordEnc == "":
		detail["password"] = "cleared"
	case d.Password != nil && was.PasswordEnc == "":
		detail["password"] = "set"
	case d.Password != nil:
		detail["password"] = "changed"
	}
	old, err := g.Store.RuleVersion(ctx, was.ID, was.RuleVersion)
	if err != nil && !errors.Is(err, models.ErrNotFound) {
		return nil, fmt.Errorf("read the rules: %w", err)
	}
	for _, c := range CompareRules(old.Rules, d.Rules) {
		detail[c.Field] = c.Before + " → " + c.After
	}
	return detail, nil
}

// auditNew is a new inbox for the audit log: what it is, and the settings that differ from those that a new one begins with.
// Of the password and of certificates only is said that they were set.
func auditNew(ib models.Inbox, d InboxDraft) map[string]string {
	ib.Settings.TrustedAt = nil
	detail, usual := inboxFacts(ib), inboxFacts(models.Inbox{Settings: models.DefaultInboxSettings()})
	for name, value := range detail {
		switch name {
		case "name", "address", "project", "enabled":
			continue
		}
		switch {
		case value == usual[name]:
			delete(detail, name)
		case name == "ca_pem":
			detail[name] = "set"
		}
	}
	if d.Password != nil {
		detail["password"] = "set"
	}
	return detail
}

// inboxFacts are the settings of an inbox as text, by name.
func inboxFacts(ib models.Inbox) map[string]string {
	facts := map[string]string{
		"name": ib.Name, "address": ib.Address, "project": itoa(ib.ProjectID), "enabled": fmt.Sprint(ib.Enabled), "global": fmt.Sprint(ib.Global),
	}
	var settings map[string]any
	raw, err := json.Marshal(ib.Settings)
	if err != nil || json.Unmarshal(raw, &settings) != nil {
		return facts
	}
	for name, value := range settings {
		switch v := value.(type) {
		case string:
			facts[name] = v
		case []any:
			parts := make([]string, len(v))
			for i, one := range v {
				parts[i] = fmt.Sprint(one)
			}
			facts[name] = strings.Join(parts, ", ")
		default:
			text, err := json.Marshal(v)
			if err == nil {
				facts[name] = string(text)
			}
		}
	}
	for name, d := range map[string]time.Duration{
		"poll_interval": ib.Settings.PollInterval, "connect_timeout": ib.Settings.ConnectTimeout, "fetch_timeout": ib.Settings.FetchTimeout,
	} {
		facts[name] = d.String()
	}
	return facts
}
