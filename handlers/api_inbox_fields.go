package handlers

import (
	"strconv"
	"time"

	"letterbox/gateway"
)

// apiInboxField is a setting of an inbox in the API. The one table below reads, writes and documents them.
type apiInboxField struct {
	key    string
	to     func(d *gateway.InboxDraft) any // Points to the setting: *string, *int, *int64, *bool, *[]string or *time.Duration.
	values []string                        // What a text may be, for the documentation; the gateway checks it. None: anything.
}

// apiInboxFields are the settings that can be read and set, in the order of the inbox model. The project, the password
// and what Letterbox itself sets are dealt with apart.
func apiInboxFields() []apiInboxField {
	type d = *gateway.InboxDraft
	return []apiInboxField{
		{"name", func(d d) any { return &d.Name }, nil},
		{"address", func(d d) any { return &d.Address }, nil},
		{"aliases", func(d d) any { return &d.Settings.Aliases }, nil},
		{"global", func(d d) any { return &d.Global }, nil},
		{"enabled", func(d d) any { return &d.Enabled }, nil},
		{"receive", func(d d) any { return &d.Settings.Receive }, []string{"none", "imap", "pop3", "push"}},
		{"host", func(d d) any { return &d.Settings.Host }, nil},
		{"port", func(d d) any { return &d.Settings.Port }, nil},
		{"security", func(d d) any { return &d.Settings.Security }, []string{"auto", "tls", "starttls", "starttls_if_available", "none"}},
		{"tls_verify", func(d d) any { return &d.Settings.TLSVerify }, []string{"system", "ca", "pinned", "off"}},
		{"ca_pem", func(d d) any { return &d.Settings.CAPEM }, nil},
		{"fingerprint", func(d d) any { return &d.Settings.Fingerprint }, nil},
		{"auth", func(d d) any { return &d.Settings.Auth }, []string{"none", "password", "oauth2_client", "oauth2_user"}},
		{"username", func(d d) any { return &d.Settings.Username }, nil},
		{"folders", func(d d) any { return &d.Settings.Folders }, nil},
		{"select", func(d d) any { return &d.Settings.Select }, []string{"new_uid", "unseen", "all"}},
		{"import_since", func(d d) any { return &d.Settings.ImportSince }, nil},
		{"after", func(d d) any { return &d.Settings.After }, []string{"leave", "seen", "delete", "move"}},
		{"move_to", func(d d) any { return &d.Settings.MoveTo }, nil},
		{"move_rejected_to", func(d d) any { return &d.Settings.MoveRejectedTo }, nil},
		{"move_failed_to", func(d d) any { return &d.Settings.MoveFailedTo }, nil},
		{"pop3_after", func(d d) any { return &d.Settings.POP3After }, []string{"keep", "delete", "delete_after_days"}},
		{"pop3_delete_days", func(d d) any { return &d.Settings.POP3DeleteDays }, nil},
		{"poll_interval", func(d d) any { return &d.Settings.PollInterval }, nil},
		{"idle", func(d d) any { return &d.Settings.Idle }, nil},
		{"hide_in_messages", func(d d) any { return &d.Settings.HideInMessages }, nil},
		{"batch_size", func(d d) any { return &d.Settings.BatchSize }, nil},
		{"connect_timeout", func(d d) any { return &d.Settings.ConnectTimeout }, nil},
		{"fetch_timeout", func(d d) any { return &d.Settings.FetchTimeout }, nil},
		{"max_message_size", func(d d) any { return &d.Settings.MaxMessageSize }, nil},
		{"reprocess_unread", func(d d) any { return &d.Settings.ReprocessUnread }, nil},
		{"retention_days", func(d d) any { return &d.Settings.RetentionDays }, nil},
		{"allow_create", func(d d) any { return &d.Rules.AllowCreate }, nil},
		{"allow_comment", func(d d) any { return &d.Rules.AllowComment }, nil},
		{"allow_unknown", func(d d) any { return &d.Rules.AllowUnknown }, nil},
		{"allowed_senders", func(d d) any { return &d.Rules.AllowedSenders }, nil},
		{"blocked_senders", func(d d) any { return &d.Rules.BlockedSenders }, nil},
		{"domain_mode", func(d d) any { return &d.Rules.DomainMode }, []string{"list", "pattern"}},
		{"domains", func(d d) any { return &d.Rules.Domains }, nil},
		{"domain_pattern", func(d d) any { return &d.Rules.DomainPattern }, nil},
		{"recipients_expected", func(d d) any { return &d.Rules.RecipientsExpected }, nil},
		{"subject_keywords", func(d d) any { return &d.Rules.SubjectKeywords }, nil},
		{"body_keywords", func(d d) any { return &d.Rules.BodyKeywords }, nil},
		{"reject_subject", func(d d) any { return &d.Rules.RejectSubject }, nil},
		{"empty_subject", func(d d) any { return &d.Rules.EmptySubject }, []string{"", "placeholder", "reject"}},
		{"cut_body", func(d d) any { return &d.Rules.CutBody }, nil},
		{"drop_attachments", func(d d) any { return &d.Rules.DropAttachments }, nil},
		{"max_attachments", func(d d) any { return &d.Rules.MaxAttachments }, nil},
		{"block_attachments", func(d d) any { return &d.Rules.BlockAttachments }, nil},
		{"spam_mail", func(d d) any { return &d.Rules.SpamMail }, []string{"", "accept", "set_aside"}},
		{"rate_limit", func(d d) any { return &d.Rules.RateLimit }, nil},
		{"sender_check", func(d d) any { return &d.Rules.SenderCheck }, []string{"", "off", "warn", "require"}},
		{"authserv_id", func(d d) any { return &d.Rules.AuthServID }, nil},
		{"sender_failed", func(d d) any { return &d.Rules.SenderFailed }, []string{"", "unknown", "set_aside"}},
		{"reject_notice", func(d d) any { return &d.Rules.RejectNotice }, []string{"", "off", "verified"}},
		{"intake", func(d d) any { return &d.Rules.Intake }, nil},
		{"attach_to_active", func(d d) any { return &d.Rules.AttachToActive }, []string{"", "off", "attach_only", "attach_and_issue"}},
		{"commands", func(d d) any { return &d.Rules.Commands }, nil},
		{"process", func(d d) any { return &d.Rules.Process }, []string{"", "process", "dry_run"}},
		{"number_match", func(d d) any { return &d.Rules.NumberMatch }, []string{"participants", "known", "anyone"}},
		{"external_numbers", func(d d) any { return &d.Rules.ExternalNumbers }, nil},
		{"plus_projects", func(d d) any { return &d.Rules.PlusProjects }, nil},
		{"closed_issues", func(d d) any { return &d.Rules.ClosedIssues }, []string{"reopen", "follow_up"}},
		{"auto_mail", func(d d) any { return &d.Rules.AutoMail }, []string{"ignore", "comment", "process"}},
	}
}

