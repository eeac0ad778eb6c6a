package handlers

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway"
	"letterbox/models"
)

// The fields of an inbox by kind; each has the name that it has in the API.
func inboxTexts() []string {
	return []string{
		"name", "address", "aliases", "project", "receive", "host", "security", "tls_verify", "ca_pem", "fingerprint", "auth", "username",
		"password", "folders", "select", "import_since", "import_date", "after", "move_to", "move_rejected_to", "move_failed_to",
		"pop3_after", "allowed_senders", "blocked_senders", "domain_mode", "domains", "domain_pattern", "recipients_expected",
		"subject_keywords", "body_keywords", "number_match", "closed_issues", "auto_mail", "version", "confirm_plain", "poll_unit",
	}
}

func inboxSwitches() []string {
	return []string{"enabled", "global", "idle", "hide_in_messages", "allow_create", "allow_comment", "allow_unknown", "confirm_folders", "create_folders", "reprocess_unread"}
}

func inboxNumbers() []string {
	return []string{
		"port", "pop3_delete_days", "poll_interval", "batch_size", "connect_timeout", "fetch_timeout", "max_message_size", "retention_days",
	}
}

func inboxFields() []string {
	return slices.Concat(inboxTexts(), inboxSwitches(), inboxNumbers())
}

// inboxValues writes an inbox into the fields of its form. The password is never among them.
func inboxValues(in models.Inbox, r models.Rules) map[string]string {
	s := in.Settings
	m := map[string]string{
		"name": in.Name, "address": in.Address, "aliases": strings.Join(s.Aliases, "\n"), "project": strconv.FormatInt(in.ProjectID, 10), "receive": s.Receive,
		"host": s.Host, "security": s.Security, "tls_verify": s.TLSVerify, "ca_pem": s.CAPEM, "fingerprint": s.Fingerprint,
		"auth": s.Auth, "username": s.Username, "password": "", "folders": strings.Join(s.Folders, "\n"), "select": s.Select,
		"import_since": s.ImportSince, "import_date": "", "after": s.After, "move_to": s.MoveTo,
		"move_rejected_to": s.MoveRejectedTo, "move_failed_to": s.MoveFailedTo, "pop3_after": s.POP3After,
		"allowed_senders": strings.Join(r.AllowedSenders, "\n"), "blocked_senders": strings.Join(r.BlockedSenders, "\n"),
		"domain_mode": r.DomainMode, "domains": strings.Join(r.Domains, "\n"), "domain_pattern": r.DomainPattern,
		"recipients_expected": strings.Join(r.RecipientsExpected, "\n"), "subject_keywords": strings.Join(r.SubjectKeywords, "\n"),
		"body_keywords": strings.Join(r.BodyKeywords, "\n"), "number_match": r.NumberMatch, "closed_issues": r.ClosedIssues,
		"auto_mail": r.AutoMail, "version": strconv.FormatInt(in.Version, 10), "confirm_plain": "",

		"enabled": yesNo(in.Enabled), "global": yesNo(in.Global), "idle": yesNo(s.Idle), "hide_in_messages": yesNo(s.HideInMessages), "reprocess_unread": yesNo(s.ReprocessUnread), "allow_create": yesNo(r.AllowCreate),
		"allow_comment": yesNo(r.AllowComment), "allow_unknown": yesNo(r.AllowUnknown),

		"port": number(int64(s.Port)), "pop3_delete_days": number(int64(s.POP3DeleteDays)),
		"batch_size":      number(int64(s.BatchSize)),
		"connect_timeout": number(int64(s.ConnectTimeout / time.Second)), "fetch_timeout": number(int64(s.FetchTimeout / time.Second)),
		"max_message_size": number(s.MaxMessageSize >> 20), "retention_days": strconv.Itoa(s.RetentionDays),
	}
	m["poll_interval"], m["poll_unit"] = interval(s.PollInterval)
	if _, err := time.Parse(time.DateOnly, s.ImportSince); err == nil {
		m["import_since"], m["import_date"] = "date", s.ImportSince
	}
	return m
}

// intervalUnits are the units in which a poll interval is entered; a form without a unit means seconds.
var intervalUnits = map[string]time.Duration{"": time.Second, "s": time.Second, "min": time.Minute, "h": time.Hour}

// interval writes a poll interval in the largest unit in which it is whole; a minute is 60 s.
func interval(d time.Duration) (n, unit string) {
	unit = "s"
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		unit = "h"
	case d > time.Minute && d%time.Minute == 0:
		unit = "min"
	}
	return number(int64(d / intervalUnits[unit])), unit
}

// interval reads a poll interval with its unit; 0, which is refused, for a unit that there is not.
func (f *form) interval() time.Duration {
	unit, ok := intervalUnits[f.get("poll_unit")]
	if !ok {
		return 0
	}
	return time.Duration(f.number("poll_interval", "E-FORM-01", int64(24*time.Hour/unit))) * unit
}

func yesNo(b bool) string { return strconv.FormatBool(b) }

