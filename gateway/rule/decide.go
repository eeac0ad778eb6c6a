package rule

import (
	"strconv"
	"strings"
)

// Decide is the gate. A pattern is given 100 ms; where that is not enough the verdict is Quarantine (it fails closed).
// Decide keeps nothing and returns the same verdict for the same facts.
func (s *Set) Decide(f Facts) Verdict {
	g := gate{set: s, facts: f}
	g.sender, g.readable = parseAddress(f.From)
	g.shown = f.FromShown
	if g.readable {
		g.shown = g.sender.String()
	}
	for _, passes := range []func() bool{
		g.machine, g.readableSender, g.blockedSender, g.allowedSender, g.domain, g.knownSender,
		g.rate, g.spam,
		g.recipient, g.emptySubject, g.rejectedSubject, g.subjectKeyword, g.bodyKeyword, g.fileCount, g.blockedFile,
	} {
		if !passes() {
			return g.verdict
		}
	}
	g.verdict.Outcome = Accept
	return g.verdict
}

// gate is one decision in the making.
type gate struct {
	set      *Set
	facts    Facts
	sender   address
	readable bool
	shown    string // The sender as explanations name it.
	verdict  Verdict
}

// args makes a map of pairs; values are shortened for display.
func args(pairs ...string) map[string]string {
	m := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = shorten(pairs[i+1])
	}
	return m
}

func (g *gate) pass(rule string, pairs ...string) bool {
	g.verdict.Looked = append(g.verdict.Looked, Check{Rule: rule, Passed: true, Args: args(pairs...)})
	return true
}

// refuse ends the decision. wouldPass says what would have made the message pass.
func (g *gate) refuse(outcome Outcome, reason Reason, rule, wouldPass string, pairs ...string) bool {
	g.verdict.Outcome, g.verdict.Reason, g.verdict.Args = outcome, reason, args(pairs...)
	looked := args(append(pairs, "would_pass", wouldPass)...)
	g.verdict.Looked = append(g.verdict.Looked, Check{Rule: rule, Args: looked})
	g.verdict.CommentOnly = false
	return false
}

// machine looks for the signs of mail that no person wrote.
func (g *gate) machine() bool {
	f := g.facts
	own, ok := parseAddress(f.OwnAddress)
	fromInbox := ok && g.readable && own == g.sender
	for _, sign := range []struct {
		seen   bool
		reason Reason
		rule   string
		pairs  []string
	}{
		{f.Loop, Loop, "loop", nil},
		{f.Own || fromInbox, OwnMail, "own_mail", []string{"address", g.shown}},
		{f.Bounce, Bounce, "bounce", []string{"key", "–"}}, // The issue is not known yet.
		{f.AutoReason != "", AutoReply, "auto", []string{"header", f.AutoReason}},
		{f.List, MailingList, "list", nil},
	} {
		if !sign.seen {
			continue
		}
		g.verdict.Machine = sign.reason
		switch policy := g.set.rules.AutoMail; policy {
		case "comment", "process":
			g.verdict.CommentOnly = policy == "comment"
			return g.pass(sign.rule, append(sign.pairs, "policy", policy)...)
		default:
			return g.refuse(Ignore, sign.reason, sign.rule, "comment, process", sign.pairs...)
		}
	}
	return g.pass("person")
}

func (g *gate) readableSender() bool {
	s := g.set
	if g.readable {
		return g.pass("sender", "address", g.shown)
	}
	shown := g.shown
	if strings.TrimSpace(shown) == "" {
		shown = "–"
	}
	g.shown = shown
	if s.rules.AllowUnknown && len(s.blocked) == 0 && len(s.allowed) == 0 && len(s.domains) == 0 && s.pattern == nil {
		return g.pass("sender_unreadable", "address", shown)
	}
	return g.refuse(Reject, SenderUnreadable, "sender", "name@example.org", "address", shown)
}