// apiInboxReadOnly are the members of an inbox that Letterbox itself sets.
func apiInboxReadOnly() []string {
	return []string{"id", "password_set", "rule_version", "status", "today", "created_at", "updated_at", "started_at"}
}

// apiStatusOut is how an inbox is doing.
type apiStatusOut struct {
	State         string            `json:"state"`
	Since         *time.Time        `json:"since"`
	Phase         string            `json:"phase"` // Of the failure.
	Code          string            `json:"code"`
	Args          map[string]string `json:"args"`
	Failures      int               `json:"failures"`
	LastPollAt    *time.Time        `json:"last_poll_at"`
	LastSuccessAt *time.Time        `json:"last_success_at"`
	LastMailAt    *time.Time        `json:"last_mail_at"`
	NextPollAt    *time.Time        `json:"next_poll_at"`
}

// apiTodayOut counts the messages since midnight UTC.
type apiTodayOut struct {
	Accepted int `json:"accepted"`
	Refused  int `json:"refused"`
	Other    int `json:"other"`
}

// apiInboxOf returns an inbox in the API, without its password. key is that of its project.
func apiInboxOf(v gateway.InboxView, key string) map[string]any {
	d := apiDraftOf(v)
	out := map[string]any{
		"id": v.ID, "project": key, "version": v.Version, "rule_version": v.RuleVersion, "password_set": v.PasswordSet,
		"created_at": apiTime(v.CreatedAt), "updated_at": apiTime(v.UpdatedAt), "started_at": apiTimeOrNil(v.StartedAt),
		"today":  apiTodayOut(v.Today),
		"status": apiStatusOf(v),
	}
	for _, f := range apiInboxFields() {
		switch p := f.to(&d).(type) {
		case *time.Duration:
			out[f.key] = apiDuration(*p)
		case *[]string:
			if *p == nil {
				*p = []string{}
			}
			out[f.key] = *p
		default:
			out[f.key] = p
		}
	}
	return out
}

func apiStatusOf(v gateway.InboxView) apiStatusOut {
	st := v.Status
	out := apiStatusOut{
		State: string(st.State), Phase: st.Phase, Code: st.Code, Args: st.Args, Failures: st.Failures,
		LastPollAt: apiTimeOrNil(st.LastPollAt), LastSuccessAt: apiTimeOrNil(st.LastSuccessAt),
		LastMailAt: apiTimeOrNil(st.LastMailAt), NextPollAt: apiTimeOrNil(st.NextPollAt),
	}
	if !st.Since.IsZero() {
		out.Since = apiTimeOrNil(&st.Since)
	}
	if out.Args == nil {
		out.Args = map[string]string{}
	}
	return out
}

// apiDraftOf returns the draft that would leave the inbox as it is.
func apiDraftOf(v gateway.InboxView) gateway.InboxDraft {
	return gateway.InboxDraft{
		Name: v.Name, Address: v.Address, ProjectID: v.ProjectID, Global: v.Global, Enabled: v.Enabled,
		Settings: v.Settings, Rules: v.Rules,
	}
}

// apiDuration writes a duration with one unit where one is enough: "90s", "5m", "2h".
func apiDuration(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}} {
		if d >= u.size && d%u.size == 0 {
			return strconv.FormatInt(int64(d/u.size), 10) + u.name
		}
	}
	return d.String()
}
