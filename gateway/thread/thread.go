// Package thread answers one question: which issue does this message belong to? It is pure: the caller looks up what
// the candidates name, in the order in which they are returned, and the first that stands wins.
package thread

// Candidate is a hint in a message to an issue, from the surest to the weakest.
type Candidate struct {
	Kind      Kind
	MessageID string // For ByMessageID: a Message-ID from In-Reply-To or References, without angle brackets.
	Number    int64  // For ByNumber: the issue number in the subject.
	Where     string // "In-Reply-To", "References" or the matched text of the subject, for the trace.
}

// Kind is how a candidate names its issue.
type Kind string

// The kinds of candidates, in the order in which they are tried.
const (
	ByMessageID Kind = "message_id"
	ByNumber    Kind = "number"
)

// Hints are the parts of a message that can name an issue.
type Hints struct {
	Subject    string
	InReplyTo  []string
	References []string
}

// Candidates returns the hints in h, surest first: In-Reply-To, then References from the newest to the oldest, then
// numbers in the subject from left to right. At most 50; each once.
func Candidates(h Hints) []Candidate {
	panic("being written")
}

// Title returns subject without reply and forward prefixes (Re, AW, WG, Fwd, SV, Antw, ..., also repeated, numbered and
// in the full-width forms) and without our own issue numbers, for the title of a new issue.
func Title(subject string) string {
	panic("being written")
}
