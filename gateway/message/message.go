// Package message turns the octets of a mail (RFC 5322 and MIME, RFC 2045 to 2049) into one plain struct.
//
// It never fails on a bad mail: whatever the octets are, there is a Message with what could be read and a list of the
// defects that were met on the way. It is pure: no network, no database, no clock. Parsing reads its input once, as a
// stream, and holds the shown text but never an attachment.
package message

import (
	"errors"
	"time"

	"letterbox/gateway/smime"
)

// Message is one parsed mail. All text is valid UTF-8 in NFC without NUL; line ends are LF. Message-IDs stand without
// angle brackets. Its JSON form is the contract of "letterbox inspect --json".
type Message struct {
	MessageID  string    `json:"message_id"`
	InReplyTo  []string  `json:"in_reply_to"`
	References []string  `json:"references"` // Oldest first.
	Date       time.Time `json:"-"`          // UTC; zero when missing or unreadable.
	Subject    string    `json:"subject"`    // Decoded and unfolded.
	From       []Address `json:"from"`
	To         []Address `json:"to"`
	Cc         []Address `json:"cc"`
	ReplyTo    []Address `json:"reply_to"`
	Sender     *Address  `json:"sender"`

	Text      string `json:"text"`      // The whole text body.
	Reply     string `json:"reply"`     // What the sender wrote now; equals Text when nothing is to be folded.
	Quoted    string `json:"quoted"`    // What was folded away as quotation.
	Signature string `json:"signature"` // What was folded away as signature.
	HTML      string `json:"html"`      // Sanitised; "" when there was none. Pictures of the mail stand as cid: URLs.

	Attachments    []Attachment `json:"attachments"`
	Auto           Auto         `json:"auto"`
	Bounce         *Bounce      `json:"bounce"`
	FeedbackReport *string      `json:"feedback_report"` // Type of an ARF report (RFC 5965), "abuse" for example; nil for other mail.
	List           bool         `json:"list"`
	Encrypted      string       `json:"encrypted"` // "", "smime" or "pgp".
	Signed         string       `json:"signed"`    // "", "smime" or "pgp".
	Defects        []Defect     `json:"defects"`

	// What the gate looks at besides, not part of inspect.
	Unanswered  bool             `json:"-"` // Its sender wants no automatic answer, or it went to many: X-Auto-Response-Suppress, any List field.
	ReturnPath  *string          `json:"-"` // Address in Return-Path, "" for the null sender <>; nil when the field is missing.
	DeliveredTo []string         `json:"-"` // Addresses in Delivered-To, X-Original-To, Envelope-To and X-Envelope-To, lower case.
	Results     []string         `json:"-"` // Values of the Authentication-Results fields, topmost first, at most 20.
	TopResults  int              `json:"-"` // How many of Results stand above the first Received field.
	DKIM        bool             `json:"-"` // It carries a DKIM signature.
	Loop        []string         `json:"-"` // Values of the X-Letterbox-Loop fields.
	Spam        string           `json:"-"` // The header line with which a filter on the way marks the mail as spam; "" when none does.
	FromFields  int              `json:"-"` // Number of From fields: more or less than one makes the sender unverifiable.
	Language    string           `json:"-"` // From Content-Language or Accept-Language: "de", "en" or "".
	Invitation  *Invitation      `json:"-"` // The first event of a calendar part; nil for other mail.
	Decrypted   bool             `json:"-"` // Text and attachments were encrypted with S/MIME; remote content is never to be loaded.
	MayLoad     bool             `json:"-"` // It has HTML with pictures that do not come with it.
	Verified    *smime.Signature `json:"-"` // What the S/MIME signature is worth; nil when there is none, or nobody asked.
	HeaderText  string           `json:"-"` // The header section as text, at most 256 KiB, for the message page.
}

// Address is one mailbox of an address field (RFC 5322, 3.4).
type Address struct {
	Name    string `json:"name"`    // Decoded display name.
	Address string `json:"address"` // addr-spec as written, without comments; "" when none could be read.
}

// Attachment is a part that is not the shown text or its HTML alternative: inline pictures, nested messages and the
// members of a winmail.dat included.
type Attachment struct {
	Name        string `json:"name"`         // Decoded and cleaned: no path, no control or bidi characters; never "".
	ContentType string `json:"content_type"` // Lower case without parameters, as declared; sniffed where that says nothing.
	Size        int64  `json:"size"`         // Octets of the decoded content.
	SHA256      string `json:"sha256"`       // Lower-case hex of the decoded content.
	ContentID   string `json:"content_id"`   // Without angle brackets.
	Inline      bool   `json:"inline"`       // Meant to be shown in the body.
}

// Auto says whether a machine sent the mail, and what decided.
type Auto struct {
	Generated bool   `json:"generated"`
	Reason    string `json:"reason"` // The header field or pattern: "Auto-Submitted: auto-replied".
}

// Bounce is what a delivery status notification says (RFC 3464, and the free-text ones of big providers).
type Bounce struct {
	Recipients        []BounceRecipient `json:"recipients"`
	OriginalMessageID string            `json:"original_message_id"`
}

// BounceRecipient is the fate of one recipient.
type BounceRecipient struct {
	Address string `json:"address"`
	Status  string `json:"status"` // RFC 3463, "5.1.1"; "" when unknown.
	Action  string `json:"action"` // failed, delayed, delivered, relayed, expanded.
}

// Defect is something in the mail that is not as the standards want it, or that was left out. It never stops the mail.
type Defect struct {
	Code   string `json:"code"`   // Closed list, see defect.go; a key of the message catalogue is "defect." + Code.
	Detail string `json:"detail"` // What and where; may hold header text, so it goes to pages and never to a log.
}

// Limits bound the work for one mail. A mail beyond a limit is still delivered with what was read, and a defect says
// what was left out. The zero value of a field stands for its default.
type Limits struct {
	Parts       int   // Default 1,000.
	Depth       int   // Default 30.
	Header      int64 // Octets of the header section, default 1 MiB.
	Addresses   int   // Default 1,000.
	Attachments int   // Default 200; the rest stays in the raw mail.
	Text        int64 // Octets of text shown, default 1 MiB; the rest becomes an attachment.
}

// ErrSink wraps an error of Options.Sink, to tell it from an error of the reader.
var ErrSink = errors.New("message: attachment sink")
