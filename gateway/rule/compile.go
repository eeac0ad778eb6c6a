package rule

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"letterbox/models"
)

// Set is the rules of one version of one inbox, compiled. It is safe for concurrent use.
type Set struct {
	rules      models.Rules
	blocked    list
	allowed    list
	domains    list     // In force when DomainMode is not "pattern".
	pattern    *pattern // In force when DomainMode is "pattern"; nil for none.
	recipients list
	subject    []keyword
	body       []keyword
	reject     []search // Subjects.
	cut        []search // Parts of the text.
	drop       []search // Names of files.
	block      []search // Names and content types of files.
	external   []external
}

// Compile prepares rules. The error names the first entry that cannot be read, as a *Finding. A setting that is one of
// several words may be empty and has its default then. Keywords that are too short are Lint's matter: rules that were
// saved once go on working.
func Compile(rules models.Rules) (*Set, error) {
	s, wrong := compile(rules)
	if len(wrong) > 0 {
		return nil, &wrong[0]
	}
	return s, nil
}

// compile prepares rules and returns everything that cannot be read.
func compile(rules models.Rules) (*Set, []Finding) {
	s := &Set{rules: rules, subject: parseKeywords(rules.SubjectKeywords), body: parseKeywords(rules.BodyKeywords)}
	var wrong, more []Finding
	s.allowed, more = parseList("allowed_senders", rules.AllowedSenders, parseSender)
	wrong = append(wrong, more...)
	s.blocked, more = parseList("blocked_senders", rules.BlockedSenders, parseSender)
	wrong = append(wrong, more...)
	if rules.DomainMode == "pattern" {
		var err error
		if s.pattern, err = parsePattern(rules.DomainPattern); err != nil {
			wrong = append(wrong, unreadable(err))
		}
	} else {
		s.domains, more = parseList("domains", rules.Domains, parseDomainEntry)
		wrong = append(wrong, more...)
	}
	s.recipients, more = parseList("recipients_expected", rules.RecipientsExpected, parseSender)
	wrong = append(wrong, more...)
	for _, f := range s.searches() {
		*f.to, more = parseSearches(f.field, f.typed, f.flags)
		wrong = append(wrong, more...)
	}
	s.external, more = parseExternals(rules.ExternalNumbers)
	wrong = append(wrong, more...)
	wrong = append(wrong, lintNumbers(rules)...)
	for _, name := range rules.Commands {
		if !slices.Contains(commands, name) {
			wrong = append(wrong, Finding{Field: "commands", Code: "E-GATE-03", Args: map[string]string{
				"entry": shorten(name), "choices": strings.Join(commands, ", "),
			}})
		}
	}
	for _, choice := range []struct {
		field, value string
		choices      []string
	}{
		{"domain_mode", rules.DomainMode, []string{"list", "pattern"}},
		{"number_match", rules.NumberMatch, []string{"participants", "known", "anyone"}},
		{"closed_issues", rules.ClosedIssues, []string{"reopen", "follow_up"}},
		{"auto_mail", rules.AutoMail, []string{"ignore", "comment", "process"}},
		{"empty_subject", rules.EmptySubject, []string{"placeholder", "reject"}},
		{"spam_mail", rules.SpamMail, []string{"accept", "set_aside"}},
		{"sender_check", rules.SenderCheck, []string{"off", "warn", "require"}},
		{"sender_failed", rules.SenderFailed, []string{"unknown", "set_aside"}},
		{"reject_notice", rules.RejectNotice, []string{"off", "verified"}},
		{"attach_to_active", rules.AttachToActive, []string{"off", "attach_only", "attach_and_issue"}},
		{"process", rules.Process, []string{"process", "dry_run"}},
	} {
		if choice.value != "" && !slices.Contains(choice.choices, choice.value) {
			wrong = append(wrong, Finding{Field: choice.field, Code: "E-GATE-03", Args: map[string]string{
				"entry": shorten(choice.value), "choices": strings.Join(choice.choices, ", "),
			}})
		}
	}
	return s, wrong
}

// commands are the names that Rules.Commands may hold; gateway/command knows what they mean.
var commands = []string{"status", "priority", "assignee", "label", "due"}

// parsePattern compiles the domain pattern; nil when there is none.
func parsePattern(typed string) (*pattern, error) {
	if strings.TrimSpace(typed) == "" {
		return nil, nil
	}
	return compilePattern(typed)
}

// unreadable is the finding for a pattern that was refused. "detail" shows the construct and, where there is one, what
// to write in its place; "detail_key" names the entry that says so in words.
func unreadable(err error) Finding {
	args := map[string]string{"detail": "?", "detail_key": "rx.unreadable", "pos": "1"}
	if e, ok := errors.AsType[*patternError](err); ok {
		args["detail"], args["detail_key"], args["pos"] = e.construct, "rx."+e.key, strconv.Itoa(e.pos)
		if substitute := substitutes[e.key]; substitute != "" {
			args["detail"] += " → " + substitute
		}
		args["construct"] = e.construct
	}
	return Finding{Field: "domain_pattern", Code: "E-RX-00", Args: args}
}

// substitutes are what can be written for constructs that are refused.
var substitutes = map[string]string{
	"boundary":           `\b`,
	"branch_reset":       `(?:…)`,
	"change_case":        `(?i)`,
	"conditional":        `(?:…|…)`,
	"flag":               `(?i) (?m) (?s) (?n) (?x)`,
	"last_match":         `\A`,
	"posix":              `[^\W\d_]`,
	"property":           `\p{L}`,
	"code_point":         `\x{41}`,
	"trailing_backslash": `\\`,
	"verb":               `(?>…)`,
}

// shorten keeps what is shown of a text from filling the page.
func shorten(s string) string {
	const most = 200
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}

// enumerate joins the first entries of a list.
func enumerate(entries []string) string {
	const most = 10
	more := len(entries) > most
	s := strings.Join(entries[:min(most, len(entries))], ", ")
	if more {
		s += ", …"
	}
	return shorten(s)
}
