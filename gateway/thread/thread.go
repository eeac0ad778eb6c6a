// Package thread answers one question: which issue does this message belong to? It is pure: the caller looks up what
// the candidates name, in the order in which they are returned, and the first that stands wins.
//
// A candidate is a hint and no right to write: whether its sender may comment on the issue is the caller's question.
// Every function takes time linear in the length of its input, whatever stands in it.
package thread

import (
	"slices"
	"strings"
)

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
	BySignature Kind = "signature" // A signed reference of ours; the caller verifies and adds it.
	ByMessageID Kind = "message_id"
	ByNumber    Kind = "number"
	ByExternal  Kind = "external" // A number of an older system; the caller finds and adds it.
)

// Hints are the parts of a message that can name an issue.
type Hints struct {
	Subject     string
	InReplyTo   []string
	References  []string // Oldest first.
	BareNumbers bool     // "#1234" without brackets counts too.
}

const (
	maxCandidates = 50
	maxNumbers    = 10  // Of them; more numbers in one subject are a list, not an answer.
	maxMessageID  = 998 // Octets: a line of a mail cannot be longer (RFC 5322, 2.1.1).
)

// Candidates returns the hints in h, surest first: In-Reply-To, then References from the newest to the oldest, then
// numbers in the subject from left to right. At most 50, of which up to 10 are numbers; each once. Where there are more
// Message-IDs than fit, the oldest of References are left out.
func Candidates(h Hints) []Candidate {
	byNumber := numbers(h.Subject, h.BareNumbers)
	var all []Candidate
	seen := map[string]bool{}
	add := func(id, where string) (full bool) {
		if len(all) == maxCandidates-len(byNumber) {
			return true
		}
		if usable(id) && !seen[id] { // Message-IDs are compared as octets (RFC 5322, 3.6.4).
			seen[id] = true
			all = append(all, Candidate{Kind: ByMessageID, MessageID: id, Where: where})
		}
		return false
	}
	for _, id := range h.InReplyTo {
		if add(id, "In-Reply-To") {
			break
		}
	}
	for _, id := range slices.Backward(h.References) {
		if add(id, "References") {
			break
		}
	}
	return append(all, byNumber...)
}

// usable tells whether id can be the Message-ID of a stored mail.
func usable(id string) bool {
	return id != "" && len(id) <= maxMessageID && !strings.ContainsFunc(id, func(r rune) bool {
		return isBlank(r) || r == '<' || r == '>'
	})
}

// numbers returns the issue numbers in a subject as candidates, each number once.
func numbers(subject string, bare bool) []Candidate {
	var found []Candidate
	for _, t := range tags(subject, bare) {
		if len(found) == maxNumbers {
			break
		}
		same := func(c Candidate) bool { return c.Number == t.number }
		if !slices.ContainsFunc(found, same) {
			found = append(found, Candidate{Kind: ByNumber, Number: t.number, Where: excerpt(subject[t.start:t.end])})
		}
	}
	return found
}

// excerpt shortens the matched text for the trace; the number stands at its end.
func excerpt(s string) string {
	const most = 100
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	return "…" + string(runes[len(runes)-most:])
}
