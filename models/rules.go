package models

// Rules are what an inbox lets in. They are versioned: a change makes a new version and never alters an old one.
type Rules struct {
	AllowCreate  bool `json:"allow_create"`  // New issues by mail.
	AllowComment bool `json:"allow_comment"` // Comments by mail.
	AllowUnknown bool `json:"allow_unknown"` // Senders that nobody knows may write; a customer is made of them.

	AllowedSenders []string `json:"allowed_senders"` // Address, @domain or *@*.domain; empty: no restriction.
	BlockedSenders []string `json:"blocked_senders"` // Same forms; wins over everything else.

	DomainMode    string   `json:"domain_mode"`    // "list" or "pattern".
	Domains       []string `json:"domains"`        // For "list": domains without @, "*.example.org" for subdomains; empty: no restriction.
	DomainPattern string   `json:"domain_pattern"` // For "pattern": Perl-style pattern, full match on the address; empty: no restriction.

	RecipientsExpected []string `json:"recipients_expected"` // One of them must be among the recipients; empty: no restriction.
	SubjectKeywords    []string `json:"subject_keywords"`    // One of them must stand in the subject; empty: no restriction.
	BodyKeywords       []string `json:"body_keywords"`       // One of them must stand in the text; empty: no restriction.

	// Patterns, one to an entry, searched for anywhere and without regard to case; an entry that begins with # is a remark.
	RejectSubject   []string `json:"reject_subject"`   // A mail with such a subject is refused.
	CutBody         []string `json:"cut_body"`         // What matches is left out of the text of the issue; ^ and $ stand for line ends.
	DropAttachments []string `json:"drop_attachments"` // A file with such a name is not attached.

	MaxAttachments   int      `json:"max_attachments"`   // A mail with more files, pictures in its text aside, is refused; 0: no limit.
	BlockAttachments []string `json:"block_attachments"` // A mail with a file whose name or content type such a pattern describes is refused.

	RateLimit int    `json:"rate_limit"` // Mails an hour that one sender may bring in; the rest is set aside. 0: no limit.
	SpamMail  string `json:"spam_mail"`  // Mail that its provider marks as spam: "accept" or "set_aside"; "": accept.

	SenderCheck  string `json:"sender_check"`  // Is the sender the one it claims to be: "off", "warn" or "require"; "": off.
	AuthServID   string `json:"authserv_id"`   // Whose Authentication-Results are believed (RFC 8601); "none" for a server that gives no name; "": nobody's.
	SenderFailed string `json:"sender_failed"` // With "require", a known sender who is not verified: "unknown" or "set_aside"; "": unknown.

	RejectNotice string `json:"reject_notice"` // Whether a sender is told that a mail was refused: "off", or "verified" for those who are verified; "": off.

	Commands []string `json:"commands"` // What members may set by lines such as "Status: closed": "status", "priority", "assignee", "label", "due"; empty: nothing.

	EmptySubject string `json:"empty_subject"` // A mail without a subject: "placeholder" or "reject"; "": placeholder.
	Process      string `json:"process"`       // "process", or "dry_run" to write down what would become of a mail and do nothing; "": process.

	// Files of mails that are let in are added to the active case of the project: "off", "attach_only" (a mail that would
	// become an issue becomes a note there instead) or "attach_and_issue"; "": off.
	AttachToActive string `json:"attach_to_active"`

	Intake bool `json:"intake"` // Mails that are let in are recorded as message intakes, under numbers that run by project and year.

	NumberMatch string `json:"number_match"` // Whose number in the subject counts: "participants", "known" or "anyone".
	// ExternalNumbers are the patterns by which mails name issues of older systems, "Redmine: \[[^\]]*#(\d+)\]": a name, a colon,
	// and a pattern whose group holds the number, for subjects and for Message-IDs in angle brackets.
	ExternalNumbers []string `json:"external_numbers,omitempty"`

	// PlusProjects are the keys of the projects that a mail to a subaddress of the inbox may name for its new issue,
	// "support+OPS@"; "*": every project. Empty: none.
	PlusProjects []string `json:"plus_projects,omitempty"`

	ClosedIssues string `json:"closed_issues"` // A mail to a closed issue: "reopen" or "follow_up".
	AutoMail     string `json:"auto_mail"`     // Mail that a machine sent: "ignore", "comment" (only on the issue it belongs to) or "process".

	Extraction Extraction `json:"extraction,omitzero"` // Formats of mails that are data.
	Flow       Flow       `json:"flow,omitzero"`       // Flow rules: what becomes of mails that were let in.
	Script     Script     `json:"script,omitzero"`     // Decides on mails that were let in; only admins change it.
}
