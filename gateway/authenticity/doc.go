// Package authenticity answers whether a mail really comes from the domain of its From field.
//
// It reads what the receiving server has found out (Authentication-Results, RFC 8601), of the one server that the
// administrator has named and nowhere else, and can check DKIM signatures (RFC 6376) by itself. It is pure but for the
// lookups that the caller hands in. When in doubt a sender is not verified; a mail is never refused here.
package authenticity

// State is what is known about a sender.
type State string

// The states.
const (
	Pass State = "pass" // The domain of From stands behind the mail.
	Fail State = "fail" // It does not: the mail may be forged.
	None State = "none" // Nobody says anything that counts.
)

// Result is what is known about the sender of one mail.
type Result struct {
	State  State
	Method string // What decided: "dmarc", "dkim" or "spf"; "" for None.
	Domain string // The domain that stands behind the mail; "" unless State is Pass.
	By     string // The server that says so; "" when the signature was checked here.
}

// NoName is what the name of the server is written as where its field has none. Seen in practice: Exchange Online.
const NoName = "none"
