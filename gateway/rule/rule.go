// Package rule answers one question: is this message let in? Facts go in, a verdict with a reason comes out.
//
// It is pure: no network, no database, and no clock but the time limit on a pattern. Every verdict carries a code of
// the closed list in reason.go and what was looked at on the way, so that a page can tell why, and what would have made
// the message pass.
//
// # The order of the checks
//
// The first check that does not pass decides. They stand in the order in which the answer is least likely to mislead:
//
//  1. Loop, own mail, bounce, automatic answer, mailing list. What a machine sent is recorded and never answered,
//     whoever it names as its sender, so that comes before anything said about the sender. Of several the more specific
//     one is named: our own loop header is certain, a list header is a convention. Rules.AutoMail decides: "ignore"
//     ends here; with "comment" and "process" the message goes on through every other check.
//  2. The sender can be read. All that follows is about one address; it fails closed when there is not exactly one.
//  3. Blocked senders, which win over every permission that follows: a known user can be blocked.
//  4. Allowed senders, then domains. They hold for known users too: an inbox that takes mail of one domain only does
//     not take a user's mail from a private address, whether or not unknown senders may write. Empty lists and an empty
//     pattern restrict nothing.
//  5. Known user, or unknown senders may write. It comes after the domains, because nobody is made a customer whose
//     address the inbox refuses, and because "let this sender in" is then the one thing left to do.
//  6. How much the sender has brought in lately, then what the provider thinks of the mail. Both set it aside and refuse
//     nothing: a flood and a guess are for a person to look at.
//  7. Expected recipients, an empty subject, rejected subjects, keywords in the subject, keywords in the text, the number
//     of files and what they are: what the message is about matters only when its sender may write at all, and the
//     dearest looks come last.
//
// A sender that cannot be read passes only where nothing is said about senders: unknown ones may write, and no list of
// senders or domains is set.
//
// Addresses are compared in lower case with their domains in ASCII (RFC 5891), always as a whole and never by display
// name. A pattern is Perl 5 syntax, translated for regexp2, and matches the whole address; one with a character beyond
// ASCII is compared with the domain as people write it. Patterns are never altered to fit: [Lint] tells instead.
package rule

import "time"

// Facts are what the gate knows about one message. Addresses are addr-specs, lower case, IDNA domains in ASCII; Decide
// brings them into that form itself and takes what is no addr-spec for an unreadable one.
type Facts struct {
	From       string   // The one sender, "" when the mail has not exactly one From field with exactly one usable address.
	FromShown  string   // The From field as shown to people, for the explanation only.
	Known      bool     // From belongs to a user who may sign in or a customer who is not disabled.
	Recipients []string // To, Cc, Delivered-To and the like.
	Subject    string
	Text       string // The new words of the mail (message.Reply), searched for keywords.
	OwnAddress string // The inbox' own address: mail from it is our own.

	Spam   string // The header line with which the provider marks the mail as spam, "" when there is none.
	Recent int    // Mails of From that this inbox has let in within RateWindow before this one.
	Files  []File // The attachments.

	AutoReason string // Why a machine is taken to have sent it, "" when a person did.
	Bounce     bool   // A delivery status notification.
	List       bool   // Sent by a mailing list.
	Own        bool   // Letterbox itself sent it (its Message-ID is known as outgoing, or From is an inbox' own address).
	Loop       bool   // It carries our loop header.
}

// File is one attachment as the gate sees it.
type File struct {
	Name, ContentType string
	Inline            bool // Meant to be shown in the text, as the picture of a signature.
}

// RateWindow is the time that Rules.RateLimit speaks of.
const RateWindow = time.Hour

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

	// Machine is what kind of machine's mail it is: Loop, OwnMail, Bounce, AutoReply or MailingList; "" for a person's.
	// It is set whatever the outcome. Such mail is never answered.
	Machine Reason
	// CommentOnly says that an accepted message may become a comment on the issue it belongs to and must not make a new
	// one: Rules.AutoMail is "comment". Where it belongs to none it is ignored, with Machine as the reason.
	CommentOnly bool
}

// Check is one rule that was looked at. Its sentences are the catalogue entries "check.<Rule>.passed" and
// "check.<Rule>.refused".
type Check struct {
	Rule   string // "loop", "own_mail", "bounce", "auto", "list", "person", "sender", "sender_blocked", "sender_allowed", "domain", ...
	Passed bool
	Args   map[string]string // What was tested and against what; "would_pass" says what would have made it pass.
}

// Finding is something to say about a setting while it is being edited: an error (code E-...) or a warning (W-...) of
// the message catalogue.
type Finding struct {
	Field string // Key of the setting, "domain_pattern" for example.
	Code  string
	Args  map[string]string // Placeholders. Where NAME_key is set, the text of that entry may stand for {NAME}.
}

func (f *Finding) Error() string { return f.Field + ": " + f.Code }
