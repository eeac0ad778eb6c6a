// Package script runs the JavaScript that an admin has written for an inbox: onEmail(mail, ctx) gets a mail as plain data
// and returns what is to become of it.
//
// A script runs in a process of its own: the program starts itself again with [Argument], hands over one mail and reads
// one answer. That process has no environment, opens no file and no connection, and ends with the answer. Its time, its
// memory and its output are bounded by itself, by the kernel and by the parent, in this order, so whatever a script does,
// it costs its own message [Timeout] and the server nothing. What comes back is a [Decision] within the actions that it
// lists; anything else is a failure of the script.
//
// A script is a function of what it is given: its clock stands at the moment the mail came, its zone is UTC, and its
// random numbers are the same each time. The same mail has the same answer whenever and wherever it is asked for.
package script

import "time"

// Argument is the only argument of a program that is to be a worker: it calls [Work] and does nothing else.
const Argument = "script-worker"

// The limits of one run.
const (
	MaxSource    = 64 << 10         // Octets of a script.
	Timeout      = 2 * time.Second  // From the first line of the script to its answer.
	MaxMemory    = 64 << 20         // Octets that a script keeps alive.
	MaxOutput    = 64 << 10         // Octets of its log lines; the rest is left out, and the result says so.
	maxJob       = 32 << 20         // Octets of what a worker is given.
	maxAnswer    = 4 << 20          // Octets of what it answers.
	grace        = 10 * time.Second // What starting and ending may take besides, on a busy machine.
	cpuSeconds   = 3                // Of the whole process, by the kernel.
	hardMemory   = 192 << 20        // Octets of data more than the process begins with, by the kernel: the runtime takes 64 MiB at a time.
	callDepth    = 2_000            // Calls within calls.
	stackOctets  = 32 << 20         // Of the interpreter.
	inspectEvery = time.Millisecond // How often a worker looks at its memory.
)