// number writes n, and nothing for 0: then the field follows from the others.
func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// inboxDraft reads the form of an inbox. What cannot be read is noted in the form; so is an unsafe connection that
// nobody has confirmed. An inbox that the person may not have is models.ErrForbidden.
func (v *visit) inboxDraft(f *form, before gateway.InboxView) (gateway.InboxDraft, error) {
	d := gateway.InboxDraft{Name: f.get("name"), Address: f.get("address"), Global: f.yes("global"), Enabled: f.yes("enabled")}
	if id, err := strconv.ParseInt(f.get("project"), 10, 64); err == nil {
		d.ProjectID = id
	}
	takeServerApart(f)
	s := before.Settings // Settings that have no field stay as they are.
	s.Receive, s.Host, s.Security, s.TLSVerify = f.get("receive"), f.get("host"), f.get("security"), f.get("tls_verify")
	s.CAPEM, s.Fingerprint = f.get("ca_pem"), strings.ToLower(strings.ReplaceAll(f.get("fingerprint"), ":", ""))
	s.Auth, s.Username, s.Aliases = f.get("auth"), f.get("username"), f.lines("aliases")
	s.Folders, s.Select, s.ImportSince = f.lines("folders"), f.get("select"), f.get("import_since")
	if s.ImportSince == "date" {
		s.ImportSince = f.get("import_date")
	}
	s.After, s.MoveTo, s.MoveRejectedTo, s.MoveFailedTo = f.get("after"), f.get("move_to"), f.get("move_rejected_to"), f.get("move_failed_to")
	s.POP3After, s.Idle, s.HideInMessages, s.ReprocessUnread = f.get("pop3_after"), f.yes("idle"), f.yes("hide_in_messages"), f.yes("reprocess_unread")
	s.Port = int(f.number("port", "E-INBOX-03", 65535))
	s.POP3DeleteDays = int(f.number("pop3_delete_days", "E-FORM-01", 3650))
	s.PollInterval = f.interval()
	s.BatchSize = int(f.number("batch_size", "E-FORM-01", 1000))
	s.ConnectTimeout = time.Duration(f.number("connect_timeout", "E-FORM-01", 120)) * time.Second
	s.FetchTimeout = time.Duration(f.number("fetch_timeout", "E-FORM-01", 3600)) * time.Second
	s.MaxMessageSize = f.number("max_message_size", "E-FORM-01", 1024) << 20
	s.RetentionDays = int(f.number("retention_days", "E-FORM-01", 3650))
	s.Port = usualPort(s)
	if s.Username == "" && s.Auth != "none" {
		s.Username = d.Address
	}
	if d.Name == "" {
		d.Name = d.Address
	}
	d.Settings, d.Rules = s, before.Rules // Rules that have no field stay as they are, too.
	r := &d.Rules
	r.AllowCreate, r.AllowComment, r.AllowUnknown = f.yes("allow_create"), f.yes("allow_comment"), f.yes("allow_unknown")
	r.AllowedSenders, r.BlockedSenders = f.lines("allowed_senders"), f.lines("blocked_senders")
	r.DomainMode, r.Domains, r.DomainPattern = f.get("domain_mode"), f.lines("domains"), strings.Trim(f.text("domain_pattern"), "\n")
	r.RecipientsExpected, r.SubjectKeywords, r.BodyKeywords = f.lines("recipients_expected"), f.lines("subject_keywords"), f.lines("body_keywords")
	r.NumberMatch, r.ClosedIssues, r.AutoMail = f.get("number_match"), f.get("closed_issues"), f.get("auto_mail")
	if password := f.text("password"); password != "" && s.Auth == "password" { // Other ways to sign in have no field for it.
		d.Password = &password
	}
	v.askConfirmation(f, before.Settings, s)
	if err := mayTrust(v.h.Gateway, v.access, before.Settings, d); err != nil {
		return d, err
	}
	return d, v.mayOwn(d)
}

// takeServerApart has the fields show what a pasted address of a server stands for.
func takeServerApart(f *form) {
	s := models.InboxSettings{Receive: f.get("receive"), Host: f.get("host"), Security: f.get("security")}
	pasted := s.Host
	if gateway.TakeApart(&s); s.Host != pasted {
		f.values["receive"], f.values["host"], f.values["port"], f.values["security"] = s.Receive, s.Host, strconv.Itoa(s.Port), s.Security
	}
}

// usualPort is the port that an empty field stands for, as the form says beside it (RFC 8314, 3.2 and 3.3).
func usualPort(s models.InboxSettings) int {
	tls := s.Security == "auto" || s.Security == "tls"
	switch {
	case s.Port != 0:
		return s.Port
	case s.Receive == "imap" && tls:
		return 993
	case s.Receive == "imap":
		return 143
	case s.Receive == "pop3" && tls:
		return 995
	case s.Receive == "pop3":
		return 110
	}
	return 0
}

// mayOwn refuses an inbox that the person could not configure afterwards.
func (v *visit) mayOwn(d gateway.InboxDraft) error {
	if d.ProjectID == 0 || v.access.SeesInbox(models.Inbox{ProjectID: d.ProjectID, Global: d.Global}) {
		return nil
	}
	return models.ErrForbidden
}

// number reads a number of a form, from 0 to most; "" is 0.
func (f *form) number(name, code string, most int64) int64 {
	text := f.get(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > most {
		f.refuse(name, code, "label", f.l.T(f.area+"."+name), "max", f.l.Number(most))
		return 0
	}
	return n
}

// projectOptions are the projects into which an inbox of the person may lead. One that is archived takes nothing new; it is
// only among them when the inbox leads there already.
func (v *visit) projectOptions(now int64) ([]option, error) {
	projects, err := v.h.Tracker.Projects(v.ctx(), v.me)
	if err != nil {
		return nil, fmt.Errorf("list projects: %w", err)
	}
	out := []option{{"0", v.l.T("inbox.project.choose")}}
	for _, p := range projects {
		if v.access.Configures(p.ID) && (p.ArchivedAt == nil || p.ID == now) {
			out = append(out, option{strconv.FormatInt(p.ID, 10), p.Key + " · " + p.Name})
		}
	}
	if len(out) == 2 {
		out = out[1:]
	}
	return out, nil
}
