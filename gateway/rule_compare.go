package gateway

import (
	"slices"
	"strconv"
	"strings"

	"letterbox/models"
)

// RuleChange is one setting in which two versions of rules differ.
type RuleChange struct {
	Field         string // Key of the setting: "allowed_senders", ...
	Before, After string // Entries of a list stand in one line each.
	Added, Gone   []string
}

// RuleField is one setting of rules as text; exactly one of the pointers is not nil.
type RuleField struct {
	Key    string
	Switch *bool
	Text   *string
	Number *int
	List   *[]string
}

// RuleFields returns the settings of r, in the order in which people see them. What is written through the pointers
// changes r.
func RuleFields(r *models.Rules) []RuleField {
	return []RuleField{
		{Key: "process", Text: &r.Process},
		{Key: "allow_create", Switch: &r.AllowCreate},
		{Key: "allow_comment", Switch: &r.AllowComment},
		{Key: "allow_unknown", Switch: &r.AllowUnknown},
		{Key: "allowed_senders", List: &r.AllowedSenders},
		{Key: "blocked_senders", List: &r.BlockedSenders},
		{Key: "domain_mode", Text: &r.DomainMode},
		{Key: "domains", List: &r.Domains},
		{Key: "domain_pattern", Text: &r.DomainPattern},
		{Key: "recipients_expected", List: &r.RecipientsExpected},
		{Key: "empty_subject", Text: &r.EmptySubject},
		{Key: "reject_subject", List: &r.RejectSubject},
		{Key: "subject_keywords", List: &r.SubjectKeywords},
		{Key: "body_keywords", List: &r.BodyKeywords},
		{Key: "cut_body", List: &r.CutBody},
		{Key: "drop_attachments", List: &r.DropAttachments},
		{Key: "max_attachments", Number: &r.MaxAttachments},
		{Key: "block_attachments", List: &r.BlockAttachments},
		{Key: "spam_mail", Text: &r.SpamMail},
		{Key: "rate_limit", Number: &r.RateLimit},
		{Key: "sender_check", Text: &r.SenderCheck},
		{Key: "authserv_id", Text: &r.AuthServID},
		{Key: "sender_failed", Text: &r.SenderFailed},
		{Key: "reject_notice", Text: &r.RejectNotice},
		{Key: "intake", Switch: &r.Intake},
		{Key: "attach_to_active", Text: &r.AttachToActive},
		{Key: "commands", List: &r.Commands},
		{Key: "number_match", Text: &r.NumberMatch},
		{Key: "external_numbers", List: &r.ExternalNumbers},
		{Key: "plus_projects", List: &r.PlusProjects},
		{Key: "closed_issues", Text: &r.ClosedIssues},
		{Key: "auto_mail", Text: &r.AutoMail},
	}
}

// CompareExtraction returns the profiles and settings of text recognition that differ, in lines.
func CompareExtraction(before, after models.Extraction) (c RuleChange, differs bool) {
	c = RuleChange{Field: "extraction", Before: strings.Join(extractionLines(before), "\n"), After: strings.Join(extractionLines(after), "\n")}
	c.Added, c.Gone = missing(extractionLines(after), extractionLines(before)), missing(extractionLines(before), extractionLines(after))
	return c, c.Before != c.After
}

// String is the setting as text; the entries of a list stand in one line each.
func (f RuleField) String() string {
	switch {
	case f.Switch != nil:
		return strconv.FormatBool(*f.Switch)
	case f.Text != nil:
		return *f.Text
	case f.Number != nil:
		return strconv.Itoa(*f.Number)
	default:
		return strings.Join(*f.List, "\n")
	}
}

// CompareRules returns the settings that differ.
func CompareRules(before, after models.Rules) []RuleChange {
	var out []RuleChange
	was, is := RuleFields(&before), RuleFields(&after)
	for i, f := range is {
		c := RuleChange{Field: f.Key, Before: was[i].String(), After: f.String()}
		if c.Before == c.After {
			continue
		}
		if f.List != nil {
			c.Added, c.Gone = missing(*f.List, *was[i].List), missing(*was[i].List, *f.List)
		}
		out = append(out, c)
	}
	if c, differs := CompareExtraction(before.Extraction, after.Extraction); differs {
		out = append(out, c)
	}
	if c, differs := CompareFlow(before.Flow, after.Flow); differs {
		out = append(out, c)
	}
	if c, differs := CompareScript(before.Script, after.Script); differs {
		out = append(out, c)
	}
	return out
}

// missing returns the entries of a that b has not.
func missing(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}
