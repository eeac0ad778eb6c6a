package script

import (
	"encoding/json"
	"time"
)

// Job is one mail for one script.
type Job struct {
	Source  string          `json:"source"`
	Mail    json.RawMessage `json:"mail,omitempty"`    // What the script sees as mail, a JSON object; nil: it is only compiled.
	Context json.RawMessage `json:"context,omitempty"` // What it sees as ctx.
	At      time.Time       `json:"at"`                // What its clock shows.
	Limit   time.Duration   `json:"limit,omitempty"`   // How long it may take; 0: [Timeout].
}

// Kind says how a script failed. It is a word of the message catalogue: "script." + Kind.
type Kind string

// The kinds of failures.
const (
	Syntax   Kind = "syntax"   // It is no JavaScript, or there is no function onEmail.
	Thrown   Kind = "thrown"   // It threw an error.
	Unusable Kind = "unusable" // What it returned is no decision.
	Slow     Kind = "slow"     // It had no answer in time.
	Memory   Kind = "memory"   // It wanted more than [MaxMemory].
	Crashed  Kind = "crashed"  // It took the worker with it.
	Missing  Kind = "missing"  // There is no script of that name.
)

// Failure is why there is no decision.
type Failure struct {
	Kind   Kind   `json:"kind"`
	Detail string `json:"detail,omitempty"` // In the words of the interpreter, English.
	Line   int    `json:"line,omitempty"`   // Of the script, from 1; 0: not known.
}

// Result is what a run has come to.
type Result struct {
	Decision Decision      `json:"decision"`
	Log      []string      `json:"log,omitempty"`     // What the script has written down.
	LogCut   bool          `json:"log_cut,omitempty"` // It was more than [MaxOutput].
	Failure  *Failure      `json:"failure,omitempty"` // Nil when the decision stands.
	Took     time.Duration `json:"-"`                 // With the start and the end of the worker.
}
