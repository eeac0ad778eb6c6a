package gateway

import (
	"context"
	"slices"
	"strings"

	"letterbox/gateway/message"
	"letterbox/gateway/rule"
	"letterbox/models"
)

// mostProposals is how many settings a proposal changes at most: each check that stands in the way is met once.
const mostProposals = 8

// ProposeRules returns the rules in force with as little changed as lets in a message that they refuse, or refuses the
// sender of one that they let in. Nothing is saved. A message whose octets are not kept is models.ErrNotFound.
func (g *Gateway) ProposeRules(ctx context.Context, id int64) (models.Rules, error) {
	row, err := g.Store.MessageByID(ctx, id)
	if err != nil {
		return models.Rules{}, err
	}
	ib, err := g.Store.InboxByID(ctx, row.InboxID)
	if err != nil {
		return models.Rules{}, err
	}
	inForce, err := g.rulesOf(ctx, ib)
	if err != nil {
		return models.Rules{}, err
	}
	rules := inForce.rules
	for n := range mostProposals {
		t, err := g.TryRulesOn(ctx, nil, rules, id)
		if err != nil {
			return rules, err
		}
		if t.Draft.State == models.MessageCreated || t.Draft.State == models.MessageCommented {
			if n == 0 {
				return withEntry(rules, "blocked_senders", t.Message.FromAddress), nil
			}
			return rules, nil
		}
		next, ok := meet(rules, t.Draft, t.Message)
		if !ok {
			return rules, nil
		}
		rules = next
	}
	return rules, nil
}

// meet changes what stands in the way of a message; false when no rule does.
func meet(r models.Rules, d Decision, m models.Message) (models.Rules, bool) {
	switch d.Reason {
	case rule.UnknownSender, rule.SenderUnreadable:
		if r.AllowUnknown {
			return r, false
		}
		r.AllowUnknown = true
	case rule.SenderBlocked:
		return without(r, "blocked_senders", d.Args["list"])
	case rule.SenderNotAllowed:
		return withEntry(r, "allowed_senders", m.FromAddress), m.FromAddress != ""
	case rule.DomainPattern:
		return withDomain(r, m.FromAddress)
	case rule.RecipientUnexpected:
		to := firstRecipient(d.Parsed)
		return withEntry(r, "recipients_expected", to), to != ""
	case rule.SubjectRejected:
		return without(r, "reject_subject", d.Args["pattern"])
	case rule.SubjectEmpty:
		r.EmptySubject = "placeholder"
	case rule.SenderUnverified:
		r.SenderFailed = "unknown"
	case rule.Spam:
		r.SpamMail = "accept"
	case rule.RateLimited:
		r.RateLimit = 0
	case rule.TooManyAttachments:
		r.MaxAttachments = len(d.Parsed.Attachments)
	case rule.AttachmentBlocked:
		return without(r, "block_attachments", d.Args["pattern"])
	case rule.KeywordSubject:
		word := longestWord(d.Parsed.Subject)
		return withEntry(r, "subject_keywords", word), word != ""
	case rule.KeywordBody:
		word := longestWord(d.Parsed.Reply + " " + d.Parsed.Text)
		return withEntry(r, "body_keywords", word), word != ""
	case rule.AutoReply, rule.Bounce, rule.MailingList:
		if r.AutoMail == "process" {
			return r, false
		}
		r.AutoMail = "process"
	case rule.CreateDisabled:
		r.AllowCreate = true
	case rule.CommentDisabled:
		r.AllowComment = true
	case rule.DryRun:
		r.Process = "process"
	default:
		return r, false
	}
	return r, true
}

// listOf returns the list of r with that key; what is written through it changes r.
func listOf(r *models.Rules, key string) *[]string {
	for _, f := range RuleFields(r) {
		if f.Key == key {
			return f.List
		}
	}
	return nil
}

// withEntry adds an entry to a list of rules, once.
func withEntry(r models.Rules, key, entry string) models.Rules {
	if l := listOf(&r, key); entry != "" && !slices.Contains(*l, entry) {
		*l = append(slices.Clone(*l), entry)
	}
	return r
}

// without removes an entry from a list of rules; false when it does not stand there.
func without(r models.Rules, key, entry string) (models.Rules, bool) {
	l := listOf(&r, key)
	rest := slices.DeleteFunc(slices.Clone(*l), func(s string) bool { return strings.TrimSpace(s) == entry })
	removed := len(rest) < len(*l)
	*l = rest
	return r, removed
}

// withDomain lets in the domain of an address beside those that are let in.
func withDomain(r models.Rules, address string) (models.Rules, bool) {
	_, domain, ok := strings.Cut(address, "@")
	if !ok || domain == "" {
		return r, false
	}
	if r.DomainMode != "pattern" {
		return withEntry(r, "domains", domain), true
	}
	r.DomainPattern = "(?:" + r.DomainPattern + `)|(?i:[^@\s]+@` + strings.ReplaceAll(domain, ".", `\.`) + ")"
	return r, true
}

func firstRecipient(m *message.Message) string {
	for _, a := range slices.Concat(m.To, m.Cc) {
		if address := lower(a.Address); strings.Contains(address, "@") {
			return address
		}
	}
	return ""
}

// longestWord returns the longest word of a text that is long enough for a keyword.
func longestWord(text string) string {
	best := ""
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n.,;:!?()[]<>\"'#/", r) }) {
		if n := len([]rune(word)); n >= 6 && n <= 40 && n > len([]rune(best)) {
			best = word
		}
	}
	return best
}
