package mailbox

import (
	"context"
	"net"
)

// DialFunc opens a TCP connection, as net.Dialer.DialContext does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// Phase is a stage of opening a mailbox; the check shows them in this order.
type Phase string

// The phases of a check.
const (
	PhaseDNS     Phase = "dns"
	PhaseConnect Phase = "connect"
	PhaseTLS     Phase = "tls"
	PhaseToken   Phase = "token" // Of accounts with OAuth 2.0 only.
	PhaseSignIn  Phase = "signin"
	PhaseFolders Phase = "folders"
	PhaseRights  Phase = "rights"
	PhaseCounts  Phase = "counts"
	PhaseFetch   Phase = "fetch"
	PhaseSettle  Phase = "settle"
)

// Problem is an error that a person can act on: the phase it came from, a code of the message catalogue ("E-AUTH-01")
// and the values of its placeholders. Err is the cause for operators. Args never hold a password.
type Problem struct {
	Phase Phase
	Code  string
	Args  map[string]string
	Err   error
}

func (p *Problem) Error() string {
	if p.Err == nil {
		return string(p.Phase) + ": " + p.Code
	}
	return string(p.Phase) + ": " + p.Code + ": " + p.Err.Error()
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Step is one finished phase of opening a mailbox, for the live list of a check.
type Step struct {
	Phase Phase
	Note  map[string]string // What was found: "address", "tls_version", "cipher", "separator", "messages", ...
}
