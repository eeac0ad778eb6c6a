// Command letterbox is the program: an issue tracker that is fed by e-mail.
//
// There is one file for each subcommand, with its flags and what it prints; the work is done by the packages below.
// Exit status: 0 done, 1 failed, 2 wrong use, 3 wrong configuration, 4 a mail server cannot be reached. "receive" has
// those that mail servers expect: 0, 65 not a message, 75 try again later.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // People choose a time zone; small systems do not have them.

	scripts "letterbox/gateway/script"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == scripts.Argument { // Letterbox has started itself, to run a script apart.
		os.Exit(scripts.Work(os.Stdin, os.Stdout, os.Exit))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
