package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway/extract"
	"letterbox/gateway/flow"
	"letterbox/gateway/oauth"
	"letterbox/gateway/outbound"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// complete fills in what follows from the rest of a draft: the name from the address, the port from protocol and
// security, the user name from the address.
func complete(d *InboxDraft) {
	d.Name, d.Address, d.Settings.Host = strings.TrimSpace(d.Name), strings.TrimSpace(d.Address), strings.TrimSpace(d.Settings.Host)
	takeAddressApart(d)
	TakeApart(&d.Settings)
	if d.Name == "" {
		d.Name = d.Address
	}
	if d.Settings.Username == "" && d.Settings.Auth != "none" {
		d.Settings.Username = d.Address
	}
	if d.Settings.Port == 0 {
		d.Settings.Port = defaultPort(d.Settings)
	}
	d.Settings.Aliases = canonical(d.Settings.Aliases, d.Address)
	if len(d.Settings.Folders) == 0 {
		d.Settings.Folders = []string{"INBOX"}
	}
}

// mostAliases is how many further addresses an inbox may have.
const mostAliases = 100

// canonical returns addresses as they are compared, each once, without the one they are beside.
func canonical(addresses []string, beside string) []string {
	var out []string
	for _, a := range addresses {
		if a = lower(a); a != "" && a != lower(beside) && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

func defaultPort(s models.InboxSettings) int {
	implicit := s.Security == "tls" || s.Security == "auto"
	switch {
	case s.Receive == "pop3" && implicit:
		return 995
	case s.Receive == "pop3":
		return 110
	case implicit:
		return 993
	default:
		return 143
	}
}

// validate returns what is to be checked in a draft, field by field.
func validate(d InboxDraft) models.InvalidList {
	var list models.InvalidList
	add := func(field, code string, args ...string) {
		m := map[string]string{}
		for i := 0; i+1 < len(args); i += 2 {
			m[args[i]] = args[i+1]
		}
		list = append(list, &models.Invalid{Field: field, Code: code, Args: m})
	}
	s := d.Settings
	if d.Name == "" || len(d.Name) > 120 {
		add("name", "E-INBOX-01")
	}
	if d.ProjectID == 0 {
		add("project", "E-INBOX-02")
	}
	if d.Address != "" && !strings.Contains(d.Address, "@") {
		add("address", "E-INBOX-08")
	}
	for _, alias := range s.Aliases {
		if !outbound.Sendable(alias) {
			add("aliases", "E-INBOX-08")
			break
		}
	}
	if len(s.Aliases) > mostAliases {
		add("aliases", "E-INBOX-13", "min", "0", "max", strconv.Itoa(mostAliases))
	}
	server := s.Receive == "imap" || s.Receive == "pop3"
	if server && (s.Host == "" || strings.ContainsAny(s.Host, " \t\r\n/@")) {
		add("host", "E-INBOX-09")
	}
	if server && (s.Port < 1 || s.Port > 65535) {
		add("port", "E-INBOX-03")
	}
	for _, c := range choices(d) {
		if !slices.Contains(c.of, c.value) {
			add(c.field, "E-INBOX-10", "value", c.value, "values", strings.Join(c.of, ", "))
		}
	}
	for _, f := range secretFree(d) {
		if strings.ContainsFunc(f.value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			add(f.field, "E-INBOX-11")
		}
	}
	if unsafeOAuth(s.Auth, s.Security, s.TLSVerify) {
		add("security", "E-OAUTH-20")
	}
	if s.After == "move" && s.MoveTo == "" && s.Receive == "imap" {
		add("move_to", "E-INBOX-12")
	}
	for _, r := range durations(s) {
		if r.value < r.min || r.value > r.max {
			add(r.field, "E-INBOX-05", "min", r.min.String(), "max", r.max.String())
		}
	}
	if s.BatchSize < 1 || s.BatchSize > 1000 {
		add("batch_size", "E-INBOX-13", "min", "1", "max", "1000")
	}
	if s.MaxMessageSize < 1<<20 || s.MaxMessageSize > mostMessageSize {
		add("max_message_size", "E-INBOX-13", "min", strconv.Itoa(1<<20), "max", strconv.Itoa(mostMessageSize))
	}
	if _, err := time.Parse(time.DateOnly, s.ImportSince); err != nil && !slices.Contains([]string{"from_now", "all", "archive"}, s.ImportSince) {
		add("import_since", "E-INBOX-10", "value", s.ImportSince, "values", "from_now, all, archive, 2026-11-21")
	}
	for _, f := range slices.Concat(rule.Lint(d.Rules, nil), extract.Lint(d.Rules.Extraction), flow.Check(d.Rules.Flow)) {
		if strings.HasPrefix(f.Code, "E-") {
			list = append(list, &models.Invalid{Field: f.Field, Code: f.Code, Args: f.Args})
		}
	}
	return list
}

type choice struct {
	field, value string
	of           []string
}

func choices(d InboxDraft) []choice {
	s, r := d.Settings, d.Rules
	return []choice{
		{"receive", s.Receive, []string{"none", "imap", "pop3", "push"}},
		{"security", s.Security, []string{"auto", "tls", "starttls", "starttls_if_available", "none"}},
		{"tls_verify", s.TLSVerify, []string{"system", "ca", "pinned", "off"}},
		{"auth", s.Auth, []string{"none", "password", oauth.ClientFlow, oauth.UserFlow}},
		{"select", s.Select, []string{"new_uid", "unseen", "all"}},
		{"after", s.After, []string{"leave", "seen", "delete", "move"}},
		{"pop3_after", s.POP3After, []string{"keep", "delete", "delete_after_days"}},
		{"domain_mode", r.DomainMode, []string{"list", "pattern"}},
		{"number_match", r.NumberMatch, []string{"participants", "known", "anyone"}},
		{"closed_issues", r.ClosedIssues, []string{"reopen", "follow_up"}},
		{"auto_mail", r.AutoMail, []string{"ignore", "comment", "process"}},
	}
}

type field struct{ field, value string }

// secretFree are the values that go to the server as part of a command: no control character may stand in them.
func secretFree(d InboxDraft) []field {
	s := d.Settings
	all := []field{{"host", s.Host}, {"username", s.Username}, {"move_to", s.MoveTo}, {"move_rejected_to", s.MoveRejectedTo}, {"move_failed_to", s.MoveFailedTo}}
	for _, f := range s.Folders {
		all = append(all, field{"folders", f})
	}
	if d.Password != nil {
		all = append(all, field{"password", *d.Password})
	}
	return all
}

type span struct {
	field           string
	value, min, max time.Duration
}

func durations(s models.InboxSettings) []span {
	return []span{
		{"poll_interval", s.PollInterval, time.Second, 24 * time.Hour},
		{"connect_timeout", s.ConnectTimeout, time.Second, 2 * time.Minute},
		{"fetch_timeout", s.FetchTimeout, 5 * time.Second, time.Hour},
	}
}

// unique refuses a second inbox with the same name, and a second one that reads the same folder of the same account.
func (g *Gateway) unique(ctx context.Context, id int64, d InboxDraft) error {
	all, err := g.Store.Inboxes(ctx)
	if err != nil {
		return err
	}
	for _, o := range all {
		if o.ID == id {
			continue
		}
		if strings.EqualFold(o.Name, d.Name) {
			return models.InvalidList{{Field: "name", Code: "E-INBOX-14", Args: map[string]string{"name": o.Name}}}
		}
		a, b := o.Settings, d.Settings
		if !o.Enabled || !d.Enabled || a.Receive != b.Receive || a.Host != b.Host || a.Port != b.Port || a.Username != b.Username || a.Host == "" {
			continue
		}
		for _, f := range b.Folders {
			if a.Receive == "pop3" || slices.Contains(a.Folders, f) {
				return models.InvalidList{{Field: "folders", Code: "E-INBOX-04", Args: map[string]string{"folder": f, "other": o.Name}}}
			}
		}
	}
	return nil
}

// clearsPassword reports whether a stored password was given for another server than the one that is set now.
func clearsPassword(was, is models.InboxSettings) bool {
	return was.Host != is.Host || was.Port != is.Port || was.Receive != is.Receive || was.Security != is.Security ||
		was.TLSVerify != is.TLSVerify || was.Username != is.Username
}

// otherAccount reports whether the server holds other messages under the same names now. A change between the usual
// ports of a protocol is one of encryption only.
func otherAccount(was, is models.InboxSettings) bool {
	usual := func(port int) bool { return slices.Contains([]int{110, 143, 993, 995}, port) }
	return !strings.EqualFold(was.Host, is.Host) || was.Username != is.Username || was.Port != is.Port && !(usual(was.Port) && usual(is.Port))
}

func sameRules(a, b models.Rules) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errors.Join(errA, errB) == nil && bytes.Equal(x, y)
}
