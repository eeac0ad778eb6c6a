// Package rule answers one question: is this message let in? Facts go in, a verdict with a reason comes out.
//
// It is pure: no network, no database, no clock. Every verdict carries a code of the closed list in reason.go and what
// was looked at on the way, so that a page can tell why, and what would have made the message pass.
package rule

import "letterbox/models"

// Facts are what the gate knows about one message. Addresses are addr-specs, lower case, IDNA domains in ASCII.
type Facts struct {
	From       string   // The one sender, "" when the mail has not exactly one From field with exactly one usable address.
	FromShown  string   // The From field as shown to people, for the explanation only.
	Known      bool     // From belongs to a user who may sign in or a customer who is not disabled.
	Recipients []string // To, Cc, Delivered-To and the like.
	Subject    string
	Text       string // The new words of the mail (message.Reply), searched for keywords.
	OwnAddress string // The inbox' own address.

	AutoReason string // Why a machine is taken to have sent it, "" when a person did.
	Bounce     bool   // A delivery status notification.
	List       bool   // Sent by a mailing list.
	Own        bool   // Letterbox itself sent it (its Message-ID is known as outgoing, or From is an inbox' own address).
	Loop       bool   // It carries our loop header.
}

// Outcome is what becomes of a message at the gate.
type Outcome string

// The outcomes of the gate.
const (
	Accept     Outcome = "accept"
	Reject     Outcome = "reject"     // Refused by a rule of the inbox.
	Ignore     Outcome = "ignore"     // A machine's mail, a loop, our own: recorded, never answered.
	Quarantine Outcome = "quarantine" // The rules could not decide (timeout, broken pattern): a person must look.
)

// Verdict is the decision of the gate.
type Verdict struct {
	Outcome Outcome
	Reason  Reason            // "" when accepted.
	Args    map[string]string // Placeholders of the reason's sentence.
	Looked  []Check           // What was looked at, in order; the last one decided.
}

// Check is one rule that was looked at. Its sentences are the catalogue entries "check.<Rule>.passed" and
// "check.<Rule>.refused".
type Check struct {
	Rule   string // "sender_blocked", "sender_allowed", "known_sender", "domain", "recipient", "keyword_subject", "keyword_body", "auto", ...
	Passed bool
	Args   map[string]string // What was tested and against what; "would_pass" says what would have made it pass.
}

// Set is the rules of one version of one inbox, compiled. It is safe for concurrent use.
type Set struct {
	rules models.Rules
}

// Compile prepares rules. The error names the first entry that cannot be read, as a Finding.
func Compile(rules models.Rules) (*Set, error) {
	panic("being written")
}

// Decide is the gate. It takes at most 100 ms of pattern matching; beyond that the verdict is Quarantine (it fails closed).
func (s *Set) Decide(f Facts) Verdict {
	panic("being written")
}

// Finding is something to say about a setting while it is being edited: an error (code E-...) or a warning (W-...) of
// the message catalogue.
type Finding struct {
	Field string // Key of the setting, "domain_pattern" for example.
	Code  string
	Args  map[string]string
}

func (f *Finding) Error() string { return f.Field + ": " + f.Code }

// Lint looks at rules as a person typed them and returns what is wrong or doubtful: errors first. senders are the
// latest sender addresses seen (W-RX-04); may be empty.
func Lint(rules models.Rules, senders []string) []Finding {
	panic("being written")
}
