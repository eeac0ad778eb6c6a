package rule

// Reason is why a message was not let in, or what became of it: the closed list that stands in the ledger, the API, the
// metrics and, as "verdict.<reason>", in the message catalogue.
type Reason string

// The reasons.
const (
	AcceptedNew     Reason = "accepted_new"
	AcceptedComment Reason = "accepted_comment"
	AcceptedUpdate  Reason = "accepted_update" // A further mail with the same merge key.

	UnknownSender    Reason = "unknown_sender"
	SenderUnreadable Reason = "sender_unreadable" // Not exactly one From with one usable address, and unknown senders are not let in.
	SenderNotAllowed Reason = "sender_not_allowed"
	SenderBlocked    Reason = "sender_blocked"
	DomainPattern    Reason = "domain_pattern"

	RecipientUnexpected Reason = "recipient_unexpected"
	KeywordSubject      Reason = "keyword_subject"
	KeywordBody         Reason = "keyword_body"

	SubjectEmpty    Reason = "subject_empty"
	SubjectRejected Reason = "subject_rejected"

	Spam               Reason = "spam"              // Its provider marks it as spam: quarantined.
	SenderUnverified   Reason = "sender_unverified" // A known person is named as sender and nobody confirms it: quarantined.
	RateLimited        Reason = "rate_limited"      // Its sender has brought in too much: quarantined.
	TooManyAttachments Reason = "too_many_attachments"
	AttachmentBlocked  Reason = "attachment_blocked"

	AutoReply   Reason = "auto_reply"
	Bounce      Reason = "bounce"
	Loop        Reason = "loop"
	OwnMail     Reason = "own_mail"
	MailingList Reason = "mailing_list"
	TestMail    Reason = "test_mail" // Sent by ourselves to see whether it comes back.

	NoProfileMatch Reason = "no_profile_match" // None of the formats of the inbox.

	FlowRejected Reason = "flow_rejected" // By a flow rule.
	FlowSetAside Reason = "flow_set_aside"

	ScriptRejected Reason = "script_rejected"
	ScriptSetAside Reason = "script_set_aside"
	ScriptFailed   Reason = "script_failed"  // Quarantined, unless mail goes on without.
	ScriptTimeout  Reason = "script_timeout" // The same.

	Duplicate       Reason = "duplicate"
	TooLarge        Reason = "too_large"
	CreateDisabled  Reason = "create_disabled"
	CommentDisabled Reason = "comment_disabled"
	IssueClosed     Reason = "issue_closed"
	IssueForbidden  Reason = "issue_forbidden"

	DryRun      Reason = "dry_run"      // Processing is switched off: only what would have become of it is written down.
	RuleTimeout Reason = "rule_timeout" // A pattern took too long: quarantined, never guessed.
	ParseFailed Reason = "parse_failed"
	Quarantined Reason = "quarantined"  // Too many tries or process deaths.
	BeforeStart Reason = "before_start" // Older than the start of the inbox: left alone.
	Vanished    Reason = "vanished"     // Gone from the server before it could be fetched.
)

// Reasons lists the reasons in their order.
func Reasons() []Reason {
	return []Reason{
		AcceptedNew, AcceptedComment, AcceptedUpdate, UnknownSender, SenderUnreadable, SenderNotAllowed, SenderBlocked,
		DomainPattern, RecipientUnexpected, KeywordSubject, KeywordBody, SubjectEmpty, SubjectRejected,
		Spam, SenderUnverified, RateLimited, TooManyAttachments, AttachmentBlocked, AutoReply, Bounce, Loop, OwnMail, MailingList, TestMail, NoProfileMatch,
		FlowRejected, FlowSetAside, ScriptRejected, ScriptSetAside, ScriptFailed, ScriptTimeout, Duplicate, TooLarge, CreateDisabled, CommentDisabled,
		IssueClosed, IssueForbidden, DryRun, RuleTimeout, ParseFailed, Quarantined, BeforeStart, Vanished,
	}
}