func (g *gate) blockedSender() bool {
	if len(g.set.blocked) == 0 {
		return true
	}
	if e, found := g.set.blocked.find(g.sender); found {
		return g.refuse(Reject, SenderBlocked, "sender_blocked", e.typed, "address", g.shown, "list", e.typed)
	}
	return g.pass("sender_blocked", "address", g.shown, "list", g.set.blocked.String())
}

func (g *gate) allowedSender() bool {
	if len(g.set.allowed) == 0 {
		return true
	}
	if e, found := g.set.allowed.find(g.sender); found {
		return g.pass("sender_allowed", "address", g.shown, "list", e.typed)
	}
	all := g.set.allowed.String()
	return g.refuse(Reject, SenderNotAllowed, "sender_allowed", all, "address", g.shown, "list", all)
}

func (g *gate) domain() bool {
	if p := g.set.pattern; p != nil {
		matched, err := p.matches(g.sender)
		switch {
		case err != nil:
			limit := patternBudget.String()
			return g.refuse(Quarantine, RuleTimeout, "domain_time", limit, "address", g.shown, "n", p.typed, "limit", limit)
		case matched:
			return g.pass("domain", "domain", g.sender.domain, "n", p.typed)
		default:
			return g.refuse(Reject, DomainPattern, "domain", p.typed, "domain", g.sender.domain, "n", p.typed)
		}
	}
	if len(g.set.domains) == 0 {
		return true
	}
	if e, found := g.set.domains.find(g.sender); found {
		return g.pass("domain", "domain", g.sender.domain, "n", e.typed)
	}
	all := g.set.domains.String()
	return g.refuse(Reject, DomainPattern, "domain", all, "domain", g.sender.domain, "n", all)
}

func (g *gate) knownSender() bool {
	switch {
	case g.facts.Known && g.readable:
		return g.pass("known_sender", "address", g.shown)
	case g.set.rules.AllowUnknown:
		return g.pass("unknown_sender", "address", g.shown)
	default:
		return g.refuse(Reject, UnknownSender, "known_sender", g.shown, "address", g.shown)
	}
}

func (g *gate) recipient() bool {
	if len(g.set.recipients) == 0 {
		return true
	}
	for _, typed := range g.facts.Recipients {
		if a, ok := parseAddress(typed); ok {
			if e, found := g.set.recipients.find(a); found {
				return g.pass("recipient", "to", a.String(), "expected", e.typed)
			}
		}
	}
	to, expected := enumerate(g.facts.Recipients), g.set.recipients.String()
	if to == "" {
		to = "–"
	}
	return g.refuse(Reject, RecipientUnexpected, "recipient", expected, "to", to, "expected", expected)
}

func (g *gate) emptySubject() bool {
	if g.set.rules.EmptySubject != "reject" || strings.TrimSpace(g.facts.Subject) != "" {
		return true
	}
	return g.refuse(Reject, SubjectEmpty, "subject_empty", "placeholder")
}

func (g *gate) rejectedSubject() bool {
	for _, s := range g.set.reject {
		found, err := s.finds(g.facts.Subject)
		switch {
		case err != nil:
			limit := patternBudget.String()
			return g.refuse(Quarantine, RuleTimeout, "subject_time", limit, "n", s.typed, "limit", limit)
		case found:
			return g.refuse(Reject, SubjectRejected, "subject_rejected", s.typed, "pattern", s.typed)
		}
	}
	return len(g.set.reject) == 0 || g.pass("subject_rejected", "n", strconv.Itoa(len(g.set.reject)))
}

func (g *gate) subjectKeyword() bool {
	return g.keyword("keyword_subject", KeywordSubject, g.set.subject, g.facts.Subject)
}

func (g *gate) bodyKeyword() bool {
	return g.keyword("keyword_body", KeywordBody, g.set.body, g.facts.Text)
}

func (g *gate) keyword(rule string, reason Reason, words []keyword, text string) bool {
	if len(words) == 0 {
		return true
	}
	if w, found := findKeyword(words, text); found {
		return g.pass(rule, "keyword", w.typed)
	}
	return g.refuse(Reject, reason, rule, keywordNames(words))
}
